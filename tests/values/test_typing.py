"""Type checkers see exact types in user code."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USAGE = Path(__file__).with_name("typed_usage.py")


@pytest.mark.parametrize(
    "checker",
    [
        ["mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null"],
        ["pyright", "--pythonversion", "3.11"],
    ],
    ids=["mypy", "pyright"],
)
def test_usage_has_exact_types(checker: list[str]) -> None:
    outcome = subprocess.run(
        [sys.executable, "-m", *checker, str(USAGE)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
