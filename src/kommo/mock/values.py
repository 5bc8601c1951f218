"""Values of custom fields as v4 writes and reads them: `custom_fields_values` (`custom-fields-v4:1196`)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from msgspec.structs import replace

from .checks import Item
from .model import Account, Field, Record, Scope, StoredValue, Values
from .moments import Zone, zone_of
from .store import Store
from .value_types.registry import VALUE_TYPES
from .violations import (
    FIELD_NOT_EXPECTED,
    MISSING,
    NOT_SUPPORTED_CHOICE,
    OUT_OF_RANGE,
    REQUIRED_FILLED,
    UNEXPECTED,
    UNKNOWN_CHOICE,
)

KEY: Final = "custom_fields_values"


def account_zone(store: Store, account_id: int) -> Zone:
    """The time zone of an account."""
    account = store.get(Account, account_id)
    return zone_of("UTC" if account is None else account.timezone)


def read_values(store: Store, scope: Scope, item: Item) -> Values:
    """The values that a record of a request sets, by field; an empty tuple clears the field.

    What is wrong is noted on the item, with the path of the place.
    """
    found: Values = {}
    entries = item.objects(KEY, nullable=True)
    if not isinstance(entries, list):
        return found
    zone = account_zone(store, scope.account_id)
    for entry in entries:
        field = _field(store, scope, entry)
        if field is None:
            continue
        values = _values(entry, field, zone)
        if values is not None:
            found[field.id] = values
    return found


def _field(store: Store, scope: Scope, entry: Item) -> Field | None:
    """The field that an entry names, by its id or else by its code."""
    if entry.data.get("field_id") is not None:
        id_ = entry.integer("field_id", minimum=1)
        field = store.field(scope, id_) if isinstance(id_, int) else None
        if isinstance(id_, int) and field is None:
            entry.note(NOT_SUPPORTED_CHOICE, "field_id", UNKNOWN_CHOICE)
        return field
    if entry.data.get("field_code") is not None:
        code = entry.text("field_code")
        field = store.field_by_code(scope, code) if isinstance(code, str) else None
        if isinstance(code, str) and field is None:
            entry.note(NOT_SUPPORTED_CHOICE, "field_code", UNKNOWN_CHOICE)
        return field
    entry.note(REQUIRED_FILLED, "field_id", MISSING)
    return None


def _values(entry: Item, field: Field, zone: Zone) -> tuple[StoredValue, ...] | None:
    """The values of one entry: none of them for one that clears the field, None for one that changes nothing.

    Those are entries that are wrong, and those of nothing but empty text, which the vendor reads over (LIB-ISSUES).
    """
    if not entry.has("values"):
        entry.note(REQUIRED_FILLED, "values", MISSING)
        return None
    if entry.data["values"] is None:
        return ()
    values = entry.objects("values")
    if not isinstance(values, list):
        return None
    if not values:
        entry.note(REQUIRED_FILLED, "values", "This collection should contain 1 element or more.")
        return None
    if all(map(_clears, values)):
        return ()
    type_ = VALUE_TYPES[field.type]
    if len(values) > type_.many:
        entry.note(OUT_OF_RANGE, "values", f"This collection should contain {type_.many} elements or less.")
        return None
    noted = len(entry.found)
    kept: dict[Any, StoredValue] = {}
    for index, value in enumerate(values):
        for key in value.data.keys() - type_.keys:
            value.note(FIELD_NOT_EXPECTED, key[:80], UNEXPECTED)
        stored = type_.read(value, field, zone)
        if stored is not None:
            # An option can be chosen once.
            kept[stored.enum if stored.value is None else ("value", index)] = stored
    return None if len(entry.found) > noted or not kept else tuple(kept.values())


def _clears(value: Item) -> bool:
    return bool(value.data) and all(part is None for part in value.data.values()) and "value" in value.data


def merge(stored: Values, changes: Values) -> Values:
    """The values of a record after a write: fields that were not sent stay, those sent without values are cleared."""
    if not changes:
        return stored
    values = {**stored, **changes}
    return {field_id: kept for field_id, kept in values.items() if kept}


def missing(store: Store, scope: Scope, values: Values) -> Field | None:
    """The first field of a list that is required and has no value, or None."""
    if scope.entity != "catalogs":
        return None
    for id_ in store.required_field_ids(scope):
        if id_ not in values:
            return store.field(scope, id_)
    return None


def show(store: Store, record: Record, zone: Zone) -> Iterator[tuple[Field, list[dict[str, Any]]]]:
    """The values of a record as v4 reads them, by field; moments in the zone of its account."""
    for field_id, values in record.values.items():
        field = store.get(Field, record.account_id, field_id)
        if field is not None:
            type_ = VALUE_TYPES[field.type]
            yield field, [type_.show(value, field, zone) for value in values]


def forget(store: Store, scope: Scope, field_id: int, options: frozenset[int] | None = None) -> None:
    """Take the values of a field out of every record, or only those that chose one of some options."""
    for record in list(store.records.records(scope)):
        values = record.values.get(field_id)
        if values is None:
            continue
        kept = () if options is None else tuple(value for value in values if value.enum not in options)
        if len(kept) < len(values):
            store.put_record(replace(record, values=merge(record.values, {field_id: kept})))
