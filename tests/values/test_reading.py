"""Answers are read whatever they hold: nulls, missing keys, models, types of tomorrow, and plain garbage."""

from __future__ import annotations

import copy
import datetime as dt
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo import values as v
from kommo.errors import KommoError
from tests.values.strategies import any_type

LEAD: list[dict[str, Any]] = [
    {
        "field_id": 103,
        "field_name": "Budget",
        "field_code": None,
        "field_type": "numeric",
        "values": [{"value": "1.50"}],
    },
    {
        "field_id": 77,
        "field_name": "Phone",
        "field_code": "PHONE",
        "field_type": "multitext",
        "values": [{"value": "+79121234567", "enum_id": 48224, "enum_code": "WORK"}],
    },
    {
        "field_id": 11,
        "field_name": "Colour",
        "field_type": "select",
        "values": [{"value": "Red", "enum_id": 5, "enum_code": None}],
    },
    {"field_id": 12, "field_name": "?", "field_type": "hologram", "values": [{"value": {"x": [1]}}]},
    {"field_id": 13, "field_name": "Empty", "field_type": "text", "values": None},
]


def test_a_lead() -> None:
    filled = v.Values(LEAD)
    assert list(filled) == [103, 77, 11, 12, 13]
    assert len(filled) == 5
    assert filled[103].value == Decimal("1.50")
    assert filled.value(103, v.numeric) == Decimal("1.5")
    assert filled["PHONE"] is filled[77]
    assert filled["PHONE"].value == [v.Multitext("+79121234567", "WORK", 48224)]
    assert filled.value(11) == v.Choice("Red", 5)
    assert filled[12].value == v.Raw([{"value": {"x": [1]}}])
    assert filled[12].type_name == "hologram"
    assert filled[12].type is None
    assert filled[13].value is None
    assert filled.entries() == [
        {"field_id": 103, "values": [{"value": "1.50"}]},
        {"field_id": 77, "values": [{"value": "+79121234567", "enum_id": 48224}]},
        {"field_id": 11, "values": [{"enum_id": 5}]},
        {"field_id": 12, "values": [{"value": {"x": [1]}}]},
    ]


def test_a_price_reads_as_a_number_and_a_number_as_a_price() -> None:
    """The price of the products list is recorded as `price` and shown as `numeric`."""
    assert v.Values(LEAD).value(103, v.price) == Decimal("1.5")


def test_a_field_that_is_not_there() -> None:
    filled = v.Values(LEAD)
    assert 404 not in filled
    assert "EMAIL" not in filled
    assert filled.get(404) is None
    assert filled.value(404) is None
    assert filled.value("EMAIL", v.multitext) is None
    with pytest.raises(v.FieldNotFilled, match="no value for field 404") as caught:
        filled[404]
    assert isinstance(caught.value, KeyError)
    assert isinstance(caught.value, KommoError)


class Unset:
    """As the generated client marks a missing key."""

    def __bool__(self) -> bool:
        return False


@pytest.mark.parametrize("nothing", [None, [], (), Unset()])
def test_no_fields(nothing: Any) -> None:
    assert list(v.Values(nothing)) == []


class Model:
    """As the generated client's models are."""

    def __init__(self, **given: Any) -> None:
        self._given = given

    def to_dict(self) -> dict[str, Any]:
        return self._given


def test_models() -> None:
    filled = v.Values([Model(**entry) for entry in LEAD])
    assert filled.entries() == v.Values(LEAD).entries()
    assert filled[103].value == Decimal("1.5")
    assert v.numeric.read(Model(**LEAD[0])) == Decimal("1.5")
    definition = Model(id=103, type="numeric", name="Budget")
    assert v.write(definition, 2) == v.numeric(103, 2)
    assert v.types_of([definition]) == {103: "numeric"}


def test_types_from_the_caller_come_after_the_type_of_the_entry() -> None:
    bare = [{"field_id": 1, "values": [{"value": "5"}]}, {"field_code": "X", "values": [{"value": "6"}]}]
    filled = v.Values([*bare, LEAD[2]], types={1: "numeric", "X": v.text, 11: "text"})
    assert [filled[key].value for key in filled] == [Decimal(5), "6", v.Choice("Red", 5)]


