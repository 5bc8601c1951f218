"""Every overlay has a switch, and every switch changes an answer."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from ruamel.yaml import YAML

from kommo.mock.model import Scope
from kommo.mock.quirks import PROFILES, QUIRKS, UnknownQuirk, resolve

ROOT = Path(__file__).parents[2]
LEADS = "/api/v4/leads/custom_fields"
ELEMENTS = "/api/v2/catalog_elements"
FIELD = [{"name": "f", "type": "text"}]


def overlays() -> dict[str, dict]:
    yaml = YAML(typ="safe")
    documents = (yaml.load(path) for path in sorted((ROOT / "overlays/quirks").glob("*.overlay.yaml")))
    return {document["info"]["x-quirk"]["id"]: document["info"]["x-quirk"] for document in documents}


def test_switches_and_overlays_are_the_same_set():
    described = {quirk["mock"]["switch"]: set(quirk["mock"]["profiles"]) for quirk in overlays().values()}
    assert described == {quirk.id: set(quirk.profiles) for quirk in QUIRKS.values()}


def test_profiles_grow():
    on = [resolve(profile) for profile in PROFILES]
    assert on[0] == frozenset()
    assert on[0] < on[1] < on[2] == frozenset(QUIRKS)
    with pytest.raises(UnknownQuirk, match="v4-code-null"):
        resolve("observed", {"no": True})
    with pytest.raises(UnknownQuirk, match="documented, observed, lenient"):
        resolve("no")


def _field(api):
    return api("POST", LEADS, FIELD)


def _select(api):
    field = api(
        "POST", LEADS, [{"name": "f", "type": "select", "enums": [{"value": "a"}, {"value": "b"}]}]
    ).fields[0]
    return api("PATCH", f"{LEADS}/{field['id']}", {"enums": field["enums"][1:]})


def _patch(api):
    return api("PATCH", LEADS, [{"id": _field(api).fields[0]["id"], "name": "g"}])


def _limited(api):
    api.control.set_limits(rate=1, ban_after=9)
    api("GET", LEADS)
    return api("GET", LEADS)


def _banned(api):
    api.control.set_limits(rate=1, ban_after=1)
    return [api("GET", LEADS) for _ in range(3)][-1]


def _retired(api):
    """The fields of an account that has one of a type that can no longer be created."""
    store = api.control.store
    field = _field(api).fields[0]
    scope = Scope(field["account_id"], "leads")
    with store.transaction():
        store.put_field(replace(store.field(scope, field["id"]), type="org_legal_name"))
    found = api("GET", LEADS).fields
    one = api("GET", f"{LEADS}/{field['id']}")
    assert (one.status == 200) is (field["id"] in {known["id"] for known in found})
    return found


def _form(api):
    headers = {"content-type": "application/x-www-form-urlencoded"}
    return api("POST", "/api/v2/catalogs", content=b"add[0][name]=x", headers=headers)


OBSERVED = {
    "v2-write-link-singular": lambda api: (
        "_link" in api("POST", "/api/v2/catalogs", {"add": [{"name": "x"}]}).data
    ),
    "v2-write-errors-in-200": lambda api: api("POST", "/api/v2/catalogs", {"delete": [7]}).status == 200,
    "v2-delete-empty-items": lambda api: api("POST", "/api/v2/catalogs", {"delete": [2456]}).items == [],
    "v2-paging": lambda api: len(api("GET", "/api/v2/catalogs?limit=2").items) == 2,
    "v2-catalog-types": lambda api: (
        api("POST", "/api/v2/catalogs", {"add": [{"name": "x", "type": "suppliers"}]}).status == 200
    ),
    "v2-update-updated-at-optional": lambda api: (
        api("POST", ELEMENTS, {"update": [{"id": 41873, "name": "x"}]}).status == 200
    ),
    "v2-elements-catalog-id-optional": lambda api: api("GET", ELEMENTS).status == 200,
    "v2-form-encoded": lambda api: _form(api).status == 200,
    "v2-legacy-error-body": lambda api: "response" in api("POST", "/api/v2/catalogs", {}).data,
    "v2-enum-integer": lambda api: (
        api("GET", f"{ELEMENTS}?catalog_id=4220").items[0]["custom_fields"][-1]["values"][0]["enum"]
        == 3692540
    ),
    "v4-update-fields-200": lambda api: _patch(api).status == 200,
    "v4-create-fields-200": lambda api: _field(api).status == 200,
    "v4-create-single-object": lambda api: "id" in api("POST", LEADS, FIELD[0]).data,
    "v4-enums-keyed-object": lambda api: isinstance(_select(api).data["enums"], dict),
    "v4-list-empty-204": lambda api: api("GET", "/api/v4/catalogs/2472/custom_fields").status == 204,
    "v4-field-get-unknown-204": lambda api: api("GET", f"{LEADS}/5").status == 204,
    "v4-group-create-name-only": lambda api: api("POST", f"{LEADS}/groups", [{"name": "g"}]).status == 201,
    "v4-newer-field-types": lambda api: "org_legal_name" in {field["type"] for field in _retired(api)},
    "v4-code-null": lambda api: "code" in _field(api).fields[0],
    "gateway-429-html": lambda api: "html" in _limited(api).headers["content-type"],
    "gateway-403-html": lambda api: "html" in _banned(api).headers["content-type"],
}


@pytest.mark.parametrize("id_", QUIRKS)
def test_a_switch_changes_what_it_says_and_can_be_turned_at_any_time(make_api, id_):
    api = make_api(seed="documented", profile="documented")
    for on in (False, True, False):
        # From the same contents each time; reset also forgets the switches, so they are set after it.
        api.control.reset()
        answer = api("POST", "/_mock/quirks", {"quirks": {id_: on}}, token=None)
        assert {quirk["id"]: quirk["on"] for quirk in answer.data["quirks"]}[id_] is on
        assert OBSERVED[id_](api) is on
