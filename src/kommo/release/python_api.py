"""Breaking changes of the hand-written Python API since a git revision, found by griffe."""

import subprocess
import sys
from pathlib import Path

from kommo.command import CommandError
from kommo.release.changes import Change, Impact


def compare_python_api(root: Path, revision: str, *, python: Path = Path(sys.executable)) -> list[Change]:
    """What griffe calls breaking in ``kommo`` and ``kommo_client`` between ``revision`` and the working tree.

    Args:
        root: the checkout.
        revision: anything git understands.
        python: an interpreter that has griffe; the release tools live in an environment of their own.

    Raises:
        CommandError: griffe is not installed there, or could not load one of the two states.
    """
    changes = []
    for package, folder in (("kommo", "src"), ("kommo_client", "generated_client")):
        done = subprocess.run(
            [
                python,
                "-m",
                "griffe",
                "check",
                package,
                "--search",
                folder,
                "--against",
                revision,
                "--format",
                "oneline",
            ],
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in (0, 1) or "Traceback" in done.stderr:
            reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no reason given"]
            raise CommandError(
                f"the Python API of {package} could not be compared with {revision}: {reason[0]}"
            )
        changes += [_change(line) for line in done.stdout.splitlines() if line.strip()]
    return changes


def _change(line: str) -> Change:
    place, _, sentence = line.rpartition(": ") if line.count(": ") == 1 else line.partition(": ")
    return Change(Impact.MAJOR, f"Python: {place}", sentence)
