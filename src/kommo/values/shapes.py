"""One class per shape of a value: how one value of the wire becomes one Python value, and back.

A shape knows neither fields nor types. What it cannot take it refuses with Unfit.
"""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Final, Generic, NamedTuple, TypeVar

from attrs import Attribute, fields

from kommo.values import objects
from kommo.values.dialects import Dialect, Label
from kommo.values.errors import Unfit
from kommo.values.models import AddressPart, Choice, Multitext
from kommo.values.moments import Form, from_wire
from kommo.values.numbers import to_decimal, to_digits, to_json_number

T = TypeVar("T")
CodedT = TypeVar("CodedT", bound=Multitext | AddressPart)
RecordT = TypeVar("RecordT", bound=objects.Record)

_LOOK: Final = "read it from .raw"
_FLAGS: Final = {"0": False, "1": True, "false": False, "true": True}


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


def _object(wire: Any) -> Mapping[str, Any]:
    if isinstance(wire, Mapping):
        return wire
    raise Unfit("is not an object", _LOOK)


class Scalar(Shape[T]):
    """A value that is `{"value": ...}`."""

    def load(self, wire: Any, way: Way) -> T | None:
        value = _object(wire).get("value")
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
        return _read_text(value)

    def encode(self, value: Any, way: Way) -> str:
        return _write_text(value)


class Number(Scalar[Decimal]):
    """A number, which goes over the wire as text."""

    python = "Decimal"
    wire = '{"value": string of digits}'

    def decode(self, value: Any, way: Way) -> Decimal:
        return _read_number(value)

    def encode(self, value: Any, way: Way) -> str:
        return to_digits(value)


class Flag(Scalar[bool]):
    """Yes or no."""

    python = "bool"
    wire = '{"value": boolean}'

    def decode(self, value: Any, way: Way) -> bool:
        return _read_flag(value)

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


class Option(Shape[Choice]):
    """An option, named by its text, its id or its code."""

    python = "Choice"
    wire = '{"value": string} or {"enum_id": integer} or {"enum_code": string}'

    def load(self, wire: Any, way: Way) -> Choice | None:
        if isinstance(wire, (str, int)) and not isinstance(wire, bool):
            # v2 lists the bare ids of a multiselect (list-elements-v2:32).
            wire = {"enum": wire, "enum_id": wire}
        given = _object(wire)
        value, label = given.get("value"), way.dialect.label(given)
        if value is None and label == (None, None):
            return None
        return Choice(None if value is None else _read_text(value), *label)

    def dump(self, value: Any, way: Way) -> Any:
        if isinstance(value, str):
            value = Choice(value)
        if not isinstance(value, Choice):
            raise Unfit("is no option", "give its text, or a Choice(value=, enum_id= or enum_code=)")
        if value == Choice():
            raise Unfit("names no option", "give one of value=, enum_id= and enum_code=")
        text = None if value.value is None else _write_text(value.value)
        return way.dialect.option(_written_label(value), text, many=way.many)

    def resend(self, wire: Any, way: Way) -> Any:
        try:
            choice = self.load(wire, way)
            return None if choice is None else self.dump(choice, way)
        except Unfit:
            return own_keys(wire, way.dialect.value_keys)


class Coded(Shape[CodedT]):
    """Text with a label: which kind of phone, which part of an address."""

    wire = '{"value": string, "enum_id": integer or "enum_code": string}'

    def __init__(self, model: type[CodedT], *, address: bool = False) -> None:
        self.python = model.__name__
        self._model = model
        self._address = address

    def load(self, wire: Any, way: Way) -> CodedT | None:
        value = _object(wire).get("value")
        if value is None:
            return None
        enum_id, enum_code = way.dialect.label(wire)
        return self._model(_read_text(value), enum_code, enum_id)

    def dump(self, value: Any, way: Way) -> dict[str, Any]:
        what = self._model.__name__
        if not isinstance(value, self._model):
            raise Unfit(f"is no {what}", f"give a {what}(value, enum_code) or {what}(value, enum_id=)")
        label = way.dialect.labelled(_written_label(value), address=self._address)
        if not label:
            raise Unfit("names no kind", f"give {what} an enum_code or an enum_id")
        return {"value": _write_text(value.value), **label}

    def resend(self, wire: Any, way: Way) -> Any:
        kept = own_keys(wire, way.dialect.value_keys)
        try:
            label = way.dialect.labelled(way.dialect.label(_object(wire)), address=self._address)
        except Unfit:
            return kept
        return {"value": kept["value"], **label} if isinstance(kept, dict) and "value" in kept else None


