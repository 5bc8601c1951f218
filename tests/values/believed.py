"""What an account holds, in plain Python: definitions, options, records, and what a value of each type is.

The other side of test_definitions_and_values.py. Nothing here is shared with the mock, whose work it judges: a value
is kept in a form of its own, and how each version of the API writes and reads it is written down here once more.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from attrs import define, field, frozen
from hypothesis import strategies as st

from kommo import values as v

Stored = Any
"""What the account keeps of one value: text, a flag, a day, Unix seconds, an object, an option's id, text with one."""

Wire = Any
"""One value as a request or an answer has it."""

Wrong = tuple[Wire, str, str]
"""A value that cannot be, the code of what is wrong with it, and the place inside the entry's values."""

ADDRESS = ("address_line_1", "address_line_2", "city", "state", "zip", "country")


# Definitions


@frozen
class Option:
    """An option, or a category of a tree; `parent` is the id of the category above."""

    id: int
    value: str
    code: str | None = None
    parent: int | None = None


@define
class Definition:
    """A field."""

    id: int
    type: str
    name: str
    code: str | None = None
    options: list[Option] = field(factory=list)
    required: bool = False

    def option(self, id_: int) -> Option:
        return next(option for option in self.options if option.id == id_)


@define
class Held:
    """A record: its name, and its values by field. A field without values is not there."""

    name: str
    values: dict[int, list[Stored]] = field(factory=dict)


@define
class Place:
    """The fields and records of one entity, or of one list."""

    entity: str
    path: tuple[int, ...] = ()
    fields: dict[int, Definition] = field(factory=dict)
    records: dict[int, Held] = field(factory=dict)

    @property
    def is_list(self) -> bool:
        return self.entity == "catalogs"

    def write(self, held: Held | None, changes: dict[int, list[Stored]]) -> dict[int, list[Stored]]:
        """The values after a write: what was not sent stays, what was sent without a value goes."""
        values = {**(held.values if held else {}), **changes}
        return {id_: stored for id_, stored in values.items() if stored}

    def lacks(self, values: dict[int, list[Stored]]) -> bool:
        """Whether a value is missing without which an element cannot be saved."""
        return any(each.required and each.id not in values for each in self.fields.values())

    def drop_field(self, id_: int) -> None:
        """Delete a field: its values go with it."""
        del self.fields[id_]
        for held in self.records.values():
            held.values.pop(id_, None)

    def set_options(self, id_: int, options: list[Option]) -> None:
        """Replace the options of a field: who chose one that is gone has chosen it no more."""
        self.fields[id_].options = options
        left = {option.id for option in options}
        for held in self.records.values():
            if id_ in held.values:
                held.values = self.write(held, {id_: [one for one in held.values[id_] if one in left]})


# Types of values


class Kind:
    """What the values of one type of field are.

    Attributes:
        many: how many of them a field takes.
        in_v2: whether v2 knows the type.
        ranges: whether records can be looked for between two bounds.
    """

    many: ClassVar[int] = 1
    in_v2: ClassVar[bool] = False
    ranges: ClassVar[bool] = False

    def __init__(self, name: str) -> None:
        self.name = name

    def one(self, of: Definition) -> st.SearchStrategy[Stored]:
        """Any value that a field can have."""
        raise NotImplementedError

    def several(self, of: Definition) -> st.SearchStrategy[list[Stored]]:
        """All values of a field at once: one, where it takes one."""
        return st.lists(self.one(of), min_size=1, max_size=min(self.many, 3))

    def can_be_filled(self, of: Definition) -> bool:
        return True

    def spelled(self, stored: Stored, of: Definition, tz: ZoneInfo) -> st.SearchStrategy[Wire]:
        """The ways to write a value in v4."""
        raise NotImplementedError

    def shown(self, stored: Stored, of: Definition, tz: ZoneInfo) -> Wire:
        """A value as v4 reads it."""
        raise NotImplementedError

    def python(self, stored: Stored, of: Definition, tz: ZoneInfo) -> Any:
        """A value as the helpers read it."""
        raise NotImplementedError

    def whole(self, stored: list[Stored], of: Definition, tz: ZoneInfo) -> Any:
        """All values of a field as the helpers read them."""
        found = [self.python(each, of, tz) for each in stored]
        return found if v.FIELD_TYPES[self.name].many else found[0]

    def spelled_v2(self, stored: Stored, of: Definition, tz: ZoneInfo) -> st.SearchStrategy[Wire]:
        """The ways to write a value in v2."""
        raise NotImplementedError

    def shown_v2(self, stored: Stored, of: Definition, tz: ZoneInfo) -> Wire:
        """A value as v2 reads it."""
        raise NotImplementedError

    def back_by_v2(self, stored: Stored, tz: ZoneInfo) -> Stored:
        """What is left of a value when v2 sends back what it read."""
        return stored

    def wrong(self, of: Definition) -> list[Wrong]:
        """Values that cannot be."""
        raise NotImplementedError

    def wrong_v2(self, of: Definition) -> list[Wire]:
        """Values that v2 cannot write."""
        return []

    def key(self, stored: Stored, tz: ZoneInfo) -> Any:
        """What records are looked for by; None where they cannot be."""
        return None

    def asked(self, key: Any) -> str | int:
        """A key as the filter takes it."""
        return key

    def marked(self, of: Definition) -> dict[str, Any]:
        """What a value must have beside its text."""
        return {}

    def text(self, stored: Stored) -> str:
        """What of a value a search looks through."""
        return stored if isinstance(stored, str) else ""


