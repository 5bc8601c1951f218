"""What all tests share: in CI nothing is skipped silently."""

import os
from collections.abc import Generator

import pytest
from hypothesis import settings

IN_CI = os.environ.get("KOMMO_CI") == "1"

# Tests assert nothing about time: the machines are shared. In CI the examples are the same for the same tests, so that
# a failure is about the change; whoever runs the tests otherwise looks at new ones each time.
settings.register_profile("kommo", deadline=None, derandomize=IN_CI)
settings.load_profile("kommo")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn a skip into a failure in CI."""
    report = yield
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, where everything it needs is installed: {report.longrepr}"
    return report
