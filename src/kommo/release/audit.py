"""Is a locked dependency known to be harmful? What cannot be found out here is said, and not taken for a yes."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any, Final

from kommo.command import CommandError

# pip-audit asks the package index by default; where that one has no such data, the OSV project's service may.
_SERVICES: Final = ((), ("--vulnerability-service", "osv"))
# What pip warns of; its report tells it in newer versions only.
_YANKED: Final = re.compile(r"is a yanked version: '([^']+)' candidate \(version (\S+)")
_TIMEOUT: Final = 600


class NotDone(Exception):
    """A step could not be carried out here, and why; it has found nothing, good or bad."""


def pins(lock: Path) -> list[str]:
    """The ``name==version`` lines of a lock file, without markers and hashes."""
    return re.findall(r"^([A-Za-z0-9_.\-]+==[^\s;\\]+)", lock.read_text(encoding="utf-8"), re.MULTILINE)


def known_vulnerabilities(pip_audit: Path, lock: Path) -> str:
    """Ask the services that pip-audit knows, in turn, until one has data of the locked packages.

    Args:
        pip_audit: The command.
        lock: A file of requirements with hashes.

    Returns:
        How many packages were looked up.

    Raises:
        CommandError: A package has known vulnerabilities; which.
        NotDone: No service could be reached, or none knows the packages.
    """
    # The audit reads name==version lines; hashes are for installing.
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("\n".join(pins(lock)))
        file.flush()
        reasons = []
        for service in _SERVICES:
            command = [str(pip_audit), "--no-deps", "--disable-pip", "-r", file.name, "-f", "json", *service]
            try:
                report = json.loads(_run(command).stdout)["dependencies"]
            except (ValueError, KeyError, subprocess.TimeoutExpired):
                reasons.append(f"{service[-1] if service else 'the index'} could not be reached")
                continue
            if all("skip_reason" in row for row in report):
                reasons.append(f"{service[-1] if service else 'the index'} has no such data")
                continue
            return _verdict(report)
    raise NotDone(f"no data on vulnerabilities: {', '.join(reasons)}")


def _verdict(report: list[dict[str, Any]]) -> str:
    hit = [
        f"{row['name']} ({', '.join(found['id'] for found in row['vulns'])})"
        for row in report
        if row.get("vulns")
    ]
    if hit:
        raise CommandError(f"known vulnerabilities in {', '.join(hit)}; run: make lock")
    unknown = sum("skip_reason" in row for row in report)
    return f"{len(report) - unknown} packages without known vulnerabilities, {unknown} unknown"


def withdrawn(python: Path, lock: Path) -> str:
    """Ask the package index, through pip, whether the authors of a locked release have withdrawn it.

    Args:
        python: An interpreter with pip; nothing is installed there.
        lock: A file of requirements with hashes.

    Returns:
        How many releases were looked up: those that this platform would install.

    Raises:
        CommandError: A locked release is withdrawn.
        NotDone: The index could not be reached.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        command = [
            str(python),
            "-m",
            "pip",
            "install",
            "--dry-run",
            "--ignore-installed",
            "--no-deps",
            "--quiet",
        ]
        try:
            done = _run([*command, "--require-hashes", "--report", str(report), "-r", str(lock)])
        except subprocess.TimeoutExpired:
            raise NotDone("the package index does not answer") from None
        if done.returncode != 0:
            raise NotDone((done.stderr.strip().splitlines() or ["pip failed"])[-1])
        count = len(json.loads(report.read_bytes())["install"])
    if gone := _YANKED.findall(done.stderr):
        raise CommandError(f"withdrawn by their authors: {', '.join(map(' '.join, gone))}; run: make lock")
    return f"none of {count} locked releases"


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=_TIMEOUT
    )
