"""What happens between the client and the network: turn, send, log, and perhaps send again.

One class is both of httpx's kinds of transport. The procedure is written once, as steps; only sending and
reading differ.
"""

from __future__ import annotations

import logging
import ssl
import threading
import time
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Final, TypeVar
from weakref import WeakKeyDictionary

import httpx

from kommo.address import Address, is_loopback
from kommo.errors import ConfigurationError
from kommo.failures import retry_after
from kommo.forks import watch
from kommo.limits import RateLimiter
from kommo.redaction import Secret, as_secret, logger, one_line
from kommo.retry import RetryPolicy
from kommo.steps import Sleep, Steps, arun, run

HttpT = TypeVar("HttpT")
AboutToWrite = Callable[[], Steps[None]]

# The stage that httpx's `trace` extension reports when a connection is there and the request is about to go
# out.
_ABOUT_TO_WRITE: Final = ".send_request_headers.started"

# Servers and gateways drop idle connections after 5 s and more; a write on a dropped one must not be sent again.
_POOL: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=3.0)

# Answers whose body is small and says how long to wait.
_REFUSALS: Final = frozenset({429, *range(500, 600)})


class _Prepare:
    """Make the HTTP transport of this world: loading certificates takes longer than a turn stays fresh."""

    __slots__ = ("transport",)

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def run(self) -> None:
        self.transport.sync_http  # noqa: B018

    async def arun(self) -> None:
        self.transport.async_http  # noqa: B018


class _Send:
    """Send a request over the HTTP transport of this world, telling its limiter just before it is written."""

    __slots__ = ("about_to_write", "request", "transport")

    def __init__(
        self, transport: Transport, request: httpx.Request, about_to_write: AboutToWrite | None
    ) -> None:
        self.transport = transport
        self.request = request
        self.about_to_write = about_to_write

    def run(self) -> httpx.Response:
        about_to_write = self.about_to_write
        if about_to_write is not None:

            def trace(stage: str, _details: object) -> None:
                if stage.endswith(_ABOUT_TO_WRITE):
                    run(about_to_write())

            self.request.extensions["trace"] = trace
        return self.transport.sync_http.handle_request(self.request)

    async def arun(self) -> httpx.Response:
        about_to_write = self.about_to_write
        if about_to_write is not None:

            async def trace(stage: str, _details: object) -> None:
                if stage.endswith(_ABOUT_TO_WRITE):
                    await arun(about_to_write())

            self.request.extensions["trace"] = trace
        return await self.transport.async_http.handle_async_request(self.request)


class _Read:
    """Read an answer's body to its end and give the connection back."""

    __slots__ = ("response",)

    def __init__(self, response: httpx.Response) -> None:
        self.response = response

    def run(self) -> bytes:
        try:
            return self.response.read()
        finally:
            self.response.close()

    async def arun(self) -> bytes:
        try:
            return await self.response.aread()
        finally:
            await self.response.aclose()


