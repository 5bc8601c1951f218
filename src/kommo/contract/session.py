"""One run in progress: what all layers share."""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, Unpack

from attrs import evolve

from kommo.contract.checks import exchange_checks
from kommo.contract.document import Contract
from kommo.contract.exchange import Exchange
from kommo.contract.findings import Finding, Findings
from kommo.contract.operations import Operation
from kommo.contract.options import CHECK_TOKEN, CannotRun, Options, Progress
from kommo.contract.port import Carried, Port, Query

#: Header on answers that the gate of a live account gives itself (`kommo.contract.live.guard`).
BLOCKED: Final = "x-kommo-contract-blocked"
#: Longest pause (seconds) that the suite makes because a server asks for it; a longer one ends the layer.
_LONGEST_PAUSE: Final = 30.0
#: What says nothing of the contract when it is all that is answered: no token, no money, no rights.
_REFUSALS: Final = frozenset({401, 402, 403})


class Halted(Exception):
    """A layer cannot go on (the server limits or bans the suite, or lacks what the layer stands on)."""


class Banned(Halted):
    """The server lets the suite in no more, whatever its token."""


class Session:
    """The contract, the server and the findings of one run.

    Args:
        options: what to do.
        contract: the document, read.
        port: the way to the server.
    """

    def __init__(self, options: Options, contract: Contract, port: Port) -> None:
        self.options = options
        self.contract = contract
        self.port = port
        self.findings = Findings()
        self.cases: Counter[str] = Counter()
        self.coverage: Counter[tuple[str, int, str]] = Counter()
        self.seconds: dict[str, float] = {}
        self._own = f"Bearer {options.token}"
        self._answered: set[int] = set()
        self._selected = None if options.operations is None else frozenset(options.operations)

    def random(self, name: str) -> random.Random:
        """Return a source of randomness of the run's seed, one per name so that layers do not disturb each other."""
        return random.Random(f"{self.options.seed}/{name}")

    def selected(self, operation: str | None) -> bool:
        """Say whether findings about an operation are wanted."""
        return self._selected is None or operation is None or operation in self._selected

    @property
    def done(self) -> bool:
        """Whether the run may end: a finding was made and one is enough."""
        return self.options.stop_at_first and len(self.findings) > 0

    def found(self, finding: Finding) -> None:
        """Take a finding, unless it is about an operation that was not asked for."""
        if self.selected(finding.operation or None):
            self.findings.add(finding)

    def saw(self, exchange: Exchange, layer: str) -> None:
        """Count an exchange."""
        self.cases[layer] += 1
        if exchange.operation is not None:
            if exchange.request_headers.get("authorization") == self._own:
                self._answered.add(exchange.status)
            self.coverage[exchange.operation, exchange.status, exchange.content_type] += 1
        if self.options.on_exchange is not None:
            self.options.on_exchange(exchange, layer)

    @property
    def refused(self) -> CannotRun | None:
        """What to tell when the server refuses the token wherever it is shown; then nothing was checked."""
        if not self._answered or not self._answered <= _REFUSALS:
            return None
        shown = ", ".join(map(str, sorted(self._answered)))
        return CannotRun(f"{self.port.base_url}: the server answers {shown} to everything; {CHECK_TOKEN}")

    def progress(self, layer: str, step: str) -> None:
        """Give a sign of life."""
        if self.options.on_progress is not None:
            self.options.on_progress(Progress(layer, step, self.cases.total(), len(self.findings)))


