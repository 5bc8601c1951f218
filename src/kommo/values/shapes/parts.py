"""Text, numbers and flags wherever they stand in a value: from the wire, and for it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from kommo.values.errors import Unfit
from kommo.values.numbers import to_decimal
from kommo.values.shapes.base import LOOK

_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True}


def read_text(value: Any) -> str:
    """Text, or the digits of a number that came in its place. Raises Unfit."""
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Unfit("is no text", LOOK)


def write_text(value: Any) -> str:
    """Text to send. Raises Unfit."""
    if not isinstance(value, str):
        raise Unfit("is no text", "give a str")
    return value


def read_flag(value: Any) -> bool:
    """Yes or no, in any of the forms it comes in. Raises Unfit."""
    # A form body and v2 have no booleans, and the vendor's own library casts what it reads (LIB).
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    raise Unfit("is no flag", LOOK)


def read_number(value: Any) -> Decimal:
    """A number, or the text of one. Raises Unfit."""
    try:
        return to_decimal(value)
    except Unfit as unfit:
        raise Unfit(unfit.problem, LOOK) from None


def write_whole(value: Any) -> int:
    """A whole number to send. Raises Unfit."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("is no whole number", "give an int")
    return int(value)


def read_whole(value: Any) -> int:
    """A whole number, or the text of one. Raises Unfit."""
    number = read_number(value)
    if number != number.to_integral_value():
        raise Unfit("is no whole number", LOOK)
    return int(number)
