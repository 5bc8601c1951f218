"""The comparison of two contracts: silent on equal ones, and right about the direction of every planted change."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from kommo.release.changes import Impact, needed_impact, next_version
from kommo.release.command import render
from kommo.release.diff import compare

Document = dict[str, Any]


@pytest.fixture
def contract() -> Document:
    field = {
        "type": "object",
        "required": ["id"],
        "properties": {
            "id": {"type": "integer", "minimum": 1},
            "name": {"type": "string", "maxLength": 10},
            "remind": {"oneOf": [{"$ref": "#/components/schemas/Remind"}, {"type": "null"}]},
            "parent": {"$ref": "#/components/schemas/Field"},
        },
    }
    body = {"application/json": {"schema": {"$ref": "#/components/schemas/FieldWrite"}}}
    answer = {"application/hal+json": {"schema": {"$ref": "#/components/schemas/Field"}}}
    shared = {"security": [{"bearer": []}], "responses": {"200": {"$ref": "#/components/responses/Field"}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "t", "version": "0.1.0"},
        "paths": {
            "/f/{id}": {
                "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "integer"}}],
                "get": {
                    "operationId": "get_f",
                    **shared,
                    "parameters": [
                        {"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 250}}
                    ],
                },
                "patch": {
                    "operationId": "update_f",
                    **shared,
                    "requestBody": {"required": True, "content": body},
                },
            }
        },
        "components": {
            "responses": {"Field": {"description": "d", "content": answer}},
            "schemas": {
                "Field": field,
                "Remind": {"type": "string", "enum": ["day", "week"]},
                "FieldWrite": {
                    "allOf": [
                        {"$ref": "#/components/schemas/Field"},
                        {"properties": {"sort": {"type": "integer"}}},
                    ]
                },
            },
        },
    }


def _schemas(document: Document) -> Document:
    return document["components"]["schemas"]


def _edit(path: str, change: Callable[[Any], object]) -> Callable[[Document], None]:
    def apply(document: Document) -> None:
        node = document
        for key in path.split(" "):
            node = node[key]
        change(node)

    return apply


def test_equal_contracts_differ_in_nothing(contract: Document) -> None:
    assert compare(contract, copy.deepcopy(contract)) == []


REMIND, FIELD = "components schemas Remind enum", "components schemas Field"
PATCH = "paths /f/{id} patch"

# Field is both sent (through FieldWrite) and answered, so narrowing and widening it both break somebody.
PLANTED = [
    ("operation removed", lambda d: d["paths"]["/f/{id}"].pop("patch"), Impact.MAJOR, "is gone"),
    ("value added", _edit(REMIND, lambda e: e.append("year")), Impact.MAJOR, "now also has the value year"),
    ("value removed", _edit(REMIND, lambda e: e.remove("day")), Impact.MAJOR, "no longer has the value day"),
    ("key removed", _edit(f"{FIELD} properties", lambda p: p.pop("name")), Impact.MAJOR, "is gone"),
    ("key required", _edit(f"{FIELD} required", lambda r: r.append("name")), Impact.MAJOR, "must now be sent"),
    ("key optional", _edit(f"{FIELD} required", lambda r: r.clear()), Impact.MAJOR, "may now be missing"),
    ("status added", _edit(f"{PATCH} responses", lambda r: r.update({"201": r["200"]})), Impact.MAJOR, "answer 201"),
    ("error added", _edit(f"{PATCH} responses", lambda r: r.update({"403": {}})), Impact.MINOR, "answer 403"),
    ("key added", _edit(f"{FIELD} properties", lambda p: p.update(code={})), Impact.MINOR, "is new"),
    (
        "sent key added",
        _edit("components schemas FieldWrite allOf", lambda a: a[1]["properties"].update(x={"type": "null"})),
        Impact.MINOR,
        "is new",
    ),
    ("right needed", _edit("paths /f/{id} get security", lambda s: s[0].update(bearer=["lists"])),
     Impact.MAJOR, "is now for callers with the role lists"),
    ("other credentials", _edit("paths /f/{id} get security", lambda s: s.append({"session": []})),
     Impact.MAJOR, "asks for other credentials"),
    ("limit lowered", _edit("paths /f/{id} get parameters", lambda p: p[0]["schema"].update(
        maximum=50)), Impact.MAJOR, "maximum changed from 250 to 50"),
    ("limit raised", _edit("paths /f/{id} get parameters", lambda p: p[0]["schema"].update(maximum=500)),
     Impact.MINOR, "maximum changed from 250 to 500"),
    ("parameter needed", _edit("paths /f/{id} get parameters", lambda p: p[0].update(required=True)),
     Impact.MAJOR, "now needs the query parameter limit"),
    ("media type added", _edit("components responses Field content", lambda c: c.update({"text/html": {}})),
     Impact.MAJOR, "can now also be text/html"),
    ("type widened", _edit(f"{FIELD} properties name", lambda n: n.update(type=["string", "null"])),
     Impact.MAJOR, "can now also be null"),
    ("wording", _edit("info", lambda i: i.update(description="new words")), Impact.PATCH, "wording"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "impact", "words"), [pytest.param(*row[1:], id=row[0]) for row in PLANTED]
)
def test_planted_change_is_told_with_its_impact(
    contract: Document, change: Callable[[Document], None], impact: Impact, words: str
) -> None:
    changed = copy.deepcopy(contract)
    change(changed)
    changes = compare(contract, changed)
    assert needed_impact(changes) is impact
    assert any(words in str(found) for found in changes), [str(found) for found in changes]
    assert words in render(changes, base="v0.1.0", old_version="0.1.0")


def test_direction_decides(contract: Document) -> None:
    """A bound on what is only answered may tighten; on what is only sent it may loosen."""
    answered, sent = copy.deepcopy(contract), copy.deepcopy(contract)
    del answered["paths"]["/f/{id}"]["patch"]
    tighter = copy.deepcopy(answered)
    _schemas(tighter)["Field"]["properties"]["name"]["maxLength"] = 5
    assert needed_impact(compare(answered, tighter)) is Impact.MINOR
    del sent["paths"]["/f/{id}"]["get"], sent["components"]["responses"]["Field"]["content"]
    looser = copy.deepcopy(sent)
    _schemas(looser)["Field"]["properties"]["name"]["maxLength"] = 50
    assert needed_impact(compare(sent, looser)) is Impact.MINOR


def test_a_right_may_be_let_go(contract: Document) -> None:
    narrow = copy.deepcopy(contract)
    narrow["paths"]["/f/{id}"]["get"]["security"] = [{"bearer": ["lists"]}]
    changes = compare(narrow, contract)
    assert needed_impact(changes) is Impact.MINOR
    assert [str(change) for change in changes] == ["get_f: is no longer only for callers with the role lists"]


def test_a_shared_component_is_told_once(contract: Document) -> None:
    changed = copy.deepcopy(contract)
    _schemas(changed)["Remind"]["enum"].append("year")
    breaking = [change for change in compare(contract, changed) if change.impact is Impact.MAJOR]
    assert [change.operations for change in breaking] == [("get_f", "update_f")]


def _narrow(document: Document, **narrower: Any) -> None:
    """Let what is sent take less of a key than the model it is built on."""
    (name,) = narrower
    _schemas(document)["FieldWrite"]["allOf"][1]["properties"][name] = narrower[name]


# What a narrowed model takes is told of that model, whatever becomes of the wide one it is built on.
NARROWED = [
    (
        "remind",
        {"enum": ["day"]},
        {"enum": ["day", "week"]},
        ["FieldWrite: remind: now also has the value week"],
    ),
    ("name", {"maxLength": 5}, {"maxLength": 8}, ["FieldWrite: name: maxLength changed from 5 to 8"]),
    ("name", {"maxLength": 5}, {"maxLength": 3}, ["FieldWrite: name: maxLength changed from 5 to 3"]),
    ("id", {"minimum": 7}, {"minimum": 5}, ["FieldWrite: id: minimum changed from 7 to 5"]),
    ("id", {"type": ["integer", "string"]}, {"type": "number"}, []),
    ("id", {"maximum": 9}, {"maximum": 9, "minimum": -9}, []),
]


@pytest.mark.parametrize(("name", "before", "after", "expected"), NARROWED)
def test_narrowed_models_are_compared_by_what_they_take(
    contract: Document, name: str, before: Document, after: Document, expected: list[str]
) -> None:
    old, new = copy.deepcopy(contract), copy.deepcopy(contract)
    for document in (old, new):
        _schemas(document)["Field"]["properties"]["remind"] = {"$ref": "#/components/schemas/Remind"}
    _narrow(old, **{name: before})
    _narrow(new, **{name: after})
    told = [str(change) for change in compare(old, new) if change.place != "the contract"]
    assert told == expected


def test_the_wide_model_does_not_speak_for_the_narrowed_one(contract: Document) -> None:
    old = copy.deepcopy(contract)
    _schemas(old)["Field"]["properties"]["remind"] = {"$ref": "#/components/schemas/Remind"}
    _narrow(old, remind={"enum": ["day"]})
    new = copy.deepcopy(old)
    _schemas(new)["Remind"]["enum"].append("year")
    assert {change.place for change in compare(old, new)} == {"Remind"}


@pytest.mark.parametrize(
    ("current", "impact", "expected"),
    [
        ("0.1.0", Impact.PATCH, "0.1.1"),
        ("0.1.0", Impact.MINOR, "0.1.1"),
        ("0.1.3", Impact.MAJOR, "0.2.0"),
        ("1.2.3", Impact.PATCH, "1.2.4"),
        ("1.2.3", Impact.MINOR, "1.3.0"),
        ("1.2.3", Impact.MAJOR, "2.0.0"),
    ],
)
def test_next_version(current: str, impact: Impact, expected: str) -> None:
    assert next_version(current, impact) == expected


def test_next_version_refuses_what_is_none() -> None:
    with pytest.raises(ValueError, match="1\\.2"):
        next_version("1.2", Impact.PATCH)


def _rename_remind(document: Document) -> Document:
    """Call the form of `remind` by another name."""
    schemas = document["components"]["schemas"]
    schemas["Reminder"] = schemas.pop("Remind")
    schemas["Field"]["properties"]["remind"]["oneOf"][0] = {"$ref": "#/components/schemas/Reminder"}
    return document


def test_new_name_of_a_model_changes_nothing_for_callers(contract: Document) -> None:
    changes = compare(contract, _rename_remind(copy.deepcopy(contract)))
    assert [(change.impact, change.place) for change in changes] == [(Impact.PATCH, "the contract")]


def test_new_name_does_not_hide_a_change(contract: Document) -> None:
    changed = _rename_remind(copy.deepcopy(contract))
    changed["components"]["schemas"]["Reminder"]["enum"].append("month")
    assert needed_impact(compare(contract, changed)) is Impact.MAJOR
