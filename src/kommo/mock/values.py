"""Values of custom fields as v2 writes and reads them (`list-elements-v2:26`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from . import field_types
from .checks import Item, as_integer
from .model import Element, EnumValue, Field, NestedValue, Scope, StoredValue
from .store import Store
from .violations import INVALID_TYPE, REQUIRED_FILLED
from .writes import BAD_FIELDS, FIELD_NOT_FOUND, Refusal

_OBJECT_VALUES: Final = frozenset({"items", "legal_entity", "linked_entity", "file", "payer", "supplier"})
_OPTION_TYPES: Final = field_types.WITH_OPTIONS | {"category"}


class ValueWish(NamedTuple):
    """What a request says about one field: which field, and its values as they were sent."""

    field: int | str
    values: list[Any]


def read_custom_fields(item: Item) -> list[ValueWish]:
    """The readable part of `custom_fields`: who is addressed, and lists of scalars or objects."""
    entries = item.objects("custom_fields", nullable=True)
    wishes: list[ValueWish] = []
    for entry in entries if isinstance(entries, list) else []:
        address = _address(entry)
        values = entry.data.get("values")
        if values is None and "values" in entry.data:
            values = []
        if not isinstance(values, list):
            known = "values" in entry.data
            entry.note(
                INVALID_TYPE if known else REQUIRED_FILLED,
                "values",
                "This value should be of type array." if known else "This field is missing.",
            )
            continue
        for index, value in enumerate(values):
            _check_value(entry, f"values.{index}", value)
        if address is not None:
            wishes.append(ValueWish(address, values))
    return wishes


def _address(entry: Item) -> int | str | None:
    if entry.has("id"):
        id_ = entry.integer("id")
        return id_ if isinstance(id_, int) else None
    code = entry.text("code", minimum=1)
    if isinstance(code, str):
        return code
    if not entry.has("code"):
        entry.note(REQUIRED_FILLED, "id", "This field is missing.")
    return None


def _check_value(entry: Item, path: str, value: Any) -> None:
    if isinstance(value, dict):
        for key in ("enum", "subtype"):
            if isinstance(value.get(key), dict | list | bool):
                entry.note(INVALID_TYPE, f"{path}.{key}", "This value should be of type string.")
        if isinstance(value.get("value"), list):
            entry.note(INVALID_TYPE, f"{path}.value", "This value should be of type string.")
    elif isinstance(value, list | bool) or value is None:
        entry.note(INVALID_TYPE, path, "This value should be of type object.")


def resolve(
    store: Store, scope: Scope, wishes: list[ValueWish]
) -> Iterator[tuple[int, tuple[StoredValue, ...]]]:
    """What a request says, as values to store, by field id.

    Raises:
        Refusal: a field is unknown, or a value is not one the field can have.
    """
    for wish in wishes:
        field = (
            store.field(scope, wish.field)
            if isinstance(wish.field, int)
            else store.field_by_code(scope, wish.field)
        )
        if field is None:
            raise Refusal(FIELD_NOT_FOUND, f"Custom field {wish.field} not found")
        stored = tuple(value for sent in wish.values if (value := _stored(field, sent)) is not None)
        if field.type in _OPTION_TYPES and field.type not in field_types.MANY_OPTIONS and len(stored) > 1:
            raise Refusal(BAD_FIELDS, f"Custom field {field.id} takes one value")
        yield field.id, stored


def _stored(field: Field, sent: Any) -> StoredValue | None:
    data = sent if isinstance(sent, dict) else {"value": sent}
    value, enum, subtype = data.get("value"), data.get("enum"), data.get("subtype")
    if field.type in _OPTION_TYPES:
        wanted = value if enum is None else enum
        return None if wanted in (None, "") else StoredValue(enum=_option(field, wanted))
    if isinstance(value, dict) and field.type not in _OBJECT_VALUES:
        raise Refusal(BAD_FIELDS, f"Custom field {field.id} takes a string")
    if value is None:
        return None
    return StoredValue(
        value=value if isinstance(value, dict) else plain(value),
        subtype=None if subtype is None else plain(subtype),
    )


def _options(field: Field) -> Iterable[EnumValue | NestedValue]:
    return (field.nested if field.type == "category" else field.enums) or ()


def _option(field: Field, wanted: Any) -> int:
    """The id of the option that is meant: by its id, its code, or its text."""
    id_ = as_integer(wanted, digits=True)
    text = plain(wanted) if not isinstance(wanted, dict) else None
    for option in _options(field):
        if option.id == id_:
            return option.id
    for option in _options(field):
        if text is not None and text in (option.value, getattr(option, "code", None)):
            return option.id
    raise Refusal(BAD_FIELDS, f"Custom field {field.id} has no such option")


def plain(value: Any) -> str:
    """A scalar as the string that v2 keeps it as."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e16:
        return str(int(value))
    return str(value)


def read_values(
    store: Store, element: Element
) -> Iterator[tuple[Field, list[tuple[Any, int | None, str | None]]]]:
    """The values of an element: each field with its (value, option id, subtype).

    Options that the field has lost since are left out.
    """
    for field_id, stored in element.values.items():
        field = store.get(Field, element.account_id, field_id)
        if field is None:
            continue
        values: list[tuple[Any, int | None, str | None]] = []
        options: dict[int, str] | None = None
        for value in stored:
            if value.enum is None:
                values.append((value.value, None, value.subtype))
                continue
            if options is None:
                options = {option.id: option.value for option in _options(field)}
            if value.enum in options:
                values.append((options[value.enum], value.enum, None))
        if values:
            yield field, values
