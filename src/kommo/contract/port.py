"""The suite's own way to a server: synchronous, over HTTP or straight into an ASGI application."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
import zlib
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypedDict, Unpack
from urllib.parse import quote, urlencode, urljoin, urlsplit

import httpx

from kommo.contract.closing import Closing
from kommo.contract.exchange import Exchange
from kommo.contract.operations import Operation
from kommo.contract.options import CannotRun

#: Address under which an application in process is spoken to; the links it hands out begin with it.
IN_PROCESS_URL: Final = "http://testserver"

#: Methods that change nothing, so that a request may be sent a second time.
_SAFE: Final = ("GET", "HEAD", "OPTIONS")
#: Seconds that an idle connection is kept: fewer than servers keep it, so that hardly one is closed as it is used.
_KEPT: Final = 2.0

Query = Iterable[tuple[str, str | int]]


class Carried(TypedDict, total=False):
    """What a request carries besides its address.

    Attributes:
        json: a value to send as `application/json`; `...` for none.
        content: bytes to send as they are, with the content type of `headers`.
        headers: further headers.
        authorization: "" for the port's own token, None for no Authorization header, else its value.
    """

    json: Any
    content: bytes | None
    headers: Mapping[str, str] | None
    authorization: str | None


def sendable(value: str) -> bool:
    """Say whether a header can have this value: printable ASCII, without a blank at its end."""
    return value.isascii() and value.isprintable() and not value.endswith(" ")


def hold(token: str, given: str) -> None:
    """See that a header can hold a token.

    Args:
        token: to be sent.
        given: where it comes from.

    Raises:
        CannotRun: no header can.
    """
    if not sendable(f"Bearer {token}"):
        raise CannotRun(
            f"the token ({given}) cannot be sent: it is empty, ends with a blank, or holds more than printable ASCII"
        )


class ServerGuard:
    """An ASGI application that turns an exception of the inner one into a bare 500, as a server does.

    In process such an exception would end the suite instead of being its finding.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        started = False

        async def watch(message: Any) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception:
            if scope["type"] != "http":
                raise
            if started:  # frameworks answer 500 themselves and raise again for the server's log
                return
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": b"Internal Server Error"})


