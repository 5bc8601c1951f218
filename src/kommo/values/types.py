"""Field types: what writes and reads the values of a field, one class per way of calling it.

A type is called to write a value, `numeric(103, "1.5")`, and asked to read one, `numeric.read(entry)`. Its
line in the table of types (name, entities, shape, sources) is on it as attributes; `kommo.values.registry`
lists all types.
"""

from __future__ import annotations

import copy
import datetime as dt
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Any, ClassVar, Generic, Protocol, Self, TypeAlias, TypeVar, cast

from kommo.values import shapes
from kommo.values.dialects import V4, Dialect
from kommo.values.errors import FieldValueError, Unfit
from kommo.values.models import (
    CLEAR,
    AddressPart,
    ChainedItem,
    Choice,
    Clear,
    Item,
    Multitext,
    Raw,
    Record,
    SmartAddress,
    Supplier,
)
from kommo.values.moments import Form
from kommo.values.shapes import Shape, Way

T = TypeVar("T")
R = TypeVar("R", covariant=True)
RecordT = TypeVar("RecordT", bound=Record)

Entry: TypeAlias = dict[str, Any]
"""One entry of `custom_fields_values` (v4) or `custom_fields` (v2): a field and its values."""

FieldRef: TypeAlias = int | str
"""A field: its id, or its code such as `"PHONE"`."""


class SupportsToDict(Protocol):
    """A model of the generated client."""

    def to_dict(self) -> dict[str, Any]: ...


AnyEntry: TypeAlias = Mapping[str, Any] | SupportsToDict
"""An entry as it comes in an answer: plain, or a model."""


def plain(entry: object) -> Mapping[str, Any] | None:
    """The entry as a mapping; None for anything that is neither a mapping nor a model."""
    # The common cases first, and no look at the protocol: a page has thousands of entries.
    if isinstance(entry, dict):
        return entry
    to_dict: Any = getattr(entry, "to_dict", None)
    if callable(to_dict):
        made: Any = to_dict()
        return cast(Mapping[str, Any], made)
    return entry if isinstance(entry, Mapping) else None


def make_entry(field: FieldRef, values: Any, dialect: Dialect, type: str | None = None) -> Entry:
    """An entry that may be sent.

    Raises:
        FieldValueError: `field` is neither an id nor a code.
    """
    if isinstance(field, str) and field:
        return {dialect.code_key: field, "values": values}
    if isinstance(field, int) and not isinstance(field, bool) and field > 0:
        return {dialect.id_key: int(field), "values": values}
    raise FieldValueError(field, type, field, "is no field", "give the id (int) or the code (str) of a field")


def wire_values(entry: Mapping[str, Any]) -> list[Any]:
    """The values of an entry as a flat list, also from null, an object with number keys, or lists in lists.

    Raises:
        Unfit: none of those.
    """
    values = entry.get("values")
    if values is None:
        return []
    if isinstance(values, Mapping):
        values = list(values.values())
    if not isinstance(values, (list, tuple)):
        raise Unfit("is no list of values", "read it from .raw")
    return [each for value in values for each in (value if isinstance(value, list) else [value])]


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


class _One(FieldType[T]):
    """A field of one value."""

    def _load(self, values: list[Any], way: Way) -> T | None:
        loaded = (self.shape.load(value, way) for value in values if value is not None)
        return next((value for value in loaded if value is not None), None)

    def _dump(self, value: Any, way: Way) -> list[Any]:
        return [self.shape.dump(value, way)]


class _Many(FieldType[list[T]], Generic[T]):
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


class TextType(_One[str]):
    """Text: text, textarea, streetaddress, url (`custom-fields-v4:1208`), tracking_data (DOC-CF)."""

    shape = shapes.Text()

    def __call__(self, field: FieldRef, value: str | Clear) -> Entry:
        """An entry that sets the field to a text.

        Args:
            field: id or code of the field.
            value: the text, sent as it is. The vendor ignores an empty text (LIB-ISSUES): use CLEAR to empty
                the field.

        Raises:
            FieldValueError: not a str.
        """
        return self.write(field, value)


class NumberType(_One[Decimal]):
    """Numbers: numeric, price (`custom-fields-v4:1208`), monetary (DOC-CF). Text on the wire."""

    shape = shapes.Number()

    def __call__(self, field: FieldRef, value: Decimal | int | float | str | Clear) -> Entry:
        """An entry that sets the field to a number.

        Args:
            field: id or code of the field.
            value: a Decimal, int, float or text of digits. A float means the number it prints as: 0.1 is
                sent as "0.1".

        Raises:
            FieldValueError: not a finite number within the range of a double.
        """
        return self.write(field, value)


