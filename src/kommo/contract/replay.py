"""Run a recorded failure again: the same calls, with the ids that the server gives this time."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from kommo.contract.checks import exchange_checks
from kommo.contract.document import Contract
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.findings import Finding
from kommo.contract.port import Port
from kommo.redaction import MASK

#: Keys of answers that differ from run to run without meaning.
_VOLATILE = frozenset({"_links", "created_at", "updated_at", "trace_id"})

#: Checks whose failure is that a call was answered with this status at all.
_BY_STATUS = frozenset(
    {
        "accepts-invalid",
        "atomicity",
        "authentication",
        "deleted-stays-deleted",
        "leak",
        "refuses-valid",
        "unknown-id",
    }
)


@frozen
class Replay:
    """What came of it: `again` when the failure is still there, and why that is known."""

    again: bool
    why: str
    calls: tuple[Exchange, ...]


def replay(finding: Finding, contract: Contract, port: Port) -> Replay:
    """Send the calls of a finding once more.

    Ids are translated on the way: what the server answered then, wherever it stood, becomes what it answers now.

    Args:
        finding: from a report.
        contract: to judge by.
        port: the way to the server.
    """
    names: dict[str, str] = {}
    made: list[Exchange] = []
    for recorded in finding.calls:
        exchange = _send(recorded, names, port)
        made.append(exchange)
        if recorded.answer is not NO_JSON and exchange.answer is not NO_JSON:
            _learn(recorded.answer, exchange.answer, names)
    if not made:
        return Replay(False, "the report holds no calls for it", ())
    own = {
        (violation.check, violation.cause)
        for violation in exchange_checks(contract, made[-1], conformance=True)
    }
    if (finding.check, finding.cause) in own:
        return Replay(True, "the last answer departs from the contract in the same way", tuple(made))
    if own:
        return Replay(True, f"the last answer departs from the contract: {sorted(own)[0][1]}", tuple(made))
    differing = _differing(finding.calls, made, None if finding.check in _BY_STATUS else names)
    if differing is None:
        return Replay(True, "every call was answered as when the failure was recorded", tuple(made))
    return Replay(False, f"call {differing + 1} is answered otherwise now: {made[differing]}", tuple(made))


def _send(recorded: Exchange, names: dict[str, str], port: Port) -> Exchange:
    parts = urlsplit(recorded.url)
    path = "/".join(names.get(segment, segment) for segment in parts.path.split("/"))
    query = re.sub(r"(?<==)[^&]+", lambda match: names.get(match.group(), match.group()), parts.query)
    content: bytes | None = recorded.request_body or None
    if recorded.sent is not NO_JSON:
        content = json.dumps(_translated(recorded.sent, names), ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )
    authorization = recorded.request_headers.get("authorization")
    if authorization is not None and MASK in authorization:
        scheme = authorization.split(" ")[0]
        authorization = (
            "" if scheme == "Bearer" and _token_was_good(recorded) else f"{scheme} kommo-contract-invalid"
        )
    kept = {name: value for name, value in recorded.request_headers.items() if name == "content-type"}
    url = port.base_url + path + (f"?{query}" if query else "")
    return port.fetch(
        recorded.method,
        url,
        operation=recorded.operation,
        content=content,
        headers=kept,
        authorization=authorization,
    )


def _token_was_good(recorded: Exchange) -> bool:
    """Say whether the recorded request carried the run's own token: then the server did not answer 401."""
    return recorded.status != 401


def _translated(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _translated(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_translated(inner, names) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and str(value) in names:
        return int(names[str(value)]) if names[str(value)].isdigit() else names[str(value)]
    if isinstance(value, str) and value in names:
        return names[value]
    return value


def _learn(then: Any, now: Any, names: dict[str, str]) -> None:
    """Pair the ids of two answers of the same shape."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key, value in then.items():
            if key in ("id", "parent_id", "group_id", "catalog_id"):
                if (
                    isinstance(value, int | str)
                    and isinstance(now.get(key), int | str)
                    and not isinstance(value, bool)
                ):
                    names[str(value)] = str(now[key])
            else:
                _learn(value, now.get(key), names)
    elif isinstance(then, list) and isinstance(now, list):
        for one, other in zip(then, now, strict=False):
            _learn(one, other, names)


def _differing(then: Sequence[Exchange], now: Sequence[Exchange], names: dict[str, str] | None) -> int | None:
    """Return the first call that is answered otherwise; bodies count when ids can be translated by `names`."""
    for index, (recorded, exchange) in enumerate(zip(then, now, strict=True)):
        if recorded.status != exchange.status or recorded.content_type != exchange.content_type:
            return index
        # Lists of a living account grow and shrink; of several calls only the last one shows the failure.
        comparable = recorded.answer is not NO_JSON and exchange.answer is not NO_JSON
        last = index == len(then) - 1
        if (
            names is not None
            and last
            and comparable
            and _bare(_translated(recorded.answer, names)) != _bare(exchange.answer)
        ):
            return index
    return None


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(inner) for key, inner in value.items() if key not in _VOLATILE}
    if isinstance(value, list):
        return [_bare(inner) for inner in value]
    return value
