"""All reports of a run in one directory."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from kommo.command import CommandError
from kommo.contract import har
from kommo.contract.exchange import Exchange
from kommo.contract.recording import read
from kommo.contract.reports import findings
from kommo.contract.reports.html import html
from kommo.contract.reports.junit import junit


def write(
    directory: Path, report: dict[str, Any], recorded: Iterable[Path], secrets: Iterable[str]
) -> list[Path]:
    """Write report.json, report.html, junit.xml, exchanges.ndjson and exchanges.har; each appears whole or not at all.

    Args:
        directory: made when it does not exist.
        report: see `kommo.contract.reports.findings`.
        recorded: files of recorded exchanges.
        secrets: credentials that must not appear.

    Raises:
        CommandError: the directory cannot be written.
    """
    recorded = sorted(recorded)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        made = [
            _put(
                directory / findings.FILE,
                json.dumps(report, indent=1, ensure_ascii=False).encode("utf-8", "replace"),
            ),
            _put(directory / "report.html", html(report).encode("utf-8", "replace")),
            _put(directory / "junit.xml", junit(report)),
            _put(directory / "exchanges.ndjson", b"".join(path.read_bytes() for path in recorded)),
        ]
        archive = directory / "exchanges.har"
        with archive.with_suffix(".new").open("w", encoding="utf-8", errors="replace") as stream:
            har.write(stream, _all(recorded), secrets)
        os.replace(archive.with_suffix(".new"), archive)
    except OSError as error:
        raise CommandError(f"{directory}: cannot write the reports ({error})") from error
    return [*made, archive]


def _put(path: Path, content: bytes) -> Path:
    new = path.with_name(path.name + ".new")
    new.write_bytes(content)
    os.replace(new, path)
    return path


def _all(recorded: Iterable[Path]) -> Iterator[tuple[Exchange, str]]:
    for path in recorded:
        yield from read(path)
