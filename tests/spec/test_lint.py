"""Each house rule on a contract that breaks it, and on one that does not."""

import re

import pytest

from kommo.spec.lint import findings
from kommo.spec.lint.rules import DOCUMENT_RULES, SOURCE_RULES
from kommo.spec.project import find_root

THINGS = "openapi/paths/things.yaml"
THING = "openapi/paths/thing.yaml"
SCHEMA = "openapi/components/schemas/Thing.yaml"
OVERLAY = "overlays/quirks/thing-name-null.overlay.yaml"
LEDGER = "openapi/evidence/quirks.yaml"
PROFILE = "overlays/profiles/one.overlay.yaml"
PROBLEM = "openapi/components/schemas/Problem.yaml"
ROOT = "openapi/openapi.yaml"
GET = "openapi/components/links/GetThing.yaml"

# rule, file, text there, what stands there instead, place of the finding (file:pointer), words of the message
BREAKS = [
    ("operation-id", THING, "get_things", "fetch_things", f"{GET}:/operationId", "no operation", "links"),
    ("operation-id", THING, "get_things", "fetch_things",
     f"{THING}:/get/operationId", "list, get, create", None),
    ("operation-id", THINGS, "create_things", "list_things",
     f"{THINGS}:/post/operationId", "stands twice", None),
    ("operation-id", THING, "  operationId: get_things\n", "", f"{THING}:/get", "no operationId", None),
    ("one-tag", THING, "[things]", "[things, tools]", f"{THING}:/get", "2 tags", None),
    ("one-tag", THING, "[things]", "[thing]", f"{THING}:/get/tags/0", "did you mean 'things'", None),
    ("one-tag", ROOT, "tags:\n", "tags:\n  - {name: x, description: y}\n",
     f"{ROOT}:/tags/0", "no operation", None),
    ("security", THING, "security:\n    - bearer: []", "x-a: 1", f"{THING}:/get", "no security", None),
    ("security", THING, "- bearer: []", "- bear: []", f"{THING}:/get/security/0/bear", "mean 'bearer'", None),
    ("security", THING, "- bearer: []", "- bearer: [admin]", f"{THING}:/get/security/0/bear", "no role 'adm", None),
    ("shared-errors", THING, "$ref: ../components/responses/Unauthorized.yaml", "description: x",
     f"{THING}:/get/responses/401", "move it to components/responses", None),
    ("links", GET, "  id: $", "  ids: $", f"{GET}:/parameters/ids", "did you mean 'id'?", None),
    ("links", GET, "parameters:", "requestBody: {}\nparameters:",
     f"{GET}:/requestBody", "no request body", None),
    ("description", THING, "  description: Reads one thing.\n", "",
     f"{THING}:/get", "operation has no desc", None),
    ("description", THING, "description: The thing.", "description: ' '",
     f"{THING}:/get/responses/200", "response has no description", None),
    ("description", "openapi/components/parameters/Id.yaml", "description: The number of the thing.\n", "",
     "openapi/components/parameters/Id.yaml:/", "parameter has no description", None),
    ("schema-description", SCHEMA, "    description: Its name.\n", "",
     f"{SCHEMA}:/properties/name", "property", None),
    ("schema-description", SCHEMA, "description: A thing.\n", "",
     f"{SCHEMA}:/", "the schema has no desc", None),
    ("no-title", SCHEMA, "type: object", "type: object\ntitle: x",
     f"{SCHEMA}:/title", "delete the title", None),
    ("type-list", SCHEMA, "type: integer", "type: [integer, string]",
     f"{SCHEMA}:/properties/id/type", "oneOf", None),
    ("example-valid", SCHEMA, "[7]", "[7, x]",
     f"{SCHEMA}:/properties/id/examples/1", "'x' is not of type", None),
    ("example-valid", THINGS, "{name: hammer}", "{id: 1}",
     f"{THINGS}:/post/requestBody/content", "'name' is a", None),
    ("example-valid", "openapi/components/examples/Two.yaml", "{id: 2, name: saw}", "{id: x, name: saw}",
     "openapi/components/examples/Two.yaml:/value", "at /things/1/id: 'x' is not of type", None),
    ("example-schema", "openapi/components/examples/Two.yaml", "ThingPage", "Thing",
     "openapi/components/examples/Two.yaml:/value", "'name' is a required property", None),
    ("example-schema", "openapi/components/examples/Two.yaml", "ThingPage", "Page",
     "openapi/components/examples/Two.yaml:/x-schema", "there is no schema 'Page'", None),
    ("openapi", SCHEMA, "type: object", "type: objekt", f"{ROOT}:/", "is not valid", None),
    ("openapi", ROOT, "title: Tiny", "titel: Tiny", f"{ROOT}:/info", "is a required property", None),
    ("schema-valid", SCHEMA, "type: object", "type: objekt", f"{SCHEMA}:/type", "'objekt' is not", None),
    ("schema-valid", SCHEMA, "type: integer", "minimum: x", f"{SCHEMA}:/properties/id/minimum", "'x' is not of", None),
    ("openapi", ROOT, "openapi: 3.1.0", "openapi: 3.1.1", f"{ROOT}:/openapi", "written in 3.1.0", None),
    ("ref-siblings", SCHEMA, "    $ref: Thing.yaml", "    $ref: Thing.yaml\n    minProperties: 1",
     f"{SCHEMA}:/properties/parent", "'minProperties' stands beside a $ref", None),
    ("unused-component", THING, "../components/parameters/Id.yaml", "../components/parameters/Other.yaml",
     "openapi/components/parameters/Id.yaml:/", "nothing refers to this file", None),
    ("unused-component", OVERLAY, "actions:\n", "actions:\n  - target: $.components.schemas.ThingPage.properties\n"
     "    remove: true\n", "openapi/components/schemas/deep/NamedThing.yaml:/", "with all overlays nothing", None),
    ("narrows", "openapi/components/schemas/deep/NamedThing.yaml", "x-narrows: Thing", "x-narrows: Problem",
     "openapi/components/schemas/deep/NamedThing.yaml:/x-narrows", "does not build on Problem", None),
    ("narrows", "openapi/components/schemas/deep/NamedThing.yaml", "x-narrows: Thing", "x-narrows: Thin",
     "openapi/components/schemas/deep/NamedThing.yaml:/x-narrows", "no schema 'Thin'", None),
    ("overlay-name", "overlays/codegen/no-links.overlay.yaml", "title: No links",
     "title: The name of a thing can be null",
     "overlays/codegen/no-links.overlay.yaml:/info/title", "also that of thing-name-null", None),
    ("overlay-quirk", OVERLAY, "id: thing-name-null", "id: thing",
     f"{OVERLAY}:/info/x-quirk/id", "file's name", None),
    ("overlay-quirk", OVERLAY, "V4-01", "V4-99",
     f"{OVERLAY}:/info/x-quirk/ledger/0", "no entry 'V4-99'", None),
    ("overlay-quirk", OVERLAY, "source: guide", "source: gide",
     f"{OVERLAY}:/info/x-quirk/evidence/0", "mean 'guide'", None),
    ("overlay-quirk", OVERLAY, "lines: [3, 3]", "lines: [3, 11]",
     f"{OVERLAY}:/info", "guide, which has 10", None),
    ("overlay-quirk", OVERLAY, "lines: [3, 3]", "lines: [3]",
     f"{OVERLAY}:/info", "must be [first, last]", None),
    ("overlay-quirk", OVERLAY, ", locator: third answer", "", f"{OVERLAY}:/info", "neither lines nor", None),
    ("overlay-quirk", OVERLAY, "locator: third answer", "lines: [1, 2]",
     f"{OVERLAY}:/info", "no lines to cite", None),
    ("overlay-quirk", OVERLAY, "confidence: recorded-response", "confidence: sure",
     f"{OVERLAY}:", "'sure' is none", None),
    ("overlay-quirk", OVERLAY, "observed: A", "observe: A",
     f"{OVERLAY}:/info/x-quirk", "no 'observed'", None),
    ("overlay-quirk", OVERLAY, "switch: thing-name-null", "switch: x",
     f"{OVERLAY}:", "must be the overlay's id", None),
    ("overlay-quirk", OVERLAY, "profiles: [observed", "profiles: [obsrved",
     f"{OVERLAY}:", "observed, lenient", None),
    ("overlay-profile", PROFILE, "x-profile:", "x-profil:", f"{PROFILE}:/info", "no x-profile", None),
    ("overlay-profile", PROFILE, "id: one", "id: two", f"{PROFILE}:/info/x-profile", "file's name", None),
    ("overlay-profile", PROFILE, "hosts: [example.org]", "hosts: [example.net]",
     f"{PROFILE}:/info/x-profile/hosts/0", "no host of the servers", None),
    ("overlay-profile", PROFILE, "says: N", "say: N", f"{PROFILE}:/info/x-profile/differences/0", "what it says", None),
    ("overlay-profile", PROFILE, "confidence: issue-thread", "confidence: sure",
     f"{PROFILE}:/info/x-profile/differences/0", "'sure' is none", None),
    ("overlay-profile", PROFILE, "lines: [6, 7]", "lines: [6, 11]",
     f"{PROFILE}:/info/x-profile/differences/0/evidence/0", "guide, which has 10", None),
    ("overlay-profile", PROFILE, ", locator: fourth answer", "",
     f"{PROFILE}:/info/x-profile/differences/0/evidence/1", "neither lines nor", None),
    ("x-source", SCHEMA, "guide:3", "guide:11", f"{SCHEMA}:/x-source", "guide, which has 10", None),
    ("x-source", SCHEMA, "guide:3", "guide:5-4", f"{SCHEMA}:/x-source", "lines 5-4 are not in guide", None),
    ("x-source", SCHEMA, "guide:3", "gide", f"{SCHEMA}:/x-source", "did you mean 'guide'?", None),
    ("x-source", OVERLAY, "update: {", "update: {x-source: 'guide:99', ",
     f"{OVERLAY}:/actions/1/update/x-source", "guide, which has 10", None),
    ("x-source", SCHEMA, "guide:3", "guide line 3", f"{SCHEMA}:/x-source", "is no citation", None),
    ("x-evidence", SCHEMA, "x-source: guide:3\n", "", f"{SCHEMA}:/", "no x-source", None),
    ("x-evidence", THING, "  x-source: guide:4\n", "", f"{THING}:/get", "no x-source", None),
    ("x-evidence", SCHEMA, "guide:3", "guide", f"{SCHEMA}:/", "no line is cited", None),
    ("x-evidence", PROBLEM, "x-evidence:\n  grade: issue-thread\n  note: The reason is a guess.\n", "",
     f"{PROBLEM}:/", "no line is cited", None),
    ("x-evidence", PROBLEM, "issue-thread", "rumour", f"{PROBLEM}:/x-evidence", "no grade", None),
    ("x-evidence", PROBLEM, "  note:", "  notes:", f"{PROBLEM}:/x-evidence", "'notes' is neither", None),
    ("ledger", LEDGER, "id: V2-01", "id: V4-01", f"{LEDGER}:/quirks/1/id", "stands twice", None),
    ("ledger", LEDGER, "line: 1,", "line: 12,", f"{LEDGER}:/quirks/1/places/0", "guide, which has 10", None),
    ("ledger", LEDGER, "[forum]", "[form]", f"{LEDGER}:/quirks/0/sources/0", "did you mean 'forum'?", None),
    ("ledger", LEDGER, "[thing-name-null]", "[thing-null]",
     f"{LEDGER}:/quirks/0/overlay/0", "no overlay", None),
    ("ledger", LEDGER, "schemas/ThingPage", "schemas/Page",
     f"{LEDGER}:/quirks/1/base/0", "leads nowhere", None),
    ("ledger", LEDGER, "disposition: base", "disposition: later",
     f"{LEDGER}:/quirks/1", "'later' is none of", None),
    ("ledger", LEDGER, "disposition: base", "disposition: none",
     f"{LEDGER}:/quirks/1", "nothing says which", None),
    ("ledger", LEDGER, "base: [\"#", "mock: [kommo.mock.nowhere]\n    base: [\"#",
     f"{LEDGER}:", "neither a quirk", None),
]  # fmt: skip


