"""Many files to one document: names, order, and every way in which the files can be wrong."""

import json
import random

import pytest

from kommo.spec.assemble import assemble
from kommo.spec.bundle import bundle, bundle_with_origins, dangling, references, resolve
from kommo.spec.documents import DocumentError, load
from kommo.version import __version__


def edit(path, old, new):
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_files_become_components_named_by_stem_and_folder(tiny):
    document = bundle(tiny / "openapi/openapi.yaml")
    assert list(document["components"]) == [
        "securitySchemes", "parameters", "responses", "links", "examples", "schemas",
    ]  # fmt: skip
    assert list(document["components"]["schemas"]) == ["NamedThing", "Problem", "Thing", "ThingPage"]
    assert document["components"]["schemas"]["Thing"]["properties"]["parent"] == {
        "$ref": "#/components/schemas/Thing"
    }
    assert document["paths"]["/things/{id}"]["get"]["operationId"] == "get_things"
    assert all(ref.startswith("#/components/") for _, ref in references(document))
    assert dangling(document) == []


def test_every_part_knows_its_file(tiny):
    document, origins = bundle_with_origins(tiny / "openapi/openapi.yaml")
    for parts, path in origins.items():
        node = document
        for part in parts:
            node = node[part]
        if parts:
            assert set(node) == set(load(path))


def test_same_sources_give_the_same_bytes(tiny):
    first = json.dumps(bundle(tiny / "openapi/openapi.yaml"))
    # The files in another order on the disk and another order of reference: only content decides.
    for path in random.Random(0).sample(sorted((tiny / "openapi/components").rglob("*.yaml")), 5):
        text = path.read_text()
        path.unlink()
        path.write_text(text)
    assert json.dumps(bundle(tiny / "openapi/openapi.yaml")) == first


def test_discriminator_mappings_are_references_too(tiny):
    edit(
        tiny / "openapi/components/schemas/Problem.yaml",
        "type: object",
        "discriminator: {propertyName: kind, mapping: {a: Thing.yaml, b: other}}\ntype: object",
    )
    document = bundle(tiny / "openapi/openapi.yaml")
    mapping = document["components"]["schemas"]["Problem"]["discriminator"]["mapping"]
    assert mapping == {"a": "#/components/schemas/Thing", "b": "other"}


def test_root_may_write_components_out_and_refer_to_them(tiny):
    with (tiny / "openapi/openapi.yaml").open("a") as file:
        file.write(
            "  schemas:\n    Inline: {type: string}\n    Alias: {$ref: '#/components/schemas/Inline'}\n"
        )
    schemas = bundle(tiny / "openapi/openapi.yaml")["components"]["schemas"]
    assert schemas["Alias"] == {"$ref": "#/components/schemas/Inline"}


