"""The model layer: a state machine that knows the whole domain, through the generated client."""

from __future__ import annotations

import hypothesis
from hypothesis import HealthCheck, Phase, Verbosity
from hypothesis.errors import HypothesisException
from hypothesis.stateful import get_state_machine_test

from kommo.contract import domain
from kommo.contract.findings import Finding
from kommo.contract.layers.model.base import Broken, Known
from kommo.contract.layers.model.driver import Driver
from kommo.contract.layers.model.machine import machine
from kommo.contract.session import Script, Session

LAYER = "model"

#: Scenarios in which a shorter way to a defect is looked for; a search to its end can take minutes.
_TRIES = 150

#: Steps of a scenario.
_STEPS = 14
#: So many different defects are shown with their smallest sequence; each costs a search of its own.
_DEFECTS = 6


class _Enough(BaseException):
    """Ends the search for the smallest sequence; no `Exception`, which Hypothesis would take for a defect."""


def run(session: Session) -> None:
    """Play scenarios until none of them shows a new defect.

    Raises:
        Halted: the server limits or bans the suite.
    """
    entities = [
        name
        for name in domain.ENTITIES
        if _complete(session, f"{name}_custom_fields")
        and (name != "catalogs" or _complete(session, "v2_catalog"))
    ]
    if not entities:
        return
    known: set[tuple[str, str, str]] = set()
    for attempt in range(_DEFECTS):
        session.progress(LAYER, f"scenarios of {', '.join(entities)}")
        broken = _play(session, entities, known, attempt)
        if broken is None or session.done:
            return
        known.add(broken.key)
        own = session.contract.operations.get(broken.operation)
        session.found(
            Finding(
                layer=LAYER,
                check=broken.check,
                operation=broken.operation,
                cause=broken.cause,
                message=broken.message,
                pointer=own.pointer if own is not None else "",
                calls=broken.calls,
            )
        )


def _complete(session: Session, prefix: str) -> bool:
    """Say whether the contract has the tag's writes and the run wants one of its operations."""
    names = [name for name in session.contract.operations if prefix in name]
    return any(name.startswith(("create_", "write_")) for name in names) and any(map(session.selected, names))


def _play(
    session: Session, entities: list[str], known: set[tuple[str, str, str]], attempt: int
) -> Broken | None:
    script = Script(session, LAYER)
    transport = session.port.transport
    shown: list[Broken] = []
    tried, most = 0, 0 if session.options.stop_at_first else _TRIES

    def open_driver() -> Driver:
        nonlocal tried
        tried += bool(shown)
        if tried > most:
            raise _Enough
        script.calls.clear()
        return Driver(script, transport)

    settings = hypothesis.settings(
        max_examples=session.options.scenarios,
        stateful_step_count=_STEPS,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),  # pyright: ignore[reportArgumentType]
    )
    test = get_state_machine_test(machine(open_driver, entities, known, shown), settings=settings)
    try:
        hypothesis.seed(session.options.seed * 1000 + attempt)(test)()
    except Broken as broken:
        return broken
    except Known:  # where every scenario begins
        return None
    except (_Enough, HypothesisException) as error:
        if tried > most:  # Hypothesis takes the early end for a test that changes its mind
            return min(shown, key=lambda broken: len(broken.calls))
        # The server answers the same calls in two ways: a defect that cannot be shown by a fixed sequence.
        return Broken(
            "flaky",
            "",
            type(error).__name__,
            f"the same calls were answered differently: {error}",
            script.calls,
        )
    return None
