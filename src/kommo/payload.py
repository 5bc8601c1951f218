"""Bodies: models to JSON for a request, JSON to models for an answer."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
from kommo_client.errors import UnexpectedShape
from kommo_client.types import Model, plain, read

from kommo.errors import ConfigurationError, NotFound, UnexpectedResponse
from kommo.pairing import partial_failure

if TYPE_CHECKING:
    import httpx
    from kommo_client.client import Operation, Page

    from kommo.pagination import Pager

T = TypeVar("T")

_ACTIONS: Final = ("add", "update", "delete")


def encoded(operation: Operation[Any], body: Any) -> bytes:
    """Return the JSON of a request's body.

    Raises:
        ConfigurationError: something in it has no JSON.
    """
    try:
        return msgspec.json.encode(plain(body))
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{operation.id}: the body cannot be written as JSON: {error}") from None


def result(operation: Operation[T], response: httpx.Response, body: Any) -> T:
    """Return what an answer with a success status says.

    Args:
        operation: what was called.
        response: the answer, read.
        body: what was sent, `UNSET` for nothing.

    Raises:
        NotFound: a 204 where one thing was asked for.
        UnexpectedResponse: the body is no JSON, or does not keep the contract.
        PartialFailure: the server refused a part of what was sent (v2).
    """
    if operation.answer is None:
        return cast(T, None)
    if response.status_code == 204:
        return _nothing(operation)
    with _collector_paused():
        made = _made(operation, response, _decoded(operation, response))
    if getattr(getattr(made, "embedded", None), "errors", None):
        sent = (
            body
            if isinstance(body, Mapping)
            else {action: getattr(body, action, None) or () for action in _ACTIONS}
        )
        failure = partial_failure(operation.id, sent, plain(made), made)
        if failure is not None:
            raise failure
    return made


def new_items(operation: Operation[Page[T]], response: httpx.Response, pager: Pager) -> list[T]:
    """Return the items of a page that no earlier one held; the pager learns where to go on."""
    if response.status_code == 204:
        pager.take(None)
        return []
    with _collector_paused():
        body = _decoded(operation, response)
        new = pager.take(body)
        items = _made(operation, response, body).items
    return [items[index] for index in new]


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Look for no garbage meanwhile: nothing of a fresh answer is any, and looking costs a tenth of the reading."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


def _nothing(operation: Operation[T]) -> T:
    if operation.empty is None:
        raise NotFound(
            f"{operation.id}: 204 nothing found; {NotFound.mend}", operation=operation.id, status=204
        )
    return cast(T, _model(operation).from_dict(operation.empty))


def _made(operation: Operation[T], response: httpx.Response, data: Any) -> T:
    try:
        return cast(T, read(_model(operation), data))
    except UnexpectedShape as error:
        raise UnexpectedResponse(
            operation.id, error.path, error.key, what=error.what, status=response.status_code
        ) from None


def _model(operation: Operation[Any]) -> type[Model]:
    assert operation.answer is not None
    return cast(type[Model], operation.answer())


def _decoded(operation: Operation[Any], response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.DecodeError, RecursionError):
        # json is laxer: it takes lone surrogates and NaN, which a server may send and a reader can live with.
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError):
            raise UnexpectedResponse(operation.id, what="not JSON", status=response.status_code) from None
