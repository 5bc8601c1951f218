"""Type checkers find exact types in a user's code."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
USAGE = Path(__file__).with_name("typed_usage.py")
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}


@pytest.mark.parametrize("checker", CHECKERS)
def test_usage_has_exact_types(checker: str) -> None:
    command = [sys.executable, "-m", *CHECKERS[checker], str(USAGE)]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
