"""Numbers, exactly: what Python has becomes a Decimal, and that the plain digits of the wire."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from typing import Any, Final

from kommo.values.errors import Unfit

_PLAIN: Final = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
# The range of a double, subnormal ones included: whatever the server computes with, more it does not hold.
_EXPONENTS: Final = range(-330, 309)
_MOST_PLACES: Final = 1000
_MEND: Final = 'give a Decimal, an int, a float or a string like "1.5"'


def to_decimal(value: Any) -> Decimal:
    """The number meant, without the noise of binary fractions: 0.1 becomes Decimal("0.1").

    Raises:
        Unfit: no number, not finite, or outside the range of a double.
    """
    # bool is an int to Python, and repr of a subclass of float need not be digits.
    if isinstance(value, bool):
        raise Unfit("is a flag, not a number", _MEND)
    if isinstance(value, int):
        number = Decimal(int(value))
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit("is not a finite number", _MEND)
        number = Decimal(float.__repr__(value))
    elif isinstance(value, str):
        if not _PLAIN.fullmatch(value):
            raise Unfit("is not a number", _MEND)
        number = Decimal(value)
    elif isinstance(value, Decimal):
        number = value
    else:
        raise Unfit("is not a number", _MEND)
    if not number.is_finite():
        raise Unfit("is not a finite number", _MEND)
    if number and (number.adjusted() not in _EXPONENTS or -int(number.as_tuple().exponent) > _MOST_PLACES):
        raise Unfit("is too large or too small a number", "give one that a double can hold")
    return number


def to_digits(value: Any) -> str:
    """The number as the wire wants it: digits and a point, no exponent; `Decimal("1E+3")` becomes `"1000"`.

    Raises:
        Unfit: as to_decimal.
    """
    number = to_decimal(value)
    if not number and not -30 <= int(number.as_tuple().exponent) <= 0:
        return "0"
    return format(number, "f")


def to_json_number(value: Any) -> int | float:
    """The number as a JSON number, for the keys that want one.

    Raises:
        Unfit: as to_decimal, or with more digits than a JSON number keeps.
    """
    number = to_decimal(value)
    if number == number.to_integral_value():
        return int(number)
    binary = float(number)
    if Decimal(float.__repr__(binary)) != number:
        raise Unfit("has more digits than a JSON number keeps", "round it to 15 significant digits")
    return binary
