"""Groups of custom fields."""

from __future__ import annotations

import pytest

LEADS = "/api/v4/leads/custom_fields"
GROUPS = f"{LEADS}/groups"


def field(api, **attributes):
    return api("POST", LEADS, [{"name": "f", "type": "text", **attributes}]).fields[0]


def group(api, **attributes):
    return api("POST", GROUPS, [{"name": "g", "sort": 9, **attributes}]).fields[0]


@pytest.mark.parametrize("entity", ["leads", "contacts", "companies", "customers"])
def test_every_entity_has_a_default_group_that_stays(api, entity):
    path = f"/api/v4/{entity}/custom_fields/groups"
    first = api("GET", path).fields[0]
    assert (first["id"], first["is_predefined"], first["entity_type"]) == ("default", True, entity)
    refused = api("DELETE", f"{path}/default")
    assert (refused.status, refused.headers["content-type"]) == (400, "application/problem+json")
    assert api("GET", f"{path}/default").data == first
    assert api("GET", f"{path}/nothing").status == 404
    assert api("DELETE", f"{path}/nothing").status == 404
    assert api("PATCH", f"{path}/nothing", {"sort": 1}).status == 404


@pytest.mark.parametrize(
    "path", ["/api/v4/customers/segments/custom_fields/groups", "/api/v4/catalogs/1001/custom_fields/groups"]
)
def test_segments_and_lists_have_none(api, path):
    assert api("GET", path).status == 404


def test_a_group_is_made_changed_and_deleted(api):
    made = api("POST", GROUPS, [{"name": "a", "sort": 4, "request_id": "q"}, {"name": "b"}]).fields
    assert [(item["request_id"], item["name"]) for item in made] == [("q", "a"), ("1", "b")]
    assert made[0]["id"].startswith("leads_")
    path = f"{GROUPS}/{made[0]['id']}"
    assert made[0]["_links"]["self"]["href"] == f"http://acme.test{path}"
    assert api("PATCH", path, {"sort": 6}).data["sort"] == 6
    # A released client sends the whole model with an empty list of fields.
    whole = {"id": made[0]["id"], "name": "c", "sort": 6, "fields": [], "request_id": "0"}
    assert api("PATCH", path, whole).data["name"] == "c"
    for nothing in ({}, {"request_id": "0"}, []):
        assert api("PATCH", path, nothing).status == 400
    assert api("DELETE", path).status == 204
    assert api("GET", path).status == 404
    assert made[0]["id"] not in [item["id"] for item in api("GET", GROUPS).fields]


def test_fields_move_by_group_id_and_by_fields(api):
    one, two = group(api), group(api)
    moved = field(api, group_id=one["id"])
    assert moved["group_id"] == one["id"]
    assert api("GET", f"{GROUPS}/{one['id']}").data["fields"] == [moved["id"]]
    assert api("PATCH", f"{GROUPS}/{two['id']}", {"fields": [moved["id"]]}).data["fields"] == [moved["id"]]
    assert api("GET", f"{LEADS}/{moved['id']}").data["group_id"] == two["id"]
    assert api("GET", f"{GROUPS}/{one['id']}").data["fields"] == []
    assert api("PATCH", f"{LEADS}/{moved['id']}", {"group_id": "default"}).data["group_id"] is None
    assert moved["id"] in api("GET", f"{GROUPS}/default").data["fields"]
    assert group(api, fields=[moved["id"]])["fields"] == [moved["id"]]
    answer = api("PATCH", f"{GROUPS}/{one['id']}", {"fields": [12345]})
    assert answer.errors == [("0", "fields.0", "NotSupportedChoice")]
    answer = api("PATCH", f"{LEADS}/{moved['id']}", {"group_id": "leads_0"})
    assert answer.errors == [("0", "group_id", "NotSupportedChoice")]


def test_fields_of_a_deleted_group_are_in_the_default_group(api):
    tab = group(api)
    inside = field(api, group_id=tab["id"])
    api("DELETE", f"{GROUPS}/{tab['id']}")
    assert api("GET", f"{LEADS}/{inside['id']}").data["group_id"] is None
    assert inside["id"] in api("GET", f"{GROUPS}/default").data["fields"]


def test_sort_is_required_by_the_documents(make_api):
    assert make_api(profile="documented")("POST", GROUPS, [{"name": "g"}]).status == 400
