"""Values that are text, a number, a flag or a moment."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from kommo.mock.checks import Item
from kommo.mock.model import Field, StoredValue
from kommo.mock.moments import Zone, midnight, moment_of, to_local_text
from kommo.mock.record_index import Key
from kommo.mock.violations import INVALID_TYPE

from .base import WITH_VALUE, ValueType, has_value, integer_key, show_value, text_key

_NUMBER: Final = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?", re.ASCII)
_SCIENTIFIC: Final = re.compile(r"-?[0-9]{1,64}(\.[0-9]{1,64})?[eE][+-]?[0-9]{1,3}", re.ASCII)


def _read_text(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    text = entry.text("value", required=True)
    return StoredValue(text) if isinstance(text, str) and text else None


def _number_text(value: Any) -> str | None:
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
    if not has_value(entry) or entry.data["value"] == "":
        return None
    text = _number_text(entry.data["value"])
    if text is None:
        entry.note(INVALID_TYPE, "value", "This value should be of type numeric.")
        return None
    return StoredValue(text)


def _read_flag(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    if not has_value(entry):
        return None
    flag = entry.boolean("value")
    return StoredValue(flag) if isinstance(flag, bool) else None


def _read_moment(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    if not has_value(entry):
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


def _as_it_is(value: str, zone: Zone) -> str:
    return value


def _flag_of(text: str, zone: Zone) -> bool | None:
    return {"1": True, "0": False}.get(text)


def _number_key(stored: StoredValue) -> Key | None:
    return float(stored.value)


def _moment_key(stored: StoredValue) -> Key | None:
    return int(stored.value)


def _to_number(text: str) -> Key | None:
    number = _number_text(text)
    return None if number is None else float(number)


TEXT: Final = ValueType(
    WITH_VALUE,
    _read_text,
    show_value,
    from_text=lambda text, zone: text,
    to_text=_as_it_is,
    key=text_key,
    to_key=str,
)
NUMBER: Final = ValueType(
    WITH_VALUE,
    _read_number,
    show_value,
    from_text=lambda text, zone: _number_text(text),
    to_text=_as_it_is,
    key=_number_key,
    to_key=_to_number,
    ranges=True,
)
FLAG: Final = ValueType(
    WITH_VALUE,
    _read_flag,
    show_value,
    from_text=_flag_of,
    to_text=lambda value, zone: str(int(value)),
    key=_moment_key,
    to_key=integer_key,
)
MOMENT: Final = ValueType(
    WITH_VALUE,
    _read_moment,
    show_value,
    from_text=lambda text, zone: moment_of(text, zone, local=True),
    to_text=lambda value, zone: to_local_text(value, zone),
    key=_moment_key,
    to_key=integer_key,
    ranges=True,
)
DATE: Final = MOMENT._replace(
    from_text=lambda text, zone: (
        None if (moment := moment_of(text, zone, local=True)) is None else midnight(moment, zone)
    )
)
