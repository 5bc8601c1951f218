"""Figures that people read in prose are those of the published contract."""

import re
from pathlib import Path

import pytest

from kommo.languages.shapes import operation_ids
from kommo.published import load_bundle
from kommo.spec.project import overlay_files

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("README.md", r"(\d+) operations"),
        ("CHANGELOG.md", r"First contract: (\d+) operations"),
        ("docs/languages.md", r"all (\d+) requests"),
    ],
)
def test_prose_counts_the_operations(page: str, says: str) -> None:
    found = re.search(says, (ROOT / page).read_text(encoding="utf-8"))
    assert found is not None
    assert int(found[1]) == len(operation_ids(load_bundle()))


def test_prose_counts_the_overlays() -> None:
    found = re.search(r"^- (\d+) overlays", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert found is not None
    assert int(found[1]) == len(overlay_files(ROOT / "overlays/quirks"))