class AsgiTransport(httpx.BaseTransport):
    """A synchronous httpx transport into an ASGI application, on an event loop of its own.

    httpx offers only an asynchronous one. No thread is involved, which keeps a call below half a millisecond.
    """

    def __init__(self, app: Any) -> None:
        self._app = app
        self._runner: asyncio.Runner | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(self._call(request))

    async def _call(self, request: httpx.Request) -> httpx.Response:
        content = request.read()
        raw_path, _, query = request.url.raw_path.partition(b"?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": request.url.path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 1),
            "server": (request.url.host, request.url.port or 80),
            "state": {},
        }
        status = 0
        headers: list[tuple[bytes, bytes]] = []
        chunks: list[bytes] = []
        asked = False

        async def receive() -> dict[str, Any]:
            nonlocal asked
            if asked:
                return {"type": "http.disconnect"}
            asked = True
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status, headers = message["status"], list(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                chunks.append(message.get("body", b""))

        await self._app(scope, receive, send)
        if not status:
            raise httpx.RemoteProtocolError("the application did not answer", request=request)
        # As a stream, so that a body that is not what its headers say fails when it is read, as over a network.
        return httpx.Response(
            status, headers=headers, stream=httpx.ByteStream(b"".join(chunks)), request=request
        )

    def close(self) -> None:
        if self._runner is not None:
            self._runner.close()
            self._runner = None


def network() -> httpx.HTTPTransport:
    """Return the way over the network: a connection that cannot be made is tried twice, an idle one soon given up."""
    return httpx.HTTPTransport(retries=1, limits=httpx.Limits(keepalive_expiry=_KEPT))


class _Sending:
    """Learns from httpcore whether a request got onto its connection.

    Attributes:
        failed: not even its head could be written: no server has seen it.
    """

    def __init__(self) -> None:
        self.failed = False

    def __call__(self, event: str, details: Mapping[str, Any]) -> None:
        self.failed = self.failed or event.endswith(".send_request_headers.failed")


class Port(Closing):
    """Sends requests of the contract and hands back exchanges.

    Args:
        base_url: where the server listens; ignored for an application.
        token: bearer token put on every request unless a call says otherwise.
        app: an ASGI application to call in process.
        transport: an httpx transport to use instead of the network (a pacing one, for instance).
        timeout: seconds for one request.

    Raises:
        CannotRun: no header can hold the token.
    """

    def __init__(
        self,
        base_url: str | None,
        token: str,
        *,
        app: Any = None,
        transport: httpx.BaseTransport | None = None,
        timeout: float = 30.0,
    ) -> None:
        hold(token, "--token, $KOMMO_TOKEN")
        if app is not None:
            transport = AsgiTransport(ServerGuard(app))
        self.base_url = (base_url or IN_PROCESS_URL).rstrip("/")
        self._token = token
        self.transport = transport or network()
        self._client = httpx.Client(transport=self.transport, timeout=timeout, trust_env=False)

    @property
    def host(self) -> str:
        """The server's host name."""
        return urlsplit(self.base_url).hostname or ""

    def url(self, path: str, query: Query = ()) -> str:
        """Return the absolute URL of a path on this server."""
        encoded = urlencode(list(query))
        return self.base_url + path + (f"?{encoded}" if encoded else "")

    def send(
        self,
        operation: Operation,
        parameters: Mapping[str, str | int] | None = None,
        *,
        query: Query = (),
        **carried: Unpack[Carried],
    ) -> Exchange:
        """Send one request of an operation.

        Args:
            operation: of the contract.
            parameters: values of its path parameters.
            query: pairs for the query string.
            carried: see `Carried`.

        Raises:
            httpx.TransportError: no answer came.
            CannotRun: HTTP has no such request.
        """
        path = operation.path
        for name, value in (parameters or {}).items():
            path = path.replace("{" + name + "}", quote(str(value), safe=""))
        return self.fetch(operation.method, self.url(path, query), operation=operation.id, **carried)

    def fetch(
        self,
        method: str,
        url: str,
        *,
        operation: str | None = None,
        **carried: Unpack[Carried],
    ) -> Exchange:
        """Send one request to a URL of this server, absolute or relative.

        A URL of another server is not asked: links in answers may lead anywhere, the token must not.

        Args:
            method: of HTTP.
            url: on this server.
            operation: id of the operation that this is a request of, None for none.
            carried: see `Carried`.

        Raises:
            httpx.TransportError: no answer came.
            CannotRun: HTTP has no such request.
        """
        url = urljoin(self.base_url + "/", url)
        sent = {
            "accept": "*/*",
            "accept-encoding": "identity",
            **{name.lower(): value for name, value in (carried.get("headers") or {}).items()},
        }
        authorization = carried.get("authorization", "")
        if authorization is not None:
            sent["authorization"] = authorization or f"Bearer {self._token}"
        body, value = carried.get("content"), carried.get("json", ...)
        if value is not ...:
            body = json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")
            sent.setdefault("content-type", "application/json")
        started, clock = time.time(), time.perf_counter()
        status, answered, raw, failure = self._exchange(method, url, body, sent)
        return Exchange(
            operation=operation,
            method=method,
            url=url,
            request_headers=sent,
            request_body=body or b"",
            status=status,
            headers=answered,
            body=_decoded(raw, answered.get("content-encoding", "")),
            elapsed=time.perf_counter() - clock,
            started=started,
            transferred=len(raw),
            failure=failure,
        )

    def _exchange(
        self, method: str, url: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, dict[str, str], bytes, str]:
        """Return status, headers, bytes as they came, and why there were none.

        A kept connection may be closed by the server just as it is used: what fails is sent once more. Not a write that
        may have arrived, because a second one might make a second thing.
        """
        if not f"{url}/".startswith(f"{self.base_url}/") and not url.startswith(f"{self.base_url}?"):
            return 0, {}, b"", f"{url} is on another server, which is not asked"
        failure = ""
        for _ in range(2):
            sending = _Sending()
            try:
                with self._client.stream(
                    method, url, content=body, headers=dict(headers), extensions={"trace": sending}
                ) as response:
                    raw = b"".join(response.iter_raw())
            except httpx.InvalidURL as error:
                return 0, {}, b"", f"{url} is no URL: {error}"
            except httpx.LocalProtocolError as error:
                # Without what stands there: it may be the token.
                reason = str(error).partition(" b'")[0]
                raise CannotRun(
                    f"{method} {urlsplit(url).path}: the suite made a request that cannot be sent ({reason})"
                ) from error
            except (httpx.RemoteProtocolError, httpx.ReadError) as error:
                failure = str(error) or type(error).__name__
                if method not in _SAFE and not sending.failed:
                    break
                continue
            return response.status_code, {n.lower(): v for n, v in response.headers.items()}, raw, ""
        return 0, {}, b"", failure

    def close(self) -> None:
        """Close the connections."""
        self._client.close()


def _decoded(raw: bytes, encoding: str) -> bytes:
    """Undo gzip; a body that is not what its encoding says stays as it came, for the checks to say so."""
    if encoding.strip().lower() in ("gzip", "x-gzip"):
        try:
            return gzip.decompress(raw)
        except (OSError, EOFError, zlib.error):
            return raw
    return raw
