"""Lists and their elements."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

CATALOGS = "/api/v2/catalogs"
ELEMENTS = "/api/v2/catalog_elements"
STALE = "Last modified date is older than in database"


@pytest.fixture
def shop(make_api):
    return make_api(seed="documented")


def element(api, id_):
    return api("GET", f"{ELEMENTS}?id={id_}").items[0]


def test_a_write_answers_links_and_request_ids(api):
    answer = api("POST", CATALOGS, {"add": [{"name": "a"}, {"name": "b", "request_id": 762649081}]})
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/hal+json"
    assert answer.data["_links"] == {"self": {"href": CATALOGS, "method": "post"}}
    assert [item["request_id"] for item in answer.items] == [0, 762649081]
    first = answer.items[0]
    assert first["_links"]["self"] == {"href": f"{CATALOGS}?id={first['id']}", "method": "get"}
    assert answer.headers["runtime-timestamp"] == "1767225601"  # the write moved the clock on
    read = api("GET", first["_links"]["self"]["href"])
    assert [item["name"] for item in read.items] == ["a"]
    assert read.data["_links"]["self"]["href"] == first["_links"]["self"]["href"]


def test_nothing_found_has_no_body(api):
    for path in (CATALOGS, ELEMENTS, f"{CATALOGS}?id=5", f"{ELEMENTS}?catalog_id=5", f"{ELEMENTS}?term=x"):
        answer = api("GET", path)
        assert (answer.status, answer.body) == (204, b"")


def test_what_fails_stands_beside_what_succeeds(shop):
    answer = shop(
        "POST",
        CATALOGS,
        {
            "add": [{"name": "n"}],
            "update": [{"id": "2456", "name": "z"}, {"id": 5, "name": "z"}],
            "delete": [2561, 7],
        },
    )
    assert answer.status == 200
    assert [item["id"] for item in answer.items] == [4224, 2456, 2561]
    assert answer.data["_embedded"]["errors"] == {
        "update": {"5": "Catalog not found"},
        "delete": {"7": "Catalog not found"},
    }


def test_without_the_quirk_a_failed_item_fails_the_write(make_api):
    shop = make_api(seed="documented", quirks={"v2-write-errors-in-200": False})
    answer = shop("POST", CATALOGS, {"add": [{"name": "n"}], "delete": [7]})
    assert answer.status == 404
    assert len(shop("GET", CATALOGS).items) == 11
    stale = shop("POST", ELEMENTS, {"update": [{"id": 41873, "updated_at": 5, "name": "x"}]})
    assert stale.errors == [("0", "updated_at", "NotSupportedChoice")]


def test_an_update_must_be_newer(shop):
    before = element(shop, 41873)
    stale = shop(
        "POST", ELEMENTS, {"update": [{"id": 41873, "updated_at": before["updated_at"], "name": "x"}]}
    )
    assert stale.data["_embedded"] == {"items": [], "errors": {"update": {"41873": STALE}}}
    assert element(shop, 41873) == before
    newer = before["updated_at"] + 5
    answer = shop("POST", ELEMENTS, {"update": [{"id": 41873, "updated_at": newer, "name": "x"}]})
    assert answer.items[0]["updated_at"] == newer
    after = element(shop, 41873)
    assert {**after, "name": before["name"], "updated_at": before["updated_at"]} == before


def test_of_the_same_element_twice_the_last_wins(shop):
    items = [{"id": 35431, "updated_at": 2_000_000_000, "name": name} for name in ("first", "last")]
    assert len(shop("POST", ELEMENTS, {"update": items}).items) == 2
    assert element(shop, 35431)["name"] == "last"


def test_values_are_written_as_objects_or_bare_ids_and_read_with_their_option(shop):
    sent = [
        {"id": "4400050", "values": [{"value": "100"}]},
        {"code": "SKU", "values": [{"value": "A-1"}]},
        {"id": 4400062, "values": ["3692539", {"value": "3"}, {"value": "", "enum": 3692540}]},
    ]
    id_ = shop(
        "POST", ELEMENTS, {"add": [{"catalog_id": "4220", "name": "Pencil", "custom_fields": sent}]}
    ).items[0]["id"]
    values = {field["id"]: field for field in element(shop, id_)["custom_fields"]}
    assert values[4400050]["values"] == [{"value": "100"}]
    assert values[4400049] == {
        "id": 4400049,
        "name": "Vendor code",
        "values": [{"value": "A-1"}],
        "is_system": True,
    }
    assert values[4400062]["values"] == [
        {"value": "1", "enum": "3692539"},
        {"value": "3", "enum": "3692541"},
        {"value": "2", "enum": "3692540"},
    ]
    clear = {
        "id": id_,
        "custom_fields": [{"id": 4400062, "values": []}, {"id": 4400050, "values": [{"value": "7"}]}],
    }
    shop("POST", ELEMENTS, {"update": [clear]})
    values = {field["id"]: field["values"] for field in element(shop, id_)["custom_fields"]}
    assert values == {4400050: [{"value": "7"}], 4400049: [{"value": "A-1"}]}


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ({"id": 5, "values": [{"value": "1"}]}, "not found"),
        ({"code": "NO", "values": [{"value": "1"}]}, "not found"),
        ({"id": 4400062, "values": [99]}, "no such option"),
    ],
)
def test_unknown_fields_and_options_fail_the_item(shop, field, message):
    add = {"catalog_id": 4220, "name": "x", "custom_fields": [field]}
    answer = shop("POST", ELEMENTS, {"add": [add, {"catalog_id": 4220, "name": "good"}]})
    assert len(answer.items) == 1
    assert message in answer.data["_embedded"]["errors"]["add"]["0"]


def test_values_follow_their_field(shop):
    path = "/api/v4/catalogs/4220/custom_fields/4400062"
    keep = shop("GET", path).data["enums"][2]
    shop("PATCH", path, {"enums": [{**keep, "value": "three"}]})
    values = {field["id"]: field["values"] for field in element(shop, 41873)["custom_fields"]}
    assert values[4400062] == [{"value": "three", "enum": "3692541"}]
    assert shop("DELETE", path).status == 204
    assert 4400062 not in {field["id"] for field in element(shop, 41873)["custom_fields"]}


def test_a_list_goes_with_its_elements_and_fields(shop):
    shop("POST", CATALOGS, {"delete": [4220]})
    assert shop("GET", f"{ELEMENTS}?catalog_id=4220").status == 204
    assert shop("GET", f"{ELEMENTS}?id=41873").status == 204
    assert shop("GET", "/api/v4/catalogs/4220/custom_fields").status == 404


def test_elements_are_found_by_id_list_and_term(shop):
    assert [item["id"] for item in shop("GET", f"{ELEMENTS}?catalog_id=4220").items] == [41873, 41872]
    assert [item["id"] for item in shop("GET", f"{ELEMENTS}?catalog_id=4220&term=PENC").items] == [41872]
    found = shop("GET", ELEMENTS, query={"catalog_id": 2634, "term": "ЗАПРОС"})
    assert [item["id"] for item in found.items] == [47856]
    assert shop("GET", f"{ELEMENTS}?catalog_id=4220&id=47856").status == 204
    for bad in (
        "id=x",
        "catalog_id=0",
        "id=1&id=2",
        "page=0",
        "limit=251",
        "limit_rows=501",
        "limit_offset=-1",
    ):
        assert shop("GET", f"{ELEMENTS}?{bad}").status == 400, bad


@settings(deadline=None)
@given(total=st.integers(0, 30), size=st.integers(1, 12))
def test_both_ways_of_paging_read_everything(make_api, total, size):
    api = make_api()
    api("POST", CATALOGS, {"add": [{"name": "list"}]})
    if total:
        api("POST", ELEMENTS, {"add": [{"catalog_id": 1001, "name": str(i)} for i in range(total)]})
    whole = [item["id"] for item in api("GET", f"{ELEMENTS}?catalog_id=1001&limit=250").items]
    assert len(whole) == total
    pages: list[int] = []
    number = 1
    while (answer := api("GET", f"{ELEMENTS}?catalog_id=1001&page={number}&limit={size}")).status == 200:
        pages += [item["id"] for item in answer.items]
        number += 1
    rows: list[int] = []
    offset = 0
    while (
        answer := api("GET", f"{ELEMENTS}?catalog_id=1001&limit_rows={size}&limit_offset={offset}")
    ).status == 200:
        rows += [item["id"] for item in answer.items]
        offset += size
    assert pages == rows == whole


def test_paging_can_be_off(make_api):
    api = make_api(quirks={"v2-paging": False})
    api("POST", CATALOGS, {"add": [{"name": str(i)} for i in range(70)]})
    assert len(api("GET", f"{CATALOGS}?page=2").items) == 70


def test_forms_write_what_json_writes(shop):
    form = {
        "add[0][request_id]": "762649081",
        "add[0][catalog_id]": "4220",
        "add[0][name]": "Chalk & slate",
        "add[0][custom_fields][0][id]": "4400051",
        "add[0][custom_fields][0][values][0][value]": "3.5",
        "add[0][custom_fields][1][id]": "4400062",
        "add[0][custom_fields][1][values][0]": "3692539",
        "add[0][custom_fields][1][values][1]": "3692541",
        "update[0][id]": "41872",
        "update[0][updated_at]": "2000000000",
        "update[0][name]": "Biros",
        "delete[0]": "41873",
    }
    headers = {"content-type": "application/x-www-form-urlencoded; charset=UTF-8"}
    answer = shop("POST", ELEMENTS, content=urlencode(form).encode(), headers=headers)
    assert answer.items[0]["request_id"] == 762649081
    made = element(shop, answer.items[0]["id"])
    assert made["name"] == "Chalk & slate"
    assert [field["values"] for field in made["custom_fields"]] == [
        [{"value": "3.5"}],
        [{"value": "1", "enum": "3692539"}, {"value": "3", "enum": "3692541"}],
    ]
    assert element(shop, 41872)["name"] == "Biros"
    assert shop("GET", f"{ELEMENTS}?id=41873").status == 204
    flag = urlencode({"add[0][name]": "x", "add[0][can_show_in_cards]": "1"}).encode()
    id_ = shop("POST", CATALOGS, content=flag, headers=headers).items[0]["id"]
    assert shop("GET", f"{CATALOGS}?id={id_}").items[0]["can_show_in_cards"] is True


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"add": []},
        {"add": [{}]},
        {"add": [{"name": 5, "catalog_id": 4220}]},
        {"add": [{"name": "x"}]},
        {"add": [{"name": "x", "catalog_id": "x"}]},
        {"delete": [[1]]},
        {"delete": {"0": 1}},
        {"update": [{"name": "x"}]},
        {"add": [{"name": "x", "catalog_id": 4220, "custom_fields": [{"values": []}]}]},
        {"add": [{"name": "x", "catalog_id": 4220, "custom_fields": [{"id": 4400050}]}]},
        {"add": [{"name": "x", "catalog_id": 4220, "custom_fields": [{"id": 4400050, "values": [None]}]}]},
    ],
)
def test_what_cannot_be_read_is_refused_as_a_whole(shop, body):
    answer = shop("POST", ELEMENTS, body)
    assert (answer.status, answer.headers["content-type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("path", [CATALOGS, ELEMENTS])
def test_refusals_of_both_resources(shop, path):
    assert shop("GET", path, token=None).status == shop("POST", path, {}, token=None).status == 401
    assert shop("POST", path, {"delete": [1]}, token="demo-user").status == 403
    assert shop("POST", path, {"delete": [1] * 251}).status == 422
    assert shop("POST", path, {}).status == shop("GET", f"{path}?id=x").status == 400