class Text(Kind):
    in_v2 = True

    def one(self, of):
        return texts

    def spelled(self, stored, of, tz):
        return st.just({"value": stored})

    shown = shown_v2 = lambda self, stored, of, tz: {"value": stored}

    def python(self, stored, of, tz):
        return stored

    spelled_v2 = spelled

    def wrong(self, of):
        of_type = [({"value": each}, "InvalidType", "value") for each in (5, True, ["x"], {"value": "x"})]
        return [
            *of_type,
            ({}, "RequiredFilled", "value"),
            ({"value": "x", "enum_id": 1}, "FieldNotExpected", "enum_id"),
            ({"value": "x", "enum_code": None}, "FieldNotExpected", "enum_code"),
        ]

    def key(self, stored, tz):
        return stored


class Number(Kind):
    in_v2 = ranges = True

    def one(self, of):
        return numbers

    def spelled(self, stored, of, tz):
        ways: list[Any] = [stored]
        if str(int(Decimal(stored))) == stored:
            ways += [int(stored)]
        if format(Decimal(repr(float(stored))), "f") == stored:
            ways += [float(stored)]
        return st.sampled_from([{"value": way} for way in ways])

    shown = shown_v2 = lambda self, stored, of, tz: {"value": stored}

    def python(self, stored, of, tz):
        return Decimal(stored)

    def spelled_v2(self, stored, of, tz):
        return st.just({"value": stored})

    def wrong(self, of):
        values = ("five", "1,5", "0x1", "NaN", "1e999999", " 1", True, [], {"value": 1})
        return [({"value": each}, "InvalidType", "value") for each in values] + [
            ({}, "RequiredFilled", "value"),
            ({"value": 1, "currency": "EUR"}, "FieldNotExpected", "currency"),
        ]

    def wrong_v2(self, of):
        return [{"value": "five"}, {"value": "1,5"}]

    def key(self, stored, tz):
        return Decimal(stored)

    def asked(self, key):
        return format(key, "f")


class Flag(Kind):
    in_v2 = True

    def one(self, of):
        return st.booleans()

    def spelled(self, stored, of, tz):
        return st.just({"value": stored})

    def shown(self, stored, of, tz):
        return {"value": stored}

    def python(self, stored, of, tz):
        return stored

    def spelled_v2(self, stored, of, tz):
        return st.just({"value": "1" if stored else "0"})

    def shown_v2(self, stored, of, tz):
        return {"value": "1" if stored else "0"}

    def wrong(self, of):
        return [({"value": each}, "InvalidType", "value") for each in ("yes", 1, 0, "1", [])]

    def wrong_v2(self, of):
        return [{"value": "yes"}, {"value": "2"}]

    def key(self, stored, tz):
        return int(stored)


