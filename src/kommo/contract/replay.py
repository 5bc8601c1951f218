"""Run a recorded failure again: the same calls, with the ids of this time, judged by the same check."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import unquote, urlsplit

from attrs import evolve, frozen

from kommo.contract.checks import exchange_checks
from kommo.contract.collection import Collection
from kommo.contract.document import Contract
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.findings import Finding
from kommo.contract.ground import Target
from kommo.contract.options import Options
from kommo.contract.port import Port
from kommo.contract.resources import resource, split
from kommo.contract.run import run
from kommo.contract.session import Script, Session
from kommo.redaction import MASK, redact

#: Checks whose failure is that a call was answered with this status at all, unless what it listed is the failure. No
#: status tells what calls leave behind (`atomicity`, `isolation`, `leak`, `deleted-stays-deleted` ...); no report holds
#: the tokens that `authentication` and `rights` are about.
_BY_STATUS = frozenset({"accepts-invalid", "refuses-valid", "unknown-id"})


@frozen
class Replay:
    """What came of it: `again` when the failure is still there, and why that is known."""

    again: bool
    why: str
    calls: tuple[Exchange, ...]


class Replayer:
    """Sends the calls of findings once more and judges them by the check that each finding is of.

    Ids are translated on the way: what the server answered then, wherever it stood, becomes what it answers now. What
    these calls do not show is looked for by the layer that found it, run again: for this operation, and, as a defect
    may show only after calls of others, for all.

    Args:
        contract: to judge by.
        port: the way to the server.
        options: of the run that made the report: the same server and number of examples; its seed is for findings
            that do not name their own.
    """

    def __init__(self, contract: Contract, port: Port, options: Options) -> None:
        self._contract = contract
        self._port = port
        self._options = options
        self._found: dict[tuple[str, str, int], set[tuple[str, ...]]] = {}

    def replay(self, finding: Finding) -> Replay:
        """Say whether a finding of the report is still there."""
        if not finding.calls:
            return Replay(False, "the report holds no calls for it", ())
        made = tuple(self._calls(finding))
        self._tidy(made)
        wanted = (finding.check, redact(finding.cause))
        if wanted in self._departures(made[-1]):
            return Replay(True, "the last answer departs from the contract in the same way", made)
        differing = _differing(finding.calls, made)
        if differing is None and finding.check in _BY_STATUS and not _lists(finding.calls[-1]):
            return Replay(True, "every call was answered as when the failure was recorded", made)
        # These calls may show nothing because others went before them then: only the layer can say that it is gone.
        if self._rerun(finding):
            return Replay(True, f"the {finding.layer} layer finds it again", made)
        gone = f"the {finding.layer} layer finds it no more"
        if differing is not None:
            gone += f"; call {differing + 1} is answered otherwise now: {made[differing]}"
        return Replay(False, gone, made)

    def _calls(self, finding: Finding) -> Iterator[Exchange]:
        names: dict[str, str] = {}
        for recorded in finding.calls:
            exchange = _send(recorded, names, self._port)
            if recorded.answer is not NO_JSON and exchange.answer is not NO_JSON:
                _learn(recorded.answer, exchange.answer, names)
            yield exchange

    def _tidy(self, made: Sequence[Exchange]) -> None:
        """Delete what the calls made: what is left over would be in the way of the layers."""
        script = Script(Session(self._options, self._contract, self._port), "replay")
        for exchange in reversed(made):
            operation = self._contract.operations.get(exchange.operation or "")
            match = operation and operation.pattern.match(exchange.path)
            if operation and match and exchange.method == "POST":
                parameters: dict[str, str | int] = {
                    name: unquote(value) for name, value in match.groupdict().items()
                }
                home = Collection(script, resource(self._contract, split(operation.id)[1]), parameters)
                Target(operation, home, parameters, []).clean(exchange)

    def _departures(self, exchange: Exchange) -> set[tuple[str, str]]:
        """What one exchange shows by itself: checks and causes."""
        return {
            (violation.check, redact(violation.cause))
            for violation in exchange_checks(self._contract, exchange, conformance=True)
        }

    def _rerun(self, finding: Finding) -> bool:
        """Say whether the layer of a finding finds it now, in a run for its operation or in one for all."""
        seed = self._options.seed if finding.seed is None else finding.seed
        alone, whole = (finding.layer, finding.operation, seed), (finding.layer, "", seed)
        for place in (whole,) if whole in self._found else (alone, whole):
            if place not in self._found:
                operations = [place[1]] if place[1] else self._options.operations
                again = evolve(self._options, phases=(finding.layer,), operations=operations, seed=seed)
                self._found[place] = {_as_reported(one.key) for one in run(again).findings}
            if _as_reported(finding.key) in self._found[place]:
                return True
        return False


def _as_reported(key: tuple[str, ...]) -> tuple[str, ...]:
    """Return the key of a finding in the words of a report, which takes some for credentials."""
    return tuple(map(redact, key))


def _lists(exchange: Exchange) -> bool:
    return exchange.method == "GET" and isinstance(exchange.answer, dict) and "_embedded" in exchange.answer


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


def _differing(then: Sequence[Exchange], now: Sequence[Exchange]) -> int | None:
    """Return the first call that is answered otherwise."""
    for index, (recorded, exchange) in enumerate(zip(then, now, strict=True)):
        if (recorded.status, recorded.content_type) != (exchange.status, exchange.content_type):
            return index
    return None
