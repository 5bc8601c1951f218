"""The ASGI application: from bytes on a connection to a handler, and back."""

from __future__ import annotations

import gzip
import re
from typing import Any, Final
from urllib.parse import quote

from kommo.mock.engine import Engine
from kommo.mock.model import Account, Token
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
from .reply import HttpError, Reply
from .views import FieldCache

_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_SLASHES: Final = re.compile(r"//+")
_BODY_METHODS: Final = frozenset({"POST", "PATCH"})
_COMPRESS_FROM: Final = 1024
_CONTROL: Final = "/_mock"


class MockApp:
    """The mock as an ASGI application.

    Args:
        engine: what it serves.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.cache = FieldCache()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        try:
            reply = await self._answer(scope, receive)
        except bodies.ClientGone:
            return
        await self._send(scope, send, reply)

    async def _answer(self, scope: Any, receive: Any) -> Reply:
        engine = self.engine
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path = normalise(scope["path"])
        method: str = scope["method"]
        quirks = engine.quirks
        route: routes.Route | None = None
        try:
            body = await bodies.read(
                receive, engine.config.max_body, headers.get(b"content-encoding", b"").strip().lower()
            )
            if method == "OPTIONS":
                return _options(path)
            version = 2 if path.startswith("/api/v2/") else 4
            account, token = self._authenticate(headers, version)
            route = routes.find(path)
            if route is None:
                raise HttpError(404, f"Cannot {method} {_shown(path)}")
            handler = route.methods.get("GET" if method == "HEAD" else method)
            if handler is None:
                raise HttpError(405, headers=[(b"allow", route.allow)])
            if method in _WRITES:
                _authorise(token, version)
            context = Context(
                store=engine.store,
                cache=self.cache,
                quirks=quirks,
                account=account,
                token=token,
                base=base_url(scope, headers),
                method=method,
                path=_shown(path),
                raw_query=scope["query_string"],
            )
            if method in _BODY_METHODS:
                self._decode(context, headers, body, version)
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
            failure = HttpError(404, f"Cannot {method} {_shown(path)}", legacy_code=NOT_FOUND)
        except Refused as error:
            failure = HttpError(400, str(error))
        except Failed as error:
            failure = _failed(error)
        if "v2-legacy-error-body" in quirks and path.startswith("/api/v2/"):
            return failure.legacy()
        return failure.problem()

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
        if account is None or not self._host_allows(headers.get(b"host", b""), account):
            raise _unauthorized()
        return account, token

    def _host_allows(self, host: bytes, account: Account) -> bool:
        """A host whose first label is the subdomain of an account belongs to that account alone."""
        label, dot, _ = host.partition(b".")
        if not dot:
            return True
        subdomain = label.decode("latin-1").lower()
        if subdomain == account.subdomain:
            return True
        return all(other.subdomain != subdomain for other in self.engine.store.all(Account))

    def _decode(self, context: Context, headers: dict[bytes, bytes], body: bytes, version: int) -> None:
        content_type = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        if (
            version == 2
            and content_type == b"application/x-www-form-urlencoded"
            and "v2-form-encoded" in context.quirks
        ):
            context.is_form = True
            context.body = bodies.decode_form(body)
        else:
            context.body = bodies.decode_json(body)

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


def _shown(path: str) -> str:
    """A path as text of an error: escaped and not longer than a line or two."""
    return quote(path[:200], safe="/:@!$&'()*+,;=-._~", errors="replace") or "/"


def _unauthorized() -> HttpError:
    return HttpError(
        401, "Invalid user name or password", headers=[(b"www-authenticate", b"Bearer")], legacy_code=110
    )


def _authorise(token: Token, version: int) -> None:
    """Fields are changed by administrators; lists also by users with the right to."""
    if not (token.admin or (version == 2 and token.lists)):
        raise HttpError(403, "You have no rights for this action", legacy_code=244)


def _options(path: str) -> Reply:
    route = routes.find(path)
    if route is None:
        return HttpError(404, f"Cannot OPTIONS {_shown(path)}").problem()
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
