"""Rules about lists and their elements (v2)."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from kommo.contract.checks.echo import entries
from kommo.contract.layers.model import drafts
from kommo.contract.layers.model.base import (
    UNKNOWN,
    Elements,
    current_values,
    items_of,
    tolerant,
    values_of,
    without_values,
    writable,
)
from kommo.contract.layers.model.rules_groups import GroupRules
from kommo.contract.layers.model.world import Model, Place


class ListRules(GroupRules):
    """Lists, elements, values of their fields."""

    def add_catalogs(self, items: list[Model]) -> None:
        outcome = self.call("v2_catalogs", "add", items=items)
        got = items_of(outcome, "items")
        if not outcome.ok or len(got) != len(items):
            self.fail("refuses-valid", "write_v2_catalogs", "add", f"{items} gave {outcome}")
        real = self.read_catalogs()
        for item, answered in zip(items, got, strict=True):
            id_: Any = answered.get("id")
            model = real.get(id_)
            if model is None or id_ in self.catalogs or id_ in self.foreign_catalogs:
                self.fail(
                    "list-contains",
                    "write_v2_catalogs",
                    "a list is missing",
                    f"list {id_} is missing or not new",
                )
                raise AssertionError
            for key, value in item.items():
                if key in model and model[key] != value:
                    self.fail("read-after-write", "write_v2_catalogs", key, f"{item} became {model}")
            self.catalogs[id_] = model
            self.lists[id_] = Elements(id_)
            self.add_place(Place("catalogs", (id_,)))
        self.settle_catalogs()

    def settle_catalogs(self) -> None:
        believed = {**self.foreign_catalogs, **self.catalogs}
        self.compare(self.read_catalogs(), believed, "write_v2_catalogs", "the lists")

    @precondition(lambda self: self.lists and len(self.lists) < 3)
    @rule(name=drafts.NAMES, switches=st.booleans())
    @tolerant
    def create_catalog(self, name: str, switches: bool) -> None:
        self.add_catalogs([{"name": name, "can_add_elements": switches, "can_link_multiple": not switches}])

    @precondition(lambda self: self.lists)
    @rule(data=st.data(), name=drafts.NAMES)
    @tolerant
    def update_catalog(self, data: st.DataObject, name: str) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.catalogs)))
        outcome = self.call("v2_catalogs", "update", items=[{"id": id_, "name": name}])
        if not outcome.ok:
            self.fail(
                "refuses-valid", "write_v2_catalogs", "update", f"list {id_} was not renamed: {outcome}"
            )
        changed = {**self.catalogs[id_], "name": name}
        real = self.read_catalogs().get(id_, {})
        for key in ("updated_at", "updated_by"):
            if key in real:
                changed[key] = real[key]
        self.catalogs[id_] = changed
        self.settle_catalogs()

    @precondition(lambda self: len(self.lists) > 1)
    @rule(data=st.data())
    @tolerant
    def delete_catalog(self, data: st.DataObject) -> None:
        id_ = data.draw(st.sampled_from(sorted(self.catalogs)))
        outcome = self.call("v2_catalogs", "delete", items=[id_])
        if not outcome.ok:
            self.fail(
                "refuses-valid", "write_v2_catalogs", "delete", f"list {id_} was not deleted: {outcome}"
            )
        orphans = list(self.lists[id_].elements)
        del self.catalogs[id_], self.lists[id_]
        self.places = [place for place in self.places if place.path != (id_,)]
        self.settle_catalogs()
        if orphans and "id" in self.driver.script.contract.operations["list_v2_catalog_elements"].paging:
            left = self.call("v2_catalog_elements", "list", catalog_id=id_, id=orphans[0])
            if items_of(left, "items"):
                message = f"element {orphans[0]} of the deleted list {id_} is still found"
                self.fail(
                    "deleted-stays-deleted",
                    "list_v2_catalog_elements",
                    "element of a deleted list",
                    message,
                )
        for held in self.lists.values():
            self.settle_elements(held, "write_v2_catalogs")

    @precondition(lambda self: self.lists)
    @rule(data=st.data(), names=st.lists(drafts.NAMES, min_size=1, max_size=3), stranger=st.integers(0, 6))
    @tolerant
    def add_elements(self, data: st.DataObject, names: list[str], stranger: int) -> None:
        held = self.lists[data.draw(st.sampled_from(sorted(self.lists)))]
        if self.stuck(held):
            return
        items: list[Model] = []
        for index, name in enumerate(names):
            item: Model = {"catalog_id": held.id, "name": name, "request_id": 5000 + 7 * index}
            values = data.draw(self.wishes(held))
            if values:
                item["custom_fields"] = values
            items.append(item)
        if stranger == 0:
            items.append({"catalog_id": UNKNOWN, "name": "stranger"})
        outcome = self.call("v2_catalog_elements", "add", items=items)
        good = items[:-1] if stranger == 0 else items
        if stranger == 0 and outcome.ok:
            self.fail(
                "accepts-invalid",
                "write_v2_catalog_elements",
                "unknown list",
                f"{items[-1]} was accepted",
            )
        if stranger and not outcome.ok:
            self.fail("refuses-valid", "write_v2_catalog_elements", "add", f"{items} gave {outcome}")
        got = items_of(outcome, "items") if 200 <= outcome.status < 300 else []
        if got and len(got) != len(good):
            self.fail(
                "echo", "write_v2_catalog_elements", "count", f"{len(good)} elements, {len(got)} answered"
            )
        real = self.read_elements(held)
        for item, answered in zip(good, got, strict=False):
            id_: Any = answered.get("id")
            if str(answered.get("request_id")) != str(item["request_id"]):
                self.fail(
                    "echo", "write_v2_catalog_elements", "request_id", f"{item} is answered as {answered}"
                )
            if id_ not in real or id_ in held.elements:
                self.fail(
                    "list-contains",
                    "write_v2_catalog_elements",
                    "missing",
                    f"element {id_} is missing or old",
                )
            model = real[id_]
            if model.get("name") != item["name"] or model.get("catalog_id", held.id) != held.id:
                self.fail("read-after-write", "write_v2_catalog_elements", "name", f"{item} became {model}")
            held.elements[id_] = without_values(model)
            held.values[id_] = self.texts(held, item.get("custom_fields") or [])
        self.settle_elements(held, "write_v2_catalog_elements")

    def stuck(self, held: Elements) -> bool:
        """Whether a field is required that the machine cannot fill, so that no element can be saved."""
        place = next(place for place in self.places if place.path == (held.id,))
        models = [place.fields[id_] for id_ in place.own]
        return any(model.get("is_required") is True and not writable(model) for model in models)

    def wishes(self, held: Elements) -> st.SearchStrategy[list[Model]]:
        place = next(place for place in self.places if place.path == (held.id,))
        usable = [place.fields[id_] for id_ in place.own if writable(place.fields[id_])]
        if not usable:
            return st.just([])

        @st.composite
        def build(draw: st.DrawFn) -> list[Model]:
            chosen = draw(st.lists(st.sampled_from(usable), max_size=3, unique_by=lambda model: model["id"]))
            # No element is saved without a value for what is required.
            chosen += [model for model in usable if model.get("is_required") is True and model not in chosen]
            found = []
            for model in chosen:
                choices = entries(model.get("enums")) or entries(model.get("nested"))
                if model["type"] == "multiselect":
                    picked = draw(
                        st.lists(st.sampled_from(choices), min_size=1, unique_by=lambda one: one["id"])
                    )
                    values: list[Any] = [str(one["id"]) for one in picked]
                elif choices:
                    one = draw(st.sampled_from(choices))
                    values = [{"value": one["value"], "enum": str(one["id"])}]
                elif model["type"] in ("numeric", "price"):
                    values = [{"value": str(draw(st.integers(0, 10**6)))}]
                else:
                    values = [{"value": draw(drafts.NAMES)}]
                found.append({"id": model["id"], "values": values})
            return found

        return build()

    def texts(self, held: Elements, written: list[Model]) -> dict[int, list[str]]:
        place = next(place for place in self.places if place.path == (held.id,))
        found = {}
        for entry in written:
            model = place.fields[entry["id"]]
            names = {
                str(o["id"]): o["value"]
                for o in (entries(model.get("enums")) or entries(model.get("nested")))
            }
            found[entry["id"]] = [
                names[value] if isinstance(value, str) else names.get(str(value.get("enum")), value["value"])
                for value in entry["values"]
            ]
        return found

    def read_elements(self, held: Elements) -> dict[Any, Model]:
        return self.everything("v2_catalog_elements", catalog_id=held.id)

    def settle_elements(self, held: Elements, operation: str) -> None:
        real = self.read_elements(held)
        bare = {id_: without_values(model) for id_, model in real.items()}
        self.compare(bare, held.elements, operation, f"elements of list {held.id}")
        place = next(place for place in self.places if place.path == (held.id,))
        for id_, model in real.items():
            got, wanted = values_of(model), current_values(held.values[id_], place)
            if {key: texts for key, texts in got.items() if key in wanted or key in place.own} != wanted:
                message = f"values of element {id_} should be {wanted} and are {got}"
                self.fail("read-after-write", operation, "values", message)

    @precondition(lambda self: any(held.elements for held in self.lists.values()))
    @rule(data=st.data(), name=drafts.NAMES, stale=st.integers(0, 4))
    @tolerant
    def update_element(self, data: st.DataObject, name: str, stale: int) -> None:
        held, id_ = self.pick_element(data)
        if self.stuck(held):
            return
        stored = held.elements[id_].get("updated_at", 0)
        item: Model = {
            "id": id_,
            "name": name,
            "updated_at": max(1, stored - 1) if stale == 0 else stored + 3,
        }
        values = data.draw(self.wishes(held))
        if values:
            item["custom_fields"] = values
        outcome = self.call("v2_catalog_elements", "update", items=[item])
        if stale == 0 and outcome.ok:
            self.fail(
                "accepts-invalid", "write_v2_catalog_elements", "stale updated_at", f"{item} was accepted"
            )
        if stale and not outcome.ok:
            self.fail("refuses-valid", "write_v2_catalog_elements", "update", f"{item} gave {outcome}")
        if stale:
            real = self.read_elements(held).get(id_, {})
            held.elements[id_] = {
                **held.elements[id_],
                "name": name,
                "updated_at": item["updated_at"],
                "updated_by": real.get("updated_by"),
            }
            held.values[id_] = {**held.values[id_], **self.texts(held, values)}
        self.settle_elements(held, "write_v2_catalog_elements")

    @precondition(lambda self: any(held.elements for held in self.lists.values()))
    @rule(data=st.data())
    @tolerant
    def delete_element(self, data: st.DataObject) -> None:
        held, id_ = self.pick_element(data)
        outcome = self.call("v2_catalog_elements", "delete", items=[id_])
        if not outcome.ok:
            self.fail("refuses-valid", "write_v2_catalog_elements", "delete", f"element {id_}: {outcome}")
        del held.elements[id_], held.values[id_]
        for other in self.lists.values():
            self.settle_elements(other, "write_v2_catalog_elements")

    @precondition(lambda self: any(held.elements for held in self.lists.values()))
    @rule(data=st.data())
    @tolerant
    def search_elements(self, data: st.DataObject) -> None:
        held, id_ = self.pick_element(data)
        name = held.elements[id_]["name"]
        outcome = self.call("v2_catalog_elements", "list", catalog_id=held.id, term=name)
        got = {item.get("id") for item in items_of(outcome, "items")}
        wrong = [one for one in got if one not in held.elements]
        if id_ not in got or wrong:
            message = f"term={name!r} finds {sorted(got, key=repr)}; element {id_} expected, {wrong} not"
            self.fail("filter", "list_v2_catalog_elements", "term", message)

    def pick_element(self, data: st.DataObject) -> tuple[Elements, int]:
        held = data.draw(st.sampled_from([held for held in self.lists.values() if held.elements]))
        return held, data.draw(st.sampled_from(sorted(held.elements)))
