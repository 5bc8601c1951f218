"""Which types a field of which entity can be created with, and what shapes its values have, is what is evidenced."""

import pytest
import yaml

from kommo.spec.project import EVIDENCE, find_root

PREFIXES = {
    "leads": "Leads",
    "contacts": "Contacts",
    "companies": "Companies",
    "customers": "Customers",
    "catalogs": "Catalogs",
    "segments": "CustomersSegments",
}
EVIDENCED = yaml.safe_load((find_root() / EVIDENCE / "field-types.yaml").read_text(encoding="utf-8"))
TYPES = EVIDENCED["types"]
KOMMO = EVIDENCED["kommo"]
DOCUMENTED = [name for name, type_ in TYPES.items() if type_["documented"]]


def test_the_18_documented_types_and_the_7_newer_ones_are_known(schemas):
    assert (len(DOCUMENTED), len(TYPES)) == (18, 25)
    assert schemas["FieldType"]["enum"][:18] == [
        name for name in schemas["FieldType"]["enum"] if name in DOCUMENTED
    ]
    assert set(schemas["FieldType"]["enum"]) == set(TYPES)


def test_the_entities_are_those_of_the_evidence(schemas):
    assert set(schemas["EntityType"]["enum"]) == set(EVIDENCED["entities"]) == set(PREFIXES)


@pytest.mark.parametrize("entity", PREFIXES)
@pytest.mark.parametrize("type_", TYPES)
def test_creation_takes_exactly_the_types_of_the_entity(check, entity, type_):
    schema = {"$ref": f"#/components/schemas/{PREFIXES[entity]}CustomFieldCreate"}
    accepted = check(schema, {"name": "Colour", "type": type_}) == []
    assert accepted == (
        entity in TYPES[type_]["entities"] or entity in KOMMO.get(type_, {}).get("entities", ())
    )


@pytest.mark.parametrize("form", ["CustomFieldValues", "CustomFieldValuesRead"])
def test_values_have_a_shape_for_every_type(schemas, form):
    """Written and read, the shapes of values are together those of all types, and each shape says whose it is."""
    values = schemas[form]["properties"]["values"]
    items = values["oneOf"][0]["items"] if "oneOf" in values else values["items"]
    shapes = [schemas[member["$ref"].rpartition("/")[2]] for member in items["anyOf"]]
    assert {name for shape in shapes for name in shape["x-field-types"]} == set(TYPES)
    listed = [name for shape in shapes for name in shape["x-field-types"]]
    assert len(listed) == len(set(listed))


def test_every_schema_of_values_says_whose_it_is(schemas):
    for name, schema in schemas.items():
        assert set(schema.get("x-field-types", ())) <= set(TYPES), name
