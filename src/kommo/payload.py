"""Bodies: models to JSON for a request, JSON to models for an answer."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import msgspec
from kommo_client.client import UNSET
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


def written(operation: Operation[Any], body: Any, items: Any, action: str | None) -> Any:
    """Return what a call is to send, looked over as a whole: an object, or a list of the caller's items.

    Args:
        operation: what is called.
        body, items, action: as a resource gives them to its core.

    Raises:
        ConfigurationError: there is no object where one is wanted, or no list of objects, or of ids to delete.
    """
    if items is UNSET:
        if not isinstance(body, Model | Mapping):
            raise ConfigurationError(f"{operation.id}: body is {_named(body)}; give a model or a dict")
        return body
    deletes = action == "delete"
    wanted = "ids" if deletes else "models or dicts"
    items = [*several(items, operation.id, wanted)]
    for index, item in enumerate(items):
        if isinstance(item, bool) or not isinstance(item, int if deletes else Model | Mapping):
            raise ConfigurationError(f"{operation.id}: items[{index}] is {_named(item)}; give {wanted}")
    return items if action is None else {action: items}


def several(items: Any, where: str, wanted: str) -> Iterable[Any]:
    """Return what is to be a collection of items as it is.

    Args:
        items: what the caller gave.
        where, wanted: for the error: who asked, and what the collection is to hold.

    Raises:
        ConfigurationError: it is none, but one item perhaps.
    """
    if not isinstance(items, Iterable) or isinstance(items, str | bytes | bytearray | Mapping | Model):
        raise ConfigurationError(f"{where}: items is {_named(items)}; give a list of {wanted}")
    return items


def encoded(operation: Operation[Any], body: Any) -> bytes:
    """Return the JSON of a request's body.

    Raises:
        ConfigurationError: something in it has no JSON.
    """
    try:
        return msgspec.json.encode(plain(body, _refuse))
    except _Foreign:
        place, value = next(_foreign(body, "body"))
        raise ConfigurationError(
            f"{operation.id}: {place} is {_named(value)}, which JSON does not have; convert it"
        ) from None
    except UnicodeEncodeError:
        place, _ = next(_foreign(body, "body"))
        raise ConfigurationError(
            f"{operation.id}: {place} holds half a surrogate pair, which cannot be sent; take the character out"
        ) from None
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"{operation.id}: the body cannot be written as JSON: {error}") from None


class _Foreign(Exception):
    """There is something in a body that JSON does not have."""


def _refuse(value: Any) -> Any:
    raise _Foreign


def _foreign(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Find what `plain` calls foreign, and text that has no UTF-8, with its place."""
    if isinstance(value, Model):
        state = value.__dict__
        value = {key: item for key, item in state.items() if key != "additional_properties"}
        value |= state.get("additional_properties", {})
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str | int) or _halved(key):
                yield f"a key of {place}", key
            if item is not UNSET:
                yield from _foreign(item, f"{place}.{key}")
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _foreign(item, f"{place}[{index}]")
    elif _halved(value):
        yield place, value
    else:
        found: list[Any] = []
        plain(value, found.append)
        for item in found:
            yield place, item


def _halved(value: Any) -> bool:
    """Whether a text, or an enum member's, has half a surrogate pair."""
    text = value.value if isinstance(value, Enum) else value
    return isinstance(text, str) and any("\ud800" <= character <= "\udfff" for character in text)


def _named(value: Any) -> str:
    """What a value is, for somebody who did not mean to give it; not what it holds, which may be personal."""
    plain = value is None or value is UNSET or isinstance(value, float | bool)
    return str(value) if plain else f"of type {type(value).__name__}"


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
