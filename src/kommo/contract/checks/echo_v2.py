"""An accepted v2 write answers its successes in the order of the request, each with the caller's request id.

Failed items stand in `_embedded.errors` instead; what is answered plus what failed is what was sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kommo.contract.checks.echo import embedded, same
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.violations import Violation


def check(exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation for every item of a v2 write that the answer loses, repeats, reorders or changes."""
    if not (exchange.operation or "").startswith("write_v2_") or not exchange.accepted:
        return
    sent, answer = exchange.sent, exchange.answer
    if not isinstance(sent, dict) or answer is NO_JSON or not isinstance(answer, dict):
        return
    blocks = {name: value if isinstance(value, list) else [] for name, value in sent.items()}
    items = embedded(answer, "items")
    failed = failures(answer)
    written = _successes(blocks, answer)
    # The answer to a delete is documented nowhere: its ids may stand among the items or not.
    if not written <= len(items) <= written + len(blocks.get("delete", ())):
        message = (
            f"{written} items should have been carried out, {len(items)} are answered and {failed} failed"
        )
        yield _violation("items", message, "_embedded.items")
        return
    if failed == 0:
        yield from _pair(blocks.get("add", []), items, "add")
        yield from _pair(blocks.get("update", []), items[len(blocks.get("add", [])) :], "update")


def _successes(blocks: dict[str, list[Any]], answer: Any) -> int:
    """Count the items to add and update that the answer does not report as failed.

    Failures to update are keyed by id, so that items with one id fail as one; failures to add stand alone.
    """
    inner = answer.get("_embedded") if isinstance(answer, dict) else None
    errors = inner.get("errors") if isinstance(inner, dict) else None
    added, updated = blocks.get("add", []), blocks.get("update", [])
    if not isinstance(errors, dict):
        return len(added) + len(updated) - failures(answer)
    named = errors.get("update")
    if isinstance(named, dict):
        failed = sum(str(_whole(item.get("id"))) in named for item in updated if isinstance(item, dict))
    else:
        failed = len(named) if isinstance(named, list) else 0
    unmade = errors.get("add")
    return len(added) + len(updated) - failed - (len(unmade) if isinstance(unmade, dict | list) else 0)


def _whole(id_: Any) -> Any:
    return int(id_) if isinstance(id_, float) and id_.is_integer() else id_


def failures(answer: Any) -> int:
    """Count the failed items of an answer; `errors` is a list, or maps of id to message by block."""
    inner = answer.get("_embedded") if isinstance(answer, dict) else None
    errors = inner.get("errors") if isinstance(inner, dict) else None
    if isinstance(errors, list):
        return len(errors)
    if isinstance(errors, dict):
        return sum(len(block) for block in errors.values() if isinstance(block, dict | list))
    return 0


def _pair(sent: list[Any], got: list[dict[str, Any]], block: str) -> Iterator[Violation]:
    for index, (item, answered) in enumerate(zip(sent, got, strict=False)):
        if not isinstance(item, dict):
            continue
        names = ("request_id",) if block == "add" else ("id", "updated_at")
        for name in names:
            if item.get(name) is not None and not same(item[name], answered.get(name)):
                yield _violation(
                    f"{block} {name}",
                    f"{name} of item {index} was sent as {item[name]!r} and is answered as {answered.get(name)!r}",
                    f"_embedded.items[{index}].{name}",
                )


def _violation(cause: str, message: str, place: str) -> Violation:
    return Violation("echo", cause, message, "", place)
