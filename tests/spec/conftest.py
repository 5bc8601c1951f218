"""A small checkout of its own for each test, and the command as a user runs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kommo.cli import main
from kommo.spec.project import EVIDENCE, find_root
from kommo.spec.reference import RECORDS

TINY = Path(__file__).parent / "tiny"


def plant(root: Path) -> Path:
    """Put the smallest checkout that every spec command accepts at a place, and return the place."""
    shutil.copytree(TINY, root)
    # The page about field types is about those that the library knows, whatever the contract.
    for path in (EVIDENCE / "field-types.yaml", *RECORDS):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(find_root(Path(__file__).parent) / path, root / path)
    return root


@pytest.fixture
def tiny(tmp_path, monkeypatch):
    """The smallest checkout that every spec command accepts; the working directory."""
    root = plant(tmp_path / "tiny")
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def kommo(capsys):
    """Run `kommo` in this process: kommo("spec", "lint") -> (exit code, stdout, stderr)."""

    def run(*args):
        code = main([str(arg) for arg in args])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return code, captured.out, captured.err

    return run


@pytest.fixture
def command(tmp_path):
    """Run `kommo` as a process of its own, with an environment that knows nothing of this one's."""

    def run(*args, cwd=tmp_path, env=None, code=None):
        program = [sys.executable, "-m", "kommo.cli"] if code is None else [sys.executable, "-c", code]
        return subprocess.run(
            [*program, *map(str, args)],
            cwd=cwd,
            env={**os.environ, **(env or {})},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def snapshot():
    """Read a folder: path -> bytes, to see that a failed command changed nothing."""

    def read(folder):
        return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    return read
