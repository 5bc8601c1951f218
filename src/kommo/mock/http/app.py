"""The ASGI application: from bytes on a connection to a handler, and back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from time import perf_counter
from typing import Any, Final

from kommo.mock import oauth
from kommo.mock.engine import Engine
from kommo.mock.gateway import Fault
from kommo.mock.platforms import Platform
from kommo.mock.store import StorageFailed

from . import body as bodies
from . import routes
from .authentication import Callers, authorise
from .context import Context
from .exchange import Bases, Exchange
from .gates import (
    SESSION_PATH,
    TOKEN_PATH,
    fault_reply,
    grant_refused_reply,
    limited,
    session_reply,
    tokens_reply,
)
from .problems import REFUSALS, not_kept, problem_of
from .reply import FORM, NO_CONTENT, HttpError, Reply, shown
from .sending import break_off, send_reply
from .views import FieldCache

_WRITES: Final = frozenset({"POST", "PATCH", "DELETE"})
_BODY_METHODS: Final = frozenset({"POST", "PATCH"})
CONTROL: Final = "/_mock"
"""Where the controls are."""
_ENTRANCES: Final = frozenset({TOKEN_PATH, SESSION_PATH})

# Clients that name no type at all mean JSON.
_JSON_TYPES: Final = frozenset({b"application/json", b""})


class MockApp:
    """The mock as an ASGI application.

    Args:
        engine: what it serves.
        control: makes the ASGI application of the controls under `/_mock/`, when they are first asked for.
    """

    def __init__(self, engine: Engine, control: Callable[[Engine], Any]) -> None:
        self.engine = engine
        self._make_control = control
        self.cache = FieldCache(engine.store)
        self._control: Any = None
        self._bases = Bases()
        self._callers = Callers(engine.store)

    @property
    def control(self) -> Any:
        """The controls under `/_mock/` as an ASGI application, made when they are first asked for."""
        if self._control is None:
            self._control = self._make_control(self.engine)
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
        exchange = Exchange(scope)
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
            reply = not_kept(error).problem()
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
            await break_off(scope, send, reply, fault)
            return
        await send_reply(scope, send, reply, compress=engine.config.compress)

    async def _disturbed(self, fault: Fault, exchange: Exchange, receive: Any) -> Reply:
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

    async def _answer(self, exchange: Exchange, receive: Any) -> Reply:
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
            account, token = self._callers.of(headers, exchange.version)
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
                authorise(token, route.writers)
            context = Context(
                store=engine.store,
                cache=self.cache,
                quirks=quirks,
                platform=engine.config.platform,
                account=account,
                token=token,
                base=self._bases.base(exchange),
                method=method,
                path=path,
                raw_query=exchange.scope["query_string"],
            )
            if method in _BODY_METHODS:
                self._decode(context, headers, body, exchange.version)
            with engine.store.lock:
                return handler(context)
        except REFUSALS as error:
            failure = problem_of(error, method, path)
        # The older body is known of these statuses only.
        if (
            "v2-legacy-error-body" in quirks
            and exchange.version == 2
            and failure.status in (400, 401, 403, 404)
        ):
            return failure.legacy()
        return failure.problem()

    def _enter(self, exchange: Exchange) -> Reply:
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
            return tokens_reply(
                oauth.exchange(store, client, data, self._callers.addressed(exchange.headers))
            )
        except oauth.GrantRefused as error:
            return grant_refused_reply(error)

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


def _options(path: str, platform: Platform) -> Reply:
    route = routes.find(path, platform)
    if route is None:
        return HttpError(404, f"Cannot OPTIONS {shown(path)}").problem()
    return Reply(204, headers=[(b"allow", route.allow)])


async def _lifespan(receive: Any, send: Any) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
