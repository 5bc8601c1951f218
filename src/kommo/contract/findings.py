"""What the suite found, each defect once, with the calls that show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from attrs import evolve, frozen

from kommo.contract.exchange import Exchange
from kommo.contract.violations import Violation


@frozen
class Finding:
    """One departure from the contract.

    Attributes:
        layer: who saw it, one of `kommo.contract.options.LAYERS`.
        check: the rule that was broken, e.g. `schema`, `status`, `echo`, `paging`.
        operation: operationId, "" when it concerns no single one.
        cause: what departs, free of the data at hand.
        message: one or more lines with the data at hand.
        expected: what the contract asks for, "" when the message says it.
        got: what came, "" when the message says it.
        pointer: JSON pointer into the contract, "" when the rule is no schema.
        calls: the exchanges that show it, in order; the last one fails.
        seed: of the run that found it, None before its end.
    """

    layer: str
    check: str
    operation: str
    cause: str
    message: str
    expected: str = ""
    got: str = ""
    pointer: str = ""
    calls: tuple[Exchange, ...] = ()
    seed: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two findings the same: operation, check, cause."""
        return (self.operation, self.check, self.cause)

    def __str__(self) -> str:
        return f"{self.operation or 'server'}: {self.check}: {self.message}"

    @classmethod
    def from_violation(
        cls, layer: str, exchange: Exchange, violation: Violation, calls: Sequence[Exchange] = ()
    ) -> Finding:
        """Turn a departure seen in one answer into a finding."""
        return cls(
            layer=layer,
            check=violation.check,
            operation=exchange.operation or "",
            cause=violation.cause,
            message=violation.message,
            pointer=violation.pointer,
            calls=tuple(calls) or (exchange,),
        )


class Findings:
    """A collection that keeps each finding once, in its shortest form."""

    def __init__(self, found: Iterable[Finding] = ()) -> None:
        self._found: dict[tuple[str, str, str], Finding] = {}
        for finding in found:
            self.add(finding)

    def add(self, finding: Finding) -> bool:
        """Keep a finding; return whether it is a new one.

        A second sighting of the same defect replaces the first one only when fewer calls show it.
        """
        known = self._found.get(finding.key)
        if known is None:
            self._found[finding.key] = finding
        elif 0 < len(finding.calls) < len(known.calls):
            self._found[finding.key] = evolve(finding, layer=known.layer)
        return known is None

    def __contains__(self, key: object) -> bool:
        return key in self._found

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._found.values())

    def __len__(self) -> int:
        return len(self._found)
