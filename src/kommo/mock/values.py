"""Values of custom fields as v2 writes and reads them (`list-elements-v2:26`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from . import field_types
from .checks import UNSET, Item, as_id, as_integer
from .model import Element, EnumValue, Field, NestedValue, Scope, StoredValue
from .store import Store
from .violations import INVALID_TYPE, REQUIRED_FILLED
from .writes import BAD_FIELDS, FIELD_NOT_FOUND, Refusal

_OPTION_TYPES: Final = field_types.WITH_OPTIONS | {"category"}


class ValueWish(NamedTuple):
    """What a request says about one field: which field, and its values as they were sent."""

    field: int | str
    values: list[Any]
    path: str


def read_custom_fields(item: Item) -> list[ValueWish]:
    """The readable part of `custom_fields`: who is addressed, and lists of objects or option ids."""
    entries = item.objects("custom_fields")
    wishes: list[ValueWish] = []
    for entry in entries if isinstance(entries, list) else []:
        address = _address(entry)
        values = entry.data.get("values", UNSET)
        if isinstance(values, list):
            for index, value in enumerate(values):
                _check_value(entry, f"values.{index}", value)
        elif values is UNSET:
            entry.note(REQUIRED_FILLED, "values", "This field is missing.")
        else:
            entry.note(INVALID_TYPE, "values", "This value should be of type array.")
        if address is not None and isinstance(values, list):
            wishes.append(ValueWish(address, values, entry.path))
    return wishes


def _address(entry: Item) -> int | str | None:
    id_ = entry.identifier("id")
    code = entry.text("code", minimum=1)
    if not entry.has("id") and not entry.has("code"):
        entry.note(REQUIRED_FILLED, "id", "This field is missing.")
    if isinstance(id_, int):
        return id_
    return code if isinstance(code, str) else None


def _check_value(entry: Item, path: str, value: Any) -> None:
    if not isinstance(value, dict):
        if as_id(value) is None:
            entry.note(INVALID_TYPE, path, "This value should be an object or the id of an option.")
        return
    if "value" not in value:
        entry.note(REQUIRED_FILLED, f"{path}.value", "This field is missing.")
    elif not isinstance(value["value"], str):
        entry.note(INVALID_TYPE, f"{path}.value", "This value should be of type string.")
    enum = value.get("enum", "")
    if not isinstance(enum, str) and ((number := as_integer(enum)) is None or number < 1):
        entry.note(INVALID_TYPE, f"{path}.enum", "This value should be of type string.")
    if not isinstance(value.get("subtype", ""), str):
        entry.note(INVALID_TYPE, f"{path}.subtype", "This value should be of type string.")


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
            key = "id" if isinstance(wish.field, int) else "code"
            path = _within_item(f"{wish.path}.{key}")
            raise Refusal(FIELD_NOT_FOUND, path, f"Custom field {str(wish.field)[:80]!r} not found")
        path = _within_item(f"{wish.path}.values")
        stored = tuple(value for sent in wish.values if (value := _stored(field, sent, path)) is not None)
        if field.type in _OPTION_TYPES and field.type not in field_types.MANY_OPTIONS and len(stored) > 1:
            raise Refusal(BAD_FIELDS, path, f"Custom field {field.id} takes one value")
        yield field.id, stored


def _within_item(path: str) -> str:
    """A path without the block and the position that it starts with."""
    return path.split(".", 2)[2]


def _stored(field: Field, sent: Any, path: str) -> StoredValue | None:
    data = sent if isinstance(sent, dict) else {"value": plain(sent)}
    value, enum, subtype = data.get("value"), data.get("enum"), data.get("subtype")
    if field.type in _OPTION_TYPES:
        wanted = value if enum is None or enum == "" else enum
        return None if wanted in (None, "") else StoredValue(enum=_option(field, wanted, path))
    return None if value == "" else StoredValue(value=value, subtype=subtype)


def _options(field: Field) -> Iterable[EnumValue | NestedValue]:
    return (field.nested if field.type == "category" else field.enums) or ()


def _option(field: Field, wanted: int | str, path: str) -> int:
    """The id of the option that is meant: by its id, its code, or its text."""
    id_ = as_integer(wanted, digits=True)
    for option in _options(field):
        if option.id == id_:
            return option.id
    for option in _options(field):
        if wanted in (option.value, getattr(option, "code", None)):
            return option.id
    raise Refusal(BAD_FIELDS, path, f"Custom field {field.id} has no such option")


def plain(value: int | float | str) -> str:
    """A bare value as the string that v2 keeps it as."""
    return str(int(value)) if isinstance(value, float) else str(value)


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
