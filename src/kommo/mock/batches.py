"""What every batch of v4 has in common: its size, its items, the request id that pairs an answer with its item."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar

from .checks import Item, as_integer
from .platforms import ANY, Platform
from .violations import INVALID_TYPE, NOT_SUPPORTED_CHOICE, Invalid, Malformed, TooMany, Violation

MAX_BATCH: Final = 250
"""Items in one request (vendor's limits page)."""

R = TypeVar("R")


class Written(NamedTuple):
    """A record that was created or changed, and the request id of the item that asked for it."""

    request_id: str
    record: Any


class Rules(NamedTuple):
    """Where the rules of the account depend on how faithful the mock is asked to be."""

    group_sort_optional: bool = True
    platform: Platform = ANY


def request_id_of(data: Any, index: int) -> str:
    """The request id of an item as a string: what was sent, else the position in the batch."""
    sent = data.get("request_id") if isinstance(data, dict) else None
    if isinstance(sent, str):
        return sent
    number = as_integer(sent)
    return str(index if number is None else number)


def apply_batch(items: Any, apply: Callable[[Item], R]) -> list[Written]:
    """Apply one function to every item of a batch; all of them succeed or the batch is refused.

    Args:
        items: the decoded body.
        apply: changes the store for one item. It notes violations on the item and returns None when there are any.

    Raises:
        Malformed: the body is not a list, or is an empty one.
        TooMany: more than `MAX_BATCH` items.
        Invalid: with the violations of every bad item.
    """
    if not isinstance(items, list):
        raise Malformed("Request body should be an array of objects")
    if not items:
        raise Malformed("Request data can not be empty")
    if len(items) > MAX_BATCH:
        raise TooMany(f"Limit {MAX_BATCH} per page")
    bad: list[tuple[str, list[Violation]]] = []
    written: list[Written] = []
    for index, data in enumerate(items):
        request_id = request_id_of(data, index)
        if not isinstance(data, dict):
            bad.append((request_id, [Violation(INVALID_TYPE, "", "This value should be of type object.")]))
            continue
        item = Item(data)
        check_request_id(item)
        record = apply(item)
        if item.found:
            bad.append((request_id, item.found))
        else:
            written.append(Written(request_id, record))
    if bad:
        raise Invalid(bad)
    return written


def apply_one(data: Any, apply: Callable[[Item], R], *, id_: int | None = None) -> Written:
    """Apply a function to the one item that a body describes.

    Args:
        data: the decoded body.
        apply: see `apply_batch`.
        id_: the id in the address; an `id` in the body may not differ from it.

    Raises:
        Malformed: the body is not an object, or is an empty one.
        Invalid: with the violations.
    """
    if not isinstance(data, dict):
        raise Malformed("Request body should be an object")
    if not data:
        raise Malformed("Request data can not be empty")
    item = Item(data)
    check_request_id(item)
    sent = as_integer(data.get("id"))
    if id_ is not None and sent is not None and sent != id_:
        item.note(NOT_SUPPORTED_CHOICE, "id", "This value differs from the id in the address.")
    record = apply(item)
    request_id = request_id_of(data, 0)
    if item.found:
        raise Invalid([(request_id, item.found)])
    return Written(request_id, record)


def check_request_id(item: Item) -> None:
    """A request id is a string; integers are sent by some clients and answered as strings."""
    value = item.data.get("request_id")
    if "request_id" in item.data and not isinstance(value, str) and as_integer(value) is None:
        item.note(INVALID_TYPE, "request_id", "This value should be of type string.")