class Record(Shape[RecordT]):
    """An object with named attributes, by the marks of its model."""

    wire = '{"value": object}'
    _key: str | None = "value"

    def __init__(self, model: type[RecordT]) -> None:
        self.python = model.__name__
        self._model = model
        self._attributes: tuple[Attribute[Any], ...] = tuple(a for a in fields(model) if a.name != "extra")
        self._by_name = {attribute.name: attribute for attribute in self._attributes}
        self._read_only = {a.name for a in self._attributes if a.metadata.get("read_only")}

    def load(self, wire: Any, way: Way) -> RecordT | None:
        inner = self._inner(_object(wire))
        return None if inner is None else self.build(inner)

    def _inner(self, wire: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if self._key is None:
            return wire
        value = wire.get(self._key)
        # PHP writes an empty object as [].
        return None if value is None or value == [] else _object(value)

    def build(self, inner: Mapping[str, Any]) -> RecordT:
        """The model from the keys of the wire. Unknown keys, and parts of the wrong kind, go to `extra`."""
        known: dict[str, Any] = {}
        extra: dict[str, Any] = {}
        for key, value in inner.items():
            attribute = self._by_name.get(key)
            if value is None:
                continue
            try:
                if attribute is None:
                    raise Unfit("is no key of it", _LOOK)
                known[key] = _read_part(attribute.metadata["holds"], value)
            except Unfit:
                extra[key] = value
        return self._model(**known, extra=extra)

    def dump(self, value: Any, way: Way) -> dict[str, Any]:
        inner = self.parts(value)
        return inner if self._key is None else {self._key: inner}

    def parts(self, value: Any) -> dict[str, Any]:
        """The keys to send, of a model or a plain mapping."""
        if isinstance(value, Mapping):
            given = dict(value)
            known = {key: given.pop(key) for key in self._by_name if key in given}
            value = self._model(**known, extra=given)
        if not isinstance(value, self._model):
            raise Unfit(f"is no {self.python}", f"give a {self.python} or a dict with its keys")
        sent: dict[str, Any] = {}
        for attribute in self._attributes:
            key, part = attribute.name, getattr(value, attribute.name)
            if key in self._read_only or (part is None and key in value.extra):
                continue
            if part is not None:
                try:
                    sent[key] = _write_part(attribute.metadata["holds"], part)
                except Unfit as unfit:
                    raise Unfit(f"has a {key} that {unfit.problem}", unfit.mend) from None
            elif key in value.required:
                raise Unfit(f"lacks {key}", f"give {key}")
            elif self._null_is_sent(key):
                sent[key] = None
        return {**{key: part for key, part in value.extra.items() if key not in self._read_only}, **sent}

    def resend(self, wire: Any, way: Way) -> Any:
        try:
            value = self.load(wire, way)
        except Unfit:
            return wire
        if value is None:
            return None
        inner = self._inner(wire) or {}
        kept = {
            key: part
            for key, part in inner.items()
            if key not in self._read_only and (part is not None or self._null_is_sent(key))
        }
        return kept if self._key is None else {self._key: kept}

    def _null_is_sent(self, key: str) -> bool:
        return key in self._by_name and bool(self._by_name[key].metadata.get("null"))


class BareRecord(Record[RecordT]):
    """An object whose keys stand in the value itself."""

    wire = "object"
    _key = None


def _written_label(value: Choice | Multitext | AddressPart) -> Label:
    if value.enum_id is not None and (isinstance(value.enum_id, bool) or not isinstance(value.enum_id, int)):
        raise Unfit("has an enum_id that is not an int", "give the id of an option")
    if value.enum_code is not None and (not isinstance(value.enum_code, str) or not value.enum_code):
        raise Unfit("has an enum_code that is not text", "give the code of an option")
    return Label(value.enum_id, value.enum_code)


def _read_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise Unfit("is no text", _LOOK)


def _write_text(value: Any) -> str:
    if not isinstance(value, str):
        raise Unfit("is no text", "give a str")
    return value


def _read_flag(value: Any) -> bool:
    # A form body and v2 have no booleans, and the vendor's own library casts what it reads (LIB).
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    raise Unfit("is no flag", _LOOK)


def _read_number(value: Any) -> Decimal:
    try:
        return to_decimal(value)
    except Unfit as unfit:
        raise Unfit(unfit.problem, _LOOK) from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise Unfit("is no whole number", "give an int")
    return int(value)


def _read_whole(value: Any) -> int:
    number = _read_number(value)
    if number != number.to_integral_value():
        raise Unfit("is no whole number", _LOOK)
    return int(number)


def _read_part(holds: Any, value: Any) -> Any:
    """One attribute of an object, from the wire."""
    if holds == "text":
        return _read_text(value)
    if holds == "integer":
        return _read_whole(value)
    if holds == "number":
        return _read_number(value)
    if holds == "flag":
        return _read_flag(value)
    if holds == "text or integer":
        return value if isinstance(value, int) and not isinstance(value, bool) else _read_text(value)
    if holds == "anything":
        return value
    return Record(holds).build(_object(value))


def _write_part(holds: Any, value: Any) -> Any:
    """One attribute of an object, for the wire."""
    if holds == "text":
        return _write_text(value)
    if holds == "integer":
        return _whole(value)
    if holds == "number":
        return to_json_number(value)
    if holds == "text or integer":
        return _whole(value) if isinstance(value, int) else _write_text(value)
    if holds == "anything":
        return value
    return Record(holds).parts(value)
