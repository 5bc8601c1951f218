"""What the values of all types have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from kommo.mock.checks import Item, as_integer
from kommo.mock.model import Field, StoredValue
from kommo.mock.moments import Zone
from kommo.mock.record_index import Key
from kommo.mock.violations import MISSING, REQUIRED_FILLED

MANY: Final = 1_000
"""Values of one field at most, where the vendor names no number."""

WITH_VALUE: Final = frozenset({"value"})
"""The keys of a value that is nothing but `{"value": ...}`."""


Show = Callable[[StoredValue, Field, Zone], dict[str, Any]]
"""Makes of a stored value what v4 reads."""


class ValueType(NamedTuple):
    """One type of field.

    Attributes:
        keys: the keys that one value of v4 may have.
        read: checks one value of a request and gives what to keep, None for nothing. It notes what is wrong.
        show: one value as v4 reads it.
        many: how many values a field takes.
        from_text: what to keep of the text that v2 writes; None for text that is no such value. Types without it are
            not known to v2.
        to_text: the text that v2 reads.
        key: what records are filtered by, None for a value that cannot be compared.
        to_key: the key that the text of a filter means, None for none.
        ranges: whether a filter may give bounds.
    """

    keys: frozenset[str]
    read: Callable[[Item, Field, Zone], StoredValue | None]
    show: Show
    many: int = 1
    from_text: Callable[[str, Zone], Any] | None = None
    to_text: Callable[[Any, Zone], str] | None = None
    key: Callable[[StoredValue], Key | None] | None = None
    to_key: Callable[[str], Key | None] | None = None
    ranges: bool = False


def has_value(entry: Item) -> bool:
    """Whether an entry has a value at all; notes it when not."""
    if "value" in entry.data:
        return True
    entry.note(REQUIRED_FILLED, "value", MISSING)
    return False


def show_value(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    """A value that reads as it is kept."""
    return {"value": stored.value}


def text_key(stored: StoredValue) -> Key | None:
    """What a value that is text is filtered by."""
    return str(stored.value)


def integer_key(text: str) -> Key | None:
    """The key that digits in a filter mean."""
    return as_integer(text, digits=True)