def _seconds(moment: dt.datetime) -> int:
    return int((moment - EPOCH).total_seconds())


def _local(seconds: int, tz: ZoneInfo) -> str:
    """`YYYY-MM-DD HH:MM:SS` on the clocks of the account."""
    return _at(seconds, tz).strftime("%Y-%m-%d %H:%M:%S")


def _at(seconds: int, tz: ZoneInfo) -> dt.datetime:
    return (EPOCH + dt.timedelta(seconds=seconds)).astimezone(tz)


class Moment(Kind):
    """A moment, kept as Unix seconds."""

    in_v2 = ranges = True

    def one(self, of):
        return seconds

    def unix(self, stored: Stored, tz: ZoneInfo) -> int:
        """The Unix seconds that are read."""
        return stored

    def meant(self, stored: Stored, tz: ZoneInfo) -> st.SearchStrategy[int]:
        """The Unix seconds that may be written."""
        return st.just(stored)

    def spelled(self, stored, of, tz):
        def ways(unix: int) -> st.SearchStrategy[Wire]:
            zones = (dt.UTC, dt.timezone(dt.timedelta(hours=-5, minutes=-30)))
            rfc = [(EPOCH + dt.timedelta(seconds=unix)).astimezone(zone).isoformat() for zone in zones]
            return st.sampled_from([{"value": way} for way in (unix, *rfc, rfc[0].replace("+00:00", "Z"))])

        return self.meant(stored, tz).flatmap(ways)

    def shown(self, stored, of, tz):
        return {"value": self.unix(stored, tz)}

    def python(self, stored, of, tz):
        return _at(self.unix(stored, tz), tz)

    def spelled_v2(self, stored, of, tz):
        def ways(unix: int) -> st.SearchStrategy[Wire]:
            texts = [str(unix)]
            # Of an hour that the clocks showed twice, local text means the first.
            if not _at(unix, tz).fold:
                texts.append(_local(unix, tz))
            return st.sampled_from([{"value": text} for text in texts])

        return self.meant(stored, tz).flatmap(ways)

    def shown_v2(self, stored, of, tz):
        return {"value": _local(self.unix(stored, tz), tz)}

    def back_by_v2(self, stored, tz):
        return _seconds(_at(stored, tz).replace(fold=0))

    def wrong(self, of):
        values = ("tomorrow", "2020-01-01", "2020-13-01T00:00:00Z", 1.5, True, 10**14, [])
        return [({"value": each}, "InvalidType", "value") for each in values] + [
            ({}, "RequiredFilled", "value")
        ]

    def wrong_v2(self, of):
        return [{"value": "tomorrow"}, {"value": "2020-13-01"}]

    def key(self, stored, tz):
        return self.unix(stored, tz)


class Day(Moment):
    """A day in the zone of the account, read as the moment that it begins."""

    def one(self, of):
        return st.dates(dt.date(1950, 1, 2), dt.date(2036, 12, 30))

    def unix(self, stored, tz):
        return _seconds(dt.datetime.combine(stored, dt.time.min, tz))

    def meant(self, stored, tz):
        first, next_ = self.unix(stored, tz), self.unix(stored + dt.timedelta(days=1), tz)
        return st.sampled_from([first, next_ - 1]) | st.integers(first, next_ - 1)

    def spelled_v2(self, stored, of, tz):
        return super().spelled_v2(stored, of, tz) | st.just({"value": stored.isoformat()})

    def back_by_v2(self, stored, tz):
        return stored