def test_clean_contract_has_no_findings(tiny):
    assert [str(finding) for finding in findings(tiny)] == []


@pytest.mark.parametrize(
    ("rule", "name", "old", "new", "place", "words", "other"),
    BREAKS,
    ids=[f"{case[0]}-{number}" for number, case in enumerate(BREAKS)],
)
def test_broken_rule_is_found_at_its_place(tiny, rule, name, old, new, place, words, other):
    path = tiny / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    if "Other.yaml" in new:
        text = (tiny / "openapi/components/parameters/Id.yaml").read_text()
        (tiny / "openapi/components/parameters/Other.yaml").write_text(text)
    everything = findings(tiny)
    hits = [
        finding
        for finding in everything
        if finding.rule == (other or rule)
        and f"{finding.file}:{finding.pointer}".startswith(place)
        and words in finding.message
    ]
    assert hits, [*map(str, everything)]
    for hit in hits:
        key = hit.pointer.rpartition("/")[2].replace("~1", "/")
        if (tiny / hit.file).exists() and not key.isdigit():
            assert key in (tiny / hit.file).read_text().splitlines()[hit.line - 1]


def test_every_rule_is_broken_by_some_case():
    assert {rule.id for rule in (*DOCUMENT_RULES, *SOURCE_RULES)} == {case[0] for case in BREAKS}


