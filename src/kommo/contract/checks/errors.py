"""A refusal names the items of the request that it is about, by their request ids or places."""

from __future__ import annotations

from collections.abc import Iterator

from kommo.contract.checks.echo import entries, request_id
from kommo.contract.exchange import Exchange
from kommo.contract.violations import Violation


def check(exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation for a `validation-errors` entry about an item that the request does not have."""
    answer, sent = exchange.answer, exchange.sent
    if exchange.status not in (400, 422) or not isinstance(answer, dict) or "/api/v4/" not in exchange.path:
        return
    items = sent if isinstance(sent, list) else [sent]
    known = {request_id(item, index) for index, item in enumerate(items)} | set(map(str, range(len(items))))
    for report in entries(answer.get("validation-errors")):
        if "request_id" in report and str(report["request_id"]) not in known:
            told = report["request_id"]
            message = f"validation-errors names the request_id {told!r}; the request has {sorted(known)[:5]}"
            yield Violation("errors", "request_id of no item", message, "", "validation-errors")
            return