THING = "openapi/components/schemas/Thing.yaml"
PAGE = "openapi/components/schemas/ThingPage.yaml"
ROOT = "openapi/openapi.yaml"
BROKEN = {
    "missing file": (
        PAGE, "deep/NamedThing.yaml", "deep/NamedThin.yaml",
        "openapi/components/schemas/ThingPage.yaml:9: /properties/things/items: $ref 'deep/NamedThin.yaml' leads "
        "nowhere: there is no openapi/components/schemas/deep/NamedThin.yaml; did you mean 'NamedThing.yaml'?",
    ),
    "missing path item": (
        ROOT, "paths/thing.yaml", "paths/thingy.yaml",
        "openapi/openapi.yaml:19: /paths/~1things~1{id}: $ref 'paths/thingy.yaml' leads nowhere",
    ),
    "syntax": (PAGE, "type: object", "type: [object", "openapi/components/schemas/ThingPage.yaml:4: not valid YAML"),
    "double key": (PAGE, "required: [things]", "type: array", "ThingPage.yaml:4: /type: the key 'type' stands twice"),
    "not a mapping": (THING, None, "- a\n- b\n", "Thing.yaml:1: a component of schemas must be a mapping"),
    "pointer into a file": (
        PAGE, "deep/NamedThing.yaml", "Thing.yaml#/properties/id",
        "$ref 'Thing.yaml#/properties/id' points inside a file; give that part a file of its own",
    ),
    "pointer into itself": (PAGE, "deep/NamedThing.yaml", "'#/type'", "$ref '#/type' points into this file"),
    "another host": (PAGE, "deep/NamedThing.yaml", "https://a.b/c.yaml", "leaves the project"),
    "outside components": (
        PAGE, "deep/NamedThing.yaml", "../../paths/thing.yaml", "is no shared part; move it under openapi/components",
    ),
    "beside a path item": (
        ROOT, "$ref: paths/thing.yaml", "$ref: paths/thing.yaml\n    summary: x", "'summary' stands",
    ),
    "local name in the root": (
        ROOT, "components:\n", "components:\n  schemas: {A: {$ref: '#/components/schemas/Thin'}}\n",
        "$ref '#/components/schemas/Thin' leads nowhere; did you mean 'Thing'?",
    ),
    "name unlike the file": (
        ROOT, "bearer:\n      $ref", "token:\n      $ref", "/components/securitySchemes/token: 'components/security",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_broken_sources_are_one_line_and_write_nothing(case, tiny, kommo, snapshot):
    name, old, new, message = BROKEN[case]
    if old is None:
        (tiny / name).write_text(new)
    else:
        edit(tiny / name, old, new)
    before = snapshot(tiny)
    code, out, err = kommo("spec", "bundle")
    assert (code, out) == (2, "")
    assert err.startswith("kommo spec: openapi/")
    assert err.count("\n") == 1
    assert message in err
    assert snapshot(tiny) == before


def test_two_files_for_one_name(tiny, kommo):
    (tiny / "openapi/components/schemas/deep/Thing.yaml").write_text("type: object\n")
    edit(tiny / PAGE, "deep/NamedThing.yaml", "deep/Thing.yaml")
    code, _, err = kommo("spec", "bundle")
    assert code == 2
    assert "two sources for #/components/schemas/Thing" in err
    assert "rename one" in err


def test_path_items_in_a_circle(tiny):
    (tiny / "openapi/paths/thing.yaml").write_text("$ref: things.yaml\n")
    (tiny / "openapi/paths/things.yaml").write_text("$ref: thing.yaml\n")
    with pytest.raises(
        DocumentError, match=r"in a circle: openapi/paths/things.yaml -> openapi/paths/thing.yaml ->"
    ):
        bundle(tiny / "openapi/openapi.yaml")


def test_assembling(tiny):
    base = assemble(tiny, quirks=())
    full = assemble(tiny)
    assert base["info"]["version"] == __version__
    assert (base["info"]["x-overlays"], full["info"]["x-overlays"]) == ([], ["thing-name-null"])
    assert resolve(base, "#/components/schemas/Thing/properties/name/type") == "string"
    assert resolve(full, "#/components/schemas/Thing/properties/name/type") == ["string", "null"]
    assert assemble(tiny, quirks=["thing-name-null"]) == full
    assert assemble(tiny, codegen=True)["info"]["x-overlays"] == ["thing-name-null", "no-links"]
    assert assemble(tiny, quirks=(), codegen=True)["info"]["x-overlays"] == ["no-links"]


def test_assembling_names_an_unknown_quirk(tiny):
    with pytest.raises(
        Exception, match=r"no quirk overlay 'thing-name-nul' .* did you mean 'thing-name-null'"
    ):
        assemble(tiny, quirks=["thing-name-nul"])


def test_overlay_that_leaves_a_dangling_reference_is_named(tiny):
    path = tiny / "overlays/quirks/thing-name-null.overlay.yaml"
    edit(path, 'update: {type: [string, "null"]}', 'update: {$ref: "#/components/schemas/Nme"}')
    with pytest.raises(
        DocumentError, match=r"thing-name-null.overlay.yaml: after the overlays, /components/schemas/Thing"
    ):
        assemble(tiny)
