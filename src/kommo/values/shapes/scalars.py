"""Values that are text, a number, a flag or a moment."""

from __future__ import annotations

import datetime as dt
from abc import abstractmethod
from decimal import Decimal
from typing import Any

from kommo.values.errors import Unfit
from kommo.values.moments import from_wire
from kommo.values.numbers import to_digits
from kommo.values.shapes.base import Shape, T, Way, as_object
from kommo.values.shapes.parts import read_flag, read_number, read_text, write_text


class Scalar(Shape[T]):
    """A value that is `{"value": ...}`."""

    def load(self, wire: Any, way: Way) -> T | None:
        value = as_object(wire).get("value")
        return None if value is None else self.decode(value, way)

    def dump(self, value: Any, way: Way) -> dict[str, Any]:
        return {"value": self.encode(value, way)}

    @abstractmethod
    def decode(self, value: Any, way: Way) -> T:
        """What is under `value`, as Python sees it; never None. Raises Unfit."""

    @abstractmethod
    def encode(self, value: Any, way: Way) -> Any:
        """What goes under `value`. Raises Unfit."""


class Text(Scalar[str]):
    """Text; numbers that come in its place are read as their digits."""

    python = "str"
    wire = '{"value": string}'

    def decode(self, value: Any, way: Way) -> str:
        return read_text(value)

    def encode(self, value: Any, way: Way) -> str:
        return write_text(value)


class Number(Scalar[Decimal]):
    """A number, which goes over the wire as text."""

    python = "Decimal"
    wire = '{"value": string of digits}'

    def decode(self, value: Any, way: Way) -> Decimal:
        return read_number(value)

    def encode(self, value: Any, way: Way) -> str:
        return to_digits(value)


class Flag(Scalar[bool]):
    """Yes or no."""

    python = "bool"
    wire = '{"value": boolean}'

    def decode(self, value: Any, way: Way) -> bool:
        return read_flag(value)

    def encode(self, value: Any, way: Way) -> Any:
        if not isinstance(value, bool):
            raise Unfit("is no flag", "give True or False")
        return way.dialect.flag(value)


class Moment(Scalar[dt.datetime]):
    """A moment, as a datetime with its zone."""

    python = "datetime (aware)"
    wire = '{"value": Unix seconds or RFC 3339 string}'

    def decode(self, value: Any, way: Way) -> dt.datetime:
        return from_wire(value, way.tz)

    def encode(self, value: Any, way: Way) -> Any:
        return way.dialect.moment(value, way.tz, way.form)
