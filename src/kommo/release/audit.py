"""Is a locked dependency known to be harmful? What cannot be found out here is said, and not taken for a yes."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from kommo.command import CommandError
from kommo.release.advisories import NPM, PYPI, Advisory, evaluate, read

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
    raise NotDone(
        f"no data on vulnerabilities: {', '.join(reasons)}; a folder of advisories is data, too: --advisories DIR"
    )


def advisories_in(folder: Path) -> dict[str, list[Advisory]]:
    """Read a folder of advisories in the OSV format, which needs no network.

    Args:
        folder: A checkout of a database of advisories, or an unpacked dump of one.

    Returns:
        The advisories in force, by ecosystem: those of Python packages, and those of npm's where the folder has some.

    Raises:
        CommandError: The folder cannot be read or has nothing on Python packages.
    """
    found = read(folder, PYPI, NPM)
    if not found[PYPI.name]:
        raise CommandError(f"{folder}: the advisories there are of no Python package")
    return found


def held_to_advisories(
    advisories: Mapping[str, list[Advisory]], locks: Iterable[Path], npm_lock: Path
) -> str:
    """Hold all locked packages to advisories on disk.

    Args:
        advisories: What :func:`advisories_in` returned.
        locks: Files of requirements with hashes.
        npm_lock: A `package-lock.json`, version 2 or 3.

    Returns:
        How many packages and advisories were looked at, and how old the newest advisory is.

    Raises:
        CommandError: An advisory concerns a locked version; which, and what mends it.
    """
    pinned = [tuple(pin.split("==")) for lock in locks for pin in pins(lock)]
    findings = [evaluate(((name, version) for name, version in pinned), advisories[PYPI.name], PYPI)]
    if advisories[NPM.name]:
        findings.append(evaluate(npm_pins(npm_lock), advisories[NPM.name], NPM))
    said = ". ".join(map(str, findings)) + (
        "" if advisories[NPM.name] else "; no advisories of npm packages there"
    )
    if hits := [str(hit) for found in findings for hit in found.hits]:
        raise CommandError(f"known vulnerabilities: {', '.join(hits)}; {said}")
    return f"none known: {said}"


def npm_pins(lock: Path) -> list[tuple[str, str]]:
    """Name and version of every package of a `package-lock.json`; links to folders have none."""
    rows = json.loads(lock.read_bytes())["packages"].items()
    return [
        (row.get("name") or place.rpartition("node_modules/")[2], row["version"])
        for place, row in rows
        if place and "version" in row
    ]


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
