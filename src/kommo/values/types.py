"""Field types: what writes and reads the values of a field, one class per way of calling it.

A type is called to write a value, `numeric(103, "1.5")`, and asked to read one, `numeric.read(entry)`. Its
line in the table of types (name, entities, shape, sources) is on it as attributes; `kommo.values.registry`
lists all types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, TypeVar

from kommo.values.entries import Entry, FieldRef
from kommo.values.errors import FieldValueError
from kommo.values.field_type import FieldType, Many, One
from kommo.values.models import CLEAR, AddressPart, Choice, Clear, Multitext, SmartAddress
from kommo.values.moments import Form
from kommo.values.objects import ChainedItem, Item, Record, Supplier
from kommo.values.shapes import options, records, scalars
from kommo.values.shapes.base import Way

RecordT = TypeVar("RecordT", bound=Record)


class TextType(One[str]):
    """Text: text, textarea, streetaddress, url (`custom-fields-v4:1208`), tracking_data (DOC-CF)."""

    shape = scalars.Text()

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


class NumberType(One[Decimal]):
    """Numbers: numeric, price (`custom-fields-v4:1208`), monetary (DOC-CF). Text on the wire."""

    shape = scalars.Number()

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


class FlagType(One[bool]):
    """Yes or no: checkbox (`custom-fields-v4:1262`)."""

    shape = scalars.Flag()

    def __call__(self, field: FieldRef, value: bool | Clear) -> Entry:
        """An entry that ticks the box or not.

        Args:
            field: id or code of the field.
            value: True or False.

        Raises:
            FieldValueError: not a bool.
        """
        return self.write(field, value)


class MomentType(One[dt.datetime]):
    """Moments: date, date_time, birthday (`custom-fields-v4:1306`). Unix seconds on the wire, datetimes here.

    Of a date or birthday the server keeps the day only, in the time zone of the account, and answers with the
    Unix time of that day's midnight there (LIB-ISSUES #402). So name a day by a date with the zone of the
    account, and read it with the same zone: `Values(..., tz=zone).value(9, date)`.
    """

    shape = scalars.Moment()

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


class SelectType(One[Choice]):
    """One option: select, radiobutton, category (`custom-fields-v4:1344`)."""

    shape = options.Option()

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


class MultiselectType(Many[Choice]):
    """Any number of options: multiselect (`custom-fields-v4:1344`)."""

    shape = options.Option()

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


class MultitextType(Many[Multitext]):
    """Phones, e-mail addresses and the like, each with its kind: multitext (`custom-fields-v4:1427`)."""

    shape = options.Coded(Multitext)

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

    shape = options.Coded(AddressPart, address=True)

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


class RecordType(One[RecordT]):
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
        self.shape = records.Record(model)

    def __call__(self, field: FieldRef, value: RecordT | Mapping[str, Any] | Clear) -> Entry:
        """An entry that sets the field to an object.

        Args:
            field: id or code of the field.
            value: the object, or a dict with its keys. Keys that are None are not sent.

        Raises:
            FieldValueError: a required key is missing, or a key holds something of another kind.
        """
        return self.write(field, value)


class SupplierType(One[Supplier]):
    """One of the account's own legal entities: supplier (DOC-CF). The code of its field is "SUPPLIER"."""

    shape = records.Record(Supplier)

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


class ItemsType(Many[Item]):
    """The lines of an invoice: items (`custom-fields-v4:1495`)."""

    shape = records.Record(Item)

    def __call__(self, field: FieldRef, *items: Item | Mapping[str, Any] | Clear) -> Entry:
        """An entry that sets the lines to these and no others.

        Args:
            field: id or code of the field.
            items: the lines, as Item or as dicts with its keys.

        Raises:
            FieldValueError: no line at all, or a key holds something of another kind.
        """
        return self._several(field, items)


class ChainedListType(Many[ChainedItem]):
    """Elements of lists that depend on each other: chained_list (DOC-CF). Five at most."""

    shape = records.BareRecord(ChainedItem)

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
