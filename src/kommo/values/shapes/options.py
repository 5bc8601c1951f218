"""Values that are an option, or carry one as their label."""

from __future__ import annotations

from typing import Any, TypeVar

from kommo.values.dialects import Label
from kommo.values.errors import Unfit
from kommo.values.models import AddressPart, Choice, Multitext
from kommo.values.shapes.base import Shape, Way, as_object, own_keys
from kommo.values.shapes.parts import read_text, write_text

CodedT = TypeVar("CodedT", bound=Multitext | AddressPart)


class Option(Shape[Choice]):
    """An option, named by its text, its id or its code."""

    python = "Choice"
    wire = '{"value": string} or {"enum_id": integer} or {"enum_code": string}'

    def load(self, wire: Any, way: Way) -> Choice | None:
        if isinstance(wire, (str, int)) and not isinstance(wire, bool):
            # v2 lists the bare ids of a multiselect (list-elements-v2:32).
            wire = {"enum": wire, "enum_id": wire}
        given = as_object(wire)
        value, label = given.get("value"), way.dialect.label(given)
        if value is None and label == (None, None):
            return None
        return Choice(None if value is None else read_text(value), *label)

    def dump(self, value: Any, way: Way) -> Any:
        if isinstance(value, str):
            value = Choice(value)
        if not isinstance(value, Choice):
            raise Unfit("is no option", "give its text, or a Choice(value=, enum_id= or enum_code=)")
        if value == Choice():
            raise Unfit("names no option", "give one of value=, enum_id= and enum_code=")
        text = None if value.value is None else write_text(value.value)
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
        value = as_object(wire).get("value")
        if value is None:
            return None
        enum_id, enum_code = way.dialect.label(wire)
        return self._model(read_text(value), enum_code, enum_id)

    def dump(self, value: Any, way: Way) -> dict[str, Any]:
        what = self._model.__name__
        if not isinstance(value, self._model):
            raise Unfit(f"is no {what}", f"give a {what}(value, enum_code) or {what}(value, enum_id=)")
        label = way.dialect.labelled(_written_label(value), address=self._address)
        if not label:
            raise Unfit("names no kind", f"give {what} an enum_code or an enum_id")
        return {"value": write_text(value.value), **label}

    def resend(self, wire: Any, way: Way) -> Any:
        kept = own_keys(wire, way.dialect.value_keys)
        try:
            label = way.dialect.labelled(way.dialect.label(as_object(wire)), address=self._address)
        except Unfit:
            return kept
        return {"value": kept["value"], **label} if isinstance(kept, dict) and "value" in kept else None


def _written_label(value: Choice | Multitext | AddressPart) -> Label:
    if value.enum_id is not None and (isinstance(value.enum_id, bool) or not isinstance(value.enum_id, int)):
        raise Unfit("has an enum_id that is not an int", "give the id of an option")
    if value.enum_code is not None and (not isinstance(value.enum_code, str) or not value.enum_code):
        raise Unfit("has an enum_code that is not text", "give the code of an option")
    return Label(value.enum_id, value.enum_code)
