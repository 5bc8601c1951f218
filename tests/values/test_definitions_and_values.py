"""Definitions and values together, through the client: whatever is done in whatever order, they hold together.

A state machine does to an account on the mock what integrations do: it defines fields of all types, changes and
deletes their options, fills, changes and clears values by both versions of the API, and asks for what must be
refused. After every step everything is read and compared with a model in plain Python (`believed`).

    KOMMO_SCENARIOS=500 pytest tests/values/test_definitions_and_values.py      looks longer
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from kommo import Kommo, models
from kommo import values as v
from kommo.contract.port import IN_PROCESS_URL, AsgiTransport, ServerGuard
from kommo.errors import NotFound, PartialFailure, ValidationFailed
from kommo.mock import MockConfig, create_app
from kommo.retry import RetryPolicy
from tests.values.believed import (
    ADDRESS,
    KINDS,
    Definition,
    Held,
    Kinded,
    Number,
    Option,
    Place,
    Stored,
    Text,
    kind_of,
)
from tests.values.exercise_types import pairs

SCENARIOS = int(os.environ.get("KOMMO_SCENARIOS", "16"))
STEPS = 30
VALUES = "custom_fields_values"
NOWHERE = 2**40
ENTITIES = ("leads", "contacts", "companies", "customers", "customers_segments", "catalogs")
# What each of them calls itself in the table of types.
NAMES = {"customers_segments": "segments"}
TYPES = {entity: [name for name, of in pairs() if of == NAMES.get(entity, entity)] for entity in ENTITIES}
ZONES = [ZoneInfo(name) for name in ("Europe/Moscow", "America/New_York", "Asia/Kathmandu")]
OPTIONS = ("select", "radiobutton", "multiselect")
EXTRAS: dict[str, dict[str, Any]] = {
    "linked_entity": {"search_in": "contacts"},
    "chained_list": {"chained_lists": [{"title": "Make", "catalog_id": 5}]},
    "monetary": {"currency": "EUR"},
}
MULTITEXT = {"EMAIL": ["WORK", "PRIV", "OTHER"]}
PHONE = ["WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"]

names = st.sampled_from(["Size", "size", "Размер", "Size 🙂", " "])
words = st.sampled_from(["Red", "red", "Blue", "Красный", "7", "Red "])
option_codes = st.sampled_from([None, None, "RED", "BLUE", "Red"])
codes = st.sampled_from([None, "ONE", "TWO", "EMAIL"])

Refusals = dict[int, set[tuple[str, str]]]
"""What is wrong with which item of a batch: (path, code)."""

Changes = dict[int, list[Stored]]
"""The values that a request gives to fields; an empty list clears one."""


def some_type(place: Place) -> st.SearchStrategy[str]:
    """A type that the entity has, those with options more often than others."""
    types = TYPES[place.entity]
    return st.sampled_from([*types, *(name for name in types if name in (*OPTIONS, "category"))])


def plain(model: Any) -> Any:
    """A model of the client as the wire has it."""
    return model.to_dict()


def violations(error: ValidationFailed) -> Refusals:
    found: Refusals = {}
    for each in error.violations:
        found.setdefault(each.index or 0, set()).add((each.path, each.code))
    return found


class Together(RuleBasedStateMachine):
    """A scenario.

    Attributes:
        entity: whose fields and records it is about; a second place beside it shows what must not leak.
    """

    entity: str

    @initialize(data=st.data(), zone=st.sampled_from(ZONES))
    def begin(self, data: st.DataObject, zone: ZoneInfo) -> None:
        self.tz = zone
        app = create_app(MockConfig(token="demo", seed="empty", timezone=zone.key))
        self.crm = Kommo(
            base_url=IN_PROCESS_URL,
            token="demo",
            limiter=None,
            retry=RetryPolicy(attempts=1),
            http=AsgiTransport(ServerGuard(app)),
            allow_insecure_hosts=["testserver"],
        )
        others = [entity for entity in ENTITIES if entity != self.entity]
        second = "catalogs" if self.entity == "catalogs" else data.draw(st.sampled_from(others))
        self.places = [self.new_place(entity) for entity in (self.entity, second)]
        # Ids of fields, of options and of categories are three sequences.
        self.seen: set[tuple[str, int]] = set()
        self.gone: list[int] = []
        # Texts that are or were somewhere.
        self.texts: set[str] = set()
        for place, least, most in zip(self.places, (4, 1), (8, 2), strict=True):
            types = data.draw(st.lists(some_type(place), min_size=least, max_size=most, unique=True))
            if place.is_list and most > 2 and "category" not in types:
                # The one type whose options stand in a tree.
                types.append("category")
            self.create_fields(data, place, types, clash=False)
        self.create(data, self.places[0], count=2, least=8)

    def teardown(self) -> None:
        self.crm.close()

    # Where things are

    def new_place(self, entity: str) -> Place:
        if entity != "catalogs":
            return Place(entity)
        made = self.crm.catalogs.create([models.CatalogCreate(name="List", type="invoices")])
        return Place(entity, (made.items[0].id,))

    def resource(self, place: Place) -> Any:
        return getattr(self.crm, "catalog_elements" if place.is_list else place.entity)

    def definitions(self, place: Place) -> Any:
        return getattr(self.crm, f"{place.entity}_custom_fields")

    def place(
        self, data: st.DataObject, suits: Callable[[Place], object] = lambda place: True
    ) -> Place | None:
        found = [place for place in self.places if suits(place)]
        return found[data.draw(st.integers(0, len(found) - 1))] if found else None

    def field(
        self, data: st.DataObject, suits: Callable[[Definition], bool] = lambda field: True
    ) -> tuple[Place, Definition] | None:
        found = [(place, field) for place in self.places for field in place.fields.values() if suits(field)]
        return found[data.draw(st.integers(0, len(found) - 1))] if found else None

    # Definitions

    def new_ids(self, of: str, ids: list[int]) -> None:
        """Nothing has the id of anything that ever was."""
        fresh = {(of, id_) for id_ in ids}
        assert len(fresh) == len(ids)
        assert not fresh & self.seen
        self.seen |= fresh

    def shows(self, place: Place, field: Definition, answer: models.CustomField) -> None:
        """An answer tells a definition as it is."""
        found = plain(answer)
        assert (found["id"], found["type"], found["name"], found["code"] or None) == (
            field.id,
            field.type,
            field.name,
            field.code,
        )
        if place.is_list:
            assert found["is_required"] is field.required
        if field.type == "category":
            nodes = [Option(node.id, node.value, None, node.parent_id) for node in answer.nested or []]
            assert nodes == field.options
        elif field.type in (*OPTIONS, "multitext"):
            options = [Option(o.id, o.value, o.code or None) for o in answer.enums or []]
            assert options == [evolve(option, code=option.code or None) for option in field.options]

    def create_fields(
        self, data: st.DataObject, place: Place, types: list[str], *, clash: bool = True
    ) -> None:
        bodies = []
        taken = {field.code for field in place.fields.values() if field.code}
        expected: Refusals = {}
        for index, type_ in enumerate(types):
            code = data.draw(codes)
            if code in taken and not clash:
                code = None
            body: dict[str, Any] = {"name": data.draw(names), "type": type_, **EXTRAS.get(type_, {})}
            if code is not None or data.draw(st.booleans()):
                body["code"] = code
            if place.is_list and data.draw(st.booleans()):
                body["is_required"] = data.draw(st.booleans())
            if type_ in OPTIONS:
                body["enums"] = data.draw(st.lists(self.new_option(), min_size=1, max_size=4))
            if type_ == "category":
                body["nested"] = data.draw(self.new_tree())
            if code in taken:
                expected.setdefault(index, set()).add(("code", "NotSupportedChoice"))
            elif code:
                taken.add(code)
            bodies.append(body)
        items = [models.CustomFieldCreate.from_dict(body) for body in bodies]
        if not self.done(expected, lambda: self.definitions(place).create(*place.path, items)):
            return
        self.new_ids("field", [each.id for each in self.answer.items])
        for body, answer in zip(bodies, self.answer.items, strict=True):
            field = Definition(
                answer.id, body["type"], body["name"], body.get("code"), [], body.get("is_required", False)
            )
            if field.type == "category":
                field.options = self.adopt_tree(body["nested"], [], answer)
            elif field.type in OPTIONS:
                field.options = self.adopt_options(body["enums"], [], answer)
            elif field.type == "multitext":
                kinds = MULTITEXT.get(field.code or "", PHONE)
                field.options = [
                    Option(o.id, kind, kind) for o, kind in zip(answer.enums, kinds, strict=True)
                ]
                self.new_ids("option", [option.id for option in field.options])
            elif field.type == "smart_address":
                field.options = [Option(number, part, part) for number, part in enumerate(ADDRESS, 1)]
            elif field.type == "supplier" and field.code is None and "SUPPLIER" not in taken:
                # This field has a code always, unless another one has it.
                field.code = "SUPPLIER"
                taken.add(field.code)
            place.fields[field.id] = field
            self.shows(place, field, answer)

    def new_option(self) -> st.SearchStrategy[dict[str, Any]]:
        return st.builds(
            lambda value, code: {"value": value} | ({"code": code} if code else {}), words, option_codes
        )

    def new_tree(self) -> st.SearchStrategy[list[dict[str, Any]]]:
        """Categories, each below nothing or an earlier one of the same request."""

        def grown(parents: list[tuple[str, int]]) -> list[dict[str, Any]]:
            nodes: list[dict[str, Any]] = []
            for place, (value, above) in enumerate(parents):
                node = {"value": value, "request_id": f"n{place}"}
                if above < place:
                    node["parent_request_id"] = f"n{above}"
                nodes.append(node)
            return nodes

        return st.lists(st.tuples(words, st.integers(0, 4)), min_size=1, max_size=4).map(grown)

    def adopt_options(
        self, sent: list[dict[str, Any]], before: list[Option], answer: models.CustomField
    ) -> list[Option]:
        """What the options are after a write: those with an id keep it, the others are new."""
        known = {option.id: option for option in before}
        found = [
            Option(
                entry.get("id", got.id),
                entry["value"],
                entry.get("code", known[entry["id"]].code if "id" in entry else None),
            )
            for entry, got in zip(sent, answer.enums or [], strict=True)
        ]
        self.new_ids("option", [option.id for option in found if option.id not in known])
        return found

    def adopt_tree(
        self, sent: list[dict[str, Any]], before: list[Option], answer: models.CustomField
    ) -> list[Option]:
        known = {node.id: node for node in before}
        ids = [entry.get("id", got.id) for entry, got in zip(sent, answer.nested or [], strict=True)]
        by_request = {
            entry["request_id"]: id_ for entry, id_ in zip(sent, ids, strict=True) if "request_id" in entry
        }
        found = []
        for entry, id_ in zip(sent, ids, strict=True):
            parent = known[id_].parent if id_ in known else None
            if "parent_id" in entry:
                parent = entry["parent_id"]
            if "parent_request_id" in entry:
                parent = by_request[entry["parent_request_id"]]
            found.append(Option(id_, entry["value"], None, parent))
        self.new_ids("category", [id_ for id_ in ids if id_ not in known])
        return found

    def done(self, expected: Refusals, call: Callable[[], Any]) -> bool:
        """Whether a call was done; it has to be refused for what is expected, for all of it and nothing else."""
        self.answer: Any = None
        try:
            self.answer = call()
        except ValidationFailed as error:
            found = violations(error)
        else:
            found = {}
        assert found == expected
        return not expected

    def change(self, place: Place, field: Definition, body: dict[str, Any], *, batch: bool) -> Any:
        """Change a definition by either way."""
        fields = self.definitions(place)
        if batch:
            item = models.CustomFieldBatchUpdate.from_dict({"id": field.id, **body})
            return fields.update_batch(*place.path, [item]).items[0]
        return fields.update(*place.path, field.id, models.CustomFieldUpdate.from_dict(body))

    @rule(data=st.data())
    def define(self, data: st.DataObject) -> None:
        place = self.place(data)
        types = data.draw(st.lists(some_type(place), min_size=1, max_size=2))
        if len(place.fields) < 9:
            self.create_fields(data, place, types)

    @rule(data=st.data(), good=st.booleans())
    def define_what_cannot_be(self, data: st.DataObject, good: bool) -> None:
        """A type that the entity does not have; a good one beside it is not created either."""
        place = self.place(data)
        type_ = data.draw(st.sampled_from([name for name in KINDS if name not in TYPES[place.entity]]))
        bodies = [{"name": "n", "type": "text"}] * good + [
            {"name": "n", "type": type_, **EXTRAS.get(type_, {})}
        ]
        items = [models.CustomFieldCreate.from_dict(body) for body in bodies]
        expected = {len(bodies) - 1: {("type", "NotSupportedChoice")}}
        assert not self.done(expected, lambda: self.definitions(place).create(*place.path, items))

    @rule(
        data=st.data(),
        name=names,
        batch=st.booleans(),
        what=st.sampled_from(["name", "code", "required", "type"]),
    )
    def change_field(self, data: st.DataObject, name: str, batch: bool, what: str) -> None:
        place, field = self.field(data) or (None, None)
        if place is None or field is None:
            return
        body: dict[str, Any] = {"name": name}
        expected: Refusals = {}
        after = evolve(field, name=name)
        if what == "code":
            body["code"] = data.draw(codes)
            if body["code"] or field.type != "supplier":
                after.code = body["code"]
            if body["code"] and any(
                each.code == body["code"] for each in place.fields.values() if each.id != field.id
            ):
                expected[0] = {("code", "NotSupportedChoice")}
        elif what == "required":
            body["is_required"] = data.draw(st.booleans())
            after.required = body["is_required"] and place.is_list
        elif what == "type":
            body["type"] = data.draw(st.sampled_from(sorted(KINDS)))
            if body["type"] != field.type:
                expected[0] = {("type", "NotSupportedChoice")}
        if self.done(expected, lambda: self.change(place, field, body, batch=batch)):
            place.fields[field.id] = after
            self.shows(place, after, self.answer)

    @rule(data=st.data(), batch=st.booleans())
    def send_definition_back(self, data: st.DataObject, batch: bool) -> None:
        """The whole model as it was read: nothing changes."""
        place, field = self.field(data) or (None, None)
        if place is not None and field is not None:
            read = plain(self.definitions(place).get(*place.path, field.id))
            self.shows(place, field, self.change(place, field, read, batch=batch))

    @rule(data=st.data(), batch=st.booleans())
    def change_options(self, data: st.DataObject, batch: bool) -> None:
        """Options are renamed, taken away, put in another order, added; one that comes again is another one."""
        place, field = self.field(data, lambda field: field.type in OPTIONS) or (None, None)
        if place is None or field is None:
            return
        kept = [option for option in field.options if data.draw(st.integers(0, 3))]
        sent: list[dict[str, Any]] = [
            {
                "id": option.id,
                "value": data.draw(words) if data.draw(st.booleans()) else option.value,
                **({"code": data.draw(option_codes)} if data.draw(st.integers(0, 4)) == 0 else {}),
            }
            for option in kept
        ]
        gone = [option for option in field.options if option not in kept]
        again = [{"value": option.value} for option in gone if data.draw(st.booleans())]
        sent = data.draw(
            st.permutations([*sent, *again, *data.draw(st.lists(self.new_option(), max_size=1))])
        )
        expected: Refusals = {}
        if data.draw(st.integers(0, 5)) == 0:
            # The option of another field, or one that was deleted.
            sent.append({"id": NOWHERE, "value": "x"})
            expected[0] = {(f"enums.{len(sent) - 1}.id", "NotSupportedChoice")}
        if self.done(expected, lambda: self.change(place, field, {"enums": sent}, batch=batch)):
            place.set_options(field.id, self.adopt_options(sent, field.options, self.answer))
            self.shows(place, field, self.answer)

    @rule(data=st.data(), batch=st.booleans())
    def change_tree(self, data: st.DataObject, batch: bool) -> None:
        """Categories are renamed, moved, taken away with all that is below them, or left without their parent."""
        place, field = self.field(data, lambda field: field.type == "category") or (None, None)
        if place is None or field is None:
            return
        gone: set[int] = set()
        orphans = data.draw(st.integers(0, 2)) == 0
        for node in field.options:
            if data.draw(st.integers(0, 2)) == 0 or (node.parent in gone and not orphans):
                gone.add(node.id)
        kept = [node for node in field.options if node.id not in gone]
        sent: list[dict[str, Any]] = []
        expected: Refusals = {}
        for place_, node in enumerate(kept):
            entry = {"id": node.id, "value": data.draw(words)}
            parent = node.parent
            if data.draw(st.booleans()):
                # To the top, or below one that stood there before: never below itself.
                tops = [None, *(each.id for each in kept[:place_] if each.parent is None)]
                entry["parent_id"] = parent = data.draw(st.sampled_from(tops)) if not orphans else parent
            if parent in gone:
                expected.setdefault(0, set()).add((f"nested.{place_}.parent_id", "NotSupportedChoice"))
            sent.append(entry)
        for number in range(data.draw(st.integers(0, 2))):
            sent.append({"value": data.draw(words), "request_id": f"a{number}"})
            if number:
                sent[-1]["parent_request_id"] = "a0"
            elif kept:
                sent[-1]["parent_id"] = data.draw(st.sampled_from(kept)).id
        if self.done(expected, lambda: self.change(place, field, {"nested": sent}, batch=batch)):
            place.set_options(field.id, self.adopt_tree(sent, field.options, self.answer))
            self.shows(place, field, self.answer)

    @rule(data=st.data())
    def delete_field(self, data: st.DataObject) -> None:
        place, field = self.field(data) or (None, None)
        if place is None or field is None:
            return
        fields = self.definitions(place)
        gone = {text for held in place.records.values() for text in self.texts_of(place, held)}
        fields.delete(*place.path, field.id)
        place.drop_field(field.id)
        # Nobody is found by a value that is gone.
        for text in sorted(gone)[:8]:
            self.finds(place, text)
        self.gone.append(field.id)
        for call in (fields.delete, fields.get):
            with pytest.raises(NotFound):
                call(*place.path, field.id)

    # Values

    def entries(self, data: st.DataObject, place: Place, *, least: int) -> tuple[list[v.Entry], Changes]:
        """What a request says of some fields, and what it means."""
        fields = [field for field in place.fields.values() if kind_of(field).can_be_filled(field)]
        least = min(least, len(fields))
        count = data.draw(st.integers(least, max(least, min(5, len(fields)))))
        order = data.draw(st.permutations([field.id for field in fields]))
        chosen = [place.fields[id_] for id_ in order[:count]]
        sent: list[v.Entry] = []
        changes: Changes = {}
        if least and data.draw(st.integers(0, 5)):
            # Mostly nothing is forgotten that a new element cannot be without.
            chosen += [field for field in fields if field.required and field not in chosen]
        for field in chosen:
            kind = kind_of(field)
            key: dict[str, Any] = {"field_id": field.id}
            if field.code and data.draw(st.booleans()):
                key = {"field_code": field.code}
            if data.draw(st.integers(0, 4 + 8 * field.required)) == 0:
                sent.append({**key, "values": data.draw(st.sampled_from([None, [{"value": None}]]))})
                changes[field.id] = []
                continue
            if isinstance(kind, (Text, Number, Kinded)) and data.draw(st.integers(0, 9)) == 0:
                # An empty text is read over: the field keeps what it holds.
                sent.append({**key, "values": [{"value": "", **kind.marked(field)}]})
                continue
            stored = data.draw(kind.several(field))
            changes[field.id] = stored
            self.texts |= {kind.text(each) for each in stored}
            if data.draw(st.booleans()):
                value = kind.whole(stored, field, self.tz)
                sent.append(v.FIELD_TYPES[field.type].write(next(iter(key.values())), value, tz=self.tz))
            else:
                values = [data.draw(kind.spelled(each, field, self.tz)) for each in stored]
                sent.append({**key, "values": values})
        return sent, changes

    def spoilt(self, data: st.DataObject, place: Place, entries: list[v.Entry]) -> set[tuple[str, str]]:
        """Put something into a request that cannot be; what is to be said of it."""
        used = {entry.get("field_id") for entry in entries}
        named = {entry.get("field_code") for entry in entries}
        fields = [
            field
            for field in place.fields.values()
            if field.id not in used and field.code not in named - {None}
        ]
        other = [
            id_ for each in self.places if each is not place for id_ in each.fields if id_ not in place.fields
        ]
        at = len(entries)
        entry: v.Entry = {"field_id": NOWHERE, "values": [{"value": "x"}]}
        key, path, code = "field_id", "field_id", "NotSupportedChoice"
        how = data.draw(
            st.sampled_from(["value", "value", "value", "many", "elsewhere", "gone", "code", "none"])
        )
        if how in ("value", "many") and fields:
            field = place.fields[data.draw(st.sampled_from([field.id for field in fields]))]
            kind = kind_of(field)
            if how == "value" or kind.many > 5 or not kind.can_be_filled(field):
                wire, code, path = data.draw(st.sampled_from(kind.wrong(field)))
                before = 0
                if kind.many > 1 and kind.can_be_filled(field) and data.draw(st.booleans()):
                    before = 1
                good = [
                    data.draw(kind.spelled(data.draw(kind.one(field)), field, self.tz)) for _ in range(before)
                ]
                entry = {"field_id": field.id, "values": [*good, wire]}
                path = f"values.{before}.{path}"
            else:
                one = data.draw(kind.spelled(data.draw(kind.one(field)), field, self.tz))
                entry, path, code = (
                    {"field_id": field.id, "values": [one] * (kind.many + 1)},
                    "values",
                    "OutOfRange",
                )
        elif how == "elsewhere" and other:
            entry["field_id"] = data.draw(st.sampled_from(other))
        elif how == "gone" and self.gone:
            entry["field_id"] = data.draw(st.sampled_from(self.gone))
        elif how == "code":
            key = path = "field_code"
            entry = {key: "NO_SUCH_CODE", "values": [{"value": "x"}]}
        elif how == "none" and fields:
            entry = {"field_id": fields[0].id}
            path, code = "values", "RequiredFilled"
        entries.append(entry)
        return {(f"{VALUES}.{at}.{path}", code)}

    def wish(
        self, data: st.DataObject, place: Place, held: Held | None, *, spoil: bool, least: int = 0
    ) -> tuple[dict[str, Any], Held, set[tuple[str, str]]]:
        """A record of a request, what becomes of it, and what is wrong with it."""
        entries, changes = self.entries(data, place, least=least)
        wrong = self.spoilt(data, place, entries) if spoil else set()
        body: dict[str, Any] = {VALUES: entries}
        if not entries and data.draw(st.booleans()):
            body = data.draw(st.sampled_from([{VALUES: None}, {}]))
        if held is None or not entries or data.draw(st.booleans()):
            body["name"] = data.draw(names)
        after = Held(body.get("name", held.name if held else ""), place.write(held, changes))
        if place.lacks(after.values):
            wrong |= {(VALUES, "RequiredFilled")}
        return body, after, wrong

    def create(
        self, data: st.DataObject, place: Place, count: int, *, spoil: bool = False, least: int = 1
    ) -> None:
        resource = self.resource(place)
        if place.entity == "customers_segments":
            for _ in range(count):
                body, after, wrong = self.wish(data, place, None, spoil=spoil, least=least)
                if self.done({0: wrong} if wrong else {}, lambda body=body: resource.create(body)):
                    place.records[self.answer.id] = after
                    self.shows_values(place, self.answer)
            return
        wishes = [
            self.wish(data, place, None, spoil=spoil and not number, least=least) for number in range(count)
        ]
        expected = {index: wrong for index, (_, _, wrong) in enumerate(wishes) if wrong}
        bodies = [body for body, _, _ in wishes]
        if self.done(expected, lambda: resource.create(*place.path, bodies)):
            made = [each.id for each in self.answer.items]
            assert not set(made) & place.records.keys()
            for (_, after, _), id_ in zip(wishes, made, strict=True):
                place.records[id_] = after

    @rule(data=st.data(), count=st.integers(1, 3), spoil=st.integers(0, 3).map(lambda number: not number))
    def create_records(self, data: st.DataObject, count: int, spoil: bool) -> None:
        self.create(data, self.place(data), count, spoil=spoil)

    @rule(data=st.data(), batch=st.booleans(), spoil=st.integers(0, 2).map(lambda number: not number))
    def update_records(self, data: st.DataObject, batch: bool, spoil: bool) -> None:
        place = self.place(data, lambda place: place.records)
        if place is None:
            return
        self.update(data, place, batch=batch and place.entity != "customers_segments", spoil=spoil)

    def update(self, data: st.DataObject, place: Place, *, batch: bool, spoil: bool) -> None:
        ids = data.draw(
            st.lists(st.sampled_from(sorted(place.records)), min_size=1, max_size=3 if batch else 1)
        )
        spoilt = data.draw(st.integers(0, len(ids) - 1)) if spoil else -1
        # The same record may be changed twice.
        after = dict(place.records)
        expected: Refusals = {}
        bodies = []
        for index, id_ in enumerate(ids):
            body, held, wrong = self.wish(data, place, after[id_], spoil=index == spoilt)
            bodies.append({"id": id_, **body} if batch else body)
            if wrong:
                expected[index] = wrong
            else:
                after[id_] = held
        if not batch and not bodies[0]:
            return
        records = self.resource(place)
        if batch:
            done = self.done(expected, lambda: records.update_batch(*place.path, bodies))
        else:
            done = self.done(expected, lambda: records.update(*place.path, ids[0], bodies[0]))
        if done:
            place.records = after

    @rule(data=st.data(), how=st.sampled_from(["entries", "python", "definition"]), batch=st.booleans())
    def send_values_back(self, data: st.DataObject, how: str, batch: bool) -> None:
        """What was read goes back, as it came or by its Python values: nothing changes."""
        place = self.place(data, lambda place: place.records)
        if place is None:
            return
        id_ = data.draw(st.sampled_from(sorted(place.records)))
        filled = v.Values(self.resource(place).get(*place.path, id_).custom_fields_values, tz=self.tz)
        entries = filled.entries()
        if how == "python":
            entries = [
                v.FIELD_TYPES[each.type_name].write(each.id, each.value, tz=self.tz)
                for each in filled.fields()
            ]
        elif how == "definition":
            known = {field.id: field for field in self.definitions(place).iterate(*place.path)}
            entries = [v.write(known[each.id], each.value, tz=self.tz) for each in filled.fields()]
        body = {"name": place.records[id_].name, VALUES: entries}
        records = self.resource(place)
        expected: Refusals = (
            {0: {(VALUES, "RequiredFilled")}} if place.lacks(place.records[id_].values) else {}
        )
        if batch and place.entity != "customers_segments":
            self.done(expected, lambda: records.update_batch(*place.path, [{"id": id_, **body}]))
        else:
            self.done(expected, lambda: records.update(*place.path, id_, body))

    @rule(data=st.data())
    def find(self, data: st.DataObject) -> None:
        """Records are found by their values, exactly those that the model finds."""
        place, field = self.field(data) or (None, None)
        if place is None or field is None or place.entity in ("catalogs", "customers_segments"):
            return
        kind = kind_of(field)
        keys = {
            id_: {kind.key(stored, self.tz) for stored in held.values.get(field.id, [])} - {None}
            for id_, held in place.records.items()
        }
        known = sorted({key for found in keys.values() for key in found})
        if kind.can_be_filled(field) and kind.key(stored := data.draw(kind.one(field)), self.tz) is not None:
            known.append(kind.key(stored, self.tz))
        if not known:
            return
        low, high = sorted(data.draw(st.tuples(*[st.sampled_from(known)] * 2)))
        if kind.ranges and data.draw(st.booleans()):
            bounds = {"from": kind.asked(low), "to": kind.asked(high)}
            for bound in data.draw(st.sampled_from([(), ("from",), ("to",)])):
                del bounds[bound]
            wanted: Any = bounds
            expected = {
                id_
                for id_, found in keys.items()
                if any(
                    ("from" not in bounds or low <= key) and ("to" not in bounds or key <= high)
                    for key in found
                )
            }
        else:
            wanted = [kind.asked(low), kind.asked(high)]
            expected = {id_ for id_, found in keys.items() if {low, high} & found}
        answers = self.resource(place).iterate(
            filter_custom_fields_values={field.id: wanted}, order_id="desc"
        )
        assert [each.id for each in answers] == sorted(expected, reverse=True)

    @rule(data=st.data())
    def search(self, data: st.DataObject) -> None:
        """Records are found by a part of their name or of a value that is text; values that are gone are not."""
        place = self.place(data, lambda place: place.records and place.entity != "customers_segments")
        if place is None:
            return
        known = {held.name for held in place.records.values()} | self.texts
        text = sorted(known)[data.draw(st.integers(0, len(known) - 1))]
        self.finds(place, text[data.draw(st.integers(0, 3)) :][: data.draw(st.integers(1, 8))])

    def finds(self, place: Place, term: str) -> None:
        """A search finds what the model finds."""
        term = term.strip()
        if not term or not term.isprintable() or place.entity == "customers_segments":
            return
        expected = [
            id_
            for id_, held in sorted(place.records.items())
            if any(term.casefold() in text.casefold() for text in (held.name, *self.texts_of(place, held)))
        ]
        assert [each.id for each in self.resource(place).iterate(*place.path, query=term)] == expected

    def texts_of(self, place: Place, held: Held) -> list[str]:
        return [
            kind_of(place.fields[field_id]).text(stored)
            for field_id, several in held.values.items()
            for stored in several
        ]

    # Lists by v2

    def entries_v2(self, data: st.DataObject, place: Place) -> tuple[list[dict[str, Any]], Changes]:
        fields = [
            field.id
            for field in place.fields.values()
            if kind_of(field).in_v2 and kind_of(field).can_be_filled(field)
        ]
        count = data.draw(st.integers(0, min(4, len(fields))))
        chosen = [place.fields[id_] for id_ in data.draw(st.permutations(fields))[:count]]
        sent: list[dict[str, Any]] = []
        changes: Changes = {}
        for field in chosen:
            kind = kind_of(field)
            key: dict[str, Any] = {"id": data.draw(st.sampled_from([field.id, str(field.id)]))}
            if field.code and data.draw(st.booleans()):
                key = {"code": field.code}
            if data.draw(st.integers(0, 4)) == 0:
                sent.append({**key, "values": data.draw(st.sampled_from([[], [{"value": ""}]]))})
                changes[field.id] = []
                continue
            stored = data.draw(kind.several(field))
            values = [data.draw(kind.spelled_v2(each, field, self.tz)) for each in stored]
            if kind.many > 1 and data.draw(st.booleans()):
                # An option can be chosen once.
                values.append(data.draw(kind.spelled_v2(stored[0], field, self.tz)))
            sent.append({**key, "values": values})
            changes[field.id] = stored
        return sent, changes

    def wish_v2(
        self, data: st.DataObject, place: Place, held: Held | None, *, spoil: bool
    ) -> tuple[dict[str, Any], Held | None]:
        """An element of a request of v2, and what becomes of it; None for one that is to be refused."""
        entries, changes = self.entries_v2(data, place)
        body: dict[str, Any] = {"custom_fields": entries}
        if held is None or data.draw(st.booleans()):
            body["name"] = data.draw(names)
        after: Held | None = Held(body.get("name", held.name if held else ""), place.write(held, changes))
        if place.lacks(after.values):
            after = None
        if spoil:
            after = None
            wrong: dict[str, Any] = {"id": NOWHERE, "values": [{"value": "x"}]}
            sure = [
                {"id": field.id, "values": [wire]}
                for field in place.fields.values()
                if field.id not in changes
                for wire in kind_of(field).wrong_v2(field)
            ]
            if sure and data.draw(st.integers(0, 3)):
                wrong = data.draw(st.sampled_from(sure))
            entries.append(wrong)
        return body, after

    @staticmethod
    def failures(call: Callable[[], Any]) -> tuple[set[int], list[Any]]:
        """The positions of the items that were refused, and what the others were answered."""
        try:
            answer = call()
        except PartialFailure as error:
            return {failure.index for failure in error.failures}, [made for _, made in error.succeeded]
        return set(), answer.items

    @precondition(lambda self: any(place.is_list for place in self.places))
    @rule(data=st.data(), count=st.integers(1, 3), spoil=st.integers(0, 3))
    def add_by_v2(self, data: st.DataObject, count: int, spoil: int) -> None:
        place = self.place(data, lambda place: place.is_list)
        wishes = [self.wish_v2(data, place, None, spoil=number == spoil) for number in range(count)]
        items = [
            models.V2CatalogElementAdd.from_dict({"catalog_id": place.path[0], **body}) for body, _ in wishes
        ]
        failed, made = self.failures(lambda: self.crm.v2_catalog_elements.add(items))
        assert failed == {index for index, (_, after) in enumerate(wishes) if after is None}
        for after, answer in zip((after for _, after in wishes if after), made, strict=True):
            assert answer.id not in place.records
            place.records[answer.id] = after

    @precondition(lambda self: any(place.is_list and place.records for place in self.places))
    @rule(data=st.data(), spoil=st.integers(0, 5))
    def update_by_v2(self, data: st.DataObject, spoil: int) -> None:
        """Of a write by v2 each item is done or refused for itself."""
        place = self.place(data, lambda place: place.is_list and place.records)
        ids = data.draw(st.lists(st.sampled_from(sorted(place.records)), min_size=1, max_size=3, unique=True))
        wishes = [
            self.wish_v2(data, place, place.records[id_], spoil=number == spoil)
            for number, id_ in enumerate(ids)
        ]
        items = [
            models.V2CatalogElementUpdate.from_dict({"id": id_, **body})
            for id_, (body, _) in zip(ids, wishes, strict=True)
        ]
        failed, _ = self.failures(lambda: self.crm.v2_catalog_elements.update(items))
        assert failed == {index for index, (_, after) in enumerate(wishes) if after is None}
        place.records |= {id_: after for id_, (_, after) in zip(ids, wishes, strict=True) if after}

    @precondition(lambda self: any(place.is_list and place.records for place in self.places))
    @rule(data=st.data())
    def send_elements_back_by_v2(self, data: st.DataObject) -> None:
        """What v2 read it may write: nothing changes, neither what v2 does not know."""
        place = self.place(data, lambda place: place.is_list and place.records)
        id_ = data.draw(st.sampled_from(sorted(place.records)))
        (element,) = self.crm.v2_catalog_elements.list(catalog_id=place.path[0], id=id_).items
        types = v.types_of(self.definitions(place).iterate(*place.path))
        entries = v.v2.Values(element.custom_fields, types=types, tz=self.tz).entries()
        body = models.V2CatalogElementUpdate.from_dict({"id": id_, "custom_fields": entries})
        held = place.records[id_]
        failed, _ = self.failures(lambda: self.crm.v2_catalog_elements.update([body]))
        assert failed == ({0} if place.lacks(held.values) else set())
        if not failed:
            held.values = {
                field_id: [kind_of(place.fields[field_id]).back_by_v2(each, self.tz) for each in stored]
                for field_id, stored in held.values.items()
            }

    @precondition(lambda self: any(place.is_list and place.records for place in self.places))
    @rule(data=st.data())
    def delete_by_v2(self, data: st.DataObject) -> None:
        place = self.place(data, lambda place: place.is_list and place.records)
        id_ = data.draw(st.sampled_from(sorted(place.records)))
        self.crm.v2_catalog_elements.delete([id_])
        del place.records[id_]
        with pytest.raises(NotFound):
            self.crm.catalog_elements.get(*place.path, id_)

    @precondition(lambda self: any(place.is_list for place in self.places))
    @rule(data=st.data(), really=st.integers(0, 3))
    def delete_list(self, data: st.DataObject, really: int) -> None:
        """A list goes with its fields and elements; a new one has none of them."""
        place = self.place(data, lambda place: place.is_list)
        if really:
            return
        self.crm.v2_catalogs.delete([place.path[0]])
        self.gone += place.fields
        self.places[self.places.index(place)] = self.new_place("catalogs")

    # What must hold

    def shows_values(self, place: Place, record: Any) -> None:
        """A record is as the model has it."""
        held = place.records[record.id]
        assert record.name == held.name
        found = {entry["field_id"]: entry for entry in map(plain, record.custom_fields_values or [])}
        assert found == {
            id_: {
                "field_id": id_,
                "field_name": field.name,
                "field_code": field.code,
                "field_type": field.type,
                "values": [kind_of(field).shown(each, field, self.tz) for each in stored],
            }
            for id_, stored in held.values.items()
            for field in (place.fields[id_],)
        }

    @invariant()
    def everything_is_as_the_model_has_it(self) -> None:
        for place in getattr(self, "places", []):
            fields = {field.id: field for field in self.definitions(place).iterate(*place.path)}
            assert fields.keys() == place.fields.keys()
            for id_, field in place.fields.items():
                self.shows(place, field, fields[id_])
            records = {record.id: record for record in self.resource(place).iterate(*place.path)}
            assert records.keys() == place.records.keys()
            for id_, record in records.items():
                self.shows_values(place, record)
                self.reads_as_python(place, place.records[id_], record)
            if place.is_list:
                self.v2_shows_the_same(place, fields)

    def reads_as_python(self, place: Place, held: Held, record: Any) -> None:
        filled = v.Values(record.custom_fields_values, tz=self.tz)
        assert set(filled) == held.values.keys()
        for id_, stored in held.values.items():
            field = place.fields[id_]
            expected = kind_of(field).whole(stored, field, self.tz)
            assert filled[id_].value == expected
            assert type(filled.value(id_, v.FIELD_TYPES[field.type])) is type(expected)

    def v2_shows_the_same(self, place: Place, definitions: dict[int, models.CustomField]) -> None:
        elements = list(self.crm.v2_catalog_elements.iterate(catalog_id=place.path[0]))
        assert {element.id for element in elements} == place.records.keys()
        types = v.types_of(definitions.values())
        for element in elements:
            held = place.records[element.id]
            assert element.name == held.name
            known = {id_: stored for id_, stored in held.values.items() if kind_of(place.fields[id_]).in_v2}
            found = {entry["id"]: entry for entry in map(plain, element.custom_fields)}
            assert found == {
                id_: {
                    "id": id_,
                    "name": field.name,
                    "values": [kind_of(field).shown_v2(each, field, self.tz) for each in stored],
                    "is_system": False,
                }
                for id_, stored in known.items()
                for field in (place.fields[id_],)
            }
            read = v.v2.Values(element.custom_fields, types=types, tz=self.tz)
            for id_, stored in known.items():
                field = place.fields[id_]
                whole = kind_of(field).whole(
                    [kind_of(field).back_by_v2(each, self.tz) for each in stored], field, self.tz
                )
                assert _without_codes(read[id_].value) == _without_codes(whole)


def _without_codes(value: Any) -> Any:
    """Options as v2 knows them."""
    if isinstance(value, list):
        return [_without_codes(each) for each in value]
    return evolve(value, enum_code=None) if isinstance(value, v.Choice) else value


def scenarios(entity: str) -> settings:
    # Only lists have a second version, and most types.
    return settings(
        max_examples=SCENARIOS * (3 if entity == "catalogs" else 1),
        stateful_step_count=STEPS,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.mark.parametrize("entity", ENTITIES)
def test_definitions_and_values_hold_together(entity: str) -> None:
    machine = type(f"Together{entity.title()}", (Together,), {"entity": entity})
    run_state_machine_as_test(machine, settings=scenarios(entity))


def test_the_model_knows_every_type() -> None:
    assert KINDS.keys() == v.FIELD_TYPES.keys() == {name for types in TYPES.values() for name in types}
