"""Reading the values of an entity: `Values`, a mapping of the fields that are filled."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, TypeAlias, TypeVar, overload

from attrs import field as attribute
from attrs import frozen

from kommo.values.dialects import V2, V4, Dialect
from kommo.values.entries import AnyEntry, Entry, FieldRef, make_entry, plain, wire_values
from kommo.values.errors import FieldNotFilled, FieldValueError, Unfit
from kommo.values.field_type import FieldType
from kommo.values.models import Raw
from kommo.values.registry import FIELD_TYPES

R = TypeVar("R")

Types: TypeAlias = Mapping[FieldRef, str | int | FieldType[Any]]
"""Types of fields by id or code: as names, v2 numbers or FieldTypes. `types_of(definitions)` makes one."""

_BY_NUMBER: Final = MappingProxyType(
    {each.v2_number: each.name for each in FIELD_TYPES.values() if each.v2_number is not None}
)


class _Absent(Protocol):
    """The generated client's mark of a key that the answer did not have."""

    def __bool__(self) -> Literal[False]: ...


@frozen
class Field:
    """One filled field of an entity.

    Attributes:
        id: id of the field; None when the answer has none.
        code: its code; None when it has none.
        name: its name; None when the answer has none.
        type_name: name of its type; None when neither the answer nor the caller says. Any string the server
            sends.
        type: the type, None when it is not known here.
        raw: the entry as it came.
    """

    id: int | None
    code: str | None
    name: str | None
    type_name: str | None
    type: FieldType[Any] | None
    raw: Mapping[str, Any] = attribute(repr=False)
    _tz: dt.tzinfo | None = attribute(repr=False)
    _dialect: Dialect = attribute(repr=False)

    @property
    def key(self) -> FieldRef:
        """The id, or the code where there is no id."""
        return self.id if self.id is not None else self.code or "?"

    @property
    def value(self) -> Any:
        """The value in the type's Python type; None when empty; Raw for an unknown type or misfit."""
        try:
            values = wire_values(self.raw)
            if self.type is not None:
                return self.type.load(values, self._tz)
        except Unfit:
            return Raw(self.raw["values"])
        return Raw(values) if values else None

    @property
    def values(self) -> list[Any]:
        """All values, as a list also for types that hold one; Raw as of `value`, one for each."""
        try:
            values = [each for each in wire_values(self.raw) if each is not None]
        except Unfit:
            return [Raw(self.raw.get("values"))]
        return [each for value in values if (each := self._one(value)) is not None]

    def _one(self, wire: Any) -> Any:
        if self.type is None:
            return Raw([wire])
        try:
            loaded = self.type.load([wire], self._tz)
        except Unfit:
            return Raw([wire])
        return loaded[0] if self.type.many and loaded else loaded

    def as_(self, type: FieldType[R]) -> R | None:
        """The value with an exact Python type; None when empty.

        Args:
            type: a type of the same shape as the field's own: `numeric` also reads a price.

        Raises:
            FieldValueError: the field is of another shape, or its value is not what the type promises.
        """
        if self.type is not None and self.type.__class__ is not type.__class__:
            raise FieldValueError(
                self.key,
                self.type_name,
                self.raw.get("values"),
                f"is not of type {type.name}",
                f"read it as {self.type_name}",
            )
        return type.under(self._dialect).read(self.raw, tz=self._tz)

    def entry(self) -> Entry | None:
        """The field as it may be sent: without read-only keys and nulls. None when it holds nothing.

        `{"enum_code": None}`, which answers hold and requests must not (KRUKOV), is among what is left out.

        Raises:
            FieldValueError: the answer named neither id nor code of the field.
        """
        try:
            values = wire_values(self.raw)
        except Unfit:
            values = self.raw["values"]
        else:
            if self.type is not None:
                values = self.type.resend(values)
            else:
                values = [_without_null_labels(each) for each in values if each is not None]
        if not values:
            return None
        key = self.id if self.id is not None else self.code
        return make_entry("" if key is None else key, values, self._dialect, self.type_name)


def _without_null_labels(wire: Any) -> Any:
    """A value of an unknown type without the keys of an option, kind or part that are null."""
    if not isinstance(wire, Mapping):
        return wire
    labels = ("enum_id", "enum_code", "enum", "subtype")
    return {key: value for key, value in wire.items() if value is not None or key not in labels}