class Transport(httpx.BaseTransport, httpx.AsyncBaseTransport):
    """Sends requests of one account, at its rate, again where that is safe, and to no other host.

    Args:
        address: of the account; a request for anything else is refused before it is sent.
        limiter: hands out turns; None sends at once.
        retry: when to send again.
        http: an httpx transport to send with, sync, async or both, in place of the network. It is closed with
            the client.
        ssl_context: own certificates or authorities; it must verify. None trusts the usual authorities.
        proxy: URL of a proxy; None takes the usual environment variables (HTTPS_PROXY, NO_PROXY ...).

    Raises:
        ConfigurationError: the TLS context does not verify, or the proxy's URL is not valid.
    """

    def __init__(
        self,
        address: Address,
        *,
        limiter: RateLimiter | None = None,
        retry: RetryPolicy | None = None,
        http: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | Secret | None = None,
    ) -> None:
        if retry is not None and not isinstance(retry, RetryPolicy):
            raise ConfigurationError(f"retry={retry!r}: give a RetryPolicy; NO_RETRY for none")
        if not isinstance(ssl_context, ssl.SSLContext | None):
            raise ConfigurationError(f"ssl_context is {type(ssl_context).__name__}; give an ssl.SSLContext")
        if ssl_context is not None and (
            ssl_context.verify_mode != ssl.CERT_REQUIRED or not ssl_context.check_hostname
        ):
            raise ConfigurationError(
                "ssl_context does not verify the server; TLS is always verified: "
                "add your authority to it with load_verify_locations"
            )
        self._address = address
        self._limiter = limiter
        self._retry = retry or RetryPolicy()
        self._ssl: ssl.SSLContext | bool = ssl_context if ssl_context is not None else True
        # It may hold a password.
        self._proxy = as_secret(proxy) if proxy is not None else _environment_proxy(address)
        self._sync_http = http if isinstance(http, httpx.BaseTransport) else None
        self._async_http = http if isinstance(http, httpx.AsyncBaseTransport) else None
        self._async_https: WeakKeyDictionary[object, httpx.AsyncHTTPTransport] = WeakKeyDictionary()
        self._own_http = http is None
        # The first requests of a client may come from several threads.
        self._making = threading.Lock()
        if self._own_http:
            watch(self)

    def after_fork(self) -> None:
        """Make connections of its own in a forked process, which must not read from those of its parent."""
        self._making, self._sync_http, self._async_https = threading.Lock(), None, WeakKeyDictionary()

    @property
    def sync_http(self) -> httpx.BaseTransport:
        """The transport that sync requests go through, made at the first of them."""
        if self._sync_http is None:
            with self._making:
                if self._sync_http is None:
                    self._sync_http = self._new_http(httpx.HTTPTransport, "AsyncKommo")
        return self._sync_http

    @property
    def async_http(self) -> httpx.AsyncBaseTransport:
        """The transport that async requests of this event loop go through, made at the first of them."""
        if not self._own_http and self._async_http is not None:
            return self._async_http
        # Connections live and die with their loop, and `asyncio.run` makes one each time.
        loop = _running_loop()
        made = self._async_https.get(loop)
        if made is None:
            made = self._async_https[loop] = self._new_http(httpx.AsyncHTTPTransport, "Kommo")
        return made

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request within the rate, again where that is allowed; httpx calls this."""
        return run(self._exchange(request))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As `handle_request`, without blocking the event loop."""
        return await arun(self._exchange(request))

    def close(self) -> None:
        """Close the connections of the sync client."""
        if self._sync_http is not None:
            self._sync_http.close()

    async def aclose(self) -> None:
        """Close the connections of this event loop."""
        mine = self._async_http or self._async_https.pop(_running_loop(), None)
        if mine is not None:
            await mine.aclose()

    def _exchange(self, request: httpx.Request) -> Steps[httpx.Response]:
        if not self._address.owns(request.url):
            raise ConfigurationError(
                f"refusing to send a request to {one_line(request.url.host, 100)}: "
                f"this client and its token belong to {self._address}"
            )
        what = f"{request.method} {request.url.path}"
        limiter = self._limiter
        began, attempt = None, 0
        while True:
            yield _Prepare(self)
            within = None if began is None else began + self._retry.total - time.monotonic()
            turn = about_to_write = None
            if limiter is not None:
                turn = yield from limiter.turn(what, within=within)
                about_to_write = partial(limiter.writing, turn, what, within=within)
            sent_at = time.monotonic()
            began = sent_at if began is None else began
            attempt += 1
            outcome: httpx.Response | httpx.TransportError
            try:
                outcome = yield _Send(self, request, about_to_write)
            except httpx.TransportError as error:
                outcome = error
            now = time.monotonic()
            if limiter is not None and turn is not None and isinstance(outcome, httpx.Response):
                yield from limiter.arrived(turn, request.method)
            _log_outcome(what, outcome, now - sent_at)
            status = outcome.status_code if isinstance(outcome, httpx.Response) else None
            asked = None
            if isinstance(outcome, httpx.Response) and status in _REFUSALS:
                outcome = yield from _in_memory(outcome)
                asked = retry_after(outcome)
            pause = self._retry.pause(
                request.method, outcome, attempt=attempt, elapsed=now - began, asked=asked
            )
            if pause is None:
                break
            if status == 429 and limiter is not None:
                limiter.hold(pause)
            logger.info("%s: trying again in %.1f s, attempt %d", what, pause, attempt + 1)
            yield Sleep(pause)
        if isinstance(outcome, httpx.TransportError):
            raise outcome
        if not outcome.is_closed:
            outcome.stream = _BoundedStream(outcome.stream, began + self._retry.total, request)
        return outcome

    def _new_http(self, kind: Callable[..., HttpT], other_client: str) -> HttpT:
        if not self._own_http:
            raise ConfigurationError(
                f"the transport given serves only {other_client}; give one for this client, or none"
            )
        # A plain http address needs no certificates; loading them takes longer than a request.
        proxy = self._proxy
        tls = self._ssl if self._address.scheme == "https" else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            return kind(
                verify=tls, proxy=proxy.reveal() if isinstance(proxy, Secret) else proxy, limits=_POOL
            )
        except (ValueError, TypeError, AttributeError, ImportError) as error:
            raise ConfigurationError(
                f"proxy: cannot be used ({one_line(str(error), 120)}); correct its URL"
            ) from None


