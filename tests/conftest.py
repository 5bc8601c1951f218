"""What all tests share: in CI nothing is skipped silently."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

# Tests assert nothing about time: the machines are shared.
settings.register_profile("kommo", deadline=None)
settings.load_profile("kommo")

IN_CI = os.environ.get("KOMMO_CI") == "1"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "optional: may be skipped in CI too (a tool that CI does not install)")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure in CI, unless the test is marked ``optional``."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail") and "optional" not in item.keywords:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything it needs is installed: {report.longrepr}"
    return report
