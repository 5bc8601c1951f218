"""Every example of the vendor's documents is a named example of the contract, and every example is valid."""

from typing import Any

import pytest
import yaml

from kommo.spec.project import find_root

from .conftest import Check, validator, walk

# Where the documents print an example: document -> the first and last line of each.
PRINTED = {
    "lists-v2": {
        (25, 31), (34, 41), (43, 52), (65, 85), (90, 97), (156, 165), (213, 216), (283, 320),
    },
    "list-elements-v2": {(44, 68), (84, 105), (117, 126), (191, 202), (256, 259), (348, 485)},
    "custom-fields-v4": {
        (91, 151), (233, 284), (383, 405), (432, 472), (574, 604), (631, 700),
        (795, 807), (861, 919), (956, 967), (993, 1025), (1064, 1066), (1093, 1105),
        (1215, 1258), (1269, 1280), (1291, 1302), (1313, 1340), (1352, 1382), (1395, 1423), (1439, 1454),
        (1472, 1491), (1513, 1534),
    },
}  # fmt: skip
OWN = "Not in the documents"


def places(contract: dict[str, Any]) -> dict[tuple[str, int, int], str]:
    """(document, first line, last line) -> the name of the example that was taken from there."""
    found: dict[tuple[str, int, int], str] = {}
    for name, example in contract["components"]["examples"].items():
        if name.startswith("Problem") or example.get("description", "").startswith(OWN):
            continue
        source, _, lines = example["x-source"].partition(":")
        first, _, last = lines.partition("-")
        found[source, int(first), int(last)] = name
    return found


def test_every_printed_example_is_a_named_example(contract):
    printed = {(source, *span) for source, spans in PRINTED.items() for span in spans}
    assert len(printed) == 35
    assert set(places(contract)) == printed


def uses(document: dict[str, Any]) -> list[tuple[str, dict[str, Any], Any]]:
    """(where, schema, value) for each example beside a schema, and for each that names its schema itself."""
    examples = document["components"]["examples"]
    found = []
    for place, node in walk(document):
        if isinstance(node.get("examples"), dict) and "schema" in node:
            for key, example in node["examples"].items():
                example = examples[example["$ref"].rpartition("/")[2]] if "$ref" in example else example
                found.append(("/".join((*place, "examples", key)), node["schema"], example["value"]))
    for name, example in examples.items():
        if "x-schema" in example:
            found.append((name, {"$ref": f"#/components/schemas/{example['x-schema']}"}, example["value"]))
    return found


def problems(document: dict[str, Any], check: Check) -> dict[str, list[str]]:
    found = {where: check(schema, value) for where, schema, value in uses(document)}
    return {where: errors for where, errors in found.items() if errors}


def test_every_example_is_valid_by_the_base(contract, check):
    assert len(uses(contract)) >= 100
    assert problems(contract, check) == {}


def test_every_example_is_valid_with_all_overlays(quirky):
    assert problems(quirky, validator(quirky)) == {}


def test_every_example_is_used(contract):
    used = {
        example["$ref"].rpartition("/")[2]
        for _, node in walk(contract["paths"] | contract["components"])
        if isinstance(node.get("examples"), dict) and "schema" in node
        for example in node["examples"].values()
    }
    used |= {name for name, example in contract["components"]["examples"].items() if "x-schema" in example}
    assert set(contract["components"]["examples"]) == used


EVIDENCE = find_root() / "openapi" / "evidence" / "sources.yaml"
SOURCES = yaml.safe_load(EVIDENCE.read_text(encoding="utf-8"))["sources"]


def test_every_source_is_known_and_long_enough(contract):
    cited = 0
    for place, node in walk(contract):
        if "x-source" not in node:
            continue
        for citation in node["x-source"].split(", "):
            cited += 1
            source, _, lines = citation.partition(":")
            assert source in SOURCES, (place, source)
            if lines:
                first, _, last = lines.partition("-")
                assert 1 <= int(first) <= int(last or first) <= SOURCES[source]["lines"], (place, citation)
            else:
                assert SOURCES[source]["kind"] != "vendor-document", (place, "cite a vendor document by line")
    assert cited > 300


@pytest.mark.parametrize(
    "entity", ["leads", "contacts", "companies", "customers", "customers_segments", "catalogs"]
)
def test_creation_has_an_example_for_every_entity(contract, entity):
    prefix = "".join(part.capitalize() for part in entity.split("_"))
    body = contract["components"]["requestBodies"][f"{prefix}CustomFieldsCreate"]
    assert body["content"]["application/json"]["examples"]


def test_every_operation_of_records_has_examples(contract):
    """A request and an answer of every operation that is not in the four documents: they have no printed example."""
    for path, item in contract["paths"].items():
        for method in ("get", "post", "patch"):
            if method in item and "x-evidence" in item[method]:
                sides = [
                    response
                    for status, response in item[method]["responses"].items()
                    if status in ("200", "201")
                ]
                sides += [item[method]["requestBody"]] if "requestBody" in item[method] else []
                for side in sides:
                    side = resolved(contract, side)
                    [media] = side["content"].values()
                    assert media["examples"], (path, method)


def resolved(contract: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        _, _, section, name = node["$ref"].split("/")
        node = contract["components"][section][name]
    return node


ACCOUNT = yaml.safe_load((EVIDENCE.parent / "example-account.yaml").read_text(encoding="utf-8"))


def test_examples_of_records_name_what_the_account_of_the_examples_holds(contract):
    """The ids of examples are few, and listed in one place for whoever wants to run them."""
    by_key = {}
    for entity, fields in ACCOUNT["fields"].items():
        for field in fields:
            by_key |= {(entity, field["id"]): field, (entity, field.get("code")): field}
    named = set()
    for name, example in contract["components"]["examples"].items():
        entity = next((each for each in ACCOUNT["names"] if name.startswith(ACCOUNT["names"][each])), None)
        if entity is None or name.startswith("V2") or "CustomField" in name:
            continue
        for _, node in walk(example["value"]):
            key = node.get("field_id", node.get("field_code"))
            if key is None:
                continue
            field = by_key[entity, key]
            named.add((entity, field["id"]))
            if "field_type" in node:
                assert (node["field_id"], node["field_type"], node["field_code"]) == (
                    field["id"], field["type"], field.get("code"),
                )  # fmt: skip
            for value in node["values"] or ():
                if "enum_id" in value:
                    assert value["enum_id"] in field["options"], (name, value)
    assert named <= {
        (entity, field["id"]) for entity, fields in ACCOUNT["fields"].items() for field in fields
    }
    assert {entity for entity, _ in named} == set(ACCOUNT["names"]) - {"catalogs"}


def test_the_types_of_the_fields_of_the_examples_exist_there(contract):
    evidence = yaml.safe_load((EVIDENCE.parent / "field-types.yaml").read_text(encoding="utf-8"))
    for entity, fields in ACCOUNT["fields"].items():
        kind = {"customers_segments": "segments", "catalog_elements": "catalogs"}.get(entity, entity)
        for field in fields:
            assert kind in evidence["types"][field["type"]]["entities"], field
