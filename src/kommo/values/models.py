"""The Python types of values with few parts: options, phones and the like, addresses. `objects` has those with many.

All are immutable; `attrs.evolve(value, key=...)` makes a changed copy. Names of attributes are the names on
the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, Literal, TypeAlias

from attrs import frozen


class Clear(Enum):
    """The type of `CLEAR`."""

    CLEAR = "clear"


CLEAR: Final = Clear.CLEAR
"""In place of a value: take away what the field holds. A field that is not sent at all stays as it is."""


@frozen
class Raw:
    """Values as they came, of a type this library does not know, or not of the form that their type promises.

    Attributes:
        wire: the list of values of the entry, unchanged.
    """

    wire: Any


@frozen
class Choice:
    """An option of a select, multiselect, radiobutton or category field (`custom-fields-v4:1344`).

    To write one, a single one of the three is enough. When several are given, `enum_id` decides before
    `enum_code`, and that before `value`; only the deciding one is sent, so that an option without a code
    goes back as it came.

    Attributes:
        value: the text of the option.
        enum_id: its id, unique in the account.
        enum_code: its code; None when the option has none.
    """

    value: str | None = None
    enum_id: int | None = None
    enum_code: str | None = None


@frozen
class Multitext:
    """One phone number, e-mail address or the like (`custom-fields-v4:1427`).

    Attributes:
        value: the number or address.
        enum_code: what kind it is, `"WORK"`, `"HOME"` ...; the code is the same in every account.
        enum_id: the same by id; the ids differ from account to account. Sent instead of the code when both
            are given.
    """

    value: str
    enum_code: str | None = None
    enum_id: int | None = None


PhoneCode: TypeAlias = Literal["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"]
EmailCode: TypeAlias = Literal["WORK", "PRIV", "OTHER"]

ADDRESS_PARTS: Final[Mapping[str, int]] = {
    "address_line_1": 1,
    "address_line_2": 2,
    "city": 3,
    "state": 4,
    "zip": 5,
    "country": 6,
}
"""Code and id of each part of an address, the same in every account (`custom-fields-v4:1392-1393`)."""

_PART_BY_ID: Final = {number: code for code, number in ADDRESS_PARTS.items()}


@frozen
class AddressPart:
    """One part of an address.

    Attributes:
        value: its text.
        enum_code, enum_id: which part it is, a key or a value of `ADDRESS_PARTS`. One of them is enough; the
            id is sent when both are given.
    """

    value: str
    enum_code: str | None = None
    enum_id: int | None = None

    @property
    def part(self) -> str | None:
        """Code of the part, also where only the id is known; None for an id outside 1..6."""
        if self.enum_id is not None:
            return _PART_BY_ID.get(self.enum_id)
        return self.enum_code


@frozen
class SmartAddress:
    """An address in parts (`custom-fields-v4:1386`); made by `SmartAddress.of(city="Moscow", zip="109004")`.

    Attributes:
        parts: its parts in the order of the wire, those with unknown codes or ids included.
    """

    parts: tuple[AddressPart, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        address_line_1: str | None = None,
        address_line_2: str | None = None,
        city: str | None = None,
        state: str | None = None,
        zip: str | None = None,
        country: str | None = None,
    ) -> SmartAddress:
        """An address from its parts; parts left out are not part of it.

        Args:
            address_line_1, address_line_2: street and house.
            city, state, zip: city, region, postal code.
            country: two-letter code, like `"RU"`.
        """
        given = {
            "address_line_1": address_line_1,
            "address_line_2": address_line_2,
            "city": city,
            "state": state,
            "zip": zip,
            "country": country,
        }
        return cls(
            tuple(AddressPart(text, enum_code=code) for code, text in given.items() if text is not None)
        )

    def get(self, part: str | int) -> str | None:
        """Text of a part by its code or id; None when the address has no such part."""
        code = _PART_BY_ID.get(part) if isinstance(part, int) else part
        return next((each.value for each in self.parts if each.part == code), None) if code else None

    @property
    def address_line_1(self) -> str | None:
        """First line: street and house."""
        return self.get("address_line_1")

    @property
    def address_line_2(self) -> str | None:
        """Second line."""
        return self.get("address_line_2")

    @property
    def city(self) -> str | None:
        """City."""
        return self.get("city")

    @property
    def state(self) -> str | None:
        """Region."""
        return self.get("state")

    @property
    def zip(self) -> str | None:
        """Postal code."""
        return self.get("zip")

    @property
    def country(self) -> str | None:
        """Country."""
        return self.get("country")
