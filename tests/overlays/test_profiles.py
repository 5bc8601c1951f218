"""The profiles: each platform's contract is whole by itself, and lacks what the evidence says, no more and no less."""

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from kommo.contract.options import Options
from kommo.contract.run import run
from kommo.mock import MockConfig, create_app
from kommo.mock.platforms import LACKING_ENTITIES, LACKING_TYPES, PLATFORMS, has_entity, has_type
from kommo.published import bundle_path, load_bundle
from kommo.spec.assemble import profiles, with_profile
from kommo.spec.bundle import dangling, references
from kommo.spec.documents import load_mapping
from kommo.spec.project import EVIDENCE, PROFILE_OVERLAYS, overlay_files
from kommo.spec.walk import operations

from .conftest import ROOT

Document = dict[str, Any]
PROFILES = profiles(ROOT)
ENTITIES = {
    "leads": "Leads",
    "contacts": "Contacts",
    "companies": "Companies",
    "customers": "Customers",
    "segments": "CustomersSegments",
    "catalogs": "Catalogs",
}
MATRIX = load_mapping(ROOT / EVIDENCE / "field-types.yaml", "the field type matrix")


def operation_ids(document: Document) -> set[str]:
    return {operation["operationId"] for _, operation in operations(document)}


@pytest.fixture(scope="module", params=PROFILES)
def profile(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def document(profile) -> Document:
    return load_bundle(profile)


def test_the_platforms_are_the_mocks():
    assert {*PROFILES, "any"} == set(PLATFORMS)
    assert load_bundle("any") == load_bundle()


def test_a_published_profile_is_the_overlay_on_the_union(profile, document, published):
    made = with_profile(ROOT, published, profile)
    assert {**document, "info": {}} == {**made, "info": {}}
    assert document["info"]["x-profile"] == profile
    assert document["info"]["x-overlays"] == [*published["info"]["x-overlays"], profile]
    assert bundle_path("yaml", profile).is_file()


def test_a_profile_is_valid_and_whole(document):
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    assert dangling(document) == []


def test_a_profile_has_no_component_that_nothing_uses(document, published):
    """But for those that nothing used before: they are published for their own sake."""
    assert unused(document) == unused(published)


def unused(document: Document) -> set[tuple[str, str]]:
    used = {ref for _, ref in references(document)}
    return {
        (section, name)
        for section, parts in document["components"].items()
        for name in parts
        if section != "securitySchemes" and f"#/components/{section}/{name}" not in used
    }


def test_links_lead_to_operations_of_the_profile(document):
    names = operation_ids(document)
    assert {link["operationId"] for link in document["components"]["links"].values()} <= names


def test_a_profile_only_takes_away(document, published):
    assert operation_ids(document) <= operation_ids(published)
    for section, parts in document["components"].items():
        assert parts.keys() <= published["components"][section].keys()


def test_what_kommo_lacks(published):
    kommo = load_bundle("kommo")
    gone = {name for name in operation_ids(published) if "_customers" in name}
    assert len(gone) == 26
    assert operation_ids(published) - operation_ids(kommo) == gone
    assert [tag for tag in kommo["tags"] if "customers" in tag["name"]] == []
    assert not [name for name in kommo["components"]["schemas"] if "Customers" in name or "Payer" in name]


def test_what_amocrm_lacks(published):
    amocrm = load_bundle("amocrm")
    assert operation_ids(amocrm) == operation_ids(published)
    assert amocrm["components"].keys() == published["components"].keys()


def test_hosts(document):
    names = {"kommo": ["kommo.com", "amocrm.com"], "amocrm": ["amocrm.ru"]}[document["info"]["x-profile"]]
    [server] = document["servers"]
    assert server["variables"]["domain"]["enum"] == names
    assert server["variables"]["domain"]["default"] in names


def test_statuses_of_a_change_of_fields(document, profile):
    """201 is amoCRM's document, 200 what Kommo documents and clients of amoCRM see."""
    for _, operation in operations(document):
        verb, _, resource = operation["operationId"].partition("update")
        if not verb and resource.endswith("_custom_fields"):
            success = {status for status in operation["responses"] if status.startswith("2")}
            assert success == ({"200"} if profile == "kommo" else {"200", "201"})


def test_what_a_group_is_created_with(document, profile):
    required = document["components"]["schemas"]["CustomFieldGroupCreate"]["required"]
    assert required == (["name"] if profile == "kommo" else ["name", "sort"])


@pytest.mark.parametrize("entity", ENTITIES)
def test_types_of_fields_are_those_of_the_evidence_and_of_the_mock(document, profile, entity):
    lacking = document["components"]["schemas"].get(f"{ENTITIES[entity]}CustomFieldCreate") is None
    assert lacking == (not has_entity(profile, entity))
    assert (entity in document["components"]["schemas"]["EntityType"]["enum"]) == (not lacking)
    if lacking:
        return
    offered = set(
        document["components"]["schemas"][f"{ENTITIES[entity]}CustomFieldCreate"]["properties"]["type"][
            "enum"
        ]
    )
    kommo = MATRIX["kommo"]
    evidenced = {
        name
        for name, row in MATRIX["types"].items()
        if entity in (kommo.get(name, row)["entities"] if profile == "kommo" else row["entities"])
        and not (profile == "kommo" and name in kommo["absent"])
    }
    assert offered == evidenced
    mocked = {name for name in MATRIX["types"] if name in offered and has_type(profile, name, entity)}
    assert mocked == offered
    assert not {name for name, other in LACKING_TYPES[profile] if other == entity} & offered


def test_values_of_types_that_a_profile_lacks_have_no_shape(document):
    types = set(document["components"]["schemas"]["FieldType"]["enum"])
    shapes = [
        schema["x-field-types"]
        for schema in document["components"]["schemas"].values()
        if "x-field-types" in schema
    ]
    assert {name for names in shapes for name in names} == types


def test_the_mock_of_the_platform_keeps_its_contract(profile, document):
    options = Options(
        document=document,
        app=create_app(MockConfig(seed="demo", platform=profile)),
        phases=("walk", "media", "nearmiss"),
    )
    assert [str(finding.message) for finding in run(options).findings] == []


@pytest.mark.parametrize(
    ("profile_id", "quirks"),
    # A server that documents 201 for a change of fields; one that takes a group without its place.
    [("kommo", {"v4-update-fields-200": False}), ("amocrm", {})],
)
def test_a_server_of_both_platforms_does_not_keep_the_contract_of_one(profile_id, quirks):
    """What only the other platform has is noticed, unless it is a path of its own, which nobody asks for."""
    options = Options(
        document=load_bundle(profile_id),
        app=create_app(MockConfig(seed="demo", platform="any", quirks=quirks)),
        phases=("walk", "media", "nearmiss"),
        stop_at_first=True,
    )
    assert run(options).findings


def test_every_difference_of_the_mock_has_a_profile():
    assert LACKING_ENTITIES.keys() | LACKING_TYPES.keys() <= set(PROFILES)
    assert len(overlay_files(ROOT / PROFILE_OVERLAYS)) == 2
