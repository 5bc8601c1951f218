"""What the shapes of all values have in common."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from kommo.values.dialects import Dialect
from kommo.values.errors import Unfit
from kommo.values.moments import Form

T = TypeVar("T")

LOOK: Final = "read it from .raw"
"""What to do about a value that cannot be read."""


class Way(NamedTuple):
    """How to spell: the version, and for moments the zone and the form."""

    dialect: Dialect
    tz: dt.tzinfo | None = None
    form: Form = "unix"
    many: bool = False


class Shape(ABC, Generic[T]):
    """One value on the wire and in Python.

    Attributes:
        python: the Python type, for documentation.
        wire: what stands on the wire, for documentation.
    """

    python: str
    wire: ClassVar[str]

    @abstractmethod
    def load(self, wire: Any, way: Way) -> T | None:
        """The Python value; None when the wire has null or nothing. Raises Unfit."""

    @abstractmethod
    def dump(self, value: Any, way: Way) -> Any:
        """The value as it is sent. Raises Unfit."""

    def resend(self, wire: Any, way: Way) -> Any:
        """A value as it was read, in the form that may be sent; None when nothing is left of it.

        Only keys that may be sent remain, and no key that is null: an `enum_code` of null is refused (KRUKOV).
        """
        return own_keys(wire, ("value",))


def own_keys(wire: Any, keys: tuple[str, ...]) -> Any:
    """The object with these keys only and without nulls, None if that leaves nothing; else as it is."""
    if not isinstance(wire, Mapping):
        return wire
    return {key: wire[key] for key in keys if wire.get(key) is not None} or None


def as_object(wire: Any) -> Mapping[str, Any]:
    """What came as an object. Raises Unfit when it is none."""
    if isinstance(wire, Mapping):
        return wire
    raise Unfit("is not an object", LOOK)
