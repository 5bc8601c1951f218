"""What the helpers build, the contract allows; what the generated models hold, the helpers read."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from kommo import models
from kommo import values as v
from kommo.published import load_bundle
from tests.values.strategies import VALUES, any_type, each_type, ids, zones

DOCUMENTED = [name for name, kind in v.FIELD_TYPES.items() if kind.documented]
# The documents of v2 know text only as a value.
OBJECTS = {"legal_entity", "items"}


@cache
def validator(schema: str) -> Draft202012Validator:
    bundle = Resource.from_contents(
        load_bundle() | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    )
    registry: Registry[Any] = Registry().with_resource("urn:contract", bundle)
    return Draft202012Validator({"$ref": f"urn:contract#/components/schemas/{schema}"}, registry=registry)


def over_the_wire(entry: dict[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(json.dumps(entry))
    return result


@pytest.mark.parametrize("name", v.FIELD_TYPES)
@each_type
@given(data=st.data())
def test_v4_entries_are_allowed_and_survive_the_models(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name].filter(_in_the_contract))
    entry = over_the_wire(v.FIELD_TYPES[name].write(data.draw(ids), value))
    validator("CustomFieldValues").validate(entry)
    model = models.CustomFieldValues.from_dict(entry)
    assert model.to_dict() == entry
    assert v.FIELD_TYPES[name].read(model) == value


def _in_the_contract(value: Any) -> bool:
    """The contract knows legal entities of types 1 and 2, the helpers any."""
    return not isinstance(value, v.LegalEntity) or value.entity_type in (None, 1, 2)


@pytest.mark.parametrize("name", [name for name in DOCUMENTED if name not in OBJECTS])
@each_type
@given(data=st.data())
def test_v2_entries_are_allowed_and_survive_the_models(name: str, data: st.DataObject) -> None:
    value = data.draw(VALUES[name])
    try:
        entry = over_the_wire(getattr(v.v2, name).write("SKU", value, tz=data.draw(zones)))
    except v.FieldValueError as error:
        assert "which v2 does not know" in str(error)  # noqa: PT017
        return
    validator("V2CustomFieldWrite").validate(entry)
    assert models.V2CustomFieldWrite.from_dict(entry).to_dict() == entry


@any_type
@given(field=ids)
def test_clearing_is_allowed(field: int) -> None:
    validator("CustomFieldValues").validate(v.clear(field))
    validator("V2CustomFieldWrite").validate(v.v2.clear(field))


def test_models_of_answers_are_read() -> None:
    answer = models.CustomFieldValuesRead.from_dict(
        {
            "field_id": 11,
            "field_name": "Colour",
            "field_code": None,
            "field_type": "select",
            "values": [{"value": "Red", "enum_id": 5, "enum_code": None}],
        }
    )
    filled = v.Values([answer])
    assert filled.value(11, v.select) == v.Choice("Red", 5)
    assert filled.entries() == [{"field_id": 11, "values": [{"enum_id": 5}]}]
    record = models.WithCustomFieldsValues.from_dict({"custom_fields_values": filled.entries()})
    assert v.Values(record.custom_fields_values).value(11, v.select) == v.Choice(None, 5)


def test_models_of_definitions_write() -> None:
    field = models.CustomField.from_dict(
        {"id": 103, "name": "Budget", "type": "numeric", "code": None, "sort": 1, "entity_type": "leads"}
        | {"account_id": 1, "_links": {"self": {"href": "https://example.kommo.com/api/v4/x"}}}
    )
    assert v.write(field, "1.5") == v.numeric(103, "1.5")
    assert v.types_of([field]) == {103: "numeric"}
