"""How v4 and v2 spell the same values. Everything in which they differ is in this module."""

from __future__ import annotations

import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from attrs import frozen

from kommo.values.errors import Unfit
from kommo.values.moments import Form, to_local_text, to_moment, to_rfc3339, to_unix


class Label(NamedTuple):
    """Which option of a list, kind of phone or part of an address a value belongs to."""

    enum_id: int | None
    enum_code: str | None


@frozen
class Dialect(ABC):
    """One version's spelling.

    Attributes:
        version: `v4` or `v2`.
        id_key, code_key, name_key, type_key: keys of an entry; type_key is None where entries have no type.
        value_keys: keys of one value that may be sent.
    """

    version: str
    id_key: str
    code_key: str
    name_key: str
    type_key: str | None
    value_keys: tuple[str, ...]

    @abstractmethod
    def cleared(self) -> Any:
        """What stands in `values` to take a value away."""

    @abstractmethod
    def flag(self, value: bool) -> Any:
        """A checkbox."""

    @abstractmethod
    def moment(self, value: Any, tz: dt.tzinfo | None, form: Form) -> Any:
        """A date or date and time. Raises Unfit."""

    @abstractmethod
    def labelled(self, label: Label, *, address: bool = False) -> dict[str, Any]:
        """The keys that name an option, kind or part: one of id and code, the id first. Raises Unfit."""

    @abstractmethod
    def label(self, wire: Mapping[str, Any]) -> Label:
        """The option, kind or part that a value names. Raises Unfit."""

    @abstractmethod
    def option(self, label: Label, value: str | None, *, many: bool) -> Any:
        """A whole value that picks an option. Raises Unfit."""


class _V4(Dialect):
    def cleared(self) -> None:
        return None

    def flag(self, value: bool) -> bool:
        return value

    def moment(self, value: Any, tz: dt.tzinfo | None, form: Form) -> int | str:
        moment = to_moment(value, tz)
        if form == "rfc3339":
            return to_rfc3339(moment)
        if form == "unix":
            return to_unix(moment)
        raise Unfit(f"cannot be written in the form {form!r}", 'give form="unix" or form="rfc3339"')

    def labelled(self, label: Label, *, address: bool = False) -> dict[str, Any]:
        if label.enum_id is not None:
            return {"enum_id": label.enum_id}
        return {"enum_code": label.enum_code} if label.enum_code is not None else {}

    def label(self, wire: Mapping[str, Any]) -> Label:
        return Label(_integer(wire.get("enum_id")), _text(wire.get("enum_code")))

    def option(self, label: Label, value: str | None, *, many: bool) -> dict[str, Any]:
        return self.labelled(label) or {"value": value}


class _V2(Dialect):
    def cleared(self) -> list[Any]:
        return []

    def flag(self, value: bool) -> str:
        return str(int(value))

    def moment(self, value: Any, tz: dt.tzinfo | None, form: Form) -> str:
        if form != "unix":
            raise Unfit("cannot be written in another form", "leave out form= for v2")
        return to_local_text(value, tz)

    def labelled(self, label: Label, *, address: bool = False) -> dict[str, Any]:
        name = label.enum_id if label.enum_id is not None else label.enum_code
        return {} if name is None else {"subtype" if address else "enum": str(name)}

    def label(self, wire: Mapping[str, Any]) -> Label:
        name = wire.get("enum")
        if name is None:
            name = wire.get("subtype")
        if isinstance(name, str) and not name.isdecimal():
            return Label(None, name)
        return Label(_integer(name), None)

    def option(self, label: Label, value: str | None, *, many: bool) -> Any:
        if label.enum_id is None and label.enum_code is not None:
            raise Unfit("names an option by its code, which v2 does not know", "give value= or enum_id=")
        if label.enum_id is None:
            return {"value": value}
        if many:
            return str(label.enum_id)
        # Without the text of the option, its id goes into `value`, as released v2 clients do it (UFEE).
        return {"value": str(label.enum_id)} if value is None else {"value": value, **self.labelled(label)}


V4: Final[Dialect] = _V4(
    version="v4",
    id_key="field_id",
    code_key="field_code",
    name_key="field_name",
    type_key="field_type",
    value_keys=("value", "enum_id", "enum_code"),
)
"""`custom_fields_values` of v4 (`custom-fields-v4:1196-1204`)."""

V2: Final[Dialect] = _V2(
    version="v2",
    id_key="id",
    code_key="code",
    name_key="name",
    type_key=None,
    value_keys=("value", "enum", "subtype"),
)
"""`custom_fields` of v2 (`list-elements-v2:27-34`, `list-elements-v2:331-338`)."""


def _integer(value: Any) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    if isinstance(value, str) and value.isdecimal() and len(value) <= 19:
        return int(value)
    raise Unfit("has an option id that is not an integer", "read it from .raw")


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise Unfit("has an option code that is not text", "read it from .raw")
