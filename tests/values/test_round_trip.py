"""Writing and reading are inverse to each other, for every type and both versions."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kommo import values as v
from tests.values.strategies import MANY, VALUES, WIRE, answers, any_type, codes, each_type, ids, maybe, zones

V2_TYPES = [name for name in v.FIELD_TYPES if hasattr(v.v2, name)]


def over_the_wire(entry: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.dumps(entry))
    return result


def same(one: Any, other: Any) -> bool:
    """Equal as values; Decimal("1.0") is Decimal("1")."""
    return bool(one == other)


@pytest.mark.parametrize("name", v.FIELD_TYPES)
@each_type
@given(data=st.data())
def test_what_was_written_is_read(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    kind = v.FIELD_TYPES[name]
    entry = over_the_wire(kind.write(7, value))
    assert entry.keys() == {"field_id", "values"}
    assert same(kind.read(entry), value)


@pytest.mark.parametrize("name", V2_TYPES)
@each_type
@given(data=st.data())
def test_what_was_written_is_read_in_v2(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    zone = data.draw(zones)
    if any(choice.enum_code is not None for choice in _choices(value)):
        # v2 has no codes of options.
        value = data.draw(st.just(v.Choice(enum_id=5))) if name not in MANY else [v.Choice("A")]
    kind = getattr(v.v2, name)
    entry = over_the_wire(kind.write("SKU", value, tz=zone))
    assert entry.keys() == {"code", "values"}
    read = kind.read(entry, tz=zone)
    if isinstance(value, v.Choice) and value.enum_id is not None:
        # An id alone goes into `value`, where it cannot be told from a text.
        read, value = read.value, str(value.enum_id)
    if name == "smart_address":
        read, value = ([(part.part, part.value) for part in each.parts] for each in (read, value))
    assert same(read, value)


def _choices(value: Any) -> list[v.Choice]:
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, v.Choice)]


@pytest.mark.parametrize("name", WIRE)
@each_type
@given(data=st.data())
def test_what_was_read_can_be_sent_back_and_means_the_same(name: str, data: st.DataObject) -> None:
    answer = data.draw(answers(name))
    before = copy.deepcopy(answer)
    field = v.read(answer)
    value = field.value
    assert value is not None
    assert not isinstance(value, v.Raw)

    entry = field.entry()
    assert answer == before
    assert entry is not None
    assert entry.keys() == {"field_id", "values"}
    assert not _nulls(entry)

    again = v.FIELD_TYPES[name].read(over_the_wire(entry))
    assert same(_as_sent(again), _as_sent(value))
    # Sending back what was sent back changes nothing more.
    assert v.read({**entry, "field_type": name}).entry() == entry


def _nulls(part: Any, path: str = "") -> list[str]:
    """Places of null, but for the one that requests have: `catalog_id` of a link that is not to a list (DOC-CF)."""
    if isinstance(part, dict):
        return [place for key, inner in part.items() for place in _nulls(inner, f"{path}.{key}")]
    if isinstance(part, list):
        return [place for inner in part for place in _nulls(inner, path)]
    return [path] if part is None and not path.endswith("value.catalog_id") else []


def _as_sent(value: Any) -> Any:
    """The part of a value that a request carries: of an option one name, of a record the writable keys."""
    if isinstance(value, list):
        return [_as_sent(each) for each in value]
    if isinstance(value, v.SmartAddress):
        return _as_sent(list(value.parts))
    if isinstance(value, v.Choice):
        return value.enum_id
    if isinstance(value, v.Multitext | v.AddressPart):
        return (value.value, value.enum_id)
    if isinstance(value, v.Item):
        return evolve(value, total_sum=None, is_discount_recalculated=None, is_total_sum_recalculated=None)
    if isinstance(value, v.Supplier):
        return value.entity_id
    return value


@pytest.mark.parametrize("name", WIRE)
@each_type
@given(data=st.data())
def test_python_values_that_were_read_can_be_written(name: str, data: st.DataObject) -> None:
    kind = v.FIELD_TYPES[name]
    value = kind.read(data.draw(answers(name)))
    again = kind.read(over_the_wire(kind.write(1, value)))
    assert same(_as_sent(again), _as_sent(value))


@pytest.mark.parametrize("name", [*WIRE, "some_type_of_tomorrow"])
@each_type
@given(data=st.data())
def test_no_option_key_that_is_null_or_foreign_is_sent_back(name: str, data: st.DataObject) -> None:
    """Answers hold `enum_code: null`, on check boxes too; a request with it is refused (KRUKOV)."""
    answer = data.draw(answers(name, WIRE.get(name, WIRE["text"])))
    for value in answer["values"]:
        value.setdefault("enum_code", None)
        value.setdefault("enum_id", None)
    entry = v.read(answer).entry()
    assert entry is not None
    for value in entry["values"]:
        assert None not in (value.get("enum_id", 0), value.get("enum_code", 0))
        if name not in ("select", "radiobutton", "category", "multiselect", "multitext", "smart_address"):
            assert not {"enum_id", "enum_code"} & value.keys()


@any_type
@given(
    value=maybe(st.text(max_size=5)),
    enum_id=maybe(ids),
    enum_code=maybe(codes),
)
def test_one_name_of_an_option_is_sent(value: str | None, enum_id: int | None, enum_code: str | None) -> None:
    choice = v.Choice(value, enum_id, enum_code)
    if choice == v.Choice():
        with pytest.raises(v.FieldValueError, match="names no option"):
            v.select(11, choice)
        return
    (sent,) = v.select(11, choice)["values"]
    given_names = {"enum_id": enum_id, "enum_code": enum_code, "value": value}
    first = next(key for key, name in given_names.items() if name is not None)
    assert sent == {first: given_names[first]}


@pytest.mark.parametrize("name", v.FIELD_TYPES)
def test_clearing_is_the_same_for_all_types(name: str) -> None:
    cleared = {"field_code": "ANY", "values": None}
    assert v.FIELD_TYPES[name].write("ANY", v.CLEAR) == v.clear("ANY") == cleared
    assert (
        v.FIELD_TYPES[name](  # type: ignore[operator]
            "ANY", v.CLEAR
        )
        == cleared
    )
    assert v.FIELD_TYPES[name].read({"field_code": "ANY", "field_type": name, "values": None}) is None
