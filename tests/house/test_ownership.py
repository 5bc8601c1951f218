"""Every tracked file is written by hand or generated, never both: the table in CONTRIBUTING.md is complete."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def _rows() -> list[tuple[list[str], str]]:
    section = (
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").split("## Who owns what")[1].split("\n## ")[0]
    )
    rows = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[1] in {"hand", "generated"}:
            rows.append((re.findall(r"`([^`]+)`", cells[0]), cells[1]))
    return rows


def _matches(pattern: str, path: str) -> bool:
    prefix, any_below, _ = pattern.partition("**")
    return path.startswith(prefix) if any_below else path == pattern


def _tracked() -> list[str]:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    return [path for path in listing.stdout.decode().split("\0") if path]


def test_every_file_has_exactly_one_owner() -> None:
    rows = _rows()
    assert len(rows) > 10, "the table in CONTRIBUTING.md was not found"
    owners = {
        path: [owner for patterns, owner in rows for pattern in patterns if _matches(pattern, path)]
        for path in _tracked()
    }
    assert {path: found for path, found in owners.items() if len(found) != 1} == {}


def test_generated_files_are_marked_for_reviewers() -> None:
    marked = [
        line.split()[0]
        for line in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
        if "linguist-generated=true" in line
    ]
    generated = [pattern for patterns, owner in _rows() if owner == "generated" for pattern in patterns]
    assert sorted(marked) == sorted(generated)
