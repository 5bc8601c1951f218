"""Findings as JSON: the record from which everything else can be made again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from kommo.command import CommandError
from kommo.contract.document import Contract
from kommo.contract.explain import Lines, quirk
from kommo.contract.findings import Finding
from kommo.contract.options import Result
from kommo.contract.recording import from_json, to_json
from kommo.contract.reproduce import curl, python
from kommo.published import Platform
from kommo.redaction import redact

FILE: Final = "report.json"
_FORMAT: Final = 1
_NAMES: Final = ("layer", "check", "operation", "cause", "message", "expected", "got", "pointer")


def document(
    result: Result,
    contract: Contract,
    secrets: Iterable[str],
    *,
    base_url: str,
    version: str,
    max_examples: int | None = None,
    platform: Platform = "any",
    tokens: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the whole result as JSON data without secrets.

    Args:
        result: of a run.
        contract: that was checked.
        secrets: that must not appear.
        base_url: of the server.
        version: of this program.
        max_examples: of the run's options; None when it is not known.
        platform: of the run's options.
        tokens: of the run's options, for what is shown to be run again; None when they are not known.
    """
    secrets = tuple(secrets)
    lines = Lines(platform)
    return {
        "format": _FORMAT,
        "kommo": version,
        "contract": contract.document.get("info", {}).get("version", ""),
        "made": datetime.now(UTC).isoformat(" ", "minutes"),
        "server": redact(base_url, secrets),
        "seed": result.seed,
        "max_examples": max_examples,
        "platform": platform,
        "interrupted": result.interrupted,
        "cases": dict(result.cases),
        "seconds": {name: round(value, 3) for name, value in result.seconds.items()},
        "coverage": [[*key, count] for key, count in sorted(result.coverage.items())],
        "operations": {op.id: {"declared": sorted(op.responses)} for op in contract.operations.values()},
        "findings": [_finding(finding, contract, secrets, lines, tokens) for finding in result.findings],
    }


def _finding(
    finding: Finding,
    contract: Contract,
    secrets: tuple[str, ...],
    lines: Lines,
    tokens: Mapping[str, str] | None,
) -> dict[str, Any]:
    shown = {name: redact(str(getattr(finding, name)), secrets) for name in _NAMES}
    return {
        **shown,
        "seed": finding.seed,
        "line": lines.line(finding.pointer),
        "quirk": quirk(finding),
        "curl": [redact(curl(exchange, tokens), secrets) for exchange in finding.calls],
        "python": redact(python(contract, finding.calls, tokens), secrets),
        "calls": [to_json(exchange, finding.layer, secrets) for exchange in finding.calls],
    }


def load(path: Path) -> tuple[dict[str, Any], list[Finding]]:
    """Read a report.

    Raises:
        CommandError: the file is none.
    """
    file = path / FILE if path.is_dir() else path
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        if data["format"] != _FORMAT:
            raise CommandError(
                f"{file}: a report of format {data['format']}; this version reads format {_FORMAT}"
            )
        return data, [_read(item) for item in data["findings"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            f"{file}: no report of kommo contract ({error}); make one with --report DIR"
        ) from error


def _read(item: Mapping[str, Any]) -> Finding:
    calls = tuple(from_json(call) for call in item["calls"])
    return Finding(**{name: item[name] for name in _NAMES}, calls=calls, seed=item.get("seed"))
