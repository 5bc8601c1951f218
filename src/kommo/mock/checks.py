"""Reading the keys of one item of a request, and noting everything that is wrong with it.

All readers answer `UNSET` for a key that is absent, so that a partial update can tell "not sent" from null.
A reader that finds a wrong value notes a violation and also answers `UNSET`.
"""

from __future__ import annotations

import re
from typing import Any, Final

from .violations import (
    INVALID_TYPE,
    MISSING,
    NOT_SUPPORTED_CHOICE,
    OUT_OF_RANGE,
    REQUIRED_FILLED,
    UNKNOWN_CHOICE,
    Violation,
)

_DIGITS: Final = re.compile("-?[0-9]{1,19}")

MAX_INT: Final = 2**63 - 1
MAX_TEXT: Final = 65_535


class Unset:
    """The type of `UNSET`."""

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset()


def as_integer(value: Any, *, digits: bool = False) -> int | None:
    """The integer a JSON value stands for, or None.

    Args:
        value: anything. 5.0 is the integer 5, true is not 1.
        digits: a string of digits is an integer too (form-encoded bodies, v2 ids).
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value if -MAX_INT - 1 <= value <= MAX_INT else None
    if isinstance(value, float):
        # The parser gives integers beyond 64 bits as floats, so the float of the very bound may be one of them.
        return int(value) if value.is_integer() and abs(value) < MAX_INT + 1 else None
    if digits and isinstance(value, str) and _DIGITS.fullmatch(value):
        return as_integer(int(value))
    return None


def as_id(value: Any) -> int | None:
    """The id a v2 value stands for: a positive integer or its digits, or None."""
    id_ = as_integer(value, digits=True)
    return None if id_ is None or id_ < 1 or (isinstance(value, str) and value.startswith("0")) else id_


class Item:
    """One JSON object of a request and the violations found in it.

    Args:
        data: the object.
        path: dotted path of the object relative to the item of the batch, empty for the item itself.
        found: the list to note violations in; objects nested in an item share the item's list.
        form: the object was form-encoded, so integers come as digit strings and booleans as "1" or "0".
    """

    def __init__(
        self,
        data: dict[str, Any],
        path: str = "",
        found: list[Violation] | None = None,
        *,
        form: bool = False,
    ) -> None:
        self.data = data
        self.path = path
        self.found: list[Violation] = [] if found is None else found
        self.form = form

    def note(self, code: str, key: str, detail: str) -> Unset:
        """Note a violation of the value under a key."""
        self.found.append(Violation(code, f"{self.path}.{key}" if self.path else key, detail))
        return UNSET

    def has(self, key: str) -> bool:
        """Whether the key was sent."""
        return key in self.data

    def integer(
        self, key: str, *, required: bool = False, nullable: bool = False, minimum: int | None = None
    ) -> int | Unset | None:
        """An integer."""
        if key not in self.data:
            return self._missing(key) if required else UNSET
        value = self.data[key]
        if value is None and nullable:
            return None
        number = as_integer(value, digits=self.form)
        if number is None:
            return self.note(INVALID_TYPE, key, "This value should be of type int.")
        if minimum is not None and number < minimum:
            return self.note(OUT_OF_RANGE, key, f"This value should be {minimum} or more.")
        return number

    def identifier(self, key: str, *, required: bool = False) -> int | Unset:
        """An id as v2 takes it: a positive integer, or its digits as a string."""
        if key not in self.data:
            return self._missing(key) if required else UNSET
        id_ = as_id(self.data[key])
        return (
            self.note(INVALID_TYPE, key, "This value should be a positive integer.") if id_ is None else id_
        )

    def text(
        self,
        key: str,
        *,
        required: bool = False,
        nullable: bool = False,
        minimum: int = 0,
        maximum: int = MAX_TEXT,
    ) -> str | Unset | None:
        """A string of `minimum` to `maximum` characters."""
        if key not in self.data:
            return self._missing(key) if required else UNSET
        value = self.data[key]
        if value is None and nullable:
            return None
        if not isinstance(value, str):
            return self.note(INVALID_TYPE, key, "This value should be of type string.")
        if len(value) < minimum:
            return self.note(REQUIRED_FILLED, key, "This value should not be blank.")
        if len(value) > maximum:
            return self.note(OUT_OF_RANGE, key, f"This value is too long: at most {maximum} characters.")
        return value

    def boolean(self, key: str) -> bool | Unset:
        """A boolean."""
        if key not in self.data:
            return UNSET
        value = self.data[key]
        if isinstance(value, bool):
            return value
        if self.form and isinstance(value, str) and value in _BOOLEANS:
            return _BOOLEANS[value]
        return self.note(INVALID_TYPE, key, "This value should be of type bool.")

    def choice(self, key: str, choices: tuple[str, ...], *, nullable: bool = False) -> str | Unset | None:
        """One of some strings."""
        value = self.text(key, nullable=nullable)
        if isinstance(value, str) and value not in choices:
            return self.note(NOT_SUPPORTED_CHOICE, key, UNKNOWN_CHOICE)
        return value

    def ids(self, key: str, *, nullable: bool = False) -> list[int] | Unset | None:
        """A list of ids."""
        if key not in self.data:
            return UNSET
        value = self.data[key]
        if value is None and nullable:
            return None
        if not isinstance(value, list):
            return self.note(INVALID_TYPE, key, "This value should be of type array.")
        ids: list[int] = []
        for index, entry in enumerate(value):
            id_ = as_integer(entry)
            if id_ is None or id_ < 1:
                self.note(INVALID_TYPE, f"{key}.{index}", "This value should be a positive integer.")
            else:
                ids.append(id_)
        return ids if len(ids) == len(value) else UNSET

    def objects(self, key: str, *, nullable: bool = False) -> list[Item] | Unset | None:
        """A list of objects."""
        if key not in self.data:
            return UNSET
        value = self.data[key]
        if value is None and nullable:
            return None
        if not isinstance(value, list):
            return self.note(INVALID_TYPE, key, "This value should be of type array.")
        items: list[Item] = []
        for index, entry in enumerate(value):
            if not isinstance(entry, dict):
                self.note(INVALID_TYPE, f"{key}.{index}", "This value should be of type object.")
                continue
            path = f"{self.path}.{key}.{index}" if self.path else f"{key}.{index}"
            items.append(Item(entry, path, self.found, form=self.form))
        return items if len(items) == len(value) else UNSET

    def _missing(self, key: str) -> Unset:
        return self.note(REQUIRED_FILLED, key, MISSING)


_BOOLEANS: Final = {"1": True, "0": False, "true": True, "false": False}
