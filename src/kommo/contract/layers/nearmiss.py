"""Near misses: from every good body, small departures, each judged by the request schema.

What the schema forbids must be refused with 4xx and change nothing; what it allows must be accepted, but for rules
that no schema can state (see `kommo.contract.checks.semantic`).
"""

from __future__ import annotations

import re
from typing import Final

from attrs import define, field

from kommo.contract.checks import semantic
from kommo.contract.exchange import Exchange, is_json
from kommo.contract.ground import Ground, Target
from kommo.contract.mutants import Mutant, mutants
from kommo.contract.session import Script, Session
from kommo.contract.violations import request_violations

LAYER = "nearmiss"

#: Refusals between two looks at the state.
_LOOK: Final = 16


def run(session: Session) -> None:
    """Send the near misses of every selected operation.

    Raises:
        Halted: there is nothing to stand on, or the server limits or bans the suite.
    """
    script = Script(session, LAYER)
    ground = Ground(script)
    _queries(script)
    for target in ground.targets():
        session.progress(LAYER, target.operation.id)
        kind = next((name for name in target.operation.request if is_json(name)), None)
        if kind is None:
            continue
        probe = _Probe(script, target, kind)
        found = [mutant for body in target.bodies for mutant in mutants(body)]
        # What must be refused goes first: as long as nothing is accepted, one look at the state serves many.
        found.sort(key=probe.valid)
        for mutant in found:
            if session.done:
                return
            probe.send(mutant)
        probe.settle()
    ground.clear()


@define
class _Probe:
    """Near misses of one operation.

    Attributes:
        script: makes the calls.
        target: where they go.
        kind: content type.
        state: of the collection when it was last looked at, None after something was changed.
        refused: what was refused since.
    """

    script: Script
    target: Target
    kind: str
    state: tuple[bytes, ...] | None = None
    refused: list[tuple[Mutant, Exchange]] = field(factory=list)

    def valid(self, mutant: Mutant) -> bool:
        """Say whether the contract allows it."""
        return self.script.contract.valid_request(self.target.operation, mutant.body, self.kind)

    def send(self, mutant: Mutant) -> None:
        """Send one near miss and judge what comes of it."""
        if self.state is None:
            self.state = self.target.state()
        exchange = self._send(mutant)
        if not exchange.accepted:
            self.refused.append((mutant, exchange))
            if len(self.refused) >= _LOOK:
                self.settle()
        elif not self.target.cleans:
            self.settle(changed=True)

    def _send(self, mutant: Mutant) -> Exchange:
        operation, valid = self.target.operation, self.valid(mutant)
        exchange = self.target.send(self.script, json=mutant.body, headers={"content-type": self.kind})
        if exchange.accepted:
            if not valid:
                self._taken(mutant, exchange)
            self.target.clean(exchange)
        elif valid and exchange.status < 500:
            why = semantic.unjustified(exchange)
            if why is not None:
                message, place = f"{mutant.what}: {why}", operation.request[self.kind]
                self._fail("refuses-valid", mutant, message, exchange, "2xx", place)
        return exchange

    def _taken(self, mutant: Mutant, exchange: Exchange) -> None:
        reason = next(iter(request_violations(self.script.contract, exchange)), None)
        because = f" ({reason.message})" if reason is not None else ""
        message = f"{mutant.what}: the contract forbids it{because}, the server answered {exchange.status}"
        place = reason.pointer if reason is not None else self.target.operation.request[self.kind]
        self._fail("accepts-invalid", mutant, message, exchange, "4xx", place)

    def _fail(
        self, check: str, mutant: Mutant, message: str, exchange: Exchange, expected: str, place: str
    ) -> None:
        cause = re.sub(r"\[\d+\]|\d{4,}", "[]", mutant.kind)
        self.script.fail(
            check,
            self.target.operation.id,
            cause,
            message,
            [exchange],
            expected=expected,
            got=exchange.status,
            pointer=place,
        )

    def settle(self, *, changed: bool = False) -> None:
        """Compare the state with what it was before the last refusals, unless something else changed it."""
        pending, self.refused = self.refused, []
        before, self.state = self.state, None
        if changed or not pending:
            return
        self.state = self.target.state()
        if self.state == before:
            return
        for mutant, _ in pending:  # which of them was it?
            before = self.target.state()
            exchange = self._send(mutant)
            self.state = self.target.state()
            if self.state != before:
                self._traces(mutant.what, [exchange])
                return
        self._traces(f"one of {len(pending)} refused requests", [exchange for _, exchange in pending])

    def _traces(self, what: str, calls: list[Exchange]) -> None:
        message = f"{what}: refused, and {self.target.collection.tag} changed all the same"
        operation = self.target.operation.id
        self.script.fail("atomicity", operation, "a refused request left traces", message, calls)


def _queries(script: Script) -> None:
    """Leave out, one at a time, the query parameters that the contract requires."""
    for operation in script.contract.operations.values():
        if operation.method != "GET" or not script.session.selected(operation.id):
            continue
        for parameter in operation.query:
            if parameter.get("required") and "{" not in operation.path:
                exchange = script.call(operation.id)
                if exchange.accepted:
                    name = parameter["name"]
                    message = (
                        f"the contract requires the query parameter {name}, without it came {exchange.status}"
                    )
                    script.fail("accepts-invalid", operation.id, f"without {name}", message, [exchange])