class Values(Mapping[FieldRef, Field]):
    """The filled fields of an entity, by id or by code.

        filled = Values(contact["custom_fields_values"])
        filled["PHONE"].value          # [Multitext(value="+7...", enum_code="WORK", enum_id=48224)]
        filled.value(103, numeric)     # Decimal("1.5"), or None when the field is empty
        filled.entries()               # ready to be sent back

    Iteration gives the keys in the order of the answer: ids of fields, or the code where there is no id.
    """

    _dialect: Dialect = V4

    def __init__(
        self,
        entries: Iterable[AnyEntry] | _Absent | None,
        *,
        types: Types | None = None,
        tz: dt.tzinfo | None = None,
    ) -> None:
        """
        Args:
            entries: `custom_fields_values` of an entity: a list of dicts or models; null and a missing key
                are no fields.
            types: types of fields, for entries that do not name theirs. An entry's own type comes first.
            tz: zone of the moments that are read, mostly that of the account; UTC when None.

        Raises:
            FieldValueError: not a list of entries, or of entries of the other version.
        """
        self._fields: list[Field] = []
        if entries:
            if isinstance(entries, (str, bytes, Mapping)) or not isinstance(entries, Iterable):
                raise FieldValueError("?", None, entries, "is no list of fields", "give custom_fields_values")
            self._fields.extend(read(entry, types=types, tz=tz, dialect=self._dialect) for entry in entries)
        self._by_key: dict[FieldRef, Field] = {}
        for each in self._fields:
            for key in (each.id, each.code):
                if key is not None:
                    self._by_key.setdefault(key, each)

    def __getitem__(self, field: FieldRef) -> Field:
        """The field with this id or code.

        Raises:
            FieldNotFilled: the entity has no entry for it (also a KeyError).
        """
        try:
            return self._by_key[field]
        except KeyError:
            raise FieldNotFilled(field) from None

    def __contains__(self, field: object) -> bool:
        return field in self._by_key

    def __iter__(self) -> Iterator[FieldRef]:
        return iter(dict.fromkeys(each.key for each in self._fields))

    def __len__(self) -> int:
        return len({each.key for each in self._fields})

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self)})"

    @overload
    def value(self, field: FieldRef) -> Any: ...
    @overload
    def value(self, field: FieldRef, type: FieldType[R]) -> R | None: ...
    def value(self, field: FieldRef, type: FieldType[Any] | None = None) -> Any:
        """The value of a field, None when it is empty or not there.

        Args:
            field: id or code.
            type: the type to read it as: gives the exact Python type, and an error instead of Raw.

        Raises:
            FieldValueError: with `type`: the field is of another shape, or its value not what the type
                promises.
        """
        if type is not None and not isinstance(type, FieldType):
            raise FieldValueError(
                field, None, type, "is no type of a field", "give one of kommo.values, such as numeric"
            )
        found = self._by_key.get(field)
        if found is None:
            return None
        return found.value if type is None else found.as_(type)

    def fields(self) -> tuple[Field, ...]:
        """The fields in the order of the answer."""
        return tuple(self._fields)

    def entries(self) -> list[Entry]:
        """All filled fields as they may be sent, see `Field.entry`.

        Raises:
            FieldValueError: the answer named neither id nor code of a field.
        """
        return [entry for each in self._fields if (entry := each.entry()) is not None]


def read(
    entry: AnyEntry, *, types: Types | None = None, tz: dt.tzinfo | None = None, dialect: Dialect = V4
) -> Field:
    """One entry of an answer as a Field.

    Args:
        entry: the entry, plain or a model.
        types, tz: as for Values.
        dialect: version of the entry.

    Raises:
        FieldValueError: not an entry, or one of the other version.
    """
    given = plain(entry)
    if given is None:
        raise FieldValueError(
            "?", None, entry, "is no entry of a field", "give one item of custom_fields_values"
        )
    id_, code = _field_id(given.get(dialect.id_key)), given.get(dialect.code_key)
    code = code if isinstance(code, str) and code else None
    if id_ is None and code is None:
        _check_version(entry, given, dialect)
    own = given.get(dialect.type_key) if dialect.type_key else None
    listed = (types or {}).get(id_ if id_ is not None else "", (types or {}).get(code or ""))
    name, kind = _type(own if own is not None else listed, dialect)
    title = given.get(dialect.name_key)
    return Field(id_, code, None if title is None else str(title), name, kind, given, tz, dialect)


def _check_version(entry: AnyEntry, given: Mapping[str, Any], dialect: Dialect) -> None:
    """Refuse what would be read as an entry of nothing: one of the other version, or a whole record."""
    other, mend = (
        (V2, "give custom_fields_values of a record; custom_fields of v2 are read with kommo.values.v2")
        if dialect is V4
        else (V4, "give custom_fields of an element; custom_fields_values of v4 are read with kommo.values")
    )
    if given.keys() & {other.id_key, other.code_key}:
        raise FieldValueError("?", None, entry, f"is no entry of a field of {dialect.version}", mend)


def _field_id(value: Any) -> int | None:
    if isinstance(value, str) and value.isdecimal() and len(value) <= 19:
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _type(given: Any, dialect: Dialect) -> tuple[str | None, FieldType[Any] | None]:
    if isinstance(given, FieldType):
        return given.name, given.under(dialect)
    if isinstance(given, int):
        given = _BY_NUMBER.get(given, str(given))
    if given is None:
        return None, None
    known = FIELD_TYPES.get(str(given))
    return str(given), None if known is None else known.under(dialect)