class FlagType(_One[bool]):
    """Yes or no: checkbox (`custom-fields-v4:1262`)."""

    shape = shapes.Flag()

    def __call__(self, field: FieldRef, value: bool | Clear) -> Entry:
        """An entry that ticks the box or not.

        Args:
            field: id or code of the field.
            value: True or False.

        Raises:
            FieldValueError: not a bool.
        """
        return self.write(field, value)


class MomentType(_One[dt.datetime]):
    """Moments: date, date_time, birthday (`custom-fields-v4:1306`). Unix seconds on the wire, datetimes here.

    Of a date or birthday the server keeps the day only, in the time zone of the account, and answers with the
    Unix time of that day's midnight there (LIB-ISSUES #402). So name a day by a date with the zone of the
    account, and read it with the same zone: `Values(..., tz=zone).value(9, date)`.
    """

    shape = shapes.Moment()

    def __call__(
        self,
        field: FieldRef,
        value: dt.datetime | dt.date | int | Clear,
        *,
        tz: dt.tzinfo | None = None,
        form: Form = "unix",
    ) -> Entry:
        """An entry that sets the field to a moment.

        Args:
            field: id or code of the field.
            value: an aware datetime, a date (midnight in `tz`), or Unix seconds. Fractions of a second are
                dropped.
            tz: time zone of the account. A date needs it; so does everything but a date in v2, which sends
                local time.
            form: "unix" for Unix seconds, "rfc3339" for text such as `2020-01-01T00:00:00+03:00` (DOC-CF);
                v4 only.

        Raises:
            FieldValueError: a datetime without a zone, a date without `tz`, or a moment outside the calendar.
        """
        return self.write(field, value, tz=tz, form=form)


class SelectType(_One[Choice]):
    """One option: select, radiobutton, category (`custom-fields-v4:1344`)."""

    shape = shapes.Option()

    def __call__(
        self,
        field: FieldRef,
        value: str | Choice | Clear | None = None,
        *,
        enum_id: int | None = None,
        enum_code: str | None = None,
    ) -> Entry:
        """An entry that picks an option: by its text, its id or its code, one of the three.

        Args:
            field: id or code of the field.
            value: text of the option, or a Choice as it was read.
            enum_id: id of the option.
            enum_code: code of the option (DOC-CF; v4 only).

        Raises:
            FieldValueError: no option named, or one named in two ways.
        """
        if sum(each is not None for each in (value, enum_id, enum_code)) > 1:
            raise FieldValueError(
                field,
                self.name,
                value if value is not None else enum_id,
                "is one of several names of an option",
                "give one of value=, enum_id= and enum_code=",
            )
        return self.write(field, Choice(None, enum_id, enum_code) if value is None else value)


class MultiselectType(_Many[Choice]):
    """Any number of options: multiselect (`custom-fields-v4:1344`)."""

    shape = shapes.Option()

    def __call__(
        self,
        field: FieldRef,
        *options: str | Choice | Clear,
        enum_ids: Iterable[int] = (),
        enum_codes: Iterable[str] = (),
    ) -> Entry:
        """An entry that picks these options and no others.

        Args:
            field: id or code of the field.
            options: texts of options, or Choices.
            enum_ids: ids of further options.
            enum_codes: codes of further options (v4 only).

        Raises:
            FieldValueError: no option at all, or something that names none.
        """
        further = (
            *(Choice(enum_id=enum_id) for enum_id in enum_ids),
            *(Choice(enum_code=code) for code in enum_codes),
        )
        return self._several(field, (*options, *further))


class MultitextType(_Many[Multitext]):
    """Phones, e-mail addresses and the like, each with its kind: multitext (`custom-fields-v4:1427`)."""

    shape = shapes.Coded(Multitext)

    def __call__(self, field: FieldRef, *values: Multitext | Clear) -> Entry:
        """An entry that sets the field to these values and no others.

        Args:
            field: id or code of the field, mostly "PHONE" or "EMAIL".
            values: `phone(...)`, `email(...)` or Multitext.

        Raises:
            FieldValueError: no value at all, or one without a kind.
        """
        return self._several(field, values)


