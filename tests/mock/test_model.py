"""A model of the account, told the same story as the mock: after every step they say the same.

The model is as plain as can be (dictionaries, no indexes, no batches of its own), so that it can be right by reading.
"""

from __future__ import annotations

import copy

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

FIELDS = "/api/v4/leads/custom_fields"
GROUPS = f"{FIELDS}/groups"
CATALOGS = "/api/v2/catalogs"
ELEMENTS = "/api/v2/catalog_elements"
UNKNOWN = 999_999_999

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
codes = st.sampled_from([None, "A", "B", "C", "D"])


class Account(RuleBasedStateMachine):
    """Rules that write, each followed by reading everything."""

    fields = Bundle("fields")
    groups = Bundle("groups")
    catalogs = Bundle("catalogs")
    elements = Bundle("elements")

    make_api = None

    def __init__(self) -> None:
        super().__init__()
        self.api = type(self).make_api(quirks={"v4-enums-keyed-object": False})
        self.known_fields: dict[int, dict] = {}
        self.known_groups: dict[str, dict] = {}
        self.known_catalogs: dict[int, dict] = {}
        self.known_elements: dict[int, dict] = {}
        self.ever: set = set()

    def fresh(self, id_) -> None:
        assert id_ not in self.ever
        self.ever.add(id_)

    # Something of each kind to begin with: a rule that draws from an empty bundle is thrown away, and most would be.

    @initialize(target=fields)
    def begin_with_a_field(self):
        return self.create_fields([{"name": "First", "type": "select", "options": ["a", "b"]}])

    @initialize(target=catalogs)
    def begin_with_a_list(self):
        return self.add_catalog("First")

    @initialize(target=elements)
    def begin_with_an_element(self):
        return self.add_elements(self.add_catalog("Other"), ["First"])

    # Fields

    @rule(
        target=fields,
        items=st.lists(
            st.fixed_dictionaries(
                {"name": names, "type": st.sampled_from(["text", "date", "select"])},
                optional={"sort": st.integers(0, 5), "code": codes, "options": st.lists(names, max_size=3)},
            ),
            min_size=1,
            max_size=4,
        ),
    )
    def create_fields(self, items):
        body = []
        for item in items:
            sent = {key: value for key, value in item.items() if key != "options"}
            if "options" in item:
                sent["enums"] = [{"value": value} for value in item["options"]]
            body.append(sent)
        answer = self.api("POST", FIELDS, body)
        taken = [field["code"] for field in self.known_fields.values()]
        wanted = taken + [item.get("code") for item in items]
        wanted = [code for code in wanted if code]
        if len(set(wanted)) < len(wanted):
            assert answer.status == 400
            return multiple()
        assert answer.status == 201
        for item, got in zip(items, answer.fields, strict=True):
            self.fresh(got["id"])
            has_options = item["type"] == "select"
            assert got["name"] == item["name"]
            assert (got["enums"] is None) == (not has_options)
            options = [option["value"] for option in got["enums"] or []]
            assert options == (item.get("options", []) if has_options else [])
            self.known_fields[got["id"]] = {
                "name": item["name"],
                "type": item["type"],
                "sort": item.get("sort", 500),
                "code": item.get("code"),
                "group_id": None,
                "enums": got["enums"],
            }
        return multiple(*(got["id"] for got in answer.fields))

    @rule(ids=st.lists(fields, min_size=1, max_size=4), name=names, sort=st.integers(0, 5), bad=st.booleans())
    def update_fields(self, ids, name, sort, bad):
        body = [{"id": id_, "name": f"{name}{index}", "sort": sort} for index, id_ in enumerate(ids)]
        if bad:
            body.append({"id": UNKNOWN, "name": "x"})
        answer = self.api("PATCH", FIELDS, body)
        if bad or any(id_ not in self.known_fields for id_ in ids):
            assert answer.status == 400
            return
        assert [field["id"] for field in answer.fields] == ids
        for index, id_ in enumerate(ids):
            self.known_fields[id_] |= {"name": f"{name}{index}", "sort": sort}

    @rule(id_=fields, kept=st.sets(st.integers(0, 4)), new=st.lists(names, max_size=2))
    def replace_options(self, id_, kept, new):
        field = self.known_fields.get(id_)
        old = (field or {}).get("enums") or []
        keep = [option for index, option in enumerate(old) if index in kept]
        answer = self.api(
            "PATCH", f"{FIELDS}/{id_}", {"enums": [*keep, *({"value": value} for value in new)]}
        )
        if field is None:
            assert answer.status == 404
        elif field["type"] == "select":
            options = answer.data["enums"]
            assert options[: len(keep)] == keep
            assert [option["value"] for option in options[len(keep) :]] == new
            for option in options[len(keep) :]:
                self.fresh(("option", option["id"]))
            field["enums"] = options
        else:
            assert answer.data["enums"] is None

    @rule(id_=fields, group=groups, by_group=st.booleans())
    def move_field(self, id_, group, by_group):
        if by_group:
            answer = self.api("PATCH", f"{GROUPS}/{group}", {"fields": [id_]})
        else:
            answer = self.api("PATCH", f"{FIELDS}/{id_}", {"group_id": group})
        if id_ in self.known_fields and group in self.known_groups:
            assert answer.status == 200
            self.known_fields[id_]["group_id"] = group
        else:
            assert answer.status in (400, 404)

    @rule(id_=fields)
    def delete_field(self, id_):
        known = self.known_fields.pop(id_, None)
        assert self.api("DELETE", f"{FIELDS}/{id_}").status == (204 if known else 404)

    # Groups

    @rule(target=groups, name=names, sort=st.integers(0, 5))
    def create_group(self, name, sort):
        got = self.api("POST", GROUPS, [{"name": name, "sort": sort}]).fields[0]
        self.fresh(got["id"])
        self.known_groups[got["id"]] = {"name": name, "sort": sort}
        return got["id"]

    @rule(id_=groups)
    def delete_group(self, id_):
        known = self.known_groups.pop(id_, None)
        assert self.api("DELETE", f"{GROUPS}/{id_}").status == (204 if known else 404)
        for field in self.known_fields.values():
            if field["group_id"] == id_:
                field["group_id"] = None

    # Lists

    @rule(target=catalogs, name=names)
    def add_catalog(self, name):
        id_ = self.api("POST", CATALOGS, {"add": [{"name": name}]}).items[0]["id"]
        self.fresh(("catalog", id_))
        self.known_catalogs[id_] = {"name": name}
        return id_

    @rule(ids=st.lists(catalogs, min_size=1, max_size=2), name=names)
    def change_catalogs(self, ids, name):
        answer = self.api("POST", CATALOGS, {"update": [{"id": id_, "name": name} for id_ in ids]})
        good = [id_ for id_ in ids if id_ in self.known_catalogs]
        assert [item["id"] for item in answer.items] == good
        for id_ in good:
            self.known_catalogs[id_]["name"] = name

    @rule(id_=catalogs)
    def delete_catalog(self, id_):
        answer = self.api("POST", CATALOGS, {"delete": [id_]})
        assert len(answer.items) == (self.known_catalogs.pop(id_, None) is not None)
        gone = [key for key, element in self.known_elements.items() if element["catalog_id"] == id_]
        for key in gone:
            del self.known_elements[key]

    @rule(target=elements, catalog=catalogs, added=st.lists(names, min_size=1, max_size=3))
    def add_elements(self, catalog, added):
        answer = self.api(
            "POST", ELEMENTS, {"add": [{"catalog_id": catalog, "name": name} for name in added]}
        )
        if catalog not in self.known_catalogs:
            assert answer.items == []
            assert len(answer.data["_embedded"]["errors"]["add"]) == len(added)
            return multiple()
        for name, item in zip(added, answer.items, strict=True):
            self.fresh(("element", item["id"]))
            self.known_elements[item["id"]] = {"name": name, "catalog_id": catalog}
        return multiple(*(item["id"] for item in answer.items))

    @rule(id_=elements, name=names)
    def rename_element(self, id_, name):
        answer = self.api("POST", ELEMENTS, {"update": [{"id": id_, "name": name}]})
        assert [item["id"] for item in answer.items] == ([id_] if id_ in self.known_elements else [])
        if id_ in self.known_elements:
            self.known_elements[id_]["name"] = name

    @rule(ids=st.lists(elements, min_size=1, max_size=3, unique=True))
    def delete_elements(self, ids):
        answer = self.api("POST", ELEMENTS, {"delete": ids})
        good = [id_ for id_ in ids if id_ in self.known_elements]
        assert [item["id"] for item in answer.items] == good
        for id_ in good:
            del self.known_elements[id_]

    @rule(term=st.text(st.characters(codec="utf-8"), min_size=1, max_size=4))
    def search(self, term):
        got = {item["id"] for item in self.api("GET", ELEMENTS, query={"term": term, "limit": 250}).items}
        wanted = term.casefold()
        assert got == {
            id_ for id_, known in self.known_elements.items() if wanted in known["name"].casefold()
        }

    # The whole

    @rule(data=st.data())
    def go_back_to_a_snapshot(self, data):
        """What is done between a snapshot and its restoring leaves no trace."""
        self.api.control.snapshot("s")
        kept = copy.deepcopy([self.known_fields, self.known_groups, self.known_catalogs, self.known_elements])
        self.api("POST", FIELDS, [{"name": "x", "type": "text"}])
        for id_ in self.known_catalogs:
            self.api("POST", CATALOGS, {"delete": [id_]})
        assert self.api.control.restore("s")
        self.known_fields, self.known_groups, self.known_catalogs, self.known_elements = kept

    @invariant()
    def the_mock_says_what_the_model_says(self):
        keys = ("name", "type", "sort", "code", "group_id", "enums")
        fields = {
            field["id"]: {key: field[key] for key in keys}
            for field in self.api("GET", f"{FIELDS}?limit=250").fields
        }
        assert fields == self.known_fields
        for group in self.api("GET", GROUPS).fields:
            inside = [
                id_
                for id_, field in sorted(fields.items())
                if (field["group_id"] or "default") == group["id"]
            ]
            assert group["fields"] == inside
        groups = {
            group["id"]: {"name": group["name"], "sort": group["sort"]}
            for group in self.api("GET", GROUPS).fields
            if not group["is_predefined"]
        }
        assert groups == self.known_groups
        catalogs = {
            item["id"]: {"name": item["name"]} for item in self.api("GET", f"{CATALOGS}?limit=250").items
        }
        assert catalogs == self.known_catalogs
        elements = {
            item["id"]: {"name": item["name"], "catalog_id": item["catalog_id"]}
            for item in self.api("GET", f"{ELEMENTS}?limit=250").items
        }
        assert elements == self.known_elements


def test_the_mock_follows_the_model(make_api):
    machine = type("Bound", (Account,), {"make_api": staticmethod(make_api)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=60, stateful_step_count=30, deadline=None)
    )


def test_the_mock_follows_the_model_with_a_data_file(make_api, tmp_path_factory):
    def on_file(**config):
        return make_api(data=tmp_path_factory.mktemp("model") / "mock.db", **config)

    class Kept(Account):
        make_api = staticmethod(on_file)

        def teardown(self):
            """What was kept in the file is what was in memory."""
            tables = self.api.control.store.tables()
            self.api.control.store.backend.close()
            again = make_api(data=self.api.control.config.data)
            assert again.control.store.tables() == tables
            again.control.store.backend.close()

    run_state_machine_as_test(Kept, settings=settings(max_examples=8, stateful_step_count=25, deadline=None))