class OneOption(Kind):
    """An option, kept by its id."""

    in_v2 = True

    def one(self, of):
        return st.sampled_from([option.id for option in of.options])

    def several(self, of):
        return st.lists(self.one(of), min_size=1, max_size=min(self.many, 3), unique=True)

    def can_be_filled(self, of):
        return bool(of.options)

    def spelled(self, stored, of, tz):
        option = of.option(stored)
        ways: list[Wire] = [{"enum_id": stored}, {"enum_id": stored, "value": option.value}]
        # Of several with the same text, the text means the first.
        if _first(of, "value", option.value) == stored:
            ways.append({"value": option.value})
        if option.code is not None:
            ways.append({"enum_id": stored, "enum_code": option.code, "value": option.value})
            if _first(of, "code", option.code) == stored:
                ways += [{"enum_code": option.code}, {"enum_code": option.code, "value": "not looked at"}]
        return st.sampled_from(ways)

    def shown(self, stored, of, tz):
        option = of.option(stored)
        return {"value": option.value, "enum_id": option.id, "enum_code": option.code}

    def python(self, stored, of, tz):
        option = of.option(stored)
        return v.Choice(option.value, option.id, option.code or None)

    def spelled_v2(self, stored, of, tz):
        option = of.option(stored)
        ways: list[Wire] = [
            {"value": str(stored)},
            {"value": option.value, "enum": str(stored)},
            {"value": "", "enum": stored},
        ]
        if next(each.id for each in of.options if option.value in (each.value, each.code)) == stored:
            ways.append({"value": option.value})
        if v.FIELD_TYPES[self.name].many:
            ways += [stored, str(stored)]
        return st.sampled_from(ways)

    def shown_v2(self, stored, of, tz):
        return {"value": of.option(stored).value, "enum": str(stored)}

    def wrong(self, of):
        codes = any(option.code is not None for option in of.options)
        found: list[Wrong] = [
            ({"value": "no such option"}, "NotSupportedChoice", "value"),
            ({"value": 5}, "InvalidType", "value"),
            ({"enum_id": 2**40}, "NotSupportedChoice", "enum_id"),
            ({"enum_id": "one"}, "InvalidType", "enum_id"),
            ({"enum_code": "NO_SUCH"}, "NotSupportedChoice" if codes else "FieldNotExpected", "enum_code"),
            ({"value": "x", "enum": "1"}, "FieldNotExpected", "enum"),
        ]
        found[-1:] = [({**way, "enum": "1"}, "FieldNotExpected", "enum") for way in self._good(of)]
        # Who sends back what was read fails where an option has no code.
        plain = (option for option in of.options if option.code is None)
        return found + [
            ({"enum_id": option.id, "enum_code": None}, "FieldNotExpected", "enum_code") for option in plain
        ]

    def _good(self, of: Definition) -> Iterator[Wire]:
        return ({"enum_id": option.id} for option in of.options)

    def wrong_v2(self, of):
        return [{"value": "no such option"}, {"value": "", "enum": str(2**40)}]

    def key(self, stored, tz):
        return stored


def _first(of: Definition, attribute: str, wanted: str) -> int:
    return next(option.id for option in of.options if getattr(option, attribute) == wanted)


class ManyOptions(OneOption):
    many = 1000

    def wrong_v2(self, of):
        return [*super().wrong_v2(of), 2**40]


class Kinded(Kind):
    """Text with the id of its kind: a phone number, or a part of an address."""

    many = 1000

    def one(self, of):
        return st.tuples(texts, st.sampled_from([option.id for option in of.options]))

    def spelled(self, stored, of, tz):
        text, id_ = stored
        code = of.option(id_).code
        return st.sampled_from(
            [
                {"value": text, "enum_id": id_},
                {"value": text, "enum_code": code},
                {"value": text, "enum_code": code, "enum_id": id_},
            ]
        )

    def shown(self, stored, of, tz):
        return {"value": stored[0], "enum_id": stored[1], "enum_code": of.option(stored[1]).code}

    def python(self, stored, of, tz):
        return v.Multitext(stored[0], of.option(stored[1]).code, stored[1])

    def wrong(self, of):
        return [
            ({"enum_code": of.options[0].code}, "RequiredFilled", "value"),
            ({"value": 5, "enum_code": of.options[0].code}, "InvalidType", "value"),
            ({"value": "x", "enum_code": "PAGER"}, "NotSupportedChoice", "enum_code"),
            ({"value": "x", "enum_id": 2**40}, "NotSupportedChoice", "enum_id"),
            ({"value": "x", "enum": "WORK", "enum_id": of.options[0].id}, "FieldNotExpected", "enum"),
        ]

    def key(self, stored, tz):
        return stored[0]

    def marked(self, of):
        return {"enum_id": of.options[-1].id}

    def text(self, stored):
        return stored[0]