class _BoundedStream(httpx.SyncByteStream, httpx.AsyncByteStream):
    """An answer's body that must be complete by a certain moment, however slowly it drips."""

    def __init__(
        self, stream: httpx.SyncByteStream | httpx.AsyncByteStream, until: float, request: httpx.Request
    ) -> None:
        self._stream = stream
        self._until = until
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        assert isinstance(self._stream, httpx.SyncByteStream)
        for chunk in self._stream:
            self._check()
            yield chunk

    async def __aiter__(self) -> AsyncIterator[bytes]:
        assert isinstance(self._stream, httpx.AsyncByteStream)
        async for chunk in self._stream:
            self._check()
            yield chunk

    def close(self) -> None:
        assert isinstance(self._stream, httpx.SyncByteStream)
        self._stream.close()

    async def aclose(self) -> None:
        assert isinstance(self._stream, httpx.AsyncByteStream)
        await self._stream.aclose()

    def _check(self) -> None:
        if time.monotonic() > self._until:
            raise httpx.ReadTimeout("the body came too slowly", request=self._request)


class _NoLoop:
    """Stands for the loop of anything but asyncio."""


_no_loop: Final = _NoLoop()


def _running_loop() -> object:
    """The event loop that runs here."""
    # Who awaits has it loaded.
    import asyncio

    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return _no_loop


def _in_memory(response: httpx.Response) -> Steps[httpx.Response]:
    """Read a refusal to its end, so that its connection is free while others wait.

    What cannot be read counts as empty.
    """
    try:
        content = yield _Read(response)
    except (httpx.HTTPError, httpx.StreamError):
        content = b""
    headers = [
        (name, value)
        for name, value in response.headers.raw
        if name.lower() not in (b"content-encoding", b"content-length", b"transfer-encoding")
    ]
    return httpx.Response(
        response.status_code, headers=headers, content=content, extensions=response.extensions
    )


def _log_outcome(what: str, outcome: httpx.Response | Exception, seconds: float) -> None:
    if isinstance(outcome, Exception):
        logger.info("%s: %s after %.0f ms", what, type(outcome).__name__, seconds * 1000)
    elif logger.isEnabledFor(logging.DEBUG):
        logger.debug("%s: %d after %.0f ms", what, outcome.status_code, seconds * 1000)


def _environment_proxy(address: Address) -> Secret | None:
    if is_loopback(address.host) or urllib.request.proxy_bypass(address.host):
        return None
    proxy = urllib.request.getproxies().get(address.scheme)
    return None if proxy is None else Secret(proxy)
