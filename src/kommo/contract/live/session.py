"""A run against a live account, from the survey to the cleanup."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from attrs import evolve

from kommo.address import is_loopback
from kommo.contract.live.account import cleanup, survey
from kommo.contract.live.guard import Guard
from kommo.contract.live.journal import Journal
from kommo.contract.options import CannotRun, Options, Result
from kommo.contract.port import Port, network
from kommo.contract.run import run
from kommo.contract.session import Halted

#: What a live run writes to unless operations are chosen: one entity stands for all.
TAGS = (
    "v2_catalogs",
    "v2_catalog_elements",
    "catalogs_custom_fields",
    "leads_custom_fields",
    "leads_custom_field_groups",
)


def read_only(options: Options, transport: httpx.BaseTransport | None = None) -> Result:
    """Check the reads of a live account; no write leaves this process.

    Args:
        options: with `base_url` and `token`.
        transport: the way to the account; None for the network.

    Raises:
        CannotRun: the token would go out unencrypted, or the account refuses it everywhere.
    """
    guard = Guard(transport or _network(options.base_url or ""), None)
    return run(evolve(options, transport=guard, phases=("reading",)))


def read_and_write(
    options: Options,
    journal_path: Path,
    transport: httpx.BaseTransport | None = None,
    guard_options: dict[str, Any] | None = None,
) -> tuple[Result, list[str]]:
    """Check a live account inside things of the run's own, and take them away at the end, also on Ctrl-C.

    Args:
        options: with `base_url` and `token`.
        journal_path: where everything is written down first.
        transport: the way to the account; None for the network.
        guard_options: further arguments of the gate, for tests.

    Returns:
        The result, and what could not be cleaned up.

    Raises:
        CannotRun: the account holds things under the prefix that this journal did not make, or does not answer, or
            the token would go out unencrypted.
        CommandError: the journal cannot be used.
    """
    base_url = options.base_url or ""
    inner = transport or _network(base_url)
    with Journal(journal_path, base_url) as journal:
        if journal.contents.names and not journal.contents.done:
            raise CannotRun(
                f"{journal_path}: an earlier run did not end; first: kommo contract cleanup {journal_path}"
            )
        guard = Guard(inner, journal, **(guard_options or {}))
        with Port(base_url, options.token, transport=guard) as port:
            try:
                survey(port, journal)
                left: list[str] = []
                with _one_interrupt():
                    try:
                        phases = tuple(name for name in options.phases if name in ("walk", "leaks"))
                        result = run(evolve(options, transport=_Shared(guard), phases=phases, gentle=True))
                    finally:
                        left = _clean(inner, base_url, options.token, journal, guard_options)
            except Halted as halt:
                raise CannotRun(f"{halt}; then: kommo contract cleanup {journal_path}") from halt
    return result, left


def clean_up(
    base_url: str,
    token: str,
    journal_path: Path,
    transport: httpx.BaseTransport | None = None,
    guard_options: dict[str, Any] | None = None,
) -> list[str]:
    """Take away what the run of a journal left behind; return what could not be.

    Raises:
        CannotRun: the account does not answer, or the token would go out unencrypted.
        CommandError: the journal cannot be used.
    """
    if not journal_path.exists():
        raise CannotRun(f"{journal_path}: no such journal")
    with Journal(journal_path, base_url) as journal:
        return _clean(transport or _network(base_url), base_url, token, journal, guard_options)


def _network(base_url: str) -> httpx.BaseTransport:
    """The way to an account over the network. Raises CannotRun when its token could be read there."""
    parts = urlsplit(base_url)
    if parts.scheme != "https" and not is_loopback(parts.hostname or ""):
        raise CannotRun(f"{base_url}: the token of a live account would go out unencrypted; use https://")
    return network()


def _clean(
    inner: httpx.BaseTransport,
    base_url: str,
    token: str,
    journal: Journal,
    guard_options: dict[str, Any] | None,
) -> list[str]:
    # The gate would stop deletions of things whose creation was never answered; `cleanup` knows them by name.
    pace = _Pace(inner, guard_options)
    with Port(base_url, token, transport=pace) as port:
        try:
            return cleanup(port, journal)
        except httpx.TransportError as error:
            raise CannotRun(
                f"{base_url}: no answer ({error}); then: kommo contract cleanup {journal.path}"
            ) from error
        except (Halted, CannotRun) as halt:
            raise CannotRun(f"{halt}; then: kommo contract cleanup {journal.path}") from halt


class _Pace(Guard):
    """Keeps the rate and the pauses of the gate and lets everything through."""

    def __init__(self, inner: httpx.BaseTransport, guard_options: dict[str, Any] | None) -> None:
        super().__init__(inner, None, **(guard_options or {}))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        return self._send(request)


class _Shared(httpx.BaseTransport):
    """Keeps a transport open when one of its users closes it."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self.handle_request = inner.handle_request  # type: ignore[method-assign]


@contextmanager
def _one_interrupt() -> Iterator[None]:
    """Let the first Ctrl-C end the run, and none of the next ones the cleanup."""
    try:
        before = signal.getsignal(signal.SIGINT)
    except ValueError:  # not in the main thread, where no signal arrives
        yield
        return
    seen = False

    def handler(number: int, frame: Any) -> None:
        nonlocal seen
        if seen:
            os.write(2, b"cleaning up, please wait\n")
            return
        seen = True
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGINT, handler)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
