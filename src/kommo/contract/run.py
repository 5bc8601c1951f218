"""Run the layers of the suite one after the other against one server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Final

import httpx
from attrs import evolve

from kommo.contract.document import Contract, contract_of
from kommo.contract.layers import media, model, nearmiss, reading, schema, walk
from kommo.contract.options import (
    DEFAULT_USER_TOKEN,
    LAYERS,
    READING,
    SCHEMATHESIS,
    CannotRun,
    Options,
    Result,
)
from kommo.contract.port import Port, hold
from kommo.contract.session import Banned, Halted, Session, unreachable
from kommo.published import load_bundle

_OWN: Final[dict[str, Callable[[Session], None]]] = {
    "walk": walk.run,
    "media": media.run,
    "nearmiss": nearmiss.run,
    "model": model.run,
    "leaks": walk.run_leaks,
    "reading": reading.run,
}


def run(options: Options) -> Result:
    """Check a server against the contract.

    Args:
        options: the server, the document and the extent of the run.

    Returns:
        The findings, and what was exercised: until Ctrl-C, when somebody pressed that.

    Raises:
        CannotRun: the server does not answer or refuses the token everywhere, an operation or a layer does not exist,
            or the document is broken.
    """
    options = complete(options)
    contract = contract_of(options.document or {})
    _validate(options, contract)
    interrupted = False
    with Port(options.base_url, options.token, app=options.app, transport=options.transport) as port:
        session = Session(options, contract, port)
        for phases in _steps(options):
            if session.done:
                break
            started = time.perf_counter()
            try:
                _step(session, phases)
            except Halted as halt:
                refused = None if isinstance(halt, Banned) else session.refused
                if refused is not None:
                    raise refused from halt
                # What was found so far is worth telling; without it there is nothing to tell but why.
                if not session.findings:
                    raise CannotRun(f"{phases[0]}: {halt}") from halt
                break
            except httpx.TransportError as error:
                raise unreachable(port, error) from error
            except KeyboardInterrupt:
                interrupted = True
                break
            finally:
                if len(phases) == 1:
                    session.seconds[phases[0]] = time.perf_counter() - started
            if session.refused is not None and not session.done:
                raise session.refused
    return Result(
        findings=[evolve(finding, seed=options.seed) for finding in session.findings],
        cases=session.cases,
        operations={operation for operation, _, _ in session.coverage},
        coverage=session.coverage,
        seed=options.seed,
        seconds=session.seconds,
        interrupted=interrupted,
    )


def complete(options: Options) -> Options:
    """Fill in the published contract and the embedded mock where the options name neither.

    Raises:
        CannotRun: the token of the user cannot be sent.
    """
    if options.user_token is not None:
        hold(options.user_token, "--user-token, $KOMMO_USER_TOKEN")
    if options.document is None:
        options = evolve(options, document=load_bundle(options.platform))
    if options.app is None and options.base_url is None:
        # Imported here: whoever checks a server needs no mock.
        from kommo.mock import MockConfig, create_app

        options = evolve(options, user_token=options.user_token or DEFAULT_USER_TOKEN)
        config = MockConfig(
            token=options.token, user_token=options.user_token, seed="demo", platform=options.platform
        )
        options = evolve(options, app=create_app(config))
    return options


def _step(session: Session, phases: tuple[str, ...]) -> None:
    if phases[0] in SCHEMATHESIS:
        schema.run(session, phases)
    else:
        _OWN[phases[0]](session)


def _steps(options: Options) -> Iterator[tuple[str, ...]]:
    """Yield the layers in order; neighbouring ones of schemathesis are one run of its engine."""
    wanted = [name for name in (*READING, *LAYERS) if name in options.phases]
    for theirs, names in groupby(wanted, key=lambda name: name in SCHEMATHESIS):
        if theirs:
            yield tuple(names)
        else:
            yield from ((name,) for name in names)


def _validate(options: Options, contract: Contract) -> None:
    unknown = sorted(set(options.phases) - {*READING, *LAYERS})
    if unknown:
        raise CannotRun(f"no layer {', '.join(unknown)}; there are: {', '.join(LAYERS)}")
    missing = sorted(set(options.operations or ()) - set(contract.operations))
    if missing:
        raise CannotRun(f"the contract has no operation {', '.join(missing)}")
    if options.user_token == options.token:
        raise CannotRun("the token of the user without roles is the token itself; name another one")
    if not contract.operations:
        raise CannotRun("the contract has no operations")
