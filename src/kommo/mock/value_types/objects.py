"""Values that are objects: a check for each of their keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kommo.mock.checks import Item, as_integer
from kommo.mock.model import Field, StoredValue
from kommo.mock.moments import Zone
from kommo.mock.violations import (
    FIELD_NOT_EXPECTED,
    INVALID_TYPE,
    MISSING,
    NOT_SUPPORTED_CHOICE,
    REQUIRED_FILLED,
    UNEXPECTED,
    UNKNOWN_CHOICE,
)

from .base import WITH_VALUE, Show, ValueType, has_value, show_value

Check = Callable[[Item, str], object]
"""Looks at what is under a key of an object, and notes what is wrong with it."""


def check_text(inner: Item, key: str) -> object:
    """Text or null."""
    return inner.text(key, nullable=True)


def check_id(inner: Item, key: str) -> object:
    """A positive integer or null."""
    return inner.integer(key, nullable=True, minimum=1)


def check_count(inner: Item, key: str) -> object:
    """An integer from 0 on, or null."""
    return inner.integer(key, nullable=True, minimum=0)


def check_amount(inner: Item, key: str) -> object:
    """A number or null."""
    value = inner.data[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        inner.note(INVALID_TYPE, key, "This value should be of type numeric.")
    return None


def check_text_or_number(inner: Item, key: str) -> object:
    """Text, an integer or null."""
    return None if as_integer(inner.data[key]) is not None else check_text(inner, key)


def check_nothing(inner: Item, key: str) -> object:
    """Whatever there is."""
    return None


def check_one_of(*choices: str | int) -> Check:
    """One of these, or null."""

    def check(inner: Item, key: str) -> object:
        value = inner.data[key]
        if value is not None and (isinstance(value, bool) or value not in choices):
            inner.note(NOT_SUPPORTED_CHOICE, key, UNKNOWN_CHOICE)
        return None

    return check


def check_members(inner: Item, members: Mapping[str, Check], required: Iterable[str]) -> None:
    """Check each key of an object by its check; there must be no others, and those that are required."""
    for key in required:
        if inner.data.get(key) is None:
            inner.note(REQUIRED_FILLED, key, MISSING)
    for key in inner.data:
        check = members.get(key)
        if check is None:
            inner.note(FIELD_NOT_EXPECTED, key[:80], UNEXPECTED)
        else:
            check(inner, key)


def object_type(
    members: Mapping[str, Check],
    *required: str,
    read_only: Iterable[str] = (),
    show: Show = show_value,
    many: int = 1,
) -> ValueType:
    """The type of values that are objects.

    Args:
        members: the check of each key.
        required: the keys that there must be.
        read_only: keys that answers have; they are read over.
        show: one value as v4 reads it.
        many: how many values a field takes.
    """
    known = {**members, **dict.fromkeys(read_only, check_nothing)}
    hidden = frozenset(read_only)

    def read(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
        if not has_value(entry):
            return None
        value = entry.data["value"]
        if not isinstance(value, dict):
            entry.note(INVALID_TYPE, "value", "This value should be of type object.")
            return None
        check_members(Item(value, f"{entry.path}.value", entry.found), known, required)
        return StoredValue({key: part for key, part in value.items() if key not in hidden})

    return ValueType(WITH_VALUE, read, show, many=many)
