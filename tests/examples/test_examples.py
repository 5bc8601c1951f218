"""Every example runs as a user would run it, against a mock with data in it, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from kommo.mock import MockConfig, MockServer

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
PRINTS = {
    "all_entities_async": "contacts: ",
    "batches": "120 of 120 done",
    "category_tree": "    Android\n    iPhone\nCases\n    Leather\n",
    "field_groups": "Family: Born",
    "fields_by_type": "legal_entity",
    "first_request": "text",
    "refused": "Not here: type: ",
    "v4_lists": "Oak 4.5 no grade\nAsh 3.50 A\n",
    "v2_lists": "SH-1 19.90 ['S', 'M']\nSH-1 19.90 None\n",
    "values_offline": "2020-01-01 Choice(value='Red', enum_id=5, enum_code=None)",
}
CONTENTS = (
    "/api/v2/catalogs",
    *(f"/api/v4/{entity}/custom_fields?limit=250" for entity in ("leads", "contacts", "companies")),
    *(f"/api/v4/{entity}/custom_fields/groups" for entity in ("leads", "contacts", "companies")),
)


@pytest.fixture
def mock_url() -> Iterator[str]:
    with MockServer(MockConfig(token="demo", seed="demo")) as server:
        yield server.url


def contents(url: str) -> list[Any]:
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer demo"}) as http:
        return [http.get(path).text for path in CONTENTS]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_example_runs(example: Path, mock_url: str) -> None:
    before = contents(mock_url)
    outcome = subprocess.run(
        [sys.executable, "-W", "error", str(example)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "KOMMO_BASE_URL": mock_url, "KOMMO_TOKEN": "demo", "PYTHONIOENCODING": "utf-8"},
    )
    assert outcome.returncode == 0, outcome.stderr
    assert PRINTS[example.stem] in outcome.stdout
    assert contents(mock_url) == before


def test_every_example_is_known() -> None:
    assert {path.stem for path in EXAMPLES} == PRINTS.keys()
