"""Rules about custom fields."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kommo.contract.checks.echo import FIXED_OPTIONS, entries
from kommo.contract.collection import core, difference
from kommo.contract.layers.model import drafts
from kommo.contract.layers.model.base import UNKNOWN, Base, Known, items_of, tolerant, types_of
from kommo.contract.layers.model.driver import Outcome
from kommo.contract.layers.model.world import Model, Place, defects


@st.composite
def changes(draw: st.DrawFn, place: Place, before: Model) -> Model:
    """A change of one field; never empty."""
    groups = [*place.own_groups, *list(place.groups)[:2]]
    body: Model = draw(drafts.plain_keys(groups, place.entity))
    options, nodes = entries(before.get("enums")), entries(before.get("nested"))
    if draw(st.booleans()) and options and before.get("type") not in FIXED_OPTIONS:
        body["enums"] = draw(drafts.changed_options(options))
    if before.get("type") == "category" and draw(st.booleans()):
        body["nested"] = draw(drafts.changed_tree(nodes))
    if not body or draw(st.booleans()):
        body["name"] = draw(drafts.NAMES)
    return body


class FieldRules(Base):
    """Create, change, delete, read and search fields, of this entity and through another one."""

    @rule(data=st.data(), count=st.integers(1, 3))
    @tolerant
    def create_fields(self, data: st.DataObject, count: int) -> None:
        place = data.draw(st.sampled_from(self.places))
        types = types_of(self.driver, place.entity)
        groups = [*place.own_groups, *list(place.groups)[:2]]
        items = [data.draw(drafts.fields(types, groups, place.entity)) for _ in range(count)]
        operation = f"create_{place.tag}"
        refused = self.references(place, items, None)
        outcome = self.call(place.tag, "create", *place.path, items=items)
        if refused:
            self.must_refuse(outcome, operation, refused, items)
        elif not outcome.ok:
            self.fail("refuses-valid", operation, "a field", f"{items} was refused with {outcome.status}")
        else:
            self.adopt(place, operation, items, self.collection(outcome, items, operation), None)
        self.settle(place, operation, data.draw(st.sampled_from([250, 1 + len(place.fields) // 2])))

    def references(self, place: Place, items: list[Model], currents: list[Model | None] | None) -> str:
        """Name the first bad reference of a batch; codes may also clash inside it."""
        codes: list[str] = []
        for index, item in enumerate(items):
            found = place.unknown_reference(item, currents[index] if currents is not None else None)
            if found:
                return found
            if item.get("code"):
                if item["code"] in codes:
                    return "code"
                codes.append(item["code"])
        return ""

    def must_refuse(self, outcome: Outcome, operation: str, what: str, items: Any) -> None:
        if outcome.ok and what != "code":  # nothing documents that codes are unique
            self.fail(
                "accepts-invalid",
                operation,
                f"unknown {what}",
                f"{items} was accepted with {outcome.status}",
            )
        if outcome.ok:
            raise Known

    def collection(self, outcome: Outcome, items: list[Model], operation: str) -> list[Model]:
        data = outcome.data if isinstance(outcome.data, dict) else {}
        key = "custom_field_groups" if "groups" in operation else "custom_fields"
        got = entries((data.get("_embedded") or {}).get(key))
        if len(got) != len(items):
            self.fail("echo", operation, "count", f"{len(items)} items were sent, {len(got)} answered")
        by_request = {str(model.get("request_id")): model for model in got}
        wanted = [str(item.get("request_id", index)) for index, item in enumerate(items)]
        if len(set(wanted)) == len(wanted) and all(name in by_request for name in wanted):
            return [by_request[name] for name in wanted]
        if any("request_id" in item and str(item["request_id"]) not in by_request for item in items):
            self.fail(
                "echo",
                operation,
                "request_id",
                f"request ids {wanted} are answered as {sorted(by_request)}",
            )
        return got

    def adopt(
        self,
        place: Place,
        operation: str,
        items: list[Model],
        got: list[Model],
        befores: list[Model] | None,
    ) -> None:
        for index, (item, model) in enumerate(zip(items, got, strict=True)):
            before = befores[index] if befores is not None else None
            for cause, message in defects(item, model, before):
                self.fail("echo", operation, cause, message)
            id_: Any = model.get("id")
            if before is not None and id_ != before["id"]:
                self.fail("echo", operation, "id", f"field {before['id']} is answered as {id_}")
            if before is None:
                if id_ in place.fields or id_ in self.used_ids:
                    self.fail(
                        "isolation",
                        operation,
                        "an id used again",
                        f"the new field has the id {id_} of another",
                    )
                wanted = "segments" if place.entity == "customers_segments" else place.entity
                if model.get("entity_type", wanted) != wanted or model.get("type") != item["type"]:
                    self.fail("entity", operation, "type or entity", f"{item} became {model}")
                place.own.append(id_)
                self.used_ids.add(id_)
            place.fields[id_] = core(model)

    @precondition(lambda self: any(place.own for place in self.places))
    @rule(data=st.data())
    @tolerant
    def update_field(self, data: st.DataObject) -> None:
        place, id_ = self.pick(data)
        before = place.fields[id_]
        body = data.draw(changes(place, before))
        operation = f"update_{place.tag}"
        refused = place.unknown_reference(body, before)
        outcome = self.call(place.tag, "update", *place.path, id_, body=body)
        if refused:
            self.must_refuse(outcome, operation, refused, body)
        elif not outcome.ok or not isinstance(outcome.data, dict):
            self.fail("refuses-valid", operation, "a change", f"{body} was refused with {outcome.status}")
        else:
            self.adopt(place, operation, [body], [outcome.data], [before])
        self.settle(place, operation)

    @precondition(lambda self: any(place.own for place in self.places))
    @rule(data=st.data(), stranger=st.integers(0, 5))
    @tolerant
    def update_fields(self, data: st.DataObject, stranger: int) -> None:
        place, _ = self.pick(data)
        ids = data.draw(st.lists(st.sampled_from(place.own), min_size=1, max_size=3, unique=True))
        befores = [place.fields[id_] for id_ in ids]
        items = [{"id": before["id"], **data.draw(changes(place, before))} for before in befores]
        if stranger == 0:
            items.insert(data.draw(st.integers(0, len(items))), {"id": UNKNOWN, "name": "stranger"})
        operation = f"update_batch_{place.tag}"
        refused = "id" if stranger == 0 else self.references(place, items, list(befores))
        outcome = self.call(place.tag, "update_batch", *place.path, items=items)
        if refused:
            self.must_refuse(outcome, operation, refused, items)
        elif not outcome.ok:
            self.fail("refuses-valid", operation, "changes", f"{items} was refused with {outcome.status}")
        else:
            self.adopt(place, operation, items, self.collection(outcome, items, operation), befores)
        self.settle(place, operation)

    @precondition(lambda self: any(place.own for place in self.places))
    @rule(data=st.data())
    @tolerant
    def delete_field(self, data: st.DataObject) -> None:
        place, id_ = self.pick(data)
        operation = f"delete_{place.tag}"
        outcome = self.call(place.tag, "delete", *place.path, id_)
        if not outcome.ok:
            self.fail("refuses-valid", operation, "delete", f"field {id_} was not deleted: {outcome.status}")
        place.own.remove(id_)
        del place.fields[id_]
        self.gone.append((place, id_))
        for held in self.lists.values():
            if place.path == (held.id,):
                for values in held.values.values():
                    values.pop(id_, None)
        self.settle(place, operation)

    @precondition(lambda self: any(place.own for place in self.places))
    @rule(data=st.data())
    @tolerant
    def read_field(self, data: st.DataObject) -> None:
        place, id_ = self.pick(data)
        outcome = self.call(place.tag, "get", *place.path, id_)
        if not isinstance(outcome.data, dict) or core(outcome.data) != place.fields[id_]:
            got = outcome.data if isinstance(outcome.data, dict) else {}
            self.fail(
                "read-after-write",
                f"get_{place.tag}",
                "read alone",
                f"field {id_} ({outcome.status}): {difference(place.fields[id_], core(got))}",
            )

    @precondition(lambda self: self.gone)
    @rule(data=st.data(), verb=st.sampled_from(["get", "update", "delete"]))
    @tolerant
    def use_deleted(self, data: st.DataObject, verb: str) -> None:
        place, id_ = data.draw(st.sampled_from(self.gone))
        if place not in self.places or id_ in place.fields:
            return
        arguments = {"body": {"name": "x"}} if verb == "update" else {}
        outcome = self.call(place.tag, verb, *place.path, id_, **arguments)
        if outcome.ok and not (verb == "get" and outcome.data is None):
            message = f"{verb} of the deleted field {id_} was answered {outcome.status}"
            self.fail("deleted-stays-deleted", f"{verb}_{place.tag}", verb, message)
        self.settle(place, f"{verb}_{place.tag}")

    @precondition(lambda self: len(self.places) > 1 and any(place.own for place in self.places))
    @rule(data=st.data(), verb=st.sampled_from(["get", "update", "delete"]))
    @tolerant
    def use_elsewhere(self, data: st.DataObject, verb: str) -> None:
        owner, id_ = self.pick(data)
        place = data.draw(st.sampled_from([other for other in self.places if other is not owner]))
        if id_ in place.fields:
            return
        arguments = {"body": {"name": "leaked"}} if verb == "update" else {}
        outcome = self.call(place.tag, verb, *place.path, id_, **arguments)
        if outcome.ok and not (verb == "get" and outcome.data is None):
            message = f"{verb} of field {id_} of {owner.entity} was answered {outcome.status} through {place.entity}"
            self.fail("leak", f"{verb}_{place.tag}", verb, message)
        self.settle(owner, f"{verb}_{place.tag}")
        self.settle(place, f"{verb}_{place.tag}")

    @precondition(lambda self: any(place.own for place in self.places))
    @rule(data=st.data(), by=st.sampled_from(["type", "id"]), direction=st.sampled_from(["asc", "desc"]))
    @tolerant
    def search_fields(self, data: st.DataObject, by: str, direction: str) -> None:
        place, id_ = self.pick(data)
        operation = self.driver.script.contract.operations[f"list_{place.tag}"]
        if "filter[type][]" not in operation.paging:
            return
        wanted = place.fields[id_]["type"] if by == "type" else id_
        query = {f"filter_{by}": [wanted], "order_id": direction}
        outcome = self.call(place.tag, "list", *place.path, limit=250, **query)
        got = [item.get("id") for item in items_of(outcome, "custom_fields")]
        believed = sorted(key for key, model in place.fields.items() if model.get(by) == wanted)
        believed = believed[::-1] if direction == "desc" else believed
        if got != believed[:250]:
            self.fail(
                "filter",
                operation.id,
                f"filter by {by}",
                f"{query} answers {got}; expected {believed[:250]}",
            )

    def pick(self, data: st.DataObject) -> tuple[Place, int]:
        place = data.draw(st.sampled_from([place for place in self.places if place.own]))
        return place, data.draw(st.sampled_from(place.own))
