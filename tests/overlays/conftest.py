"""The contract's sources as overlay tests read them; each document is assembled once and never changed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kommo.spec.assemble import assemble, quirk_overlays
from kommo.spec.documents import load_mapping
from kommo.spec.overlay_file import Overlay
from kommo.spec.project import EVIDENCE, QUIRK_OVERLAYS, find_root, overlay_files, overlay_id

ROOT = find_root(Path(__file__).parent)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test that asks for `quirk` every overlay's id in turn."""
    if "quirk" in metafunc.fixturenames:
        metafunc.parametrize("quirk", [overlay_id(path) for path in overlay_files(ROOT / QUIRK_OVERLAYS)])


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def overlays() -> Mapping[str, Overlay]:
    """Every quirk overlay by its id."""
    return {overlay_id(overlay.path): overlay for overlay in quirk_overlays(ROOT)}


@pytest.fixture(scope="session")
def base() -> dict[str, Any]:
    """The contract without any overlay."""
    return assemble(ROOT, quirks=())


@pytest.fixture(scope="session")
def published() -> dict[str, Any]:
    """The contract with all quirk overlays."""
    return assemble(ROOT)


@pytest.fixture(scope="session")
def sources() -> Mapping[str, Mapping[str, Any]]:
    """The sources of evidence by id."""
    return load_mapping(ROOT / EVIDENCE / "sources.yaml", "the list of sources")["sources"]


@pytest.fixture(scope="session")
def ledger() -> list[Mapping[str, Any]]:
    """The quirk ledger's entries."""
    return load_mapping(ROOT / EVIDENCE / "quirks.yaml", "the quirk ledger")["quirks"]
