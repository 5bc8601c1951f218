"""Values that are objects with named attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from attrs import Attribute, fields

from kommo.values import objects
from kommo.values.errors import Unfit
from kommo.values.numbers import to_json_number
from kommo.values.shapes.base import LOOK, Shape, Way, as_object
from kommo.values.shapes.parts import read_flag, read_number, read_text, read_whole, write_text, write_whole

RecordT = TypeVar("RecordT", bound=objects.Record)


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
        inner = self._inner(as_object(wire))
        return None if inner is None else self.build(inner)

    def _inner(self, wire: Mapping[str, Any]) -> Mapping[str, Any] | None:
        if self._key is None:
            return wire
        value = wire.get(self._key)
        # PHP writes an empty object as [].
        return None if value is None or value == [] else as_object(value)

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
                    raise Unfit("is no key of it", LOOK)
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


def _read_part(holds: Any, value: Any) -> Any:
    """One attribute of an object, from the wire."""
    if holds == "text":
        return read_text(value)
    if holds == "integer":
        return read_whole(value)
    if holds == "number":
        return read_number(value)
    if holds == "flag":
        return read_flag(value)
    if holds == "text or integer":
        return value if isinstance(value, int) and not isinstance(value, bool) else read_text(value)
    if holds == "anything":
        return value
    return Record(holds).build(as_object(value))


def _write_part(holds: Any, value: Any) -> Any:
    """One attribute of an object, for the wire."""
    if holds == "text":
        return write_text(value)
    if holds == "integer":
        return write_whole(value)
    if holds == "number":
        return to_json_number(value)
    if holds == "text or integer":
        return write_whole(value) if isinstance(value, int) else write_text(value)
    if holds == "anything":
        return value
    return Record(holds).parts(value)
