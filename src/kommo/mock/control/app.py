"""The routes under `/_mock/`. Every one of them is a thin cover of a method of the engine."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Any, Final

import msgspec
import orjson
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from kommo.mock.engine import Engine
from kommo.mock.model import Account, Grant
from kommo.mock.store import StorageFailed
from kommo.published import reference_path

MAX_BODY: Final = 1024 * 1024
PREFIX: Final = "/_mock"

Action = Callable[[Engine, dict[str, Any], dict[str, str]], Any]


class BadControl(ValueError):
    """A control request that names something that is not there."""


def create_control(engine: Engine) -> Starlette:
    """The controls of an engine as an ASGI application."""

    def route(path: str, **actions: Action) -> Route:
        return Route(PREFIX + path, _endpoint(engine, actions), methods=[name.upper() for name in actions])

    app = Starlette(
        routes=[
            Route(PREFIX, _page),
            Route(PREFIX + "/", _page),
            Route(PREFIX + "/docs", _reference),
            route("/health", get=lambda engine, body, path: engine.health()),
            route("/reset", post=_reset),
            route("/seeds", get=lambda engine, body, path: {"seeds": list(engine.seeds)}),
            route("/quirks", get=_quirks, post=_set_quirks),
            route("/clock", get=_clock, post=_set_clock),
            route("/journal", get=_journal, delete=_clear_journal),
            route("/faults", get=_faults, post=_add_fault, delete=_remove_faults),
            route("/faults/{id:int}", delete=_remove_faults),
            route("/limits", get=_limits, post=_set_limits),
            route("/snapshots", get=_snapshots, post=_snapshot),
            route("/snapshots/{name}", delete=_forget_snapshot),
            route("/snapshots/{name}/restore", post=_restore),
            route("/tokens", get=_tokens, post=_add_token),
            route("/codes", post=_add_code),
            route("/contents", get=_contents),
        ],
        exception_handlers={HTTPException: _refused},
    )
    app.router.redirect_slashes = False
    return app


def _endpoint(engine: Engine, actions: dict[str, Action]) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        action = actions["get" if request.method == "HEAD" else request.method.lower()]
        path = {**request.query_params, **{key: str(value) for key, value in request.path_params.items()}}
        try:
            body = await _body(request)
            engine.store.refresh()
            with engine.store.lock:
                return _json(action(engine, body, path))
        except ClientDisconnect:
            return Response(status_code=400)
        except (ValueError, TypeError) as error:
            return _json({"error": str(error)}, 400)
        except LookupError as error:
            return _json({"error": str(error.args[0])}, 404)
        except StorageFailed as error:
            return _json({"error": f"the data file could not be written: {error}"}, 503)

    return endpoint


async def _body(request: Request) -> dict[str, Any]:
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > MAX_BODY:
            raise BadControl(f"the body is larger than {MAX_BODY} bytes")
    if not chunks.strip():
        return {}
    try:
        body = orjson.loads(bytes(chunks))
    except orjson.JSONDecodeError as error:
        raise BadControl(f"the body is not JSON: {error}") from None
    if not isinstance(body, dict):
        raise BadControl("the body should be a JSON object")
    return body


def _json(value: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, media_type="application/json")


async def _refused(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 400
    headers = error.headers if isinstance(error, HTTPException) else None
    known = "the controls are listed in the documentation of the mock"
    body = orjson.dumps({"error": f"{request.method} {request.url.path[:200]}: nothing here; {known}"})
    return Response(body, status, headers, media_type="application/json")


@functools.cache
def _page_bytes() -> bytes:
    return files("kommo.mock.control").joinpath("page.html").read_bytes()


async def _page(request: Request) -> Response:
    return Response(_page_bytes(), media_type="text/html")


async def _reference(request: Request) -> Response:
    """The reference of the API; served from here, it has forms that send requests to this mock."""
    try:
        return FileResponse(reference_path(), media_type="text/html")
    except FileNotFoundError as error:
        return _json({"error": str(error)}, 404)


def _take(body: dict[str, Any], **types: Any) -> dict[str, Any]:
    """The known keys of a body, checked.

    Raises:
        BadControl: an unknown key, or a value of the wrong type.
    """
    for key, value in body.items():
        if key not in types:
            raise BadControl(f"no key {key!r} here: use {', '.join(types)}")
        try:
            msgspec.convert(value, types[key])
        except msgspec.ValidationError as error:
            raise BadControl(f"{key}: {error}") from None
    return body


def _reset(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    engine.reset(**_take(body, seed=str | None))
    return engine.health()


def _quirks(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return engine.describe_quirks()


def _set_quirks(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    known = _take(body, profile=str | None, quirks=dict[str, bool])
    engine.set_quirks(known.get("profile"), known.get("quirks"))
    return engine.describe_quirks()


def _clock(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return engine.health()["clock"]


def _set_clock(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    engine.set_clock(**_take(body, mode=str, now=int, step=int, advance=int))
    return engine.health()["clock"]


def _journal(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    after = path.get("after", "0")
    if not after.isascii() or not after.isdigit():
        raise BadControl(f"after={after!r}: use the number of an entry")
    return {"entries": engine.journal.entries(int(after))}


def _clear_journal(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    engine.journal.clear()
    return {"entries": []}


def _faults(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return {"faults": [msgspec.to_builtins(fault) for fault in engine.faults]}


def _add_fault(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return msgspec.to_builtins(engine.add_fault(**body))


def _remove_faults(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    id_ = int(path["id"]) if "id" in path else None
    removed = engine.remove_faults(id_)
    if id_ is not None and not removed:
        raise LookupError(f"there is no fault {id_}")
    return {"removed": removed}


def _limits(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return msgspec.to_builtins(engine.limits)


def _set_limits(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return msgspec.to_builtins(engine.set_limits(**body))


def _snapshots(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return {"snapshots": engine.snapshots}


def _snapshot(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    name = _take(body, name=str).get("name", "default")
    engine.snapshot(name)
    return {"name": name}


def _restore(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    if not engine.restore(path["name"]):
        raise LookupError(f"there is no snapshot {path['name']!r}")
    return engine.health()


def _forget_snapshot(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    if not engine.forget_snapshot(path["name"]):
        raise LookupError(f"there is no snapshot {path['name']!r}")
    return {"snapshots": engine.snapshots}


def _tokens(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    names = {account.id: account.subdomain for account in engine.store.all(Account)}
    return {
        "tokens": [
            {
                "token": token.value,
                "kind": token.kind,
                "subdomain": names.get(token.account_id),
                "admin": token.admin,
                "lists": token.lists,
                "expires_at": token.expires_at,
            }
            for token in engine.tokens
        ],
        "unused_grants": sum(not grant.used for grant in engine.store.all(Grant)),
    }


def _add_token(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    known = _take(body, token=str, subdomain=str | None, admin=bool, lists=bool | None, expires_at=int | None)
    if not known.get("token"):
        raise BadControl("token: say which")
    value = known.pop("token")
    token = engine.add_token(value, **known)
    return {"token": token.value, "admin": token.admin, "lists": token.lists, "expires_at": token.expires_at}


def _add_code(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    known = _take(body, code=str, subdomain=str | None, admin=bool)
    if not known.get("code"):
        raise BadControl("code: say which")
    grant = engine.add_code(known.pop("code"), **known)
    return {"code": grant.value, "expires_at": grant.expires_at}


def _contents(engine: Engine, body: dict[str, Any], path: dict[str, str]) -> Any:
    return engine.contents()
