"""What a value of each type of field may be, how it is kept, and how it is read (`custom-fields-v4:1192`).

One row for each of the types; the newer ones are those of the current vendor page (DOC-CF). A value is kept in one
form, which both versions of the API are views of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NamedTuple

from . import field_types
from .checks import Item, as_integer
from .model import EnumValue, Field, NestedValue, StoredValue
from .moments import Zone, midnight, moment_of, to_local_text
from .record_index import Key
from .violations import FIELD_NOT_EXPECTED, INVALID_TYPE, NOT_SUPPORTED_CHOICE, REQUIRED_FILLED

MANY: Final = 1_000
"""Values of one field at most, where the vendor names no number."""
CHAINED: Final = 5
"""Entries of a chained list at most (DOC-CF)."""

_NUMBER: Final = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?[eE][+-]?[0-9]{1,3}", re.ASCII)
_UNEXPECTED: Final = "This field was not expected."
_UNKNOWN: Final = "The value you selected is not a valid choice."
_MISSING: Final = "This field is missing."

ADDRESS_PARTS: Final = tuple(
    EnumValue(id_, code, id_, code) for id_, code in enumerate(field_types.SMART_ADDRESS_PARTS, 1)
)


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
    show: Callable[[StoredValue, Field, Zone], dict[str, Any]]
    many: int = 1
    from_text: Callable[[str, Zone], Any] | None = None
    to_text: Callable[[Any, Zone], str] | None = None
    key: Callable[[StoredValue], Key | None] | None = None
    to_key: Callable[[str], Key | None] | None = None
    ranges: bool = False


def options_of(field: Field) -> tuple[EnumValue | NestedValue, ...]:
    """The options that a value of this field can choose from."""
    if field.type == "category":
        return field.nested or ()
    if field.type == "smart_address":
        return ADDRESS_PARTS
    return field.enums or ()


def code_of(option: EnumValue | NestedValue) -> str | None:
    """The code of an option; the values of a category have none."""
    return option.code if isinstance(option, EnumValue) else None


# Text, numbers, flags and moments


def _read_text(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    text = entry.text("value", required=True)
    return StoredValue(text) if isinstance(text, str) and text else None


def number_text(value: Any) -> str | None:
    """A number, or text that is one, as the text that it is kept as; None for anything else."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        value = repr(value)
    if not isinstance(value, str):
        return None
    if _NUMBER.fullmatch(value):
        return value
    return format(Decimal(value), "f") if _SCIENTIFIC.fullmatch(value) else None