class SmartAddressType(FieldType[SmartAddress]):
    """An address in parts: smart_address (`custom-fields-v4:1386`)."""

    shape = shapes.Coded(AddressPart, address=True)

    @property
    def python(self) -> str:
        """What `read` gives, for documentation."""
        return "SmartAddress"

    def __call__(
        self,
        field: FieldRef,
        *parts: AddressPart | SmartAddress | Clear,
        address_line_1: str | None = None,
        address_line_2: str | None = None,
        city: str | None = None,
        state: str | None = None,
        zip: str | None = None,
        country: str | None = None,
    ) -> Entry:
        """An entry that sets the address to these parts; parts that are not named are erased.

        Args:
            field: id or code of the field.
            parts: a SmartAddress, or parts by id or code.
            address_line_1, address_line_2, city, state, zip, country: text of the part; country as two
                letters.

        Raises:
            FieldValueError: no part at all, or one that is not text.
        """
        if parts == (CLEAR,):
            return self.write(field, CLEAR)
        named = SmartAddress.of(
            address_line_1=address_line_1,
            address_line_2=address_line_2,
            city=city,
            state=state,
            zip=zip,
            country=country,
        )
        return self.write(field, (*parts, named))

    def _load(self, values: list[Any], way: Way) -> SmartAddress | None:
        loaded = (self.shape.load(value, way) for value in values if value is not None)
        parts = tuple(part for part in loaded if part is not None)
        return SmartAddress(parts) if parts else None

    def _dump(self, value: Any, way: Way) -> list[Any]:
        given = value if isinstance(value, (tuple, list)) else (value,)
        flat = [
            part for each in given for part in (each.parts if isinstance(each, SmartAddress) else (each,))
        ]
        return [self.shape.dump(part, way) for part in flat]


class RecordType(_One[RecordT]):
    """One object: legal_entity, linked_entity, file, payer."""

    def __init__(
        self,
        model: type[RecordT],
        name: str,
        title: str,
        *,
        entities: tuple[str, ...],
        source: str,
        documented: bool = True,
        v2_number: int | None = None,
    ) -> None:
        super().__init__(
            name, title, entities=entities, source=source, documented=documented, v2_number=v2_number
        )
        self.shape = shapes.Record(model)

    def __call__(self, field: FieldRef, value: RecordT | Mapping[str, Any] | Clear) -> Entry:
        """An entry that sets the field to an object.

        Args:
            field: id or code of the field.
            value: the object, or a dict with its keys. Keys that are None are not sent.

        Raises:
            FieldValueError: a required key is missing, or a key holds something of another kind.
        """
        return self.write(field, value)


class SupplierType(_One[Supplier]):
    """One of the account's own legal entities: supplier (DOC-CF). The code of its field is "SUPPLIER"."""

    shape = shapes.Record(Supplier)

    def __call__(self, field: FieldRef, value: int | Supplier | Mapping[str, Any] | Clear) -> Entry:
        """An entry that sets the supplier.

        Args:
            field: id or code of the field.
            value: id of the element in the list of the account's legal entities, or a Supplier.

        Raises:
            FieldValueError: no id.
        """
        return self.write(field, value)

    def _dump(self, value: Any, way: Way) -> list[Any]:
        if isinstance(value, int):
            value = Supplier(entity_id=value)
        return super()._dump(value, way)


class ItemsType(_Many[Item]):
    """The lines of an invoice: items (`custom-fields-v4:1495`)."""

    shape = shapes.Record(Item)

    def __call__(self, field: FieldRef, *items: Item | Mapping[str, Any] | Clear) -> Entry:
        """An entry that sets the lines to these and no others.

        Args:
            field: id or code of the field.
            items: the lines, as Item or as dicts with its keys.

        Raises:
            FieldValueError: no line at all, or a key holds something of another kind.
        """
        return self._several(field, items)


class ChainedListType(_Many[ChainedItem]):
    """Elements of lists that depend on each other: chained_list (DOC-CF). Five at most."""

    shape = shapes.BareRecord(ChainedItem)

    def __call__(
        self, field: FieldRef, *items: ChainedItem | tuple[int, int] | Mapping[str, Any] | Clear
    ) -> Entry:
        """An entry that sets the elements to these and no others.

        Args:
            field: id or code of the field.
            items: each a ChainedItem or a pair (catalog_id, catalog_element_id).

        Raises:
            FieldValueError: none, more than five, or one without both ids.
        """
        return self._several(field, items)

    def _dump(self, value: Any, way: Way) -> list[Any]:
        if isinstance(value, (list, tuple)):
            value = [
                ChainedItem(catalog_id=each[0], catalog_element_id=each[1])
                if isinstance(each, tuple) and len(each) == 2
                else each
                for each in value
            ]
        return super()._dump(value, way)
