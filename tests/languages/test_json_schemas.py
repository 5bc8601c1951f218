"""openapi/dist/schemas: every model as a JSON Schema that stands on its own and accepts the contract's examples."""

import json
import re

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable

from kommo.command import CommandError
from kommo.published import load_bundle
from kommo.spec.json_schemas import SCHEMAS, render_schemas, schema_id, series
from kommo.spec.project import find_root
from kommo.spec.walk import followed, media_types

FILES = {path.stem: json.loads(path.read_bytes()) for path in sorted((find_root() / SCHEMAS).glob("*.json"))}
IDS = {name: schema["$id"] for name, schema in FILES.items()}
REGISTRY = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in FILES.values()
)
BUNDLE = load_bundle()


def by_id(node):
    """A schema of the contract that refers to the exported files instead of components."""
    if isinstance(node, dict):
        return {
            key: IDS[value.rpartition("/")[2]] if key == "$ref" else by_id(value)
            for key, value in node.items()
        }
    return [by_id(item) for item in node] if isinstance(node, list) else node


def uses():
    """(where, schema, value) of every named example."""
    for parts, media_type in media_types(BUNDLE):
        for name, example in media_type.get("examples", {}).items():
            value = followed(BUNDLE, example)["value"]
            yield "/".join(map(str, (*parts, name))), media_type["schema"], value
    for name, example in BUNDLE["components"]["examples"].items():
        if "x-schema" in example:
            yield name, {"$ref": f"#/components/schemas/{example['x-schema']}"}, example["value"]


def references(node):
    if isinstance(node, dict):
        yield from (value for key, value in node.items() if key == "$ref")
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def test_there_is_one_for_each_model():
    assert set(FILES) == set(BUNDLE["components"]["schemas"])


@pytest.mark.parametrize("name", FILES)
def test_each_is_a_schema_with_its_id_and_without_keys_of_openapi(name):
    schema = FILES[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == schema_id(name)
    assert re.fullmatch(r"urn:kommo:schema:[A-Za-z0-9]+:\d+(\.\d+)?", schema["$id"])
    assert "make bundle" in schema["$comment"]
    assert not re.search(r'"(x-[a-z-]+|#/[^"]*)":?', json.dumps(schema))
    for reference in references(schema):
        REGISTRY.resolver().lookup(reference)  # raises where it leads nowhere


def test_all_named_examples_are_valid():
    found = {}
    seen = 0
    for where, schema, value in uses():
        seen += 1
        errors = Draft202012Validator(by_id(schema), registry=REGISTRY).iter_errors(value)
        found |= {f"{where}: {error.json_path}": error.message for error in errors}
    assert found == {}
    assert seen >= len(BUNDLE["components"]["examples"])


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("CustomFieldGroup", {"id": 1}, "'name' is a required property"),
        ("LeadsCustomFieldCreate", {"name": "x", "type": "items"}, "'items' is not one of"),
        ("V2CatalogsWrite", {"add": [{"name": 5}]}, "5 is not of type 'string'"),
    ],
)
def test_they_refuse_what_the_contract_refuses(name, value, says):
    errors = Draft202012Validator(FILES[name], registry=REGISTRY).iter_errors(value)
    assert any(says in error.message for error in errors)


def test_ids_last_until_a_release_may_break():
    assert (
        schema_id("V2Catalog", "1.4.2") == schema_id("V2Catalog", "1.9.0") != schema_id("V2Catalog", "2.0.0")
    )
    assert series("0.3.1") == series("0.3.9") != series("0.4.0")


def test_data_and_names_are_left_alone():
    model = {
        "type": "object",
        "properties": {"x-own": {"const": {"$ref": "#/not/a/reference"}}, "$ref": {"type": "string"}},
        "x-source": "somewhere:1",
    }
    text = next(iter(render_schemas({"components": {"schemas": {"Thing": model}}}, "made").values()))
    schema = json.loads(text)
    assert schema["properties"] == model["properties"]
    assert "x-source" not in schema


def test_a_reference_that_no_file_can_hold_is_an_error():
    model = {"$ref": "#/components/schemas/Thing/properties/name"}
    with pytest.raises(CommandError, match=r"/components/schemas/Part: the \$ref .* can be exported"):
        render_schemas({"components": {"schemas": {"Part": model}}}, "made")


def test_a_missing_file_is_noticed():
    with pytest.raises(Unresolvable):
        REGISTRY.resolver().lookup(schema_id("NoSuchModel"))
