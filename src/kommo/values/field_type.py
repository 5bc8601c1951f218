"""What all types of fields have in common: writing, reading and sending back, of one value or of many."""

from __future__ import annotations

import copy
import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from typing import Any, ClassVar, Generic, Self, TypeVar

from kommo.values.dialects import V4, Dialect
from kommo.values.entries import AnyEntry, Entry, FieldRef, make_entry, plain, wire_values
from kommo.values.errors import FieldValueError, Unfit
from kommo.values.models import CLEAR, Raw
from kommo.values.moments import Form
from kommo.values.shapes.base import Shape, Way

T = TypeVar("T")
R = TypeVar("R", covariant=True)


class FieldType(ABC, Generic[R]):
    """A type of field. `R` is the Python type that its value is read as.

    Attributes:
        name: as the API names it.
        title: in plain words.
        entities: kinds of entities that can have such a field, as `entity_type` names them (DOC-CF).
        source: where the vendor shows how to fill it.
        documented: whether it is one of the 18 types of `custom-fields-v4`; the others are on the newer page
            (DOC-CF).
        v2_number: how v2 numbers the type (LINKP, UFEE); None when unknown.
        most: how many values it takes at most; None when there is no limit known.
        dialect: the version that it writes and reads.
        many: whether it holds any number of values.
        shape: how one of its values looks.
    """

    many: ClassVar[bool] = False
    shape: Shape[Any]

    def __init__(
        self,
        name: str,
        title: str,
        *,
        entities: tuple[str, ...],
        source: str,
        documented: bool = True,
        v2_number: int | None = None,
        most: int | None = None,
    ) -> None:
        self.name = name
        self.title = title
        self.entities = entities
        self.source = source
        self.documented = documented
        self.v2_number = v2_number
        self.most = most
        self.dialect: Dialect = V4

    def __repr__(self) -> str:
        return f"<field type {self.name} ({self.dialect.version})>"

    def under(self, dialect: Dialect) -> Self:
        """The same type in another version's spelling; itself when that is its own."""
        if dialect is self.dialect:
            return self
        other = copy.copy(self)
        other.dialect = dialect
        return other

    @property
    def python(self) -> str:
        """What `read` gives, for documentation."""
        return f"list[{self.shape.python}]" if self.many else self.shape.python

    def write(
        self, field: FieldRef, value: Any, *, tz: dt.tzinfo | None = None, form: Form = "unix"
    ) -> Entry:
        """An entry that sets the field to `value`: anything `read` can give, or what calling the type takes.

        This is the same for all types; calling the type is the form with exact argument types.

        Args:
            field: id or code of the field.
            value: the value; CLEAR takes the value away; Raw goes out as it is.
            tz, form: for moments only, see `date`.

        Raises:
            FieldValueError: the type cannot hold that.
        """
        if value is CLEAR:
            return make_entry(field, self.dialect.cleared(), self.dialect, self.name)
        if isinstance(value, Raw):
            return make_entry(field, value.wire, self.dialect, self.name)
        try:
            if value is None:
                raise Unfit("is no value", "to empty the field, say so: clear(field)")
            values = self._dump(value, Way(self.dialect, tz, form, self.many))
            if not values:
                raise Unfit("holds nothing", "to empty the field, say so: clear(field)")
            if self.most is not None and len(values) > self.most:
                raise Unfit(
                    f"holds {len(values)} values, but the field takes {self.most}",
                    f"give at most {self.most}",
                )
        except Unfit as unfit:
            raise FieldValueError(field, self.name, value, unfit.problem, unfit.mend) from None
        return make_entry(field, values, self.dialect, self.name)

    def read(self, entry: AnyEntry, *, tz: dt.tzinfo | None = None) -> R | None:
        """The value in an entry of an answer; None when the field is empty.

        Args:
            entry: the entry, plain or a model.
            tz: zone for moments; UTC when None. v2 needs it: its moments carry no zone.

        Raises:
            FieldValueError: the entry is of another type, or its value is not what the type promises.
        """
        given = plain(entry)
        if given is None:
            raise FieldValueError("?", self.name, entry, "is no entry", "give one item of the list of values")
        field = given.get(self.dialect.id_key) or given.get(self.dialect.code_key)
        try:
            return self.load(wire_values(given), tz)
        except Unfit as unfit:
            raise FieldValueError(field, self.name, given.get("values"), unfit.problem, unfit.mend) from None

    def load(self, values: list[Any], tz: dt.tzinfo | None = None) -> R | None:
        """The value of a list of wire values. Raises Unfit; `read` is the form for callers."""
        return self._load(values, Way(self.dialect, tz, many=self.many))

    def resend(self, values: list[Any]) -> list[Any]:
        """Wire values as they were read, in the form that may be sent: no read-only keys, no nulls."""
        way = Way(self.dialect, many=self.many)
        sent = (None if value is None else self.shape.resend(value, way) for value in values)
        return [value for value in sent if value is not None]

    @abstractmethod
    def _load(self, values: list[Any], way: Way) -> R | None: ...

    @abstractmethod
    def _dump(self, value: Any, way: Way) -> list[Any]: ...


class One(FieldType[T]):
    """A field of one value."""

    def _load(self, values: list[Any], way: Way) -> T | None:
        loaded = (self.shape.load(value, way) for value in values if value is not None)
        return next((value for value in loaded if value is not None), None)

    def _dump(self, value: Any, way: Way) -> list[Any]:
        return [self.shape.dump(value, way)]


class Many(FieldType[list[T]], Generic[T]):
    """A field of any number of values."""

    many = True

    def _load(self, values: list[Any], way: Way) -> list[T] | None:
        loaded = [self.shape.load(value, way) for value in values if value is not None]
        return [value for value in loaded if value is not None] or None

    def _dump(self, value: Any, way: Way) -> list[Any]:
        # Not any iterable: some have no end.
        if isinstance(value, (str, Mapping)) or not isinstance(value, Collection):
            value = [value]
        return [self.shape.dump(each, way) for each in value]

    def _several(self, field: FieldRef, given: tuple[Any, ...]) -> Entry:
        return self.write(field, CLEAR if given == (CLEAR,) else given)
