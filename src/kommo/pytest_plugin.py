"""Fixtures for tests that talk to the mock, there for every project that has `kommo` installed.

    def test_reads_fields(kommo_client, kommo_mock):
        kommo_client.leads_custom_field_groups.create([...])

`kommo_mock` is a running mock, `kommo_client` a client that is connected to it. Each test starts with the contents of
the seed; `@pytest.mark.kommo_mock(seed="demo", profile="documented")` chooses other contents and other quirks for one
test, and the fixture `kommo_mock_config`, overridden in a `conftest.py`, sets up the mock of a whole test suite.

Nothing of the mock or the client is imported before a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from kommo import Kommo
    from kommo.mock import MockConfig, MockServer

_MARK = "kommo_mock(seed=None, profile=None, quirks=None, faults=None, limits=None): contents and switches of the mock"


def pytest_configure(config: pytest.Config) -> None:
    """Declare the mark."""
    config.addinivalue_line("markers", _MARK)


@pytest.fixture(scope="session")
def kommo_mock_config() -> MockConfig:
    """How the mock of the test session is set up; override it to change that."""
    from kommo.mock import MockConfig

    return MockConfig()


@pytest.fixture(scope="session")
def _kommo_mock_server(kommo_mock_config: MockConfig) -> Iterator[MockServer]:
    from kommo.mock import MockServer

    with MockServer(kommo_mock_config) as server:
        yield server


@pytest.fixture
def kommo_mock(_kommo_mock_server: MockServer, request: pytest.FixtureRequest) -> MockServer:
    """A running mock, as new: its `url`, its `config`, and its `control` for seeds, faults, clock and journal."""
    wanted = _marked(request)
    control = _kommo_mock_server.control
    try:
        _check(wanted)
        control.reset(wanted.get("seed"))
        if wanted.get("profile") is not None or wanted.get("quirks"):
            control.set_quirks(wanted.get("profile"), wanted.get("quirks"))
        for fault in wanted.get("faults") or ():
            control.add_fault(**fault)
        if wanted.get("limits"):
            control.set_limits(**wanted["limits"])
    except (ValueError, TypeError) as error:
        raise pytest.UsageError(f"{request.node.nodeid}: the mark kommo_mock: {error}") from None
    return _kommo_mock_server


@pytest.fixture
def kommo_client(kommo_mock: MockServer) -> Iterator[Kommo]:
    """A client of the mock with administrator rights, without a limit of requests of its own."""
    from kommo import Kommo

    with Kommo(base_url=kommo_mock.url, token=kommo_mock.config.token, limiter=None) as client:
        yield client


def _marked(request: pytest.FixtureRequest) -> dict[str, Any]:
    marks = list(request.node.iter_markers("kommo_mock"))
    wanted: dict[str, Any] = {}
    for mark in reversed(marks):
        if mark.args:
            raise pytest.UsageError(f"{request.node.nodeid}: the mark takes keywords only: {_MARK}")
        for name in mark.kwargs:
            if name not in ("seed", "profile", "quirks", "faults", "limits"):
                raise pytest.UsageError(
                    f"{request.node.nodeid}: the mark has no {name}: {_MARK}; override the fixture "
                    "kommo_mock_config for whatever else a mock can be told"
                )
        wanted |= mark.kwargs
    return wanted


# What each keyword takes, as somebody would write it.
_WANTED: Final = {
    "faults": '[{"status": 503, "times": 1}]',
    "quirks": '{"v4-code-null": False}',
    "limits": '{"rate": 7}',
}


def _check(wanted: Mapping[str, Any]) -> None:
    """Raise TypeError for a value of another kind than its keyword takes."""
    for name, example in _WANTED.items():
        value = wanted.get(name) or ([] if name == "faults" else {})
        several = isinstance(value, Sequence) and all(isinstance(fault, Mapping) for fault in value)
        if not (several if name == "faults" else isinstance(value, Mapping)):
            raise TypeError(f"{name}={value!r}: use {name}={example}")
