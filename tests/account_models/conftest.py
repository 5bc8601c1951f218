"""An account on the mock, and modules made of it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from kommo import Kommo, cli
from kommo.mock import MockServer
from tests.values.exercise_types import CONFIG


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(CONFIG) as running:
        yield running


@pytest.fixture
def crm(server: MockServer) -> Iterator[Kommo]:
    """A client of an empty account."""
    server.control.reset()
    with Kommo(base_url=server.url, token="demo", limiter=None) as client:
        yield client


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "my_crm.py"


@pytest.fixture
def make(server: MockServer, out: Path) -> Callable[..., int]:
    """Run `kommo models` with further arguments; its exit code."""
    return lambda *more: cli.main(
        ["models", "--base-url", server.url, "--token", "demo", "--out", str(out), *map(str, more)]
    )


@pytest.fixture
def module(make: Callable[..., int], out: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Make the module and import it."""

    def made(*more: str) -> ModuleType:
        assert make(*more) == 0
        spec = importlib.util.spec_from_file_location("my_crm", out)
        assert spec is not None
        assert spec.loader is not None
        found = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "my_crm", found)
        spec.loader.exec_module(found)
        return found

    return made
