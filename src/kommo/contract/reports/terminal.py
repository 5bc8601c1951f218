"""The run on the terminal: a line of progress while it goes on, a summary at its end."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from typing import Any, Final, Self, TextIO

from kommo.contract.closing import Closing
from kommo.contract.findings import Finding
from kommo.contract.options import Progress, Result

_SHOWN: Final = 20


class Display(Closing):
    """One line of progress on a terminal; nothing where output goes to a file.

    Args:
        stream: where to draw; None for standard error.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        out = stream or sys.stderr
        self._status: Any = None
        if out.isatty():
            from rich.console import Console

            self._status = Console(file=out).status("starting ...")

    def __call__(self, progress: Progress) -> None:
        """Show where the run is."""
        if self._status is not None:
            findings = f", {progress.findings} findings" if progress.findings else ""
            self._status.update(f"{progress.cases} cases{findings}  {progress.layer}: {progress.step}")

    def say(self, text: str) -> None:
        """Show a line of text."""
        if self._status is not None:
            self._status.update(text)

    def __enter__(self) -> Self:
        if self._status is not None:
            self._status.start()
        return self

    def close(self) -> None:
        """End the line."""
        if self._status is not None:
            self._status.stop()


def summary(
    result: Result, operations: int, seconds: float, explain: Callable[[Finding], str] | None = None
) -> str:
    """Return the end of a run in a few lines.

    Args:
        result: of the run.
        operations: how many the contract has.
        seconds: wall time.
        explain: gives further lines for a finding.
    """
    layers = ", ".join(f"{name} {count}" for name, count in result.cases.items())
    lines = []
    for number, finding in enumerate(result.findings[:_SHOWN], 1):
        lines += ["", f"{number}. {finding.operation or 'server'}: {finding.check}"]
        lines += textwrap.wrap(finding.message, 110, initial_indent="   ", subsequent_indent="   ")
        if explain is not None:
            lines += [f"   {line}" for line in explain(finding).splitlines()]
    if len(result.findings) > _SHOWN:
        lines += ["", f"... and {len(result.findings) - _SHOWN} more; the report has them all"]
    if lines:
        lines.append("")
    if result.interrupted:
        lines.append("interrupted: what follows is what the run had found until then")
    lines.append(
        f"contract: {len(result.operations)} of {operations} operations, {result.cases.total()} cases in "
        f"{seconds:.0f} s ({layers}), seed {result.seed}, {len(result.findings)} failures"
    )
    return "\n".join(lines)
