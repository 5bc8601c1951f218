"""The clients themselves, where `make languages` has installed its tools."""

import shutil
from pathlib import Path

import pytest

from kommo.languages.check import STAGES, State, check_client, check_importers, table
from kommo.languages.shapes import operation_ids
from kommo.languages.tools import Tools
from kommo.published import load_bundle
from kommo.spec.project import find_root

ROOT = find_root()
TOOLS = Tools(ROOT / ".cache/languages")
pytestmark = [
    pytest.mark.skipif(not (TOOLS.folder / ".ready").is_file(), reason="no tools; run: make languages"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no node"),
]


# Two of the five, for time: one by each tool. `make languages` does them all.
@pytest.mark.parametrize("name", ["openapi-typescript", "typescript-fetch"])
def test_client_is_complete_and_works(name, tmp_path):
    row = check_client(name, ROOT, tmp_path / "client", TOOLS)
    assert {stage: cell.reason for stage, cell in row.cells.items() if cell.reason} == {}
    assert [row.cells[stage].state for stage in STAGES] == [State.OK] * 4
    assert f"{len(operation_ids(load_bundle()))} operations" in table([row])


def test_contract_that_lost_its_shape_is_found_out(tmp_path, monkeypatch):
    """Without its overlays the client of openapi-generator is not fit for use, and the check says so."""
    from kommo.languages import clients, generators

    bare = generators.Generator(
        "typescript-fetch", "TypeScript", ("languages/openapi-generator-link-bodies",)
    )
    monkeypatch.setitem(clients.GENERATORS, "typescript-fetch", bare)
    row = check_client("typescript-fetch", ROOT, tmp_path / "client", TOOLS)
    assert row.failed
    assert "an empty type" in row.cells["types"].reason or "warns" in row.cells["generated"].reason
    assert "FAILED" in table([row])


def test_importers_take_every_operation(tmp_path):
    seen = dict(check_importers(Path(tmp_path), TOOLS))
    assert {name: cell.text for name, cell in seen.items() if cell.state is not State.OK} == {}
    assert set(seen) == {"Postman", "Bruno", "Insomnia, by Postman"}
