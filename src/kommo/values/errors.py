"""The errors of values: both say which field, what was given and what to give instead."""

from __future__ import annotations

import reprlib
from typing import Any, Final

from kommo.errors import KommoError

_QUOTE: Final = reprlib.Repr()
_QUOTE.maxstring = _QUOTE.maxother = 60
_QUOTE.maxdict = _QUOTE.maxlist = _QUOTE.maxtuple = _QUOTE.maxset = 4
_QUOTE.maxlevel = 3


class Unfit(Exception):
    """Inside this package only: a value does not fit its shape. FieldValueError adds the field.

    Args:
        problem: what is wrong, without the value itself.
        mend: what to do instead.
    """

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.mend = mend


class FieldValueError(KommoError, ValueError):
    """A value that a field cannot take, or a value of an answer that is not what its type promises.

    Attributes:
        field: id (int) or code (str) of the field, or whatever was given in its place.
        type: name of the field type; None when it is not known.
        value: the value concerned.
        problem: what is wrong with it.
        mend: what to do instead.
    """

    def __init__(self, field: object, type: str | None, value: object, problem: str, mend: str) -> None:
        kind = f" ({type})" if type else ""
        super().__init__(f"field {_quote(field)}{kind}: {_quote(value)} {problem}; {mend}")
        self.field = field
        self.type = type
        self.value = value
        self.problem = problem
        self.mend = mend


class FieldNotFilled(KommoError, KeyError):
    """`Values[...]` was asked for a field that the entity has no entry for: not filled, or not a field of it.

    Attributes:
        field: the id or code asked for.
    """

    def __init__(self, field: object) -> None:
        super().__init__(
            f"no value for field {_quote(field)}: it is empty or belongs to another entity; "
            "test with `in`, or use .get() or .value(), which give None"
        )
        self.field = field

    def __str__(self) -> str:
        return str(self.args[0])


def _quote(value: Any) -> str:
    """The value on one short line; values whose repr fails are named by their type."""
    try:
        return " ".join(_QUOTE.repr(value).split())
    except Exception:
        return f"<{type(value).__name__}>"
