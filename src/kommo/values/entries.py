"""Entries: a field and its values, as `custom_fields_values` of v4 and `custom_fields` of v2 list them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, cast

from kommo.values.dialects import Dialect
from kommo.values.errors import FieldValueError, Unfit

Entry: TypeAlias = dict[str, Any]
"""One entry of `custom_fields_values` (v4) or `custom_fields` (v2): a field and its values."""

FieldRef: TypeAlias = int | str
"""A field: its id, or its code such as `"PHONE"`."""


class SupportsToDict(Protocol):
    """A model of the generated client."""

    def to_dict(self) -> dict[str, Any]:
        """The entry as JSON has it."""
        ...


AnyEntry: TypeAlias = Mapping[str, Any] | SupportsToDict
"""An entry as it comes in an answer: plain, or a model."""


def plain(entry: object) -> Mapping[str, Any] | None:
    """The entry as a mapping; None for anything that is neither a mapping nor a model."""
    # The common cases first, and no look at the protocol: a page has thousands of entries.
    if isinstance(entry, dict):
        return entry
    to_dict: Any = getattr(entry, "to_dict", None)
    if callable(to_dict):
        made: Any = to_dict()
        return cast(Mapping[str, Any], made)
    return entry if isinstance(entry, Mapping) else None


def make_entry(field: FieldRef, values: Any, dialect: Dialect, type: str | None = None) -> Entry:
    """An entry that may be sent.

    Raises:
        FieldValueError: `field` is neither an id nor a code.
    """
    if isinstance(field, str) and field:
        return {dialect.code_key: field, "values": values}
    if isinstance(field, int) and not isinstance(field, bool) and field > 0:
        return {dialect.id_key: int(field), "values": values}
    raise FieldValueError(field, type, field, "is no field", "give the id (int) or the code (str) of a field")


def wire_values(entry: Mapping[str, Any]) -> list[Any]:
    """The values of an entry as a flat list, also from null, an object with number keys, or lists in lists.

    Raises:
        Unfit: none of those.
    """
    values = entry.get("values")
    if values is None:
        return []
    if isinstance(values, Mapping):
        values = list(values.values())
    if not isinstance(values, (list, tuple)):
        raise Unfit("is no list of values", "read it from .raw")
    return [each for value in values for each in (value if isinstance(value, list) else [value])]
