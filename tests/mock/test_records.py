"""Leads, contacts, companies, customers, segments, lists and elements: one life of each, pages, filters, order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kommo.mock.entities import ENTITIES
from kommo.mock.model import Record, Scope
from kommo.mock.record_index import RecordIndexes
from kommo.mock.texts import TextIndex

from .test_values import EXTRAS, FIELDS, RECORDS, account, define

BATCHED = [entity for entity in RECORDS if entity != "segments"]
CARDS = ["leads", "contacts", "companies", "customers"]
CATALOGS = "/api/v4/catalogs"
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def rows(answer) -> list[dict[str, Any]]:
    """The records of a collection; none for an answer without a body."""
    return [] if answer.status == 204 else next(iter(answer.data["_embedded"].values()))


def ids(answer) -> list[int]:
    return [row["id"] for row in rows(answer)]


@pytest.mark.parametrize("entity", BATCHED)
def test_every_operation_of_every_kind_of_record(make_api, entity):
    api = account(make_api())
    path = RECORDS[entity]
    made = api(
        "POST", path, [{"name": "a", "request_id": "mark"}, {"name": "b", "request_id": 7}, {"name": "c"}]
    )
    assert made.status == 200
    assert made.headers["content-type"] == "application/hal+json"
    assert made.data["_links"]["self"]["href"] == f"http://acme.test{path}"
    assert [row["request_id"] for row in rows(made)] == ["mark", "7", "2"]
    first, second, third = ids(made)
    one = f"{path}/{first}"
    assert rows(made)[0]["_links"]["self"]["href"] == f"http://acme.test{one}"
    read = api("GET", one).data
    assert (read["name"], read["account_id"], read["created_by"]) == ("a", 28805383, 504141)
    assert read["custom_fields_values"] is None
    assert [row["name"] for row in rows(api("GET", path))] == ["a", "b", "c"]
    changed = api("PATCH", path, [{"id": second, "name": "B"}, {"id": third, "name": "C", "request_id": "x"}])
    assert (changed.status, ids(changed)) == (200, [second, third])
    assert rows(changed)[0]["updated_at"] > read["updated_at"]
    single = api("PATCH", one, {"name": "A"})
    assert (single.status, single.data["id"]) == (200, first)
    assert [row["name"] for row in rows(api("GET", path))] == ["A", "B", "C"]
    assert api("PATCH", one, {**read, "name": "again"}).status == 200
    assert api("GET", one).data["name"] == "again"
    for method, target in [("GET", path), ("POST", path), ("PATCH", path), ("GET", one), ("PATCH", one)]:
        assert api(method, target, [{}], token=None).status == 401
    assert api("DELETE", one).status == api("DELETE", path).status == 405
    assert api("DELETE", one).headers["allow"] == "GET, PATCH, HEAD, OPTIONS"
    item = {"name": "x"}
    assert api("POST", path, [item] * 251).status == api("PATCH", path, [item] * 251).status == 422
    for body in ([], {}, None, 5, [5], [{"name": 5}], [{"name": ""}], [{"created_at": "x"}]):
        assert api("POST", path, body).status == 400
    assert api("PATCH", path, [{"name": "x"}]).errors == [("0", "id", "RequiredFilled")]
    assert api("PATCH", path, [{"id": 999_999}]).errors == [("0", "id", "NotSupportedChoice")]
    assert api("PATCH", one, {}).status == api("PATCH", one, []).status == 400
    assert api("PATCH", one, {"id": second}).errors == [("0", "id", "NotSupportedChoice")]
    assert api("GET", f"{path}/999999").status == (404 if entity == "catalogs" else 204)
    assert api("PATCH", f"{path}/999999", {"name": "x"}).status == 404
    assert api("GET", f"{path}/x").status == api("PATCH", f"{path}/0", {}).status == 400
    assert api("GET", f"{path}?limit=251").status == 422
    assert api("GET", f"{path}?page=0").status == 400
    assert ids(api("GET", path)) == [first, second, third]
    assert api("HEAD", path).status == 200


def test_a_segment_is_made_as_one_object_and_answered_whole(make_api):
    api = account(make_api())
    path = RECORDS["segments"]
    field = define(api, "segments", "checkbox")
    values = [{"field_id": field["id"], "values": [{"value": True}]}]
    made = api("POST", path, {"name": "s", "color": "ae003f", "custom_fields_values": values})
    assert made.status == 200
    one = f"{path}/{made.data['id']}"
    assert api("GET", one).data == made.data
    assert (made.data["color"], made.data["custom_fields_values"][0]["values"]) == (
        "ae003f",
        [{"value": True}],
    )
    changed = api("PATCH", one, {"name": "t", "available_products_price_types": [5], "request_id": "r"}).data
    assert (changed["name"], changed["available_products_price_types"], changed["request_id"]) == (
        "t",
        [5],
        "r",
    )
    page = api("GET", path).data
    assert (page["_total_items"], page["_page"], page["_page_count"]) == (1, 1, 1)
    assert api("POST", path, [{"name": "s"}]).status == api("POST", path, {}).status == 400
    assert api("POST", path, {"name": "s", "color": "red"}).errors == [("0", "color", "NotSupportedChoice")]
    assert api("POST", path, {"color": "ae003f"}).errors == [("0", "name", "RequiredFilled")]
    assert api("PATCH", path, [{}]).status == 405
    assert api("GET", f"{path}/5").status == api("PATCH", f"{path}/5", {"name": "x"}).status == 404
    assert api("GET", f"{path}?page=9").status == 204
    for method, target in [("GET", path), ("POST", path), ("GET", one), ("PATCH", one)]:
        assert api(method, target, {}, token=None).status == 401


def test_lists_are_made_and_changed_but_not_deleted(make_api):
    api = make_api()
    made = api(
        "POST", CATALOGS, [{"name": "a", "request_id": "mark"}, {"name": "b", "type": "invoices", "sort": 5}]
    )
    assert (made.status, [row["request_id"] for row in rows(made)]) == (200, ["mark", "1"])
    first, second = ids(made)
    assert first > 1000
    one = f"{CATALOGS}/{first}"
    assert [row["name"] for row in rows(api("GET", CATALOGS))] == ["b", "a"]
    assert ids(api("GET", f"{CATALOGS}?type=invoices")) == [second]
    assert api("GET", one).data["can_be_deleted"] is True
    changed = api("PATCH", one, {"name": "A", "can_link_multiple": False, "request_id": "x"}).data
    assert (changed["name"], changed["can_link_multiple"], changed["request_id"]) == ("A", False, str(first))
    assert rows(api("PATCH", CATALOGS, [{"id": second, "sort": 50}]))[0]["sort"] == 50
    # v2 knows the same lists.
    assert {item["name"] for item in api("GET", "/api/v2/catalogs").items} == {"A", "b"}
    assert api("PATCH", one, {"type": "invoices"}).errors == [("0", "type", "NotSupportedChoice")]
    assert api("POST", CATALOGS, [{"name": "x", "type": "no"}]).errors == [
        ("0", "type", "NotSupportedChoice")
    ]
    assert api("PATCH", CATALOGS, [{"id": 5}]).errors == [("0", "id", "NotSupportedChoice")]
    assert api("PATCH", CATALOGS, [{"name": "x"}]).errors == [("0", "id", "RequiredFilled")]
    assert api("GET", f"{CATALOGS}/5").status == api("PATCH", f"{CATALOGS}/5", {"name": "x"}).status == 404
    assert api("GET", f"{CATALOGS}/x").status == api("POST", CATALOGS, [{}]).status == 400
    assert api("PATCH", one, {}).status == api("GET", f"{CATALOGS}?type=").status == 400
    assert api("DELETE", one).status == api("DELETE", CATALOGS).status == 405
    assert api("GET", f"{CATALOGS}?limit=251").status == api("POST", CATALOGS, [{}] * 251).status == 422
    assert api("PATCH", CATALOGS, [{}] * 251).status == 422
    assert api("GET", f"{CATALOGS}?page=2").status == 204
    for method, target in [
        ("GET", CATALOGS),
        ("POST", CATALOGS),
        ("PATCH", CATALOGS),
        ("GET", one),
        ("PATCH", one),
    ]:
        assert api(method, target, [{}], token=None).status == 401
    assert api("POST", "/api/v2/catalogs", {"delete": [first]}).items
    assert api("GET", one).status == api("GET", f"{one}/elements").status == 404
    assert api("GET", f"{one}/custom_fields/groups").status == 404


def test_v2_knows_the_types_of_lists_that_its_documents_know(make_api):
    for open_types in (True, False):
        api = make_api(quirks={"v2-catalog-types": open_types})
        api(
            "POST",
            CATALOGS,
            [{"name": type_, "type": type_} for type_ in ("regular", "products", "suppliers")],
        )
        assert len(rows(api("GET", CATALOGS))) == 3
        assert len(api("GET", "/api/v2/catalogs").items) == (3 if open_types else 1)


def test_groups_arrange_the_fields_of_a_list(make_api):
    api = account(make_api())
    path = f"{FIELDS['catalogs']}/groups"
    field = define(api, "catalogs", "text")
    (group,) = api("POST", path, [{"name": "g", "sort": 1, "fields": [field["id"]]}]).fields
    assert (group["entity_type"], group["fields"]) == ("catalogs", [field["id"]])
    assert api("GET", f"{FIELDS['catalogs']}/{field['id']}").data["group_id"] == group["id"]
    api("POST", CATALOGS, [{"name": "Other"}])
    other = f"{CATALOGS}/1002/custom_fields/groups"
    assert [known["id"] for known in api("GET", other).fields] == ["default"]
    assert api("GET", f"{other}/{group['id']}").status == 404
    assert api("DELETE", f"{path}/{group['id']}").status == 204
    assert api("GET", f"{path}/default").data["fields"] == [field["id"]]


def test_who_may_write_what(make_api):
    api = account(make_api())
    for entity in CARDS:
        assert api("POST", RECORDS[entity], [{"name": "x"}], token="demo-user").status == 200
        assert api("PATCH", f"{RECORDS[entity]}/1001", {"name": "y"}, token="demo-user").status == 200
        assert api("POST", FIELDS[entity], [{"name": "x", "type": "text"}], token="demo-user").status == 403
    lists = [(CATALOGS, [{"name": "x"}]), (RECORDS["catalogs"], [{"name": "x"}])]
    for path, body in lists:
        assert api("POST", path, body, token="demo-user").status == 403
        assert api("PATCH", path, body, token="demo-user").status == 403
        assert api("GET", path, token="demo-user").status in (200, 204)
    assert api("POST", RECORDS["segments"], {"name": "x"}, token="demo-user").status == 403
    api.control.add_token("librarian", admin=False, lists=True)
    for path, body in lists:
        assert api("POST", path, body, token="librarian").status == 200
    assert api("PATCH", f"{RECORDS['catalogs']}/1001", {"name": "y"}, token="librarian").status == 200
    assert api("POST", FIELDS["catalogs"], [{"name": "x", "type": "text"}], token="librarian").status == 403


def test_answers_to_writes_have_the_habits_of_their_kind(make_api):
    api = account(make_api())
    made = {entity: set(rows(api("POST", RECORDS[entity], [{"name": "x"}]))[0]) for entity in BATCHED}
    changed = {
        entity: rows(api("PATCH", RECORDS[entity], [{"id": 1001, "name": "y", "request_id": "z"}]))[0]
        for entity in BATCHED
    }
    assert made["leads"] == made["companies"] == made["customers"] == {"id", "request_id", "_links"}
    assert made["contacts"] == {"id", "request_id", "is_deleted", "is_unsorted", "_links"}
    assert set(changed["leads"]) == {"id", "updated_at", "_links"}
    assert set(changed["contacts"]) == {"id", "name", "updated_at", "is_deleted", "is_unsorted", "_links"}
    assert changed["customers"]["request_id"] == "z"
    # An element answers its own id, even when another request id was sent.
    assert (changed["catalogs"]["request_id"], changed["catalogs"]["name"]) == (1001, "y")
    assert "invoice_link" in made["catalogs"]


def test_names_are_put_together_or_made_up(make_api):
    api = make_api()
    contacts = RECORDS["contacts"]
    api("POST", contacts, [{"first_name": "Ann", "last_name": "Lee"}, {"name": "Bo", "first_name": "B"}, {}])
    assert [row["name"] for row in rows(api("GET", contacts))] == ["Ann Lee", "Bo", "Contact #1003"]
    api("PATCH", f"{contacts}/1001", {"last_name": "Berg"})
    assert api("GET", f"{contacts}/1001").data["name"] == "Ann Berg"
    api("POST", RECORDS["leads"], [{}])
    assert api("GET", f"{RECORDS['leads']}/1001").data["name"] == "Lead #1001"
    assert api("POST", RECORDS["customers"], [{}]).errors == [("0", "name", "RequiredFilled")]


@pytest.mark.parametrize("entity", CARDS)
def test_attributes_are_kept_and_what_no_one_knows_is_read_over(make_api, entity):
    api = make_api()
    sent: dict[str, Any] = {"created_at": 5, "updated_at": 6, "created_by": 0, "updated_by": 8}
    for attribute in ENTITIES[entity].attributes:
        if attribute.writable:
            sent[attribute.name] = "x" if attribute.kind == "text" else 77
    extra = {"tags_to_add": [{"name": "t"}], "_embedded": {"tags": []}, "nobody": {"knows": 1}, "score": 5}
    api("POST", RECORDS[entity], [{"name": "n", **sent, **extra}])
    one = f"{RECORDS[entity]}/1001"
    read = api("GET", one).data
    assert {key: read[key] for key in sent} == sent
    assert read.get("score") is None
    assert "nobody" not in read
    for key in sent:
        assert api("PATCH", one, {key: []}).errors == [("0", key, "InvalidType")]
    assert api("PATCH", one, {"responsible_user_id": 0}).errors == [
        ("0", "responsible_user_id", "OutOfRange")
    ]
    api("PATCH", one, {"name": "other"})
    after = api("GET", one).data
    assert {key: after[key] for key in sent if not key.startswith("updated")} == {
        key: value for key, value in sent.items() if not key.startswith("updated")
    }


def test_with_names_what_is_embedded(make_api):
    api = make_api(seed="demo")
    lead = api("GET", "/api/v4/leads/710101?with=contacts,nobody").data
    assert set(lead["_embedded"]) == {"tags", "companies", "contacts"}
    invoice = api("GET", "/api/v4/catalogs/4103/elements/730301?with=invoice_link").data
    assert invoice["invoice_link"].startswith("http://acme.test/")
    assert api("GET", "/api/v4/catalogs/4101/elements/730101?with=invoice_link").data["invoice_link"] is None
    assert "invoice_link" not in api("GET", "/api/v4/catalogs/4101/elements/730101").data


def test_elements_belong_to_their_list(make_api):
    api = account(make_api())
    api("POST", CATALOGS, [{"name": "Other"}])
    api("POST", RECORDS["catalogs"], [{"name": "x"}])
    other = f"{CATALOGS}/1002/elements"
    assert api("GET", f"{other}/1001").status == api("PATCH", f"{other}/1001", {"name": "y"}).status == 404
    assert api("PATCH", other, [{"id": 1001}]).errors == [("0", "id", "NotSupportedChoice")]
    for path in (f"{CATALOGS}/77/elements", f"{CATALOGS}/x/elements"):
        assert api("GET", path).status == api("POST", path, [{"name": "x"}]).status == 404
        assert api("PATCH", path, [{"id": 1001}]).status == api("GET", f"{path}/1001").status == 404


def test_paths_of_other_resources_are_not_records(make_api):
    api = make_api()
    for path in (
        "/api/v4/leads/complex",
        "/api/v4/contacts/chats",
        "/api/v4/leads/1/notes",
        "/api/v4/catalogs/1/x",
    ):
        assert api("GET", path).status == 404
    # As real clients write paths: a slash too many, and a slash that was encoded arrives decoded.
    assert api("GET", "//api/v4//customers/segments/").status == 204


# Pages, filters, order


@pytest.mark.parametrize("entity", BATCHED)
def test_pages_add_up(make_api, entity):
    api = account(make_api())
    path = RECORDS[entity]
    wanted = ids(api("POST", path, [{"name": str(index)} for index in range(23)]))

    @QUICK
    @given(limit=st.integers(1, 25), descending=st.booleans())
    def check(limit, descending):
        order = [("order[id]", "desc")] if descending else []
        got: list[int] = []
        number = 1
        following = None
        while (answer := api("GET", path, query=[*order, ("limit", limit), ("page", number)])).status == 200:
            data = answer.data
            assert data["_page"] == number
            assert following in (None, data["_links"]["self"]["href"])
            following = data["_links"].get("next", {}).get("href")
            assert {"prev", "first"} <= set(data["_links"]) or number == 1
            got += ids(answer)
            number += 1
        assert following is None
        assert got == (wanted[::-1] if descending else wanted)
        assert number == -(-23 // limit) + 1

    check()


NUMBER, WORD, CHOICE = "numeric", "text", "multiselect"


class Sample:
    """Records with values, and what is known of them."""

    def __init__(self, api, entity) -> None:
        self.api, self.path = api, RECORDS[entity]
        self.fields = {
            type_: define(api, entity, type_) for type_ in (NUMBER, WORD, CHOICE, "date", "checkbox")
        }
        self.known: dict[int, dict[str, Any]] = {}

    def add(self, rows_: list[dict[str, Any]]) -> None:
        body = [{"name": row["name"], "created_at": row["at"], **self.values(row)} for row in rows_]
        made = ids(self.api("POST", self.path, body)) if body else []
        self.known |= dict(zip(made, rows_, strict=True))

    def values(self, row: dict[str, Any]) -> dict[str, Any]:
        sent: dict[str, Any] = {
            NUMBER: None if row["number"] is None else [{"value": row["number"]}],
            WORD: None if row["word"] is None else [{"value": row["word"]}],
            CHOICE: [{"enum_id": self.option(place)} for place in sorted(row["choice"])] or None,
            "date": [{"value": row["day"] * 86_400}],
            "checkbox": [{"value": row["flag"]}],
        }
        return {
            "custom_fields_values": [
                {"field_id": self.fields[type_]["id"], "values": values} for type_, values in sent.items()
            ]
        }

    def option(self, place: int) -> int:
        return self.fields[CHOICE]["enums"][place]["id"]

    def name(self, type_: str, part: str = "") -> str:
        return f"filter[custom_fields_values][{self.fields[type_]['id']}][{part}]"

    def found(self, *query: tuple[str, Any]) -> list[int]:
        return ids(self.api("GET", self.path, query=[*query, ("limit", 250)]))

    def expected(self, holds) -> list[int]:
        return [id_ for id_, row in self.known.items() if holds(row)]


ROWS = st.fixed_dictionaries(
    {
        "name": st.text("abc ", min_size=1, max_size=6).filter(str.strip),
        "at": st.integers(0, 9),
        "number": st.one_of(st.none(), st.integers(0, 6)),
        "word": st.one_of(st.none(), st.sampled_from(["red", "green", "blue"])),
        "choice": st.sets(st.integers(0, 2), max_size=2),
        "day": st.integers(0, 5),
        "flag": st.booleans(),
    }
)


@pytest.mark.parametrize("entity", CARDS)
def test_filters_find_what_a_look_at_every_record_finds(make_api, entity):
    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def check(data):
        sample = Sample(make_api(), entity)
        sample.add(data.draw(st.lists(ROWS, max_size=12)))
        low, high = data.draw(st.tuples(st.integers(0, 6), st.integers(0, 6)))
        for _ in range(2):
            number = sample.name(NUMBER)
            assert sample.found((number, low), (number, high)) == sample.expected(
                lambda row: row["number"] in (low, high)
            )
            bounds = [(sample.name(NUMBER, "from"), low), (sample.name(NUMBER, "to"), high)]
            assert sample.found(*bounds) == sample.expected(
                lambda row: row["number"] is not None and low <= row["number"] <= high
            )
            assert sample.found((sample.name("date", "from"), low * 86_400)) == sample.expected(
                lambda row: row["day"] >= low
            )
            assert sample.found((sample.name("checkbox"), 1), (sample.name(WORD), "red")) == sample.expected(
                lambda row: row["flag"] and row["word"] == "red"
            )
            option = sample.option(low % 3)
            assert sample.found((sample.name(CHOICE, "0"), option)) == sample.expected(
                lambda row: low % 3 in row["choice"]
            )
            assert sample.found(("filter[created_at][from]", low), ("filter[name]", "a")) == sample.expected(
                lambda row: row["at"] >= low and row["name"] == "a"
            )
            some = sorted(sample.known)[::2]
            assert sample.found(*(("filter[id][]", id_) for id_ in some or [1])) == some
            for term in ("a", "ab", "abc", "gree", "c b"):
                assert sample.found(("query", f" {term}")) == sample.expected(
                    # Numbers are kept as text.
                    lambda row, term=term: any(
                        term in str(row[part] or "") for part in ("name", "word", "number")
                    )
                ), term
            for key, part in (("created_at", "at"), ("id", "")):
                order = (f"order[{key}]", "desc")
                wanted = sorted(
                    sample.known, key=lambda id_: (sample.known[id_].get(part, 0), id_), reverse=True
                )
                assert sample.found(order) == wanted
                assert sample.found(order, (sample.name(WORD), "red")) == [
                    id_ for id_ in wanted if sample.known[id_]["word"] == "red"
                ]
            # Once more, with indexes that were there when records changed.
            sample.add(data.draw(st.lists(ROWS, max_size=4)))
            if sample.known:
                id_ = data.draw(st.sampled_from(sorted(sample.known)))
                row = data.draw(ROWS)
                body = {"name": row["name"], "created_at": row["at"], **sample.values(row)}
                assert sample.api("PATCH", f"{sample.path}/{id_}", body).status == 200
                sample.known[id_] = row

    check()


def test_filters_that_cannot_be_are_refused(make_api):
    sample = Sample(make_api(), "leads")
    sample.add([{"name": "x", "at": 1, "number": 1, "word": "red", "choice": set(), "day": 1, "flag": True}])
    for bad in (
        (sample.name(NUMBER), "many"),
        (sample.name(CHOICE), "one"),
        (sample.name(WORD, "from"), "a"),
        ("filter[id][]", "x"),
        ("filter[price][from]", "x"),
        ("order[id]", "up"),
    ):
        assert sample.api("GET", sample.path, query=[bad]).status == 400, bad
    for nothing in (
        ("filter[custom_fields_values][5][]", "x"),
        (sample.name(NUMBER, "from"), 2),
        ("page", 2**62),
    ):
        assert sample.api("GET", sample.path, query=[nothing]).status == 204, nothing
    for anything in (("filter[nobody]", "x"), ("order[nobody]", "x"), ("with", ""), ("nobody", "x")):
        assert sample.found(anything) == list(sample.known)


def test_an_empty_page_can_have_a_body(make_api):
    api = make_api(quirks={"v4-list-empty-204": False})
    for path in ("/api/v4/leads", CATALOGS, RECORDS["segments"]):
        answer = api("GET", path)
        assert (answer.status, rows(answer)) == (200, [])


# What the store keeps


def test_contents_that_are_put_back_are_found_where_they_were(make_api):
    """A snapshot may hold, under the same id, an element or a field of another list."""
    api = account(make_api())
    api("POST", CATALOGS, [{"name": "Other"}])
    api.control.snapshot("empty")
    api("POST", RECORDS["catalogs"], [{"name": "first"}])
    define(api, "leads", "text")
    api.control.snapshot("first")
    api.control.restore("empty")
    api("POST", f"{CATALOGS}/1002/elements", [{"name": "second"}])
    define(api, "contacts", "text")
    api("GET", f"{CATALOGS}/1002/elements?query=second")
    api.control.restore("first")
    assert ids(api("GET", RECORDS["catalogs"])) == [1001]
    assert api("GET", f"{CATALOGS}/1002/elements").status == 204
    assert api("GET", f"{CATALOGS}/1002/elements?query=first").status == 204
    assert [field["id"] for field in api("GET", FIELDS["leads"]).fields] == [1001]
    assert api("GET", FIELDS["contacts"]).status == 204


def test_a_file_keeps_values_of_every_type_for_all_who_share_it(make_api, tmp_path):
    """Records survive, and one process sees at once what another one has written."""
    first = make_api(data=tmp_path / "mock.db", seed="demo")
    second = make_api(data=tmp_path / "mock.db", seed="demo")
    assert first.control.store.tables() == second.control.store.tables()
    lead = "/api/v4/leads/710101"
    values = [{"field_id": 410011, "values": [{"value": "Courier"}]}]
    assert first("PATCH", lead, {"name": "Tables", "custom_fields_values": values}).status == 200
    assert ids(second("GET", "/api/v4/leads?query=tables&filter[custom_fields_values][410011][]=510001")) == [
        710101
    ]
    assert second("DELETE", "/api/v4/leads/custom_fields/410011").status == 204
    entries = first("GET", lead).data["custom_fields_values"]
    assert 410011 not in {entry["field_id"] for entry in entries}
    assert first.control.store.tables() == second.control.store.tables()
    first.control.store.backend.close()
    second.control.store.backend.close()


@QUICK
@given(st.lists(st.tuples(st.integers(1, 5), st.sampled_from([1, 2]), st.integers(0, 3)), max_size=20))
def test_indexes_say_what_the_records_say(steps):
    """Whatever is stored, changed, moved to another list or removed (0)."""
    table: dict[Any, Record] = {}
    indexes = RecordIndexes(table)
    everywhere = Scope(1, "catalogs")

    def keys(record: Record) -> tuple[int]:
        return (record.created_at,)

    for scope in (everywhere, Scope(1, "catalogs", 1), Scope(1, "catalogs", 2)):
        indexes.sorted(scope, ("attribute", "created_at"), keys)
        indexes.texts(scope, whole=True)
    for id_, catalog_id, at in steps:
        key = (1, "catalogs", id_)
        old = table.pop(key, None)
        new = Record(id_, 1, "catalogs", f"name {at}", at, at, 0, 0, catalog_id) if at else None
        if new is not None:
            table[key] = new
        indexes.change(old, new)
        for scope in (everywhere, Scope(1, "catalogs", 1), Scope(1, "catalogs", 2)):
            inside = sorted(
                (record for record in table.values() if scope.catalog_id in (0, record.catalog_id)),
                key=lambda record: record.id,
            )
            assert indexes.ids(scope) == [record.id for record in inside]
            index = indexes.sorted(scope, ("attribute", "created_at"), keys)
            assert list(index.in_order(descending=False)) == [
                record.id for record in sorted(inside, key=lambda record: (record.created_at, record.id))
            ]
            assert index.count(2, 3) == sum(2 <= record.created_at <= 3 for record in inside)
            texts = {record.id: record.name for record in inside}
            for term in ("name 2", "2", "name"):
                _finds(indexes.texts(scope, whole=True), texts, term)


def _finds(index: TextIndex, texts: dict[int, str], term: str) -> None:
    expected = sorted(id_ for id_, text in texts.items() if term in text.casefold())
    assert list(index.ids(term, texts.get, descending=False)) == expected
    assert list(index.ids(term, texts.get, descending=True)) == expected[::-1]
    assert len(expected) <= index.at_most(term) <= len(texts)


@QUICK
@given(
    st.lists(
        st.tuples(st.integers(0, 300) | st.integers(9_000, 9_100), st.text("abß\n", max_size=6)), max_size=40
    ),
    st.text("abß\n", min_size=1, max_size=4).map(str.casefold),
)
def test_a_term_is_found_wherever_it_is(steps, term):
    """Whatever came, changed (an id that comes again) or went (an empty text)."""
    texts: dict[int, str] = {}
    index = TextIndex(())
    for id_, text in steps:
        if id_ in texts:
            index.remove(id_, texts.pop(id_))
        if text:
            texts[id_] = text
            index.add(id_, text)
        _finds(index, texts, term)


def test_a_search_with_a_zero_byte_finds_what_holds_one(make_api):
    api = account(make_api())
    made = api("POST", RECORDS["leads"], [{"name": "a\0b"}, {"name": "a\nb"}, {"name": "a"}, {"name": "b"}])
    assert made.status == 200
    assert ids(api("GET", f"{RECORDS['leads']}?query=a%00b")) == ids(made)[:1]
    assert ids(api("GET", f"{RECORDS['leads']}?query=a%0Ab")) == ids(made)[1:2]


def test_the_definitions_of_newer_types_are_checked(make_api):
    api = account(make_api())
    wrong = {
        "monetary": [{}, {"currency": None}, {"currency": "euro"}],
        "linked_entity": [{}, {"search_in": ""}, {"search_in": "leads"}],
        "chained_list": [{}, {"chained_lists": []}, {"chained_lists": [{"title": "x"}]}],
    }
    for type_, bodies in wrong.items():
        entity = "catalogs" if type_ == "linked_entity" else "leads"
        key = next(iter(EXTRAS[type_]))
        for body in bodies:
            answer = api("POST", FIELDS[entity], [{"name": "f", "type": type_, **body}])
            assert answer.status == 400
            assert all(path.startswith(key) for _, path, _ in answer.errors)
        field = define(api, entity, type_)
        assert field[key] == EXTRAS[type_][key]
        one = f"{FIELDS[entity]}/{field['id']}"
        assert api("PATCH", one, {key: None, "name": "g"}).data[key] == field[key]
        assert api("PATCH", one, {key: 5}).errors == [("0", key, "InvalidType")]
        # The form of a key is checked even where it has no meaning.
        assert api("POST", FIELDS[entity], [{"name": "f", "type": "text", key: 5}]).status == 400
    assert (
        api("PATCH", f"{FIELDS['leads']}/{define(api, 'leads', 'monetary')['id']}", {"currency": "USD"}).data[
            "currency"
        ]
        == "USD"
    )
    tracking = define(api, "leads", "tracking_data", tracking_callback="f()")
    assert tracking["tracking_callback"] == "f()"
    hidden = [{"status_id": 5, "pipeline_id": 6}]
    assert define(api, "leads", "text", hidden_statuses=hidden)["hidden_statuses"] == hidden
