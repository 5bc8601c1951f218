"""What the reference says of the mock's coverage is what its tests exercise."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_the_record_of_what_is_exercised_is_up_to_date():
    program = Path(__file__).parent / "exercise.py"
    done = subprocess.run(
        [sys.executable, str(program), "--check"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