class Script:
    """A sequence of calls of one layer; every answer is judged by all checks that need nothing but the exchange.

    Args:
        session: the run.
        layer: name of the layer.
    """

    def __init__(self, session: Session, layer: str) -> None:
        self.session = session
        self.contract = session.contract
        self.layer = layer
        self.calls: list[Exchange] = []

    def operation(self, operation_id: str) -> Operation | None:
        """Return an operation of the contract, None when this document has none of that id."""
        return self.contract.operations.get(operation_id)

    def call(
        self,
        operation_id: str,
        parameters: Mapping[str, str | int] | None = None,
        *,
        query: Query = (),
        **carried: Unpack[Carried],
    ) -> Exchange:
        """Send one request and judge the answer; arguments as in `Port.send`.

        Raises:
            Halted: the server asks for a long pause or bans the suite.
        """
        query = list(query)
        operation = self.contract.operations[operation_id]
        for _ in range(3):
            exchange = self.session.port.send(operation, parameters, query=query, **carried)
            self.note(exchange)
            if exchange.status != 429:
                break
            pause = _retry_after(exchange)
            if pause > _LONGEST_PAUSE:
                raise Halted(f"the server limits the rate and asks for a pause of {pause:.0f} s")
            time.sleep(pause)
        else:
            raise Halted("the server keeps limiting the rate")
        if exchange.status == 402 or (exchange.status == 403 and not exchange.content_type.endswith("json")):
            raise Banned(f"the server bans the suite: {exchange}")
        return exchange

    def note(self, exchange: Exchange) -> None:
        """Count and judge an exchange that was made elsewhere."""
        self.calls.append(exchange)
        if BLOCKED in exchange.headers:
            return  # the gate's answer, not the server's
        self.session.saw(exchange, self.layer)
        for violation in exchange_checks(self.contract, exchange, conformance=True):
            finding = Finding.from_violation(self.layer, exchange, violation)
            if finding.key not in self.session.findings:  # looking for the creations takes its time
                self.session.found(evolve(finding, calls=tuple(self._from_the_start([exchange]))))
        limit = self.session.options.max_response_time
        if limit is not None and exchange.elapsed > limit:
            self.fail(
                "response-time",
                exchange.operation or "",
                "slow answer",
                f"answered after {exchange.elapsed:.2f} s; allowed: {limit:g} s",
                [exchange],
            )

    def fail(
        self,
        check: str,
        operation: str,
        cause: str,
        message: str,
        calls: Sequence[Exchange],
        *,
        expected: Any = None,
        got: Any = None,
        pointer: str = "",
    ) -> None:
        """Report a departure that only several exchanges, or knowledge of the domain, can show.

        What the gate of a live account answered itself shows nothing about the server.
        """
        if any(BLOCKED in exchange.headers for exchange in calls):
            return
        own = self.contract.operations.get(operation)
        self.session.found(
            Finding(
                layer=self.layer,
                check=check,
                operation=operation,
                cause=cause,
                message=message,
                expected="" if expected is None else repr(expected),
                got="" if got is None and expected is None else repr(got),
                pointer=pointer or (own.pointer if own is not None else ""),
                calls=tuple(self._from_the_start(calls)),
            )
        )

    def _from_the_start(self, calls: Sequence[Exchange]) -> list[Exchange]:
        """Put what made and deleted the things that some calls are about in front of them, so that they stand alone."""
        found = list(calls)
        last = max((number for number, one in enumerate(self.calls) if one in found), default=len(self.calls))
        for exchange in reversed(self.calls[:last]):
            if exchange in found or not exchange.accepted:
                continue
            ids = (
                _ids(exchange.answer)
                if _creates(exchange)
                else {exchange.path.rpartition("/")[2]}
                if exchange.method == "DELETE"
                else set()
            )
            if ids & {word for one in found for word in _words(one)}:
                found.insert(0, exchange)
        return found

    def need(self, condition: object, reason: str) -> None:
        """Stop the layer when the ground it stands on is missing.

        Raises:
            Halted: always, unless `condition` holds.
        """
        if not condition:
            raise Halted(reason)


def _retry_after(exchange: Exchange) -> float:
    value: Any = exchange.headers.get("retry-after")
    if value is None and isinstance(exchange.answer, dict):
        value = exchange.answer.get("retry_after")
    try:
        return max(0.0, float(str(value)))
    except ValueError:
        return 1.0


def _creates(exchange: Exchange) -> bool:
    sent = exchange.sent
    return (
        exchange.method == "POST"
        and (not isinstance(sent, dict) or "update" not in sent)
        and b'"delete"' not in (exchange.request_body[:12])
    )


def _ids(value: Any) -> set[str]:
    """Return every id in an answer."""
    if isinstance(value, dict):
        own = {str(value["id"])} if isinstance(value.get("id"), int | str) else set()
        return own.union(*(_ids(inner) for inner in value.values()))
    if isinstance(value, list):
        return set().union(*(_ids(inner) for inner in value))
    return set()


def _words(exchange: Exchange) -> set[str]:
    """Return what may be an id in the path, query and body of a request."""
    words = {*exchange.path.split("/"), *(value for _, value in exchange.query)}
    return words | set(
        re.findall(r'[:\[,]\s*"?([a-z_]*[0-9]+)', exchange.request_body.decode("utf-8", "replace"))
    )


def unreachable(port: Port, error: Exception) -> CannotRun:
    """Word the failure to reach a server for its user."""
    return CannotRun(f"{port.base_url}: no answer ({error}); start the server or mend --base-url")
