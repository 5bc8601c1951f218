"""Which types a field of which entity can be created with is what the evidence says."""

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
DOCUMENTED = [name for name, type_ in TYPES.items() if type_["documented"]]


def test_the_18_documented_types_are_the_known_ones(schemas):
    assert len(DOCUMENTED) == 18
    assert set(schemas["FieldType"]["enum"]) == set(DOCUMENTED)


def test_the_entities_are_those_of_the_evidence(schemas):
    assert set(schemas["EntityType"]["enum"]) == set(EVIDENCED["entities"]) == set(PREFIXES)


@pytest.mark.parametrize("entity", PREFIXES)
@pytest.mark.parametrize("type_", DOCUMENTED)
def test_creation_takes_exactly_the_types_of_the_entity(check, entity, type_):
    schema = {"$ref": f"#/components/schemas/{PREFIXES[entity]}CustomFieldCreate"}
    accepted = check(schema, {"name": "Colour", "type": type_}) == []
    assert accepted == (entity in TYPES[type_]["entities"])


@pytest.mark.parametrize("type_", [name for name in TYPES if name not in DOCUMENTED])
def test_newer_types_are_not_offered(check, type_):
    for prefix in PREFIXES.values():
        assert check(
            {"$ref": f"#/components/schemas/{prefix}CustomFieldCreate"}, {"name": "Colour", "type": type_}
        )
