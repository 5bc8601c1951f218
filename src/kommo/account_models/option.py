"""Options of a select, multiselect or radiobutton field, as an enum that is never too narrow."""

from __future__ import annotations

from enum import Enum
from typing import Self

from kommo.values import Choice


class Option(int, Enum):
    """Base of the options of one field. A member equals its id; an id that is not listed becomes a member too.

        class Colour(Option):
            RED = 17, "Red"
            BLUE = 19, "Blue", "BLUE"         # with the code that somebody gave it

        Colour(17) is Colour.RED
        Colour(23)                            # added to the account later: survives reading and writing

    Attributes:
        id: id of the option, unique in the account; also its `value`.
        text: what people see; empty for an id that is not listed, unless an answer said.
        code: its code, None when it has none.
    """

    _value_: int
    id: int
    text: str
    code: str | None

    def __new__(cls, id: int, text: str = "", code: str | None = None) -> Self:
        member = int.__new__(cls, id)
        member._value_ = member.id = id
        member.text = text
        member.code = code
        return member

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or isinstance(value, bool):
            return None
        return cls._unlisted(value, "", None)

    @classmethod
    def _unlisted(cls, id: int, text: str, code: str | None) -> Self:
        member = int.__new__(cls, id)
        member._name_, member._value_ = f"OPTION_{id}", id
        member.id, member.text, member.code = id, text, code
        return member

    @classmethod
    def of(cls, choice: Choice) -> Self | None:
        """The option that a value names, by id, else by code, else by text; None when it names none.

        Args:
            choice: as `kommo.values` reads it.
        """
        if choice.enum_id is not None:
            listed = cls._value2member_map_.get(choice.enum_id)
            if isinstance(listed, cls):
                return listed
            return cls._unlisted(choice.enum_id, choice.value or "", choice.enum_code)
        by_code = (each for each in cls if choice.enum_code is not None and each.code == choice.enum_code)
        by_text = (each for each in cls if choice.value is not None and each.text == choice.value)
        return next(by_code, None) or next(by_text, None)

    @property
    def is_known(self) -> bool:
        """Whether the module lists this option."""
        return self.id in type(self)._value2member_map_

    def __str__(self) -> str:
        return self.text or str(self.id)

    def __reduce_ex__(self, protocol: object) -> tuple[object, ...]:
        if self.is_known:
            return type(self), (self.id,)
        return _unlisted, (type(self), self.id, self.text, self.code)


def _unlisted(options: type[Option], id: int, text: str, code: str | None) -> Option:
    return options._unlisted(id, text, code)
