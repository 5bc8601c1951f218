"""Custom fields: batches, options, trees, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommo.mock.field_types import DOCUMENTED, NEWER
from kommo.mock.model import ENTITIES, ENTITIES_WITH_GROUPS

PATHS = {
    "leads": "/api/v4/leads/custom_fields",
    "contacts": "/api/v4/contacts/custom_fields",
    "companies": "/api/v4/companies/custom_fields",
    "customers": "/api/v4/customers/custom_fields",
    "segments": "/api/v4/customers/segments/custom_fields",
    "catalogs": "/api/v4/catalogs/1001/custom_fields",
}
LEADS = PATHS["leads"]


def with_list(api):
    assert api("POST", "/api/v2/catalogs", {"add": [{"name": "List"}]}).items[0]["id"] == 1001
    return api


def make(api, path=LEADS, **attributes):
    answer = api("POST", path, [{"name": "f", "type": "text", **attributes}])
    assert answer.status == 201, answer.body
    return answer.fields[0]


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("type_", [*DOCUMENTED, *NEWER])
def test_a_type_can_be_created_where_the_matrix_says(api, entity, type_):
    with_list(api)
    extra = {"currency": "EUR", "search_in": "contacts", "chained_lists": [{"catalog_id": 1001}]}
    answer = api("POST", PATHS[entity], [{"name": "f", "type": type_, **extra}])
    if entity in {**DOCUMENTED, **NEWER}[type_]:
        assert answer.status == 201
        assert answer.fields[0]["entity_type"] == entity
        assert answer.fields[0]["id"] > 1000
        assert api("GET", f"{PATHS[entity]}/{answer.fields[0]['id']}").data["type"] == type_
    else:
        assert answer.status == 400
        assert answer.errors == [("0", "type", "NotSupportedChoice")]


def test_types_that_no_document_knows_are_not_created(api):
    answer = api("POST", PATHS["companies"], [{"name": "f", "type": "org_legal_name"}])
    assert answer.errors == [("0", "type", "NotSupportedChoice")]


@settings(deadline=None)
@given(
    st.lists(
        st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 10**9)),
        min_size=1,
        max_size=9,
    )
)
def test_answers_keep_the_order_and_the_request_ids_of_the_batch(make_api, request_ids):
    api = make_api()
    items = [
        {"name": f"f{index}", "type": "text", **({} if mark is None else {"request_id": mark})}
        for index, mark in enumerate(request_ids)
    ]
    fields = api("POST", LEADS, items).fields
    assert [field["name"] for field in fields] == [item["name"] for item in items]
    expected = [str(index) if mark is None else str(mark) for index, mark in enumerate(request_ids)]
    assert [field["request_id"] for field in fields] == expected
    changed = api("PATCH", LEADS, [{"id": field["id"], "sort": 7} for field in fields]).fields
    assert [field["request_id"] for field in changed] == [str(index) for index in range(len(fields))]


def test_one_bad_item_refuses_the_batch(api):
    answer = api(
        "POST",
        LEADS,
        [{"name": "good", "type": "text"}, {"name": "", "type": "price", "request_id": "b"}, {"sort": "1"}],
    )
    assert answer.status == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.data["title"] == "Bad Request"
    assert {request_id for request_id, _, _ in answer.errors} == {"b", "2"}
    assert ("b", "type", "NotSupportedChoice") in answer.errors
    assert api("GET", LEADS).status == 204
    known = make(api)
    answer = api("PATCH", LEADS, [{"id": known["id"], "name": "changed"}, {"id": 999_999}])
    assert answer.errors == [("1", "id", "NotSupportedChoice")]
    assert api("GET", f"{LEADS}/{known['id']}").data["name"] == "f"


def test_a_batch_holds_250_items(api):
    item = {"name": "f", "type": "text"}
    assert api("POST", LEADS, [item] * 251).status == 422
    assert api("POST", LEADS, [item] * 250).status == 201
    for empty in ([], {}, None, "", 1):
        assert api("POST", LEADS, empty).status == 400


def test_options_are_replaced_as_a_whole(api):
    options = [{"value": value, "sort": sort} for sort, value in enumerate("abc", 1)]
    field = make(api, type="select", enums=options)
    a, b, _ = field["enums"]
    wanted = [{"id": b["id"], "value": "B", "sort": 9}, {"value": "d", "sort": 10}]
    changed = api("PATCH", f"{LEADS}/{field['id']}", {"enums": wanted}).data
    # Positions leave a gap, so the vendor's server answers an object.
    assert list(changed["enums"]) == ["1", "3"]
    stored = api("GET", f"{LEADS}/{field['id']}").data["enums"]
    assert [option["value"] for option in stored] == ["B", "d"]
    assert stored[0]["id"] == b["id"]
    assert stored[1]["id"] not in {option["id"] for option in field["enums"]}
    answer = api("PATCH", f"{LEADS}/{field['id']}", {"enums": [{"id": a["id"], "value": "a"}]})
    assert answer.errors == [("0", "enums.0.id", "NotSupportedChoice")]
    renamed = api("PATCH", f"{LEADS}/{field['id']}", {"name": "g"}).data
    assert renamed["enums"] == stored


def test_options_answer_a_list_without_the_quirk(make_api):
    api = make_api(quirks={"v4-enums-keyed-object": False})
    field = make(api, type="select", enums=[{"value": "a"}, {"value": "b"}])
    keep = field["enums"][1]
    changed = api("PATCH", f"{LEADS}/{field['id']}", {"enums": [keep]}).data
    assert changed["enums"] == [keep]


def test_codes_of_options_are_kept_until_they_are_changed(api):
    field = make(api, type="select", enums=[{"value": v, "code": f"C_{v}"} for v in "abc"])
    assert [option["code"] for option in field["enums"]] == ["C_a", "C_b", "C_c"]
    silent, told, none = ({"id": option["id"], "value": option["value"]} for option in field["enums"])
    wanted = [silent, {**told, "code": "NEW"}, {**none, "code": None}]
    changed = api("PATCH", f"{LEADS}/{field['id']}", {"enums": wanted}).data
    assert [option.get("code") for option in changed["enums"]] == ["C_a", "NEW", None]
    for bad, refusal in ((5, "InvalidType"), ("", "RequiredFilled")):
        answer = api("PATCH", f"{LEADS}/{field['id']}", {"enums": [{**told, "code": bad}]})
        assert answer.errors == [("0", "enums.0.code", refusal)]


def category(api, nested):
    with_list(api)
    return category_again(api, nested)


def test_a_tree_is_built_by_request_ids(api):
    answer = category(
        api,
        [
            {"value": "leaf", "parent_request_id": "child", "sort": 5},
            {"value": "root", "request_id": "root", "sort": 1},
            {"value": "child", "request_id": "child", "parent_request_id": "root", "sort": 3},
            {"value": "second", "parent_request_id": "root", "sort": 2},
        ],
    )
    nodes = {node["value"]: node for node in answer.fields[0]["nested"]}
    assert nodes["root"]["parent_id"] is None
    assert nodes["leaf"]["parent_id"] == nodes["child"]["id"]
    assert nodes["child"]["parent_id"] == nodes["second"]["parent_id"] == nodes["root"]["id"]
    assert (nodes["second"]["sort"], nodes["child"]["sort"]) == (0, 1)


def test_wrong_parents_are_refused(api):
    answer = category(api, [{"value": "a", "parent_id": 77}])
    assert answer.errors == [("0", "nested.0.parent_id", "NotSupportedChoice")]
    answer = category_again(api, [{"value": "a", "parent_request_id": "no"}])
    assert answer.errors == [("0", "nested.0.parent_request_id", "NotSupportedChoice")]
    cycle = [
        {"value": "a", "request_id": "a", "parent_request_id": "b"},
        {"value": "b", "request_id": "b", "parent_request_id": "a"},
    ]
    answer = category_again(api, cycle)
    assert {path for _, path, _ in answer.errors} == {
        "nested.0.parent_request_id",
        "nested.1.parent_request_id",
    }
    answer = category_again(api, [{"value": "a", "request_id": "x"}, {"value": "b", "request_id": "x"}])
    assert answer.errors == [("0", "nested.1.request_id", "NotSupportedChoice")]


def category_again(api, nested):
    return api("POST", PATHS["catalogs"], [{"name": "c", "type": "category", "nested": nested}])


def test_a_parent_goes_only_with_its_children(api):
    field = category(
        api, [{"value": "p", "request_id": "p"}, {"value": "c", "parent_request_id": "p"}, {"value": "o"}]
    ).fields[0]
    parent, child, other = field["nested"]
    path = f"{PATHS['catalogs']}/{field['id']}"
    answer = api("PATCH", path, {"nested": [child, other]})
    assert answer.errors == [("0", "nested.0.parent_id", "NotSupportedChoice")]
    answer = api("PATCH", path, {"nested": [{**parent, "parent_id": child["id"]}, child]})
    assert answer.status == 400
    moved = api("PATCH", path, {"nested": [{**child, "parent_id": None}, other]}).data["nested"]
    assert [(node["id"], node["parent_id"]) for node in moved] == [(child["id"], None), (other["id"], None)]
    assert api("PATCH", path, {"nested": None}).data["nested"] == []


@settings(deadline=None)
@given(st.data())
def test_any_forest_comes_back_as_it_was_sent(make_api, data):
    api = make_api()
    size = data.draw(st.integers(1, 12))
    parents = [
        data.draw(st.one_of(st.none(), st.integers(0, index - 1))) if index else None for index in range(size)
    ]
    order = data.draw(st.permutations(range(size)))
    nested = [
        {"value": f"v{index}", "request_id": f"r{index}"}
        | ({} if parents[index] is None else {"parent_request_id": f"r{parents[index]}"})
        for index in order
    ]
    nodes = category(api, nested).fields[0]["nested"]
    by_value = {node["value"]: node for node in nodes}
    for index in range(size):
        wanted = None if parents[index] is None else by_value[f"v{parents[index]}"]["id"]
        assert by_value[f"v{index}"]["parent_id"] == wanted
    siblings: dict[object, list[int]] = {}
    for node in nodes:
        siblings.setdefault(node["parent_id"], []).append(node["sort"])
    assert all(sorted(sorts) == list(range(len(sorts))) for sorts in siblings.values())


def test_the_type_stays_and_a_whole_model_can_be_sent_back(api):
    field = make(api, type="birthday", remind="week", code="BDAY")
    answer = api("PATCH", f"{LEADS}/{field['id']}", {"type": "date"})
    assert answer.errors == [("0", "type", "NotSupportedChoice")]
    again = api("PATCH", f"{LEADS}/{field['id']}", field).data
    assert again == field
    assert api("PATCH", f"{LEADS}/{field['id']}", {"id": field["id"] + 1}).status == 400
    assert api("PATCH", f"{LEADS}/{field['id']}", {}).status == 400


def test_a_code_is_taken_once_in_an_entity(api):
    first = make(api, code="SKU")
    answer = api("POST", LEADS, [{"name": "f", "type": "text", "code": "SKU"}])
    assert answer.errors == [("0", "code", "NotSupportedChoice")]
    assert api("PATCH", f"{LEADS}/{first['id']}", {"code": "SKU", "name": "g"}).status == 200
    assert make(api, PATHS["contacts"], code="SKU")["code"] == "SKU"
    assert api("DELETE", f"{LEADS}/{first['id']}").status == 204
    assert make(api, code="SKU")["id"] != first["id"]


def test_reminders_and_required_statuses(api):
    statuses = [{"status_id": 142, "pipeline_id": 3142}]
    field = make(api, type="birthday", required_statuses=statuses)
    assert (field["remind"], field["required_statuses"]) == ("never", statuses)
    path = f"{LEADS}/{field['id']}"
    assert api("PATCH", path, {"remind": "month", "required_statuses": None}).data["required_statuses"] == []
    assert api("PATCH", path, {"remind": "year"}).errors == [("0", "remind", "NotSupportedChoice")]
    bad = api("PATCH", path, {"required_statuses": [{"status_id": "x"}]})
    assert {place for _, place, _ in bad.errors} == {
        "required_statuses.0.status_id",
        "required_statuses.0.pipeline_id",
    }


def test_predefined_fields_cannot_be_deleted(make_api):
    api = make_api(seed="documented")
    assert api("DELETE", "/api/v4/contacts/custom_fields/3").status == 400
    assert api("GET", "/api/v4/contacts/custom_fields/3").data["is_predefined"] is True
    assert api("DELETE", "/api/v4/leads/custom_fields/4439091").status == 204
    assert api("DELETE", "/api/v4/leads/custom_fields/4439091").status == 404


def test_a_field_belongs_to_its_entity_and_its_list(api):
    with_list(api)
    field = make(api)
    other = make(api, PATHS["catalogs"])
    for entity, path in PATHS.items():
        expected = 200 if entity == "leads" else 404
        assert api("GET", f"{path}/{field['id']}").status == expected
    api("POST", "/api/v2/catalogs", {"add": [{"name": "Other"}]})
    assert api("GET", f"/api/v4/catalogs/1002/custom_fields/{other['id']}").status == 404
    assert api("GET", "/api/v4/catalogs/77/custom_fields").status == 404


@pytest.mark.parametrize("id_", ["0", "-1", "abc", "9" * 19 + "9", "1.0", "%00", "٣"])
def test_wrong_ids_are_bad_requests(api, id_):
    assert api("GET", f"{LEADS}/{id_}").status == 400


@settings(deadline=None)
@given(
    total=st.integers(0, 40),
    limit=st.integers(1, 12),
    order=st.sampled_from([None, "id", "sort"]),
    descending=st.booleans(),
)
def test_pages_add_up_to_the_list(make_api, total, limit, order, descending):
    api = make_api()
    if total:
        api("POST", LEADS, [{"name": "f", "type": "text", "sort": (7 * i) % 11} for i in range(total)])
    query = [("limit", limit)] + ([(f"order[{order}]", "desc" if descending else "asc")] if order else [])
    got: list[dict] = []
    number = 1
    while True:
        answer = api("GET", LEADS, query=[*query, ("page", number)])
        if answer.status == 204:
            assert number == -(-total // limit) + 1
            break
        data = answer.data
        pages = -(-total // limit)
        assert (data["_total_items"], data["_page"], data["_page_count"]) == (total, number, pages)
        assert set(data["_links"]) == (
            {"self"}
            | ({"first", "prev"} if number > 1 else set())
            | ({"next", "last"} if number < pages else set())
        )
        if "next" in data["_links"]:
            following = data["_links"]["next"]["href"].removeprefix("http://acme.test")
            assert api("GET", following).data["_page"] == number + 1
        got += answer.fields
        number += 1
    assert len({field["id"] for field in got}) == len(got) == total
    if order:
        keys = [field[order] for field in got]
        assert keys == sorted(keys, reverse=descending)


def test_paging_is_bounded_and_links_keep_the_filters(api):
    for index in range(60):
        make(api, type="text" if index % 2 else "date")
    assert len(api("GET", LEADS).fields) == 50
    answer = api("GET", LEADS, query=[("filter[type][0]", "date"), ("limit", 3)])
    assert {field["type"] for field in answer.fields} == {"date"}
    assert answer.data["_total_items"] == 30
    following = answer.data["_links"]["next"]["href"].removeprefix("http://acme.test")
    assert {field["type"] for field in api("GET", following).fields} == {"date"}
    ids = [field["id"] for field in answer.fields]
    assert [f["id"] for f in api("GET", LEADS, query=[("filter[id][]", i) for i in ids]).fields] == ids
    assert api("GET", LEADS, query=[("filter[type][]", "nothing")]).status == 204
    for bad in ("page=0", "page=x", "limit=0", "limit=1&limit=2", "order[id]=up", "filter[id][]=x"):
        assert api("GET", f"{LEADS}?{bad}").status == 400, bad
    assert api("GET", f"{LEADS}?limit=251").status == 422
    assert api("GET", f"{LEADS}?with=companies,tags&query=").status == 200


def test_keys_of_an_answer_depend_on_the_entity(api):
    with_list(api)
    keys = {entity: set(make(api, path)) for entity, path in PATHS.items()}
    for entity in ENTITIES:
        assert {"id", "name", "type", "account_id", "sort", "entity_type", "request_id", "_links"} <= keys[
            entity
        ]
        assert ("group_id" in keys[entity]) == (entity in ENTITIES_WITH_GROUPS)
        assert ("nested" in keys[entity]) == (entity == "catalogs")
    assert keys["leads"] - keys["contacts"] == {"chained_lists", "tracking_callback"}


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_operation_of_every_entity(make_api, entity):
    """One life of a field in each entity, with the refusals that the documents name."""
    api = with_list(make_api())
    path = PATHS[entity]
    field = make(api, path, code="ONE")
    one = f"{path}/{field['id']}"
    assert [item["id"] for item in api("GET", path).fields] == [field["id"]]
    read = api("GET", one).data
    assert read == {key: value for key, value in field.items() if key != "request_id"}
    assert read["_links"]["self"]["href"] == f"http://acme.test{one}"
    assert api("PATCH", path, [{"id": field["id"], "name": "two"}]).fields[0]["name"] == "two"
    assert api("PATCH", one, {"name": "three"}).data["name"] == "three"
    for method, target in [
        ("GET", path),
        ("POST", path),
        ("PATCH", path),
        ("GET", one),
        ("PATCH", one),
        ("DELETE", one),
    ]:
        assert api(method, target, [{}], token=None).status == 401
        if method != "GET":
            assert api(method, target, [{}], token="demo-user").status == 403
    item = {"name": "x", "type": "text"}
    assert api("POST", path, [item] * 251).status == api("PATCH", path, [item] * 251).status == 422
    assert (
        api("POST", path, [{}]).status
        == api("PATCH", path, [{}]).status
        == api("PATCH", one, []).status
        == 400
    )
    assert api("GET", f"{path}?limit=251").status == 422
    assert api("GET", f"{path}?page=0").status == api("GET", f"{path}/x").status == 400
    assert api("DELETE", f"{path}/x").status == 400
    assert api("DELETE", one).status == 204
    assert (
        api("GET", one).status == api("PATCH", one, {"name": "x"}).status == api("DELETE", one).status == 404
    )
    assert api("GET", path).status == 204


@pytest.mark.parametrize("entity", sorted(ENTITIES_WITH_GROUPS))
def test_every_operation_of_every_group(make_api, entity):
    api = with_list(make_api())
    path = f"{PATHS[entity]}/groups"
    group = api("POST", path, [{"name": "g", "sort": 1}]).fields[0]
    one = f"{path}/{group['id']}"
    assert group["id"] in [item["id"] for item in api("GET", path).fields]
    assert api("GET", one).data["entity_type"] == entity
    assert api("PATCH", one, {"name": "h"}).data["name"] == "h"
    for method, target in [("GET", path), ("POST", path), ("GET", one), ("PATCH", one), ("DELETE", one)]:
        assert api(method, target, [{}], token=None).status == 401
        if method != "GET":
            assert api(method, target, [{}], token="demo-user").status == 403
    assert api("POST", path, [{"name": "g", "sort": 1}] * 251).status == 422
    assert api("POST", path, [{}]).status == api("PATCH", one, {}).status == 400
    assert api("DELETE", one).status == 204
    assert (
        api("GET", one).status == api("PATCH", one, {"name": "x"}).status == api("DELETE", one).status == 404
    )
