"""Values that choose one of the options of their field, or carry one as their kind."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock import field_types
from kommo.mock.checks import Item, as_integer
from kommo.mock.model import EnumValue, Field, NestedValue, StoredValue
from kommo.mock.moments import Zone
from kommo.mock.record_index import Key
from kommo.mock.violations import (
    FIELD_NOT_EXPECTED,
    INVALID_TYPE,
    MISSING,
    NOT_SUPPORTED_CHOICE,
    REQUIRED_FILLED,
    UNEXPECTED,
    UNKNOWN_CHOICE,
)

from .base import MANY, ValueType, integer_key, text_key

ADDRESS_PARTS: Final = tuple(
    EnumValue(id_, code, id_, code) for id_, code in enumerate(field_types.SMART_ADDRESS_PARTS, 1)
)


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


def _read_option(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    named, option = _named(entry, field)
    if not named:
        text = entry.text("value", nullable=True)
        if isinstance(text, str) and text:
            option = next((option for option in options_of(field) if option.value == text), None)
            if option is None:
                entry.note(NOT_SUPPORTED_CHOICE, "value", UNKNOWN_CHOICE)
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
            entry.note(REQUIRED_FILLED, "enum_id", MISSING)
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
            entry.note(NOT_SUPPORTED_CHOICE, "enum_id", UNKNOWN_CHOICE)
        return True, found
    if entry.data.get("enum_code") is None:
        return False, None
    code = entry.text("enum_code")
    found = next((option for option in options if code_of(option) == code), None)
    if isinstance(code, str) and found is None:
        coded = any(code_of(option) is not None for option in options)
        if coded:
            entry.note(NOT_SUPPORTED_CHOICE, "enum_code", UNKNOWN_CHOICE)
        else:
            entry.note(FIELD_NOT_EXPECTED, "enum_code", UNEXPECTED)
    return True, found


def _check_code(entry: Item, option: EnumValue | NestedValue) -> None:
    """The code of an option without a code is not expected, not even as null: who sends back what was read fails."""
    if "enum_code" not in entry.data:
        return
    if code_of(option) is None:
        entry.note(FIELD_NOT_EXPECTED, "enum_code", UNEXPECTED)
    elif entry.data["enum_code"] not in (None, code_of(option)):
        entry.note(NOT_SUPPORTED_CHOICE, "enum_code", UNKNOWN_CHOICE)


def _show_option(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    option = next((option for option in options_of(field) if option.id == stored.enum), None)
    text = stored.value if stored.value is not None or option is None else option.value
    code = None if option is None else code_of(option)
    return {"value": text, "enum_id": stored.enum, "enum_code": code}


def _option_key(stored: StoredValue) -> Key | None:
    return stored.enum


_NAMED: Final = frozenset({"value", "enum_id", "enum_code"})


OPTION: Final = ValueType(_NAMED, _read_option, _show_option, key=_option_key, to_key=integer_key)
KIND: Final = ValueType(_NAMED, _read_kind, _show_option, many=MANY, key=text_key, to_key=str)
