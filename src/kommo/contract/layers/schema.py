"""The layers that schemathesis runs: examples, coverage, fuzzing, stateful.

All of its checks that apply are on; inference of links is off, because it guesses wrong on this API (a group
id taken for a field id). Valid data that the server refuses is judged by `kommo.contract.checks.semantic`
rather than by a list of allowed statuses, which would have to let every 400 pass.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.core.transport import Response
from schemathesis.engine import Status, events, from_schema
from schemathesis.engine.recorder import Interaction, ScenarioRecorder
from schemathesis.openapi.checks import RejectedPositiveData

from kommo.contract.checks import exchange_checks, semantic
from kommo.contract.document import Contract
from kommo.contract.exchange import Exchange
from kommo.contract.findings import Finding
from kommo.contract.operations import Operation
from kommo.contract.options import SCHEMATHESIS, CannotRun, Options
from kommo.contract.port import IN_PROCESS_URL, ServerGuard
from kommo.contract.session import Session
from kommo.contract.violations import response_violations

#: Steps of one stateful scenario.
_STEPS = 8
#: Scenarios of the stateful phase for one example of the fuzzing phase: each covers several operations.
_SCENARIOS = 4

_SILENT = {"color": False, "warnings": False, "output": {"truncation": {"enabled": False}}}


def configuration(options: Options, phases: Sequence[str], examples: int) -> SchemathesisConfig:
    """Return the configuration of a deterministic run of `phases` without caches or databases."""
    on: dict[str, dict[str, Any]] = {name: {"enabled": name in phases} for name in SCHEMATHESIS}
    on["fuzzing"] |= {"generation": {"max-examples": examples}}
    on["stateful"] |= {
        "generation": {"max-examples": examples * _SCENARIOS},
        "max-steps": _STEPS,
        "inference": {"algorithms": []},
    }
    checks: dict[str, Any] = {}
    if options.max_response_time is not None:
        checks["max_response_time"] = options.max_response_time
    return SchemathesisConfig.from_dict(
        {
            **_SILENT,
            "seed": options.seed,
            "base-url": options.base_url or IN_PROCESS_URL,
            "headers": {"Authorization": f"Bearer {options.token}"},
            "workers": 1,
            "continue-on-failure": True,
            "cache": {"enabled": False},
            "generation": {"database": "none"},
            "analysis": {"constants": {"enabled": False}},
            "checks": checks,
            "phases": on,
        }
    )


def load(options: Options, contract: Contract, phases: Sequence[str]) -> Any:
    """Return the schemathesis schema of the contract, bound to the server of `options`."""
    # schemathesis keeps and rewrites parts of what it is given.
    count = len(contract.operations if options.operations is None else options.operations)
    config = configuration(options, phases, options.examples(count))
    schema: Any = schemathesis.openapi.from_dict(copy.deepcopy(dict(contract.document)), config=config)
    if options.app is not None:
        schema.app = ServerGuard(options.app)
    if options.operations is not None:
        schema = schema.include(operation_id=list(options.operations))

    def keep(context: Any, failure: Failure, case: Any, response: Response) -> bool:
        return filter_failure(contract, failure, response)

    schema.hook("filter_failure")(keep)
    return schema


def filter_failure(contract: Contract, failure: Failure, response: Response) -> bool:
    """Say whether a complaint of schemathesis stands.

    Not when valid data were refused for a semantic reason, and not when data that are invalid as JSON are valid as the
    text of a query, which is all that a server sees of them.
    """
    if not isinstance(failure, RejectedPositiveData | AcceptedNegativeData):
        return True
    request = response.request
    body = request.body or b""
    exchange = Exchange(
        operation=None,
        method=str(request.method),
        url=str(request.url),
        request_headers={},
        request_body=body if isinstance(body, bytes) else str(body).encode(),
        status=response.status_code,
        headers={},
        body=response.content or b"",
    )
    if isinstance(failure, RejectedPositiveData):
        return semantic.unjustified(exchange) is not None
    operation = contract.match(exchange.method, exchange.path)
    return operation is None or exchange.method != "GET" or not contract.valid_reading(operation, exchange)


def run(session: Session, phases: Sequence[str]) -> None:
    """Run some of the phases and give what they find to the session.

    Raises:
        CannotRun: schemathesis itself failed, or the server went away.
    """
    options, contract = session.options, session.contract
    if not any(_linked(session, operation) for operation in contract.operations.values()):
        phases = [name for name in phases if name != "stateful"]
    if not phases:
        return
    schema = load(options, contract, phases)
    stream = from_schema(schema).execute()
    watch = _Watch(session, phases)
    for event in watch.timing(stream):
        if isinstance(event, events.ScenarioFinished) and event.phase.value in SCHEMATHESIS:
            _scenario(session, event.phase.value, event.recorder)
            session.progress(event.phase.value, event.label or "")
        elif isinstance(event, events.NonFatalError):
            session.found(_engine_error(event, contract))
        elif isinstance(event, events.FatalError):
            raise CannotRun(f"schemathesis failed: {event.exception}") from event.exception
        elif isinstance(event, events.Interrupted):
            raise KeyboardInterrupt
        if session.done:
            stream.stop()


class _Watch:
    """Keeps the seconds of each phase; those before the first count as its own.

    Args:
        session: the run, whose `seconds` are added to.
        phases: those that were asked for; the engine tells of others, too.
    """

    def __init__(self, session: Session, phases: Sequence[str]) -> None:
        self._seconds = session.seconds
        self._phases = phases
        self._phase = phases[0]

    def timing(self, stream: Iterable[events.EngineEvent]) -> Iterator[events.EngineEvent]:
        """Hand on the events of the engine."""
        began = time.perf_counter()
        try:
            for event in stream:
                if isinstance(event, events.PhaseStarted) and event.phase.name.value in self._phases:
                    began = self._add(began)
                    self._phase = event.phase.name.value
                yield event
        finally:
            self._add(began)

    def _add(self, began: float) -> float:
        now = time.perf_counter()
        self._seconds[self._phase] = self._seconds.get(self._phase, 0.0) + now - began
        return now


def _linked(session: Session, operation: Operation) -> bool:
    """Say whether an operation and one that it links to were both asked for."""
    return session.selected(operation.id) and any(
        session.selected(link.operation) for link in operation.links
    )


def _scenario(session: Session, layer: str, recorder: ScenarioRecorder) -> None:
    contract = session.contract
    exchanges = {}
    for case_id, interaction in recorder.interactions.items():
        exchange = _exchange(contract, interaction)
        if exchange is not None:
            exchanges[case_id] = exchange
            session.saw(exchange, layer)
    for case_id, exchange in exchanges.items():
        for violation in exchange_checks(contract, exchange):
            calls = tuple(_calls(recorder, exchanges, case_id))
            session.found(Finding.from_violation(layer, exchange, violation, calls))
        for check in recorder.checks.get(case_id, ()):
            if check.status == Status.FAILURE and check.failure_info is not None:
                calls = tuple(_calls(recorder, exchanges, case_id))
                session.found(_finding(contract, layer, check, calls, recorder.cases[case_id].value))


def _calls(recorder: ScenarioRecorder, exchanges: dict[str, Exchange], case_id: str) -> Iterator[Exchange]:
    chain = []
    current: str | None = case_id
    while current is not None and current in recorder.cases:
        if current in exchanges:
            chain.append(exchanges[current])
        current = recorder.cases[current].parent_id
    return reversed(chain)


def _finding(contract: Contract, layer: str, check: Any, calls: tuple[Exchange, ...], case: Any) -> Finding:
    failure = check.failure_info.failure
    operation = case.operation.definition.raw.get("operationId", failure.operation or "")
    own = contract.operations.get(operation)
    violations = response_violations(contract, calls[-1]) if calls and own is not None else []
    name = str(_OURS.get(check.name, check.name))
    match = next((item for item in violations if item.check == name), None)
    if match is not None:
        return Finding(
            layer, match.check, operation, match.cause, match.message, pointer=match.pointer, calls=calls
        )
    return Finding(
        layer=layer,
        check=name,
        operation=operation,
        cause=failure.title,
        message=f"{failure.title}: {failure.message}",
        pointer=own.pointer if own is not None else "",
        calls=calls,
    )


#: Checks of schemathesis that say what the suite's own ones say: one defect, one name.
_OURS = {
    "status_code_conformance": "status",
    "not_a_server_error": "status",
    "content_type_conformance": "content-type",
    "response_schema_conformance": "schema",
    "negative_data_rejection": "accepts-invalid",
    "positive_data_acceptance": "refuses-valid",
    "ignored_auth": "authentication",
    "unsupported_method": "method",
    "allow_header_conformance": "method",
    "use_after_free": "deleted-stays-deleted",
    "ensure_resource_availability": "read-after-write",
}


def _engine_error(event: events.NonFatalError, contract: Contract) -> Finding:
    method, _, path = event.label.partition(" ")
    operation = contract.match(method, path)
    operation = next(
        (op for op in contract.operations.values() if (op.method, op.path) == (method, path)), operation
    )
    return Finding(
        layer=event.phase.value if event.phase is not None else "schemathesis",
        check="engine",
        operation=operation.id if operation is not None else "",
        cause=f"{event.label}: {event.info.title}",
        message=f"{event.info.title}: {event.info.message or event.value}",
    )


def _exchange(contract: Contract, interaction: Interaction) -> Exchange | None:
    request, response = interaction.request, interaction.response
    if response is None:
        return None
    path = urlsplit(request.uri).path
    operation = contract.match(request.method, path)
    return Exchange(
        operation=operation.id if operation is not None else None,
        method=request.method,
        url=request.uri,
        request_headers={name.lower(): ", ".join(values) for name, values in request.headers.items()},
        request_body=request.body or b"",
        status=response.status_code,
        headers={name.lower(): ", ".join(values) for name, values in response.headers.items()},
        body=response.content or b"",
        elapsed=response.elapsed,
        started=interaction.timestamp,
    )
