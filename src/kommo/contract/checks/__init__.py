"""Checks that need nothing but one exchange and the contract."""

from __future__ import annotations

from collections.abc import Iterator

from kommo.contract.checks import echo, echo_v2, errors, links, secrets, wire
from kommo.contract.document import Contract
from kommo.contract.exchange import Exchange
from kommo.contract.violations import Violation, response_violations


def exchange_checks(
    contract: Contract, exchange: Exchange, *, conformance: bool = False
) -> Iterator[Violation]:
    """Judge one exchange.

    Args:
        contract: the document.
        exchange: what was sent and answered.
        conformance: whether to compare status, content type and body with the document too; schemathesis does that
            for its own exchanges.
    """
    yield from wire.check(exchange)
    if conformance and not exchange.failure:
        yield from response_violations(contract, exchange)
    yield from secrets.check(exchange)
    yield from links.check(exchange)
    yield from echo.check(contract, exchange)
    yield from echo_v2.check(exchange)
    yield from errors.check(exchange)
