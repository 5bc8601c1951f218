"""The ASGI application: from bytes on a connection to a handler, and back."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import re
from time import perf_counter
from typing import Any, Final

from kommo.mock import oauth
from kommo.mock.backend import StorageFailed
from kommo.mock.engine import Engine
from kommo.mock.gateway import Fault
from kommo.mock.model import Account, Token
from kommo.mock.platforms import Platform
from kommo.mock.violations import (
    NOT_SUPPORTED_CHOICE,
    Invalid,
    Malformed,
    NotFound,
    Refused,
    TooMany,
    Violation,
)
from kommo.mock.writes import NOT_FOUND, Failed

from . import body as bodies
from . import routes
from .context import Context
from .gates import (
    SESSION_PATH,
    TOKEN_PATH,
    fault_reply,
    grant_refused_reply,
    limited,
    session_reply,
    tokens_reply,
)
from .reply import FORM, NO_CONTENT, HttpError, Reply, shown
from .resources import Writers
from .views import FieldCache

_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_SLASHES: Final = re.compile(r"//+")
_BODY_METHODS: Final = frozenset({"POST", "PATCH"})
_COMPRESS_FROM: Final = 1024
_MAX_BASES: Final = 64
_MAX_CALLERS: Final = 64
CONTROL: Final = "/_mock"
"""Where the controls are."""
_ENTRANCES: Final = frozenset({TOKEN_PATH, SESSION_PATH})
CLOSE_EXTENSION: Final = "kommo.mock.close"
"""Key of the ASGI extension with which a server lets the application close a connection: a function of whether what was
written is to be sent first."""


class ConnectionDropped(ConnectionError):
    """Raised instead of an answer when a fault drops the connection of a request that came without a socket."""


# Clients that name no type at all mean JSON.
_JSON_TYPES: Final = frozenset({b"application/json", b""})


class MockApp:
    """The mock as an ASGI application.

    Args:
        engine: what it serves.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cache = FieldCache(engine.store)
        self._control: Any = None
        self._bases: dict[tuple[Any, ...], str] = {}
        self._callers: dict[tuple[Any, ...], tuple[Account, Token]] = {}
        self._callers_of = -1

    @property
    def control(self) -> Any:
        """The controls under `/_mock/` as an ASGI application, made when they are first asked for."""
        if self._control is None:
            from kommo.mock.control import create_control

            self._control = create_control(self.engine)
        return self._control

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        engine = self.engine
        path: str = scope["path"]
        if path.startswith(CONTROL) and (len(path) == len(CONTROL) or path[len(CONTROL)] == "/"):
            await self.control(scope, receive, send)
            return
        started = perf_counter()
        exchange = _Exchange(scope)
        fault: Fault | None = None
        try:
            engine.store.refresh()
            if engine.switches.faults:
                fault = engine.take_fault(exchange.method, exchange.path)
            if fault is None:
                reply = await self._answer(exchange, receive)
            else:
                reply = await self._disturbed(fault, exchange, receive)
        except bodies.ClientGone:
            return
        except StorageFailed as error:
            reply = _not_kept(error).problem()
        engine.journal.record(
            started,
            perf_counter() - started,
            exchange.method,
            exchange.path,
            scope["query_string"],
            scope["headers"],
            exchange.body,
            reply.status,
            reply.content_type,
            reply.body,
            None if fault is None else fault.id,
        )
        if fault is not None and (fault.drop or fault.truncate):
            await self._break_off(fault, scope, send, reply)
            return
        await self._send(scope, send, reply)

    async def _disturbed(self, fault: Fault, exchange: _Exchange, receive: Any) -> Reply:
        """The answer that a fault leaves of a request."""
        if fault.latency:
            await asyncio.sleep(fault.latency)
        served = await self._answer(exchange, receive) if fault.after or fault.status is None else None
        if fault.status is None:
            return served or NO_CONTENT
        if served is None:
            try:
                exchange.body = await bodies.read(receive, self.engine.config.max_body, b"")
            except HttpError as error:
                return error.problem()
        return fault_reply(fault)

    async def _break_off(self, fault: Fault, scope: Any, send: Any, reply: Reply) -> None:
        """Close the connection: at once, or after half of the body."""
        abort = scope.get("extensions", {}).get(CLOSE_EXTENSION)
        if fault.truncate and not fault.drop:
            headers = [(b"content-length", b"%d" % len(reply.body))]
            if reply.content_type is not None:
                headers.append((b"content-type", reply.content_type))
            await send({"type": "http.response.start", "status": reply.status, "headers": headers})
            half = reply.body[: len(reply.body) // 2]
            await send({"type": "http.response.body", "body": half, "more_body": True})
        if abort is None:
            raise ConnectionDropped("the connection was dropped by a fault")
        abort(fault.truncate and not fault.drop)

    async def _answer(self, exchange: _Exchange, receive: Any) -> Reply:
        engine = self.engine
        headers, path, method = exchange.headers, exchange.path, exchange.method
        quirks = engine.switches.quirks
        try:
            body = b""
            if method != "GET" or b"content-length" in headers or b"transfer-encoding" in headers:
                encoding = headers.get(b"content-encoding", b"").strip().lower()
                body = exchange.body = await bodies.read(receive, engine.config.max_body, encoding)
                # While it came, other requests may have been served.
                engine.store.refresh()
                quirks = engine.switches.quirks
            if path in _ENTRANCES and method == "POST":
                with engine.store.lock:
                    return self._enter(exchange)
            if method == "OPTIONS":
                return _options(path, engine.config.platform)
            account, token = self._caller(headers, exchange.version)
            limits = engine.switches.limits
            if limits.rate is not None:
                verdict = engine.limiter.judge(token.value, limits)
                if verdict != "pass":
                    return limited(verdict, limits, quirks)
            route = routes.find(path, engine.config.platform)
            if route is None:
                raise HttpError(404, f"Cannot {method} {shown(path)}")
            handler = route.methods.get("GET" if method == "HEAD" else method)
            if handler is None:
                raise HttpError(405, headers=[(b"allow", route.allow)])
            if method in _WRITES:
                _authorise(token, route.writers)
            context = Context(
                store=engine.store,
                cache=self.cache,
                quirks=quirks,
                platform=engine.config.platform,
                account=account,
                token=token,
                base=self._base(exchange.scope, headers),
                method=method,
                path=path,
                raw_query=exchange.scope["query_string"],
            )
            if method in _BODY_METHODS:
                self._decode(context, headers, body, exchange.version)
            with engine.store.lock:
                return handler(context)
        except HttpError as error:
            failure = error
        except Invalid as error:
            failure = HttpError(400, "Request validation failed", errors=error.items)
        except Malformed as error:
            failure = HttpError(400, str(error))
        except TooMany as error:
            failure = HttpError(422, str(error))
        except NotFound:
            failure = HttpError(404, f"Cannot {method} {shown(path)}", legacy_code=NOT_FOUND)
        except Refused as error:
            failure = HttpError(400, str(error))
        except Failed as error:
            failure = _failed(error)
        except StorageFailed as error:
            failure = _not_kept(error)
        # The older body is known of these statuses only.
        if (
            "v2-legacy-error-body" in quirks
            and exchange.version == 2
            and failure.status in (400, 401, 403, 404)
        ):
            return failure.legacy()
        return failure.problem()

    def _enter(self, exchange: _Exchange) -> Reply:
        """The token endpoint and the legacy login, the two requests that need no token."""
        content_type = exchange.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        data: Any = None
        with contextlib.suppress(HttpError):
            decode = bodies.decode_form if content_type == FORM else bodies.decode_json
            data = decode(exchange.body)
        store, config = self.engine.store, self.engine.config
        if exchange.path == SESSION_PATH:
            return session_reply(oauth.login(store, data))
        client = oauth.Client(config.client_id, config.client_secret)
        try:
            return tokens_reply(oauth.exchange(store, client, data, self._addressed(exchange.headers)))
        except oauth.GrantRefused as error:
            return grant_refused_reply(error)

    def _base(self, scope: Any, headers: dict[bytes, bytes]) -> str:
        """`base_url`, remembered for the hosts that are asked for again and again."""
        # Any iterable may stand under "server"; the test transports of some libraries put a list there.
        key = (scope["scheme"], headers.get(b"host", b""), *(scope.get("server") or ()))
        base = self._bases.get(key)
        if base is None:
            if len(self._bases) >= _MAX_BASES:
                self._bases.clear()
            base = self._bases[key] = base_url(scope, headers)
        return base

    def _caller(self, headers: dict[bytes, bytes], version: int) -> tuple[Account, Token]:
        """`_authenticate`, remembered until something is written."""
        store = self.engine.store
        key = (headers.get(b"authorization"), headers.get(b"host"), headers.get(b"cookie"), version)
        revision = store.revision
        if self._callers_of != revision or len(self._callers) >= _MAX_CALLERS:
            self._callers.clear()
            self._callers_of = revision
        known = self._callers.get(key)
        if known is None or (known[1].expires_at is not None and known[1].expires_at <= store.now()):
            known = self._callers[key] = self._authenticate(headers, version)
        return known

    def _authenticate(self, headers: dict[bytes, bytes], version: int) -> tuple[Account, Token]:
        store = self.engine.store
        token: Token | None = None
        scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"bearer":
            token = store.get(Token, value.strip().decode("latin-1"))
            if token is not None and token.kind != "access":
                token = None
        elif not scheme and version == 2:
            session = _cookie(headers.get(b"cookie", b""), b"session_id")
            token = None if session is None else store.get(Token, session)
            if token is not None and token.kind != "session":
                token = None
        if token is None or (token.expires_at is not None and token.expires_at <= store.now()):
            raise _unauthorized()
        account = store.get(Account, token.account_id)
        if account is None or self._addressed(headers) not in (None, account.subdomain):
            raise _unauthorized()
        return account, token

    def _addressed(self, headers: dict[bytes, bytes]) -> str | None:
        """The subdomain of the account that the Host header names; None when it names none of the accounts."""
        label, dot, _ = headers.get(b"host", b"").partition(b".")
        if not dot:
            return None
        subdomain = label.decode("latin-1").lower()
        known = any(account.subdomain == subdomain for account in self.engine.store.all(Account))
        return subdomain if known else None

    def _decode(self, context: Context, headers: dict[bytes, bytes], body: bytes, version: int) -> None:
        content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if version == 2 and content_type == FORM and "v2-form-encoded" in context.quirks:
            context.is_form = True
            context.body = bodies.decode_form(body)
        elif content_type in _JSON_TYPES:
            context.body = bodies.decode_json(body)
        else:
            shown = content_type.decode("latin-1")
            raise HttpError(400, f"Content type {shown!r} is not supported, use application/json")

    async def _send(self, scope: Any, send: Any, reply: Reply) -> None:
        body = reply.body
        headers: list[tuple[bytes, bytes]] = [*reply.headers]
        if reply.content_type is not None:
            headers.append((b"content-type", reply.content_type))
        if (
            self.engine.config.compress
            and len(body) >= _COMPRESS_FROM
            and any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
        ):
            body = gzip.compress(body, 1, mtime=0)
            headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
        if reply.status != 204:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


class _Exchange:
    """One request, as far as it is known before it is answered."""

    __slots__ = ("body", "headers", "method", "path", "scope", "version")

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        self.path = normalise(scope["path"])
        self.version = 2 if self.path.startswith("/api/v2/") else 4
        self.body = b""


_WRITES: Final = frozenset({"POST", "PATCH", "DELETE"})


def normalise(path: str) -> str:
    """A path as the routes know it: single slashes, none at the end. `%2F` arrives decoded already."""
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if path.endswith("/"):
        path = path.rstrip("/")
    return path


def base_url(scope: Any, headers: dict[bytes, bytes]) -> str:
    """Scheme and authority that the caller used; the server's own address when the Host header is no authority."""
    host = headers.get(b"host", b"")
    if _HOST.fullmatch(host):
        return f"{scope['scheme']}://{host.decode('ascii')}"
    address, port = scope.get("server") or ("localhost", None)
    if ":" in address:
        address = f"[{address}]"
    return f"{scope['scheme']}://{address}" + ("" if port is None else f":{port}")


def _not_kept(error: StorageFailed) -> HttpError:
    return HttpError(503, f"The data file could not be used: {error}")


def _unauthorized() -> HttpError:
    return HttpError(
        401, "Invalid user name or password", headers=[(b"www-authenticate", b"Bearer")], legacy_code=110
    )


def _authorise(token: Token, writers: Writers) -> None:
    """Fields are changed by administrators, lists also by users with the right to, cards by everybody."""
    allowed = token.admin or writers == "users" or (writers == "lists" and token.lists)
    if not allowed:
        raise HttpError(403, "You have no rights for this action", legacy_code=244)


def _options(path: str, platform: Platform) -> Reply:
    route = routes.find(path, platform)
    if route is None:
        return HttpError(404, f"Cannot OPTIONS {shown(path)}").problem()
    return Reply(204, headers=[(b"allow", route.allow)])


def _failed(error: Failed) -> HttpError:
    """A v2 write that failed as a whole: 404 when all that is wrong is an unknown id, 400 otherwise."""
    first = error.failures[0]
    if all(failure.code == NOT_FOUND for failure in error.failures):
        return HttpError(404, first.message, legacy_code=first.code)
    errors = [
        (failure.request_id, [Violation(NOT_SUPPORTED_CHOICE, failure.path, failure.message)])
        for failure in error.failures
    ]
    return HttpError(400, "Request validation failed", errors=errors, legacy_code=first.code)


def _cookie(header: bytes, name: bytes) -> str | None:
    for part in header.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name:
            return value.decode("latin-1")
    return None


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
