"""Rules about field groups."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kommo.contract.collection import core
from kommo.contract.layers.model import drafts
from kommo.contract.layers.model.base import tolerant, without_fields
from kommo.contract.layers.model.rules_fields import FieldRules
from kommo.contract.layers.model.world import CARDS, Model, Place


class GroupRules(FieldRules):
    """Create, change and delete groups, and what becomes of the fields in them."""

    @precondition(lambda self: any(place.entity in CARDS for place in self.places))
    @rule(data=st.data(), names=st.lists(drafts.NAMES, min_size=1, max_size=2))
    @tolerant
    def create_groups(self, data: st.DataObject, names: list[str]) -> None:
        place = data.draw(st.sampled_from([place for place in self.places if place.entity in CARDS]))
        items = [{"name": name, "sort": data.draw(st.integers(1, 10**6))} for name in names]
        operation = f"create_{place.group_tag}"
        outcome = self.call(place.group_tag, "create", items=items)
        if not outcome.ok:
            self.fail("refuses-valid", operation, "groups", f"{items} was refused with {outcome.status}")
        for item, model in zip(items, self.collection(outcome, items, operation), strict=True):
            for key in ("name", "sort"):
                if model.get(key) != item[key]:
                    self.fail("echo", operation, key, f"{item} became {model}")
            if model.get("id") in place.groups:
                self.fail(
                    "isolation",
                    operation,
                    "an id used again",
                    f"the new group has the id {model.get('id')}",
                )
            place.groups[model["id"]] = without_fields(core(model))
            place.own_groups.append(model["id"])
        self.settle_groups(place, operation)

    @precondition(lambda self: any(place.own_groups for place in self.places))
    @rule(
        data=st.data(),
        keys=st.lists(st.sampled_from(["name", "sort", "fields"]), min_size=1, unique=True),
    )
    @tolerant
    def update_group(self, data: st.DataObject, keys: list[str]) -> None:
        place = data.draw(st.sampled_from([place for place in self.places if place.own_groups]))
        id_ = data.draw(st.sampled_from(place.own_groups))
        body: Model = {}
        if "name" in keys:
            body["name"] = data.draw(drafts.NAMES)
        if "sort" in keys:
            body["sort"] = data.draw(st.integers(1, 10**6))
        if "fields" in keys and place.own:
            body["fields"] = data.draw(
                st.lists(st.sampled_from(place.own), min_size=1, max_size=2, unique=True)
            )
        if not body:
            return
        operation = f"update_{place.group_tag}"
        outcome = self.call(place.group_tag, "update", id_, body=body)
        if not outcome.ok or not isinstance(outcome.data, dict):
            self.fail("refuses-valid", operation, "a change", f"{body} was refused with {outcome.status}")
        place.groups[id_] = {
            **place.groups[id_],
            **{key: body[key] for key in ("name", "sort") if key in body},
        }
        for key in ("name", "sort"):
            if key in body and outcome.data.get(key) != body[key]:
                self.fail("echo", operation, key, f"{body} became {outcome.data}")
        if "fields" in body:
            # The named fields are in the group now; what left it is told by the group itself.
            real = self.read_fields(place)
            for field_id in place.own:
                moved = real.get(field_id, {}).get("group_id")
                if field_id in body["fields"] and moved != id_:
                    self.fail(
                        "groups",
                        operation,
                        "fields",
                        f"field {field_id} is in group {moved!r} after {body}",
                    )
                was = place.fields[field_id].get("group_id")
                if field_id not in body["fields"] and moved != was and was != id_:
                    self.fail(
                        "groups", operation, "another field moved", f"field {field_id} moved to {moved!r}"
                    )
                if "group_id" in place.fields[field_id]:
                    place.fields[field_id] = {**place.fields[field_id], "group_id": moved}
        self.settle_groups(place, operation)
        self.settle(place, operation)

    @precondition(lambda self: any(place.own_groups for place in self.places))
    @rule(data=st.data())
    @tolerant
    def delete_group(self, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from([place for place in self.places if place.own_groups]))
        id_ = data.draw(st.sampled_from(place.own_groups))
        operation = f"delete_{place.group_tag}"
        outcome = self.call(place.group_tag, "delete", id_)
        if not outcome.ok:
            self.fail("refuses-valid", operation, "delete", f"group {id_} was not deleted: {outcome.status}")
        place.own_groups.remove(id_)
        del place.groups[id_]
        again = self.call(place.group_tag, "get", id_)
        if again.ok and again.data is not None:
            self.fail(
                "deleted-stays-deleted",
                f"get_{place.group_tag}",
                "get",
                f"the deleted group {id_} is read",
            )
        real = self.read_fields(place)
        for field_id, model in place.fields.items():
            if model.get("group_id") == id_:
                moved = real.get(field_id, {"group_id": id_}).get("group_id")
                if moved == id_:
                    message = f"field {field_id} of the deleted group {id_} is lost or still in it"
                    self.fail("groups", operation, "a field of a deleted group", message)
                place.fields[field_id] = {**model, "group_id": moved}
        self.settle_groups(place, operation)
        self.settle(place, operation)

    def settle_groups(self, place: Place, operation: str) -> None:
        self.compare(self.read_groups(place), place.groups, operation, f"groups of {place.entity}")