def test_types_of_v2_by_number() -> None:
    filled = v.v2.Values([{"id": "7", "values": [{"value": "1"}]}], types={7: 3})
    assert filled[7].value is True
    assert filled[7].type_name == "checkbox"


@pytest.mark.parametrize(
    ("type_name", "values", "value"),
    [
        ("numeric", [{"value": 12}], Decimal(12)),
        ("numeric", [{"value": 0.1}], Decimal("0.1")),
        ("numeric", [{"value": None}], None),
        ("numeric", [{}], None),
        ("numeric", [None], None),
        ("numeric", {"0": {"value": "3"}}, Decimal(3)),
        ("numeric", [{"value": "abc"}], v.Raw([{"value": "abc"}])),
        ("numeric", [{"value": "NaN"}], v.Raw([{"value": "NaN"}])),
        ("numeric", "5", v.Raw("5")),
        ("text", [{"value": 5}], "5"),
        ("text", [{"value": ""}], ""),
        ("text", [{"value": ["x"]}], v.Raw([{"value": ["x"]}])),
        ("checkbox", [{"value": "1"}], True),
        ("checkbox", [{"value": 0}], False),
        ("checkbox", [{"value": "yes"}], v.Raw([{"value": "yes"}])),
        ("date", [{"value": "1577836800"}], dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("date", [{"value": "2020-01-01T03:00:00+03:00"}], dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
        ("date", [{"value": 10**15}], v.Raw([{"value": 10**15}])),
        ("date", [{"value": "2020-01-01 00:00:00"}], v.Raw([{"value": "2020-01-01 00:00:00"}])),
        ("select", [{"value": None, "enum_id": 5}], v.Choice(None, 5)),
        ("select", [{"value": "A", "enum_id": "5"}], v.Choice("A", 5)),
        ("select", [{"value": "A", "enum_id": [5]}], v.Raw([{"value": "A", "enum_id": [5]}])),
        ("multitext", [{"value": "+7"}], [v.Multitext("+7")]),
        ("smart_address", [{"value": "x", "enum_id": 9}], v.SmartAddress((v.AddressPart("x", None, 9),))),
        ("legal_entity", [{"value": []}], None),
        ("legal_entity", [{"value": {"kpp": 5}}], v.LegalEntity(kpp="5")),
        (
            "legal_entity",
            [{"value": {"name": "A", "UNP": "1", "kpp": {"a": 1}}}],
            v.LegalEntity(name="A", extra={"UNP": "1", "kpp": {"a": 1}}),
        ),
        ("items", [[{"value": {"sku": "1"}}]], [v.Item(sku="1")]),
        ("items", [{"value": {"discount": []}}], [v.Item(extra={"discount": []})]),
        ("chained_list", [{"catalog_id": 1}], [v.ChainedItem(catalog_id=1)]),
    ],
)
def test_what_else_may_stand_there(type_name: str, values: Any, value: Any) -> None:
    entry = {"field_id": 1, "field_type": type_name, "values": values}
    assert v.read(entry).value == value


def test_naive_moments_need_the_zone_of_the_account() -> None:
    entry = {"id": 6, "values": [{"value": "2020-01-01 00:00:00"}]}
    assert v.v2.date.read(entry, tz=dt.UTC) == dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    with pytest.raises(v.FieldValueError, match="without a time zone; pass tz="):
        v.v2.date.read(entry)
    # Unread, it goes back as it came: no zone was guessed.
    assert v.v2.Values([entry], types={6: "date"}).entries() == [entry]


def test_read_with_the_wrong_type() -> None:
    with pytest.raises(
        v.FieldValueError, match=r"field 11 \(select\): .* is not of type numeric; read it as"
    ):
        v.Values(LEAD).value(11, v.numeric)
    with pytest.raises(v.FieldValueError, match="is not a number"):
        v.numeric.read({"field_id": 1, "values": [{"value": "abc"}]})


@pytest.mark.parametrize("type", [int, "numeric", Decimal, v.Values])
@pytest.mark.parametrize("field", [11, 404])
def test_what_is_no_type_of_a_field_is_refused(type: Any, field: int) -> None:
    with pytest.raises(v.FieldValueError, match=rf"field {field}: .* is no type of a field; give"):
        v.Values(LEAD).value(field, type)


def test_a_second_value_of_a_field_of_one_is_not_lost() -> None:
    field = v.read({"field_id": 1, "field_type": "text", "values": [{"value": "a"}, {"value": "b"}]})
    assert field.value == "a"
    assert field.values == ["a", "b"]
    assert field.entry() == {"field_id": 1, "values": [{"value": "a"}, {"value": "b"}]}


def test_an_address_by_part() -> None:
    address = v.SmartAddress.of(
        address_line_1="Street 1", address_line_2="b", city="M", state="S", zip="1", country="RU"
    )
    assert (address.address_line_1, address.address_line_2, address.city) == ("Street 1", "b", "M")
    assert (address.state, address.zip, address.country) == ("S", "1", "RU")
    assert address.get(3) == address.get("city") == "M"
    assert address.get(9) is None
    assert v.SmartAddress((v.AddressPart("x", enum_id=5),)).zip == "x"
    assert v.SmartAddress().city is None


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just("2020-01-01 00:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
one_value = st.dictionaries(
    st.sampled_from(["value", "enum_id", "enum_code", "enum", "subtype", "catalog_id", "catalog_element_id"]),
    json_values | st.fixed_dictionaries({}, optional=dict.fromkeys(("name", "kpp", "discount"), json_values)),
)
garbage = st.fixed_dictionaries(
    {},
    optional={
        "field_id": json_values | st.just(1),
        "id": json_values | st.just(1),
        "field_code": json_values,
        "code": json_values,
        "field_name": json_values,
        "field_type": st.sampled_from(sorted(v.FIELD_TYPES)) | json_values,
        "values": st.lists(one_value | json_values, max_size=3) | json_values,
    },
)


@any_type
@given(
    entries=st.lists(garbage, max_size=3), kind=st.sampled_from(sorted(v.FIELD_TYPES)), in_v2=st.booleans()
)
def test_garbage_is_raw_and_nothing_but_the_documented_errors_escapes(
    entries: list[dict[str, Any]], kind: str, in_v2: bool
) -> None:
    before = copy.deepcopy(entries)
    try:
        filled = (v.v2.Values if in_v2 else v.Values)(entries, types={1: kind})
    except v.FieldValueError:
        foreign = {"field_id", "field_code"} if in_v2 else {"id", "code"}
        assert any(entry.keys() & foreign for entry in entries)
        return
    for field in filled.fields():
        repr(field)
        field.value  # noqa: B018
        field.values  # noqa: B018
        with suppress(v.FieldValueError):
            field.as_(v.FIELD_TYPES[kind])
        with suppress(v.FieldValueError):
            field.entry()
    assert repr(entries) == repr(before)


@pytest.mark.parametrize("garbage", ["x", {"field_id": 1}, 5, [5], ["x"], [None]])
def test_not_a_list_of_entries(garbage: Any) -> None:
    with pytest.raises(v.FieldValueError, match=r"is no (list of fields|entry of a field)"):
        v.Values(garbage)


def test_an_entry_that_names_no_field_cannot_be_sent() -> None:
    with pytest.raises(v.FieldValueError, match="is no field"):
        v.read({"field_type": "text", "values": [{"value": "x"}]}).entry()


@pytest.mark.parametrize(
    ("read", "given", "mend"),
    [
        (v.Values, [{"id": 5, "name": "n", "values": [{"value": "x"}]}], "read with kommo.values.v2"),
        (v.Values, [{"id": 5, "custom_fields_values": []}], "give custom_fields_values of a record"),
        (v.v2.Values, [{"field_id": 5, "values": [{"value": "x"}]}], "are read with kommo.values"),
        (
            v.v2.Values,
            [{"field_code": "SKU", "field_id": None, "values": []}],
            "give custom_fields of an element",
        ),
    ],
)
def test_entries_of_the_other_version_are_not_read_as_nothing(read, given, mend) -> None:
    with pytest.raises(v.FieldValueError, match=f"is no entry of a field of v[24]; .*{mend}"):
        read(given)