class Phones(Kinded):
    def one(self, of):
        kinds = [option.id for option in of.options]
        return st.tuples(texts, st.sampled_from([kinds[0], *kinds]))

    def spelled(self, stored, of, tz):
        ways = super().spelled(stored, of, tz)
        # A number without a kind is of the first.
        return ways | st.just({"value": stored[0]}) if stored[1] == of.options[0].id else ways


class Address(Kinded):
    def several(self, of):
        return st.lists(self.one(of), min_size=1, max_size=4, unique_by=lambda part: part[1])

    def whole(self, stored, of, tz):
        return v.SmartAddress(tuple(v.AddressPart(text, ADDRESS[id_ - 1], id_) for text, id_ in stored))

    def wrong(self, of):
        return [*super().wrong(of), ({"value": "x"}, "RequiredFilled", "enum_id")]


class Object(Kind):
    """An object, kept as it was sent.

    Args:
        name: of the type.
        model: what the helpers read it as.
        example: what there can be.
        wrong: what there cannot be.
        least: the keys that there must be.
    """

    def __init__(
        self,
        name: str,
        model: Any,
        example: st.SearchStrategy[dict[str, Any]],
        wrong: list[Wrong],
        least: dict[str, Any],
    ) -> None:
        super().__init__(name)
        self.model = model
        self.example = example
        self._wrong = wrong
        self._least = least

    def one(self, of):
        return self.example

    def spelled(self, stored, of, tz):
        return st.just({"value": stored})

    def shown(self, stored, of, tz):
        return {"value": stored}

    def python(self, stored, of, tz):
        return self.model(**self.shown(stored, of, tz)["value"])

    def wrong(self, of):
        return [
            ({"value": "text"}, "InvalidType", "value"),
            ({"value": {**self._least, "no_such_key": 1}}, "FieldNotExpected", "value.no_such_key"),
            ({}, "RequiredFilled", "value"),
            *self._wrong,
        ]

    def wrong_v2(self, of):
        return [{"value": "text"}]


class Lines(Object):
    """The lines of an invoice, to which the server adds."""

    many = 1000

    def shown(self, stored, of, tz):
        line = {"sku": "", "external_uid": "", "metadata": [], **stored}
        total = float(line.get("unit_price", 0)) * float(line.get("quantity", 0))
        if (off := line.get("discount")) is not None:
            total -= off["value"] if off["type"] == "amount" else total * off["value"] / 100
        return {
            "value": {
                **line,
                "vat_rate_value": 0,
                "is_discount_recalculated": False,
                "is_total_sum_recalculated": False,
                "total_sum": total,
            }
        }

    def python(self, stored, of, tz):
        line = self.shown(stored, of, tz)["value"]
        if "discount" in line:
            line["discount"] = v.Discount(**line["discount"])
        return v.Item(**line)


class Chain(Object):
    """Elements of lists; what is kept stands in the value itself."""

    many = 5

    def spelled(self, stored, of, tz):
        return st.just(stored)

    def shown(self, stored, of, tz):
        return stored

    def python(self, stored, of, tz):
        return self.model(**stored)

    def wrong(self, of):
        return self._wrong


EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=6) | st.sampled_from(
    ["Oak", "oak", "Дуб", "0", "null", "a&b=c%20[]+", " \t\n", "😀\u202e", "x" * 300, "\x00", '"\\/']
)
_cents = st.integers(-(10**9), 10**9).map(lambda number: Decimal(number).scaleb(-2))
numbers = (_cents | st.sampled_from([Decimal(10**22), Decimal("0.000001"), Decimal("1.50"), Decimal(0)])).map(
    lambda number: format(number, "f")
)
seconds = st.integers(-600_000_000, 2_100_000_000) | st.sampled_from([0, -1, 1_793_512_800, 1_793_516_400])
ids = st.integers(1, 2**53)
_words = st.sampled_from(["Oak Ltd", "Дуб", "12", ""])
_organisation = dict.fromkeys(("address", "vat_id", "kpp", "bank_code", "oked"), _words)
_quarters = st.integers(0, 4000).map(lambda number: number / 4)

