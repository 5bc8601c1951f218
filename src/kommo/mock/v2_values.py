"""Values of custom fields as v2 writes and reads them (`list-elements-v2:26`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from . import field_types
from .checks import UNSET, Item, as_id, as_integer
from .model import Field, Record, Scope, StoredValue, Values
from .moments import Zone
from .store import Store
from .value_types.options import code_of, options_of
from .value_types.registry import VALUE_TYPES
from .values import account_zone
from .violations import INVALID_TYPE, MISSING, REQUIRED_FILLED
from .writes import BAD_FIELDS, FIELD_NOT_FOUND, Refusal

_OPTION_TYPES: Final = field_types.WITH_OPTIONS | {"category"}
_TO_TEXT: Final = {name: type_.to_text for name, type_ in VALUE_TYPES.items()}


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
            entry.note(REQUIRED_FILLED, "values", MISSING)
        else:
            entry.note(INVALID_TYPE, "values", "This value should be of type array.")
        if address is not None and isinstance(values, list):
            wishes.append(ValueWish(address, values, entry.path))
    return wishes


def _address(entry: Item) -> int | str | None:
    id_ = entry.identifier("id")
    code = entry.text("code", minimum=1)
    if not entry.has("id") and not entry.has("code"):
        entry.note(REQUIRED_FILLED, "id", MISSING)
    if isinstance(id_, int):
        return id_
    return code if isinstance(code, str) else None


def _check_value(entry: Item, path: str, value: Any) -> None:
    if not isinstance(value, dict):
        if as_id(value) is None:
            entry.note(INVALID_TYPE, path, "This value should be an object or the id of an option.")
        return
    if "value" not in value:
        entry.note(REQUIRED_FILLED, f"{path}.value", MISSING)
    elif not isinstance(value["value"], str):
        entry.note(INVALID_TYPE, f"{path}.value", "This value should be of type string.")
    enum = value.get("enum", "")
    if not isinstance(enum, str) and ((number := as_integer(enum)) is None or number < 1):
        entry.note(INVALID_TYPE, f"{path}.enum", "This value should be of type string.")
    if not isinstance(value.get("subtype", ""), str):
        entry.note(INVALID_TYPE, f"{path}.subtype", "This value should be of type string.")


def resolve(store: Store, scope: Scope, wishes: list[ValueWish]) -> Values:
    """What a request says, as values to store, by field id; an empty tuple clears the field.

    Raises:
        Refusal: a field is unknown, or a value is not one the field can have.
    """
    found: Values = {}
    zone = account_zone(store, scope.account_id)
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
        stored = tuple(_values(field, wish.values, path, zone))
        if len(stored) > VALUE_TYPES[field.type].many:
            raise Refusal(BAD_FIELDS, path, f"Custom field {field.id} takes one value")
        found[field.id] = stored
    return found


def _values(field: Field, values: list[Any], path: str, zone: Zone) -> Iterator[StoredValue]:
    """What to keep of the values that were sent. An option can be chosen once."""
    chosen: set[int] = set()
    for sent in values:
        value = _stored(field, sent, path, zone)
        if value is None or value.enum in chosen:
            continue
        if value.enum is not None:
            chosen.add(value.enum)
        yield value


def _within_item(path: str) -> str:
    """A path without the block and the position that it starts with."""
    return path.split(".", 2)[2]


def _stored(field: Field, sent: Any, path: str, zone: Zone) -> StoredValue | None:
    data = sent if isinstance(sent, dict) else {"value": plain(sent)}
    value, enum, subtype = data.get("value"), data.get("enum"), data.get("subtype")
    if field.type in _OPTION_TYPES:
        wanted = value if enum is None or enum == "" else enum
        return None if wanted in (None, "") else StoredValue(enum=_option(field, wanted, path))
    from_text = VALUE_TYPES[field.type].from_text
    if from_text is None:
        raise Refusal(BAD_FIELDS, path, f"Custom field {field.id} of type {field.type} has no form in v2")
    if value == "":
        return None
    kept = from_text(str(value), zone)
    if kept is None:
        raise Refusal(
            BAD_FIELDS, path, f"Custom field {field.id} of type {field.type} can not have this value"
        )
    return StoredValue(value=kept, subtype=subtype)


def _option(field: Field, wanted: int | str, path: str) -> int:
    """The id of the option that is meant: by its id, its code, or its text."""
    id_ = as_integer(wanted, digits=True)
    for option in options_of(field):
        if option.id == id_:
            return option.id
    for option in options_of(field):
        if wanted in (option.value, code_of(option)):
            return option.id
    raise Refusal(BAD_FIELDS, path, f"Custom field {field.id} has no such option")


def plain(value: int | float | str) -> str:
    """A bare value as the string that v2 keeps it as."""
    return str(int(value)) if isinstance(value, float) else str(value)


def show(
    store: Store, record: Record, zone: Zone, *, enum_integer: bool
) -> Iterator[tuple[Field, list[dict[str, Any]]]]:
    """The values of an element as v2 reads them, by field.

    Fields of types that v2 does not know, those whose values are objects, are left out.

    Args:
        store: where the fields are.
        record: the element.
        zone: the time zone of its account.
        enum_integer: option ids are integers instead of digit strings.
    """
    for field_id, stored in record.values.items():
        field = store.get(Field, record.account_id, field_id)
        if field is None:
            continue
        to_text = _TO_TEXT[field.type]
        if to_text is not None:
            yield (
                field,
                [
                    {"value": to_text(value.value, zone)}
                    if value.subtype is None
                    else {"value": to_text(value.value, zone), "subtype": value.subtype}
                    for value in stored
                ],
            )
        elif field.type in _OPTION_TYPES:
            texts = {option.id: option.value for option in options_of(field)}
            yield (
                field,
                [
                    {"value": texts[value.enum], "enum": value.enum if enum_integer else str(value.enum)}
                    for value in stored
                    if value.enum in texts
                ],
            )
