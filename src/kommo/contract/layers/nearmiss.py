"""Near misses: from every good body, small departures, each judged by the request schema.

What the schema forbids must be refused with 4xx and change nothing; what it allows must be accepted, but for rules
that no schema can state (see `kommo.contract.checks.semantic`).
"""

from __future__ import annotations

import re

from kommo.contract.checks import semantic
from kommo.contract.exchange import is_json
from kommo.contract.ground import Ground, Target
from kommo.contract.mutants import Mutant, mutants
from kommo.contract.session import Script, Session

LAYER = "nearmiss"


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
        state = target.state()
        for body in target.bodies:
            for mutant in mutants(body):
                if session.done:
                    return
                state = _try(script, target, mutant, kind, state)
    ground.clear()


def _try(
    script: Script, target: Target, mutant: Mutant, kind: str, state: tuple[bytes, ...]
) -> tuple[bytes, ...]:
    operation = target.operation
    valid = script.contract.valid_request(operation, mutant.body, kind)
    exchange = target.send(script, json=mutant.body, headers={"content-type": kind})
    what = re.sub(r"\[\d+\]|\d{4,}", "[]", mutant.what)
    if exchange.accepted:
        if not valid:
            reason = next(iter(script.contract.request_violations(exchange)), None)
            because = f" ({reason.message})" if reason is not None else ""
            message = (
                f"{mutant.what}: the contract forbids it{because}, the server answered {exchange.status}"
            )
            script.fail(
                "accepts-invalid",
                operation.id,
                what,
                message,
                [exchange],
                expected="4xx",
                got=exchange.status,
                pointer=reason.pointer if reason is not None else operation.request[kind],
            )
        target.clean(exchange)
        return target.state()
    if valid and exchange.status < 500:
        reason_text = semantic.unjustified(exchange)
        if reason_text is not None:
            message = f"{mutant.what}: {reason_text}"
            script.fail(
                "refuses-valid",
                operation.id,
                what,
                message,
                [exchange],
                expected="2xx",
                got=exchange.status,
                pointer=operation.request[kind],
            )
    now = target.state()
    if now != state:
        message = (
            f"{mutant.what}: answered {exchange.status}, and {target.collection.tag} changed all the same"
        )
        script.fail("atomicity", operation.id, "a refused request left traces", message, [exchange])
    return now


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