_line: dict[str, st.SearchStrategy[Any]] = {
    "sku": _words,
    "unit_price": _quarters,
    "quantity": st.integers(0, 9) | _quarters,
    "vat_rate_id": st.integers(0, 20),
    "discount": st.fixed_dictionaries(
        {"type": st.sampled_from(["amount", "percentage"]), "value": st.sampled_from([25, 50.0, 0])}
    ),
}


def _kinds() -> Iterable[Kind]:
    yield from map(Text, ("text", "textarea", "url", "streetaddress", "tracking_data"))
    yield from map(Number, ("numeric", "price", "monetary"))
    yield Flag("checkbox")
    yield from map(Day, ("date", "birthday"))
    yield Moment("date_time")
    yield from map(OneOption, ("select", "radiobutton", "category"))
    yield ManyOptions("multiselect")
    yield Phones("multitext")
    yield Address("smart_address")
    yield Object(
        "legal_entity",
        v.LegalEntity,
        st.fixed_dictionaries(
            {"name": _words},
            optional={**_organisation, "entity_type": st.sampled_from([1, 2]), "external_uid": _words},
        ),
        [
            ({"value": {}}, "RequiredFilled", "value.name"),
            ({"value": {"name": 5}}, "InvalidType", "value.name"),
            ({"value": {"name": "A", "entity_type": 3}}, "NotSupportedChoice", "value.entity_type"),
        ],
        {"name": "A"},
    )
    yield Object(
        "payer",
        v.Payer,
        st.fixed_dictionaries(
            {"name": _words},
            optional={**_organisation, "type": st.sampled_from(["legal", "individual"]), "entity_id": ids},
        ),
        [({"value": {"type": "person"}}, "NotSupportedChoice", "value.type")],
        {},
    )
    yield Object(
        "linked_entity",
        v.LinkedEntity,
        st.fixed_dictionaries(
            {
                "entity_id": ids,
                "entity_type": st.sampled_from(["contacts", "companies", "catalog_elements"]),
                "catalog_id": st.none() | ids,
            },
            optional={"name": _words},
        ),
        [
            ({"value": {"entity_type": "contacts"}}, "RequiredFilled", "value.entity_id"),
            (
                {"value": {"entity_id": 5, "entity_type": "leads"}},
                "NotSupportedChoice",
                "value.entity_type",
            ),
        ],
        {"entity_id": 5, "entity_type": "contacts"},
    )
    yield Object(
        "file",
        v.File,
        st.fixed_dictionaries(
            {"file_uuid": _words.filter(bool)}, optional={"version_uuid": _words, "file_size": ids}
        ),
        [
            ({"value": {"file_name": "x"}}, "RequiredFilled", "value.file_uuid"),
            ({"value": {"file_uuid": "u", "file_size": -1}}, "OutOfRange", "value.file_size"),
        ],
        {"file_uuid": "u"},
    )
    yield Object(
        "supplier",
        v.Supplier,
        st.fixed_dictionaries({"entity_id": ids}),
        [({"value": {"entity_id": "5"}}, "InvalidType", "value.entity_id")],
        {"entity_id": 5},
    )
    yield Lines(
        "items",
        v.Item,
        st.fixed_dictionaries({}, optional=_line) | st.fixed_dictionaries(_line),
        [
            ({"value": {"unit_price": "10"}}, "InvalidType", "value.unit_price"),
            ({"value": {"discount": 5}}, "InvalidType", "value.discount"),
            ({"value": {"discount": {"type": "amount"}}}, "RequiredFilled", "value.discount.value"),
        ],
        {},
    )
    yield Chain(
        "chained_list",
        v.ChainedItem,
        st.fixed_dictionaries({"catalog_id": ids, "catalog_element_id": ids}),
        [
            ({"catalog_id": 5}, "RequiredFilled", "catalog_element_id"),
            ({"catalog_id": "5", "catalog_element_id": 5}, "InvalidType", "catalog_id"),
            (
                {"catalog_id": 5, "catalog_element_id": 5, "value": "x"},
                "FieldNotExpected",
                "value",
            ),
        ],
        {},
    )


KINDS: dict[str, Kind] = {kind.name: kind for kind in _kinds()}


def kind_of(of: Definition) -> Kind:
    """The kind of a field's values."""
    return KINDS[of.type]