def _read_number(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    if not _has_value(entry) or entry.data["value"] == "":
        return None
    text = number_text(entry.data["value"])
    if text is None:
        entry.note(INVALID_TYPE, "value", "This value should be of type numeric.")
        return None
    return StoredValue(text)


def _read_flag(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    if not _has_value(entry):
        return None
    flag = entry.boolean("value")
    return StoredValue(flag) if isinstance(flag, bool) else None


def _read_moment(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    if not _has_value(entry):
        return None
    moment = _kept_moment(entry.data["value"], field, zone)
    if moment is None:
        entry.note(INVALID_TYPE, "value", "This value should be a Unix timestamp or a date in RFC 3339.")
        return None
    return StoredValue(moment)


def _kept_moment(value: Any, field: Field, zone: Zone) -> int | None:
    """Unix seconds; of a date without a time its midnight in the zone of the account."""
    moment = moment_of(value, zone)
    return moment if moment is None or field.type == "date_time" else midnight(moment, zone)


def _show_value(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    return {"value": stored.value}


def _as_it_is(value: str, zone: Zone) -> str:
    return value


def _flag_of(text: str, zone: Zone) -> bool | None:
    return {"1": True, "0": False}.get(text)


def _has_value(entry: Item) -> bool:
    if "value" in entry.data:
        return True
    entry.note(REQUIRED_FILLED, "value", _MISSING)
    return False


# Options


def _read_option(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    named, option = _named(entry, field)
    if not named:
        text = entry.text("value", nullable=True)
        if isinstance(text, str) and text:
            option = next((option for option in options_of(field) if option.value == text), None)
            if option is None:
                entry.note(NOT_SUPPORTED_CHOICE, "value", _UNKNOWN)
    if option is None:
        return None
    _check_code(entry, option)
    return StoredValue(enum=option.id)


def _read_kind(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    """Text with a kind: a phone number, or a part of an address."""
    text = entry.text("value", required=True)
    named, kind = _named(entry, field)
    options = options_of(field)
    if not named and options:
        if field.type == "multitext":
            # A number without a kind is one of the first kind.
            kind = options[0]
        else:
            entry.note(REQUIRED_FILLED, "enum_id", _MISSING)
    if kind is not None:
        _check_code(entry, kind)
    if not isinstance(text, str) or not text:
        return None
    return StoredValue(text, enum=None if kind is None else kind.id)


def _named(entry: Item, field: Field) -> tuple[bool, EnumValue | NestedValue | None]:
    """Whether `enum_id`, or else `enum_code`, names an option, and the option if there is such a one."""
    options = options_of(field)
    if entry.data.get("enum_id") is not None:
        id_ = as_integer(entry.data["enum_id"])
        found = next((option for option in options if option.id == id_), None)
        if id_ is None:
            entry.note(INVALID_TYPE, "enum_id", "This value should be of type int.")
        elif found is None:
            entry.note(NOT_SUPPORTED_CHOICE, "enum_id", _UNKNOWN)
        return True, found
    if entry.data.get("enum_code") is None:
        return False, None
    code = entry.text("enum_code")
    found = next((option for option in options if code_of(option) == code), None)
    if isinstance(code, str) and found is None:
        coded = any(code_of(option) is not None for option in options)
        if coded:
            entry.note(NOT_SUPPORTED_CHOICE, "enum_code", _UNKNOWN)
        else:
            entry.note(FIELD_NOT_EXPECTED, "enum_code", _UNEXPECTED)
    return True, found


def _check_code(entry: Item, option: EnumValue | NestedValue) -> None:
    """The code of an option without a code is not expected, not even as null: who sends back what was read fails."""
    if "enum_code" not in entry.data:
        return
    if code_of(option) is None:
        entry.note(FIELD_NOT_EXPECTED, "enum_code", _UNEXPECTED)
    elif entry.data["enum_code"] not in (None, code_of(option)):
        entry.note(NOT_SUPPORTED_CHOICE, "enum_code", _UNKNOWN)


def _show_option(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    option = next((option for option in options_of(field) if option.id == stored.enum), None)
    text = stored.value if stored.value is not None or option is None else option.value
    code = None if option is None else code_of(option)
    return {"value": text, "enum_id": stored.enum, "enum_code": code}


# Objects

Check = Callable[[Item, str], object]


def _text(inner: Item, key: str) -> object:
    return inner.text(key, nullable=True)


def _id(inner: Item, key: str) -> object:
    return inner.integer(key, nullable=True, minimum=1)


def _count(inner: Item, key: str) -> object:
    return inner.integer(key, nullable=True, minimum=0)


def _amount(inner: Item, key: str) -> object:
    value = inner.data[key]
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        inner.note(INVALID_TYPE, key, "This value should be of type numeric.")
    return None


def _text_or_number(inner: Item, key: str) -> object:
    return None if as_integer(inner.data[key]) is not None else _text(inner, key)


def _any(inner: Item, key: str) -> object:
    return None


def _one_of(*choices: str | int) -> Check:
    def check(inner: Item, key: str) -> object:
        value = inner.data[key]
        if value is not None and (isinstance(value, bool) or value not in choices):
            inner.note(NOT_SUPPORTED_CHOICE, key, _UNKNOWN)
        return None

    return check


def _discount(inner: Item, key: str) -> object:
    value = inner.data[key]
    if value is None:
        return None
    if not isinstance(value, dict):
        return inner.note(INVALID_TYPE, key, "This value should be of type object.")
    part = Item(value, f"{inner.path}.{key}", inner.found)
    _check_members(part, {"type": _one_of("percentage", "amount"), "value": _amount}, ("type", "value"))
    return None


def _check_members(inner: Item, members: Mapping[str, Check], required: Iterable[str]) -> None:
    for key in required:
        if inner.data.get(key) is None:
            inner.note(REQUIRED_FILLED, key, _MISSING)
    for key in inner.data:
        check = members.get(key)
        if check is None:
            inner.note(FIELD_NOT_EXPECTED, key[:80], _UNEXPECTED)
        else:
            check(inner, key)


def _object(
    members: Mapping[str, Check], *required: str, read_only: Iterable[str] = ()
) -> Callable[[Item, Field, Zone], StoredValue | None]:
    """Reads a value that is an object.

    Args:
        members: the check of each key.
        required: the keys that there must be.
        read_only: keys that answers have; they are read over.
    """
    known = {**members, **dict.fromkeys(read_only, _any)}
    hidden = frozenset(read_only)

    def read(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
        if not _has_value(entry):
            return None
        value = entry.data["value"]
        if not isinstance(value, dict):
            entry.note(INVALID_TYPE, "value", "This value should be of type object.")
            return None
        _check_members(Item(value, f"{entry.path}.value", entry.found), known, required)
        return StoredValue({key: part for key, part in value.items() if key not in hidden})

    return read


_LEGAL_TEXTS: Final = (
    "name",
    "address",
    "real_address",
    "bank_account_number",
    "director",
    "vat_id",
    "kpp",
    "bank_code",
    "unp",
    "bin",
    "egrpou",
    "mfo",
    "oked",
    "external_uid",
)
_LEGAL: Final[dict[str, Check]] = {
    **dict.fromkeys(_LEGAL_TEXTS, _text),
    "tax_registration_reason_code": _text_or_number,
}
_ITEM: Final[dict[str, Check]] = {
    **dict.fromkeys(("sku", "description", "unit_type", "external_uid"), _text),
    **dict.fromkeys(("unit_price", "quantity", "bonus_points_per_purchase"), _amount),
    "discount": _discount,
    # The table of tax rates ends at 5, the vendor's example sends 18.
    "vat_rate_id": _count,
    "product_id": _id,
    "metadata": _any,
}
_ITEM_READ: Final = ("vat_rate_value", "is_discount_recalculated", "is_total_sum_recalculated", "total_sum")


def _show_item(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    """A line of an invoice with what the vendor's server adds: numbers as floats, and the total."""
    item: dict[str, Any] = {"sku": "", "external_uid": "", "metadata": [], **stored.value}
    price, quantity = (float(item.get(key) or 0) for key in ("unit_price", "quantity"))
    total = price * quantity
    discount = item.get("discount")
    if discount:
        off = float(discount["value"])
        item["discount"] = {**discount, "value": off}
        total -= off if discount["type"] == "amount" else total * off / 100
    for key in ("unit_price", "quantity", "bonus_points_per_purchase"):
        if item.get(key) is not None:
            item[key] = float(item[key])
    item |= {
        "vat_rate_value": 0,
        "is_discount_recalculated": False,
        "is_total_sum_recalculated": False,
        "total_sum": total,
    }
    return {"value": item}


def _read_link(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    """An entry of a chained list; it has no `value`."""
    catalog_id = entry.integer("catalog_id", required=True, minimum=1)
    element_id = entry.integer("catalog_element_id", required=True, minimum=1)
    if not isinstance(catalog_id, int) or not isinstance(element_id, int):
        return None
    return StoredValue({"catalog_id": catalog_id, "catalog_element_id": element_id})


def _show_link(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    return dict(stored.value)


# The table


def _value_key(stored: StoredValue) -> Key | None:
    return str(stored.value)


def _number_key(stored: StoredValue) -> Key | None:
    return float(stored.value)


def _moment_key(stored: StoredValue) -> Key | None:
    return int(stored.value)


def _option_key(stored: StoredValue) -> Key | None:
    return stored.enum


def _to_number(text: str) -> Key | None:
    number = number_text(text)
    return None if number is None else float(number)


def _to_integer(text: str) -> Key | None:
    return as_integer(text, digits=True)


_VALUE: Final = frozenset({"value"})
_NAMED: Final = frozenset({"value", "enum_id", "enum_code"})

_TEXT: Final = ValueType(
    _VALUE,
    _read_text,
    _show_value,
    from_text=lambda text, zone: text,
    to_text=_as_it_is,
    key=_value_key,
    to_key=str,
)
_NUMBER_TYPE: Final = ValueType(
    _VALUE,
    _read_number,
    _show_value,
    from_text=lambda text, zone: number_text(text),
    to_text=_as_it_is,
    key=_number_key,
    to_key=_to_number,
    ranges=True,
)
_MOMENT: Final = ValueType(
    _VALUE,
    _read_moment,
    _show_value,
    from_text=lambda text, zone: moment_of(text, zone, local=True),
    to_text=lambda value, zone: to_local_text(value, zone),
    key=_moment_key,
    to_key=_to_integer,
    ranges=True,
)
_DATE: Final = _MOMENT._replace(
    from_text=lambda text, zone: (
        None if (moment := moment_of(text, zone, local=True)) is None else midnight(moment, zone)
    )
)
_OPTION: Final = ValueType(_NAMED, _read_option, _show_option, key=_option_key, to_key=_to_integer)
_KIND: Final = ValueType(_NAMED, _read_kind, _show_option, many=MANY, key=_value_key, to_key=str)

VALUE_TYPES: Final[Mapping[str, ValueType]] = {
    **dict.fromkeys(("text", "textarea", "streetaddress", "url", "tracking_data", "org_legal_name"), _TEXT),
    **dict.fromkeys(("numeric", "price", "monetary"), _NUMBER_TYPE),
    "checkbox": ValueType(
        _VALUE,
        _read_flag,
        _show_value,
        from_text=_flag_of,
        to_text=lambda value, zone: str(int(value)),
        key=_moment_key,
        to_key=_to_integer,
    ),
    **dict.fromkeys(("date", "birthday"), _DATE),
    "date_time": _MOMENT,
    **dict.fromkeys(("select", "radiobutton", "category"), _OPTION),
    "multiselect": _OPTION._replace(many=MANY),
    **dict.fromkeys(("multitext", "smart_address"), _KIND),
    "legal_entity": ValueType(
        _VALUE,
        _object({**_LEGAL, "entity_type": _one_of(1, 2)}, "name"),
        _show_value,
    ),
    "items": ValueType(_VALUE, _object(_ITEM, read_only=_ITEM_READ), _show_item, many=MANY),
    "linked_entity": ValueType(
        _VALUE,
        _object(
            {
                "name": _text,
                "entity_id": _id,
                "entity_type": _one_of("catalog_elements", "contacts", "companies"),
                "catalog_id": _id,
            },
            "entity_id",
            "entity_type",
        ),
        _show_value,
    ),
    "chained_list": ValueType(
        frozenset({"catalog_id", "catalog_element_id"}), _read_link, _show_link, many=CHAINED
    ),
    "file": ValueType(
        _VALUE,
        _object(
            {"file_uuid": _text, "version_uuid": _text, "file_name": _text, "file_size": _count},
            "file_uuid",
            read_only=("is_deleted",),
        ),
        _show_value,
    ),
    "payer": ValueType(
        _VALUE,
        _object(
            {
                **_LEGAL,
                "type": _one_of("legal", "individual"),
                "entity_id": _id,
                "entity_type": _one_of("contacts", "companies"),
            }
        ),
        _show_value,
    ),
    "supplier": ValueType(
        _VALUE, _object({"entity_id": _id}, "entity_id", read_only=_LEGAL_TEXTS), _show_value
    ),
}
"""Every type of field; see `field_types` for the entities that have it."""
