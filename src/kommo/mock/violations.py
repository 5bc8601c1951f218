"""What can be wrong with a request, in the terms of the domain.

The HTTP layer decides how each of these looks on the wire; see `http.problems`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

NOT_SUPPORTED_CHOICE: Final = "NotSupportedChoice"
"""The value refers to something unknown, is not one of the allowed ones, or is taken."""
INVALID_TYPE: Final = "InvalidType"
"""The value has the wrong JSON type."""
REQUIRED_FILLED: Final = "RequiredFilled"
"""A key that must be present is missing, or its value is empty."""
FIELD_NOT_EXPECTED: Final = "FieldNotExpected"
"""The key has no meaning in this place."""
OUT_OF_RANGE: Final = "OutOfRange"
"""A number or a length is outside its bounds."""

# Their sentences for people, where there is nothing particular to say.
UNKNOWN_CHOICE: Final = "The value you selected is not a valid choice."
UNEXPECTED: Final = "This field was not expected."
MISSING: Final = "This field is missing."


class Violation(NamedTuple):
    """One broken rule: an open code, the dotted path relative to the item, and a sentence for people."""

    code: str
    path: str
    detail: str


class DomainError(Exception):
    """A request that the rules of the account refuse. Nothing was changed."""


class Invalid(DomainError):
    """One or more items break rules. `items` pairs a request id with the violations of that item."""

    def __init__(self, items: Iterable[tuple[str, list[Violation]]]) -> None:
        self.items = list(items)
        super().__init__("; ".join(f"{v.path}: {v.detail}" for _, found in self.items for v in found))


class Malformed(DomainError):
    """The request as a whole has the wrong shape."""


class TooMany(DomainError):
    """More items in one request than a batch may hold."""


class NotFound(DomainError):
    """The addressed record does not exist here."""


class Refused(DomainError):
    """The record exists, and the rules forbid what was asked (deleting a predefined group, say)."""
