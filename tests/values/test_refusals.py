"""What cannot be sent is refused before it is, in one line that names field, type, value and mend."""

from __future__ import annotations

import datetime as dt
import json
import pickle
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo import values as v
from kommo.errors import KommoError
from tests.values.strategies import any_type, decimals, zones

NAIVE = dt.datetime(2020, 1, 1)
CENTURIES_AGO = dt.datetime(1800, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=2, minutes=30, seconds=17)))
AWARE = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)

REFUSED: dict[str, tuple[Callable[[], Any], str]] = {
    "text is not bytes": (lambda: v.text(3, b"x"), "is no text; give a str"),  # type: ignore[arg-type]
    "text is not a number": (lambda: v.text(3, 5), "is no text; give a str"),  # type: ignore[arg-type]
    "None is not clear": (lambda: v.text(3, None), "say so: clear"),  # type: ignore[arg-type]
    "not digits": (lambda: v.numeric(3, "1,5"), "is not a number"),
    "underscores": (lambda: v.numeric(3, "1_000"), "is not a number"),
    "nan": (lambda: v.numeric(3, float("nan")), "is not a finite number"),
    "infinity": (lambda: v.numeric(3, Decimal("Infinity")), "is not a finite number"),
    "signalling nan": (lambda: v.price(3, Decimal("sNaN")), "is not a finite number"),
    "too large": (lambda: v.numeric(3, Decimal("1E+400")), "too large or too small"),
    "too large int": (lambda: v.numeric(3, 10**5000), "too large or too small"),
    "a flag is no number": (lambda: v.numeric(3, True), "is a flag, not a number"),
    "a number is no flag": (lambda: v.checkbox(5, 1), "is no flag; give True or False"),  # type: ignore[arg-type]
    "naive": (lambda: v.date_time(9, NAIVE), "has no time zone; give an aware datetime"),
    "naive, with tz": (lambda: v.date_time(9, NAIVE, tz=dt.UTC), "has no time zone"),
    "day without zone": (lambda: v.date(9, dt.date(2020, 1, 1)), "without a time zone; pass tz="),
    "zone by name": (lambda: v.date(9, AWARE, tz="UTC"), "no time zone; pass tz="),  # type: ignore[arg-type]
    "milliseconds": (lambda: v.date(9, 1577836800000), "in seconds, not milliseconds"),
    "text is no moment": (lambda: v.date(9, "2020-01-01"), "is no moment"),  # type: ignore[arg-type]
    "another form": (lambda: v.date(9, AWARE, form="iso"), "form="),  # type: ignore[arg-type]
    "odd offset": (lambda: v.date(9, CENTURIES_AGO, form="rfc3339"), "whole minutes"),
    "edge of the calendar": (
        lambda: v.date(9, dt.datetime.max.replace(tzinfo=dt.UTC), tz=dt.timezone(dt.timedelta(hours=3))),
        "outside the calendar",
    ),
    "v2 without zone": (lambda: v.v2.date_time(9, AWARE), "would lose its time zone in v2; pass tz="),
    "v2 form": (lambda: v.v2.date(9, AWARE, tz=dt.UTC, form="rfc3339"), "leave out form="),
    "no option": (lambda: v.select(11), "names no option"),
    "option named twice": (lambda: v.select(11, "A", enum_id=5), "one of several names"),
    "option by id as value": (lambda: v.select(11, 5), "is no option"),  # type: ignore[arg-type]
    "id as text": (lambda: v.select(11, enum_id="5"), "enum_id that is not an int"),  # type: ignore[arg-type]
    "empty code": (lambda: v.select(11, enum_code=""), "enum_code that is not text"),
    "no options": (lambda: v.multiselect(111), "holds nothing; to empty the field, say so"),
    "v2 has no codes": (lambda: v.v2.select(11, enum_code="a"), "which v2 does not know"),
    "no phones": (lambda: v.multitext("PHONE"), "holds nothing"),
    "phone without kind": (lambda: v.multitext("PHONE", v.Multitext("+7")), "names no kind"),
    "phone as text": (lambda: v.multitext("PHONE", "+7"), "is no Multitext"),  # type: ignore[arg-type]
    "kind of phone": (lambda: v.phone("+7", "PRIV"), "give one of WORK, WORKDD"),  # type: ignore[arg-type]
    "kind of address": (lambda: v.email("a@b", "MOB"), "give one of WORK, PRIV"),  # type: ignore[arg-type]
    "no parts": (lambda: v.smart_address(13), "holds nothing"),
    "part without kind": (lambda: v.smart_address(13, v.AddressPart("x")), "names no kind"),
    "no name": (lambda: v.legal_entity(25, v.LegalEntity(vat_id="1")), "lacks name; give name"),
    "wrong kind": (lambda: v.legal_entity(25, {"name": "A", "kpp": 5}), "has a kpp that is no text"),
    "not an object": (lambda: v.legal_entity(25, "ООО"), "is no LegalEntity"),  # type: ignore[arg-type]
    "item price": (lambda: v.items(25, {"unit_price": "ten"}), "has a unit_price that is not a number"),
    "item precision": (lambda: v.items(25, {"quantity": Decimal("0.12345678901234567890")}), "more digits"),
    "item discount": (
        lambda: v.items(25, {"discount": {"value": "x"}}),
        "has a discount that has a value that is not a number",
    ),
    "discount kind": (lambda: v.items(25, {"discount": 5}), "has a discount that is no Discount"),
    "no link": (lambda: v.linked_entity(1, {"name": "A"}), "lacks entity_id"),
    "half a pair": (lambda: v.chained_list(1, {"catalog_id": 1}), "lacks catalog_element_id"),
    "six elements": (lambda: v.chained_list(1, *[(1, 2)] * 6), "holds 6 values, but the field takes 5"),
    "supplier": (lambda: v.supplier(1, True), "has a entity_id that is no whole number"),
    "file size": (lambda: v.file(1, {"file_uuid": "u", "file_size": 1.5}), "file_size that is no whole"),
    "field zero": (lambda: v.text(0, "x"), "is no field; give the id"),
    "field True": (lambda: v.text(True, "x"), "is no field"),
    "field by no code": (lambda: v.clear(""), "is no field"),
    "field None": (lambda: v.v2.clear(None), "is no field"),  # type: ignore[arg-type]
    "unknown type": (lambda: v.write({"id": 5, "type": "hologram"}, "x"), "type not known here; give a Raw"),
    "no definition": (lambda: v.write({"type": "text"}, "x"), "definition with id or code"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(case: str) -> None:
    call, words = REFUSED[case]
    with pytest.raises(v.FieldValueError) as caught:
        call()
    message = str(caught.value)
    assert words in message
    assert "\n" not in message
    assert len(message) < 400
    # The private exception of the shapes does not show, not even as a cause.
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_the_error_tells_field_type_value_and_mend() -> None:
    with pytest.raises(v.FieldValueError) as caught:
        v.numeric("PRICE", "abc")
    error = caught.value
    assert (error.field, error.type, error.value) == ("PRICE", "numeric", "abc")
    assert str(error) == f"field 'PRICE' (numeric): 'abc' {error.problem}; {error.mend}"
    assert isinstance(error, ValueError)
    assert isinstance(error, KommoError)
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.field, again.mend) == (str(error), "PRICE", error.mend)


def test_long_values_are_cut() -> None:
    with pytest.raises(v.FieldValueError) as caught:
        v.numeric(1, "x" * 10_000)
    assert len(str(caught.value)) < 200


class Hostile:
    def __repr__(self) -> str:
        raise RuntimeError


def test_a_value_without_a_repr_is_named_by_its_type() -> None:
    with pytest.raises(v.FieldValueError, match="Hostile"):
        v.text(1, Hostile())  # type: ignore[arg-type]


@any_type
@given(number=decimals | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(10**300), 10**300))
def test_numbers_are_plain_digits_and_exact(number: Decimal | float | int) -> None:
    (value,) = v.numeric(1, number)["values"]
    digits = value["value"]
    assert set(digits) <= set("-0123456789.")
    assert type(number)(digits) == number


@any_type
@given(moment=st.datetimes(dt.datetime(1, 1, 2), dt.datetime(9999, 12, 30)), zone=zones)
def test_fractions_of_a_second_are_dropped_and_nothing_else(moment: dt.datetime, zone: dt.tzinfo) -> None:
    aware = moment.replace(tzinfo=zone)
    for form in ("unix", "rfc3339"):
        read = v.date_time.read(v.date_time(1, aware, form=form), tz=zone)
        assert read == aware.replace(microsecond=0)
    assert v.date_time.read(v.v2.date_time(1, aware, tz=zone), tz=zone) == aware.replace(microsecond=0)


@any_type
@given(value=st.from_type(object), kind=st.sampled_from(sorted(v.FIELD_TYPES)))
def test_whatever_is_given_only_the_documented_error_escapes(value: object, kind: str) -> None:
    with suppress(v.FieldValueError):
        json.dumps(v.FIELD_TYPES[kind].write(1, value, tz=dt.UTC))