def test_every_rule_explains_itself():
    for rule in (*DOCUMENT_RULES, *SOURCE_RULES):
        assert rule.check.__doc__


def test_file_that_is_no_overlay_is_found(tiny):
    (tiny / "overlays/quirks/notes.yaml").write_text("a: 1\n")
    assert [finding.rule for finding in findings(tiny)] == ["overlay-name"]


def test_what_an_overlay_breaks_is_found_in_the_bundle(tiny, kommo):
    path = tiny / OVERLAY
    path.write_text(path.read_text() + "  - {target: $.components.schemas.Thing, update: {title: x}}\n")
    code, out, err = kommo("spec", "lint")
    assert code == 1
    assert re.fullmatch(
        r"openapi/dist/kommo.openapi.json:\d+:/components/schemas/Thing/title: no-title: .*\n", out
    )
    assert "with all overlays" in out
    assert err == "kommo spec: 1 findings\n"


def test_what_a_profile_breaks_is_found_in_its_bundle(tiny, kommo):
    path = tiny / PROFILE
    path.write_text(path.read_text() + "  - {target: $.components.schemas.Thing, update: {title: x}}\n")
    code, out, err = kommo("spec", "lint")
    assert code == 1
    assert re.fullmatch(
        r"openapi/dist/profiles/one.openapi.json:\d+:/components/schemas/Thing/title: no-title: .*\n", out
    )
    assert "in the profile one" in out
    assert err == "kommo spec: 1 findings\n"


def test_this_project_s_contract_keeps_its_rules():
    assert [str(finding) for finding in findings(find_root())] == []
