"""A state machine with a model of the whole domain, driving the server through the client.

After every write the lists it could have touched are read in full and compared with the model: what was asked for
happened, and nothing else did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from kommo.contract import domain
from kommo.contract.checks.echo import entries
from kommo.contract.domain import PREFIX, core, difference
from kommo.contract.exchange import Exchange
from kommo.contract.layers.model import drafts
from kommo.contract.layers.model.driver import ClientBroke, Driver, Outcome
from kommo.contract.layers.model.world import CARDS, Model, Place, defects

_UNKNOWN: Final = 2**40 + 99


class Broken(AssertionError):
    """The server (or the client) is not what the model says."""

    def __init__(
        self, check: str, operation: str, cause: str, message: str, calls: Sequence[Exchange]
    ) -> None:
        super().__init__(f"{operation}: {check}: {cause}")
        self.check = check
        self.operation = operation
        self.cause = cause
        self.message = message
        self.calls = tuple(calls)

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two of them the same defect."""
        return (self.operation, self.check, self.cause)


class Known(Exception):
    """A defect that was reported already: the model takes the server's view and goes on."""


def _tolerant(step: Callable[..., None]) -> Callable[..., None]:
    """Let a step end early at a defect that is known."""

    @wraps(step)
    def tolerant(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            step(self, *args, **kwargs)
        except Known:
            self.resync()

    return tolerant


@st.composite
def changes(draw: st.DrawFn, place: Place, before: Model) -> Model:
    """A change of one field; never empty."""
    groups = [*place.own_groups, *list(place.groups)[:2]]
    body: Model = draw(drafts.plain_keys(groups, place.entity))
    options, nodes = entries(before.get("enums")), entries(before.get("nested"))
    if options and draw(st.booleans()):
        body["enums"] = draw(drafts.changed_options(options))
    if before.get("type") == "category" and draw(st.booleans()):
        body["nested"] = draw(drafts.changed_tree(nodes))
    if not body or draw(st.booleans()):
        body["name"] = draw(drafts.NAMES)
    return body


def types_of(driver: Driver, entity: str) -> list[str]:
    """The types that the contract lets an entity create."""
    return domain.creatable(domain.fields(driver.script, entity))


def _items(outcome: Outcome, key: str) -> list[Model]:
    data = outcome.data if isinstance(outcome.data, dict) else {}
    return entries((data.get("_embedded") or {}).get(key))


def _without_fields(model: Model) -> Model:
    return {key: value for key, value in model.items() if key != "fields"}


def _without_values(model: Model) -> Model:
    return {key: value for key, value in model.items() if key != "custom_fields"}


def _values(model: Model) -> dict[int, list[str]]:
    found = {}
    for entry in entries(model.get("custom_fields")):
        found[int(entry["id"])] = [str(value.get("value")) for value in entries(entry.get("values"))]
    return found


def _writable(model: Model) -> bool:
    plain = ("text", "textarea", "url", "numeric", "price", "streetaddress")
    return model["type"] in plain or bool(
        model["type"] in (*drafts.SELECTS, "category")
        and (entries(model.get("enums")) or entries(model.get("nested")))
    )


def _current(values: dict[int, list[str]], place: Place) -> dict[int, list[str]]:
    """The values as they are read now: options that a field has lost are gone with their text."""
    return {id_: texts for id_, texts in values.items() if id_ in place.own and texts}


class Elements:
    """One list of the machine's own with its elements: id to what is known of each."""

    def __init__(self, id_: int) -> None:
        self.id = id_
        self.elements: dict[int, Model] = {}
        self.values: dict[int, dict[int, list[str]]] = {}


def machine(
    open_driver: Callable[[], Driver], entities: Sequence[str], known: set[tuple[str, str, str]]
) -> type[RuleBasedStateMachine]:
    """Return a state machine class.

    Args:
        open_driver: makes the way to the server; called once per scenario.
        entities: which v4 entities may be used (`catalogs` brings lists and elements along).
        known: defects that need not be shown again.
    """

    class Domain(RuleBasedStateMachine):
        """The rules."""

        def __init__(self) -> None:
            super().__init__()
            self.driver = open_driver()
            self.places: list[Place] = []
            self.lists: dict[int, Elements] = {}
            self.catalogs: dict[int, Model] = {}
            self.foreign_catalogs: dict[int, Model] = {}
            self.gone: list[tuple[Place, int]] = []
            self.steps: list[Exchange] = []
            self.used_ids: set[int] = set()

        # Ground

        @initialize(data=st.data())
        def begin(self, data: st.DataObject) -> None:
            """Choose what this scenario plays with, and learn what is there."""
            plain = [name for name in entities if name != "catalogs"]
            chosen = (
                data.draw(st.lists(st.sampled_from(plain), min_size=1, max_size=2, unique=True))
                if plain
                else []
            )
            for entity in chosen:
                self.add_place(Place(entity))
            if "catalogs" in entities and (not plain or data.draw(st.booleans())):
                self.foreign_catalogs = self.read_catalogs()
                self.add_catalogs([{"name": f"{PREFIX} model"}])

        def add_place(self, place: Place) -> None:
            place.fields = self.read_fields(place)
            if place.entity in CARDS:
                place.groups = self.read_groups(place)
            self.places.append(place)

        # Talking to the server

        def call(self, tag: str, verb: str, *path: Any, **arguments: Any) -> Outcome:
            before = len(self.driver.calls)
            try:
                outcome = self.driver.call(tag, verb, *path, **arguments)
            except ClientBroke as error:
                self.steps += self.driver.calls[before:]
                self.fail("client", f"{verb}_{tag}", error.cause, str(error))
                raise  # not reached: fail raises
            self.steps += self.driver.calls[before:]
            if outcome.status >= 500:
                self.fail("status", f"{verb}_{tag}", f"status {outcome.status}", f"answered {outcome.status}")
            return outcome

        def fail(self, check: str, operation: str, cause: str, message: str) -> None:
            """Report a defect.

            Raises:
                Broken: it is a new one.
                Known: it is not.
            """
            calls = (
                [*self.steps, *self.driver.calls[-1:]]
                if self.driver.calls[-1:] != self.steps[-1:]
                else self.steps
            )
            broken = Broken(check, operation.replace("add_v2", "write_v2"), cause, message, calls)
            if broken.key in known:
                raise Known
            raise broken

        def everything(self, tag: str, *path: Any, **query: Any) -> dict[Any, Model]:
            try:
                items = self.driver.everything(tag, *path, **query)
            except ClientBroke as error:
                self.fail("client", f"list_{tag}", error.cause, str(error))
                raise
            if items is None:
                self.fail(
                    "refuses-valid", f"list_{tag}", "list", f"the list was refused: {self.driver.calls[-1]}"
                )
                raise AssertionError
            found = {item.get("id"): core(item) for item in items}
            if len(found) < len(items):
                self.fail(
                    "paging",
                    f"list_{tag}",
                    "an item twice",
                    f"{len(items)} items, {len(found)} different ids",
                )
            return found

        def read_fields(self, place: Place, limit: int = 250) -> dict[Any, Model]:
            return self.everything(place.tag, *place.path, limit=limit)

        def read_groups(self, place: Place) -> dict[Any, Model]:
            return {id_: _without_fields(model) for id_, model in self.everything(place.group_tag).items()}

        def read_catalogs(self) -> dict[Any, Model]:
            return self.everything("v2_catalogs")

        # Comparing

        def settle(self, place: Place, operation: str, limit: int = 250) -> None:
            """Compare all fields of a place with the model, key by key."""
            real = self.read_fields(place, limit)
            self.compare(real, place.fields, operation, f"fields of {place.entity}")

        def compare(
            self, real: dict[Any, Model], believed: dict[Any, Model], operation: str, what: str
        ) -> None:
            missing = [id_ for id_ in believed if id_ not in real]
            extra = [id_ for id_ in real if id_ not in believed]
            if missing:
                self.fail("list-contains", operation, "an item is missing", f"{what} lack {missing[:5]}")
            if extra:
                self.fail(
                    "list-contains",
                    operation,
                    "an item too many",
                    f"{what} hold {extra[:5]}, which should not be",
                )
            for id_, model in believed.items():
                if real[id_] != model:
                    keys = sorted(key for key in {*model, *real[id_]} if model.get(key) != real[id_].get(key))
                    self.fail(
                        "read-after-write",
                        operation,
                        f"differs in {', '.join(keys)}",
                        f"{what}: {id_} should be otherwise: {difference(model, real[id_])}",
                    )

        def resync(self) -> None:
            """Take the server's view."""
            self.driver.calls.clear()
            for place in self.places:
                place.fields = {
                    item["id"]: core(item) for item in self.driver.everything(place.tag, *place.path) or []
                }
                place.own = [id_ for id_ in place.own if id_ in place.fields]
                if place.entity in CARDS:
                    groups = self.driver.everything(place.group_tag) or []
                    place.groups = {item["id"]: _without_fields(core(item)) for item in groups}
                    place.own_groups = [id_ for id_ in place.own_groups if id_ in place.groups]
            if self.lists or self.catalogs:
                real = {item["id"]: core(item) for item in self.driver.everything("v2_catalogs") or []}
                self.catalogs = {id_: real[id_] for id_ in self.catalogs if id_ in real}
                self.foreign_catalogs = {id_: real[id_] for id_ in self.foreign_catalogs if id_ in real}
                for held in self.lists.values():
                    items = self.driver.everything("v2_catalog_elements", catalog_id=held.id) or []
                    held.elements = {item["id"]: _without_values(core(item)) for item in items}
                    held.values = {item["id"]: _values(item) for item in items}

        # Fields

        @rule(data=st.data(), count=st.integers(1, 3))
        @_tolerant
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
                id_ = model.get("id")
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
        @_tolerant
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
        @_tolerant
        def update_fields(self, data: st.DataObject, stranger: int) -> None:
            place, _ = self.pick(data)
            ids = data.draw(st.lists(st.sampled_from(place.own), min_size=1, max_size=3, unique=True))
            befores = [place.fields[id_] for id_ in ids]
            items = [{"id": before["id"], **data.draw(changes(place, before))} for before in befores]
            if stranger == 0:
                items.insert(data.draw(st.integers(0, len(items))), {"id": _UNKNOWN, "name": "stranger"})
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
        @_tolerant
        def delete_field(self, data: st.DataObject) -> None:
            place, id_ = self.pick(data)
            operation = f"delete_{place.tag}"
            outcome = self.call(place.tag, "delete", *place.path, id_)
            if not outcome.ok:
                self.fail(
                    "refuses-valid", operation, "delete", f"field {id_} was not deleted: {outcome.status}"
                )
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
        @_tolerant
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
        @_tolerant
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
        @_tolerant
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
        @_tolerant
        def search_fields(self, data: st.DataObject, by: str, direction: str) -> None:
            place, id_ = self.pick(data)
            operation = self.driver.script.contract.operations[f"list_{place.tag}"]
            if "filter[type][]" not in operation.paging:
                return
            wanted = place.fields[id_]["type"] if by == "type" else id_
            query = {f"filter_{by}": [wanted], "order_id": direction}
            outcome = self.call(place.tag, "list", *place.path, limit=250, **query)
            got = [item.get("id") for item in _items(outcome, "custom_fields")]
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

        # Groups

        @precondition(lambda self: any(place.entity in CARDS for place in self.places))
        @rule(data=st.data(), names=st.lists(drafts.NAMES, min_size=1, max_size=2))
        @_tolerant
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
                place.groups[model["id"]] = _without_fields(core(model))
                place.own_groups.append(model["id"])
            self.settle_groups(place, operation)

        @precondition(lambda self: any(place.own_groups for place in self.places))
        @rule(
            data=st.data(),
            keys=st.lists(st.sampled_from(["name", "sort", "fields"]), min_size=1, unique=True),
        )
        @_tolerant
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
        @_tolerant
        def delete_group(self, data: st.DataObject) -> None:
            place = data.draw(st.sampled_from([place for place in self.places if place.own_groups]))
            id_ = data.draw(st.sampled_from(place.own_groups))
            operation = f"delete_{place.group_tag}"
            outcome = self.call(place.group_tag, "delete", id_)
            if not outcome.ok:
                self.fail(
                    "refuses-valid", operation, "delete", f"group {id_} was not deleted: {outcome.status}"
                )
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

        # Lists and elements

        def add_catalogs(self, items: list[Model]) -> None:
            outcome = self.call("v2_catalogs", "add", items=items)
            got = _items(outcome, "items")
            if not outcome.ok or len(got) != len(items):
                self.fail("refuses-valid", "write_v2_catalogs", "add", f"{items} gave {outcome}")
            real = self.read_catalogs()
            for item, answered in zip(items, got, strict=True):
                id_ = answered.get("id")
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
        @_tolerant
        def create_catalog(self, name: str, switches: bool) -> None:
            self.add_catalogs(
                [{"name": name, "can_add_elements": switches, "can_link_multiple": not switches}]
            )

        @precondition(lambda self: self.lists)
        @rule(data=st.data(), name=drafts.NAMES)
        @_tolerant
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
        @_tolerant
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
                if _items(left, "items"):
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
        @rule(
            data=st.data(), names=st.lists(drafts.NAMES, min_size=1, max_size=3), stranger=st.integers(0, 6)
        )
        @_tolerant
        def add_elements(self, data: st.DataObject, names: list[str], stranger: int) -> None:
            held = self.lists[data.draw(st.sampled_from(sorted(self.lists)))]
            items: list[Model] = []
            for index, name in enumerate(names):
                item: Model = {"catalog_id": held.id, "name": name, "request_id": 5000 + 7 * index}
                values = data.draw(self.wishes(held))
                if values:
                    item["custom_fields"] = values
                items.append(item)
            if stranger == 0:
                items.append({"catalog_id": _UNKNOWN, "name": "stranger"})
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
            got = _items(outcome, "items") if 200 <= outcome.status < 300 else []
            if got and len(got) != len(good):
                self.fail(
                    "echo", "write_v2_catalog_elements", "count", f"{len(good)} elements, {len(got)} answered"
                )
            real = self.read_elements(held)
            for item, answered in zip(good, got, strict=False):
                id_ = answered.get("id")
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
                    self.fail(
                        "read-after-write", "write_v2_catalog_elements", "name", f"{item} became {model}"
                    )
                held.elements[id_] = _without_values(model)
                held.values[id_] = self.texts(held, item.get("custom_fields") or [])
            self.settle_elements(held, "write_v2_catalog_elements")

        def wishes(self, held: Elements) -> st.SearchStrategy[list[Model]]:
            place = next(place for place in self.places if place.path == (held.id,))
            usable = [place.fields[id_] for id_ in place.own if _writable(place.fields[id_])]
            if not usable:
                return st.just([])

            @st.composite
            def build(draw: st.DrawFn) -> list[Model]:
                chosen = draw(
                    st.lists(st.sampled_from(usable), max_size=3, unique_by=lambda model: model["id"])
                )
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
                    names[value]
                    if isinstance(value, str)
                    else names.get(str(value.get("enum")), value["value"])
                    for value in entry["values"]
                ]
            return found

        def read_elements(self, held: Elements) -> dict[Any, Model]:
            return self.everything("v2_catalog_elements", catalog_id=held.id)

        def settle_elements(self, held: Elements, operation: str) -> None:
            real = self.read_elements(held)
            bare = {id_: _without_values(model) for id_, model in real.items()}
            self.compare(bare, held.elements, operation, f"elements of list {held.id}")
            place = next(place for place in self.places if place.path == (held.id,))
            for id_, model in real.items():
                got, wanted = _values(model), _current(held.values[id_], place)
                if {key: texts for key, texts in got.items() if key in wanted or key in place.own} != wanted:
                    message = f"values of element {id_} should be {wanted} and are {got}"
                    self.fail("read-after-write", operation, "values", message)

        @precondition(lambda self: any(held.elements for held in self.lists.values()))
        @rule(data=st.data(), name=drafts.NAMES, stale=st.integers(0, 4))
        @_tolerant
        def update_element(self, data: st.DataObject, name: str, stale: int) -> None:
            held, id_ = self.pick_element(data)
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
        @_tolerant
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
        @_tolerant
        def search_elements(self, data: st.DataObject) -> None:
            held, id_ = self.pick_element(data)
            name = held.elements[id_]["name"]
            outcome = self.call("v2_catalog_elements", "list", catalog_id=held.id, term=name)
            got = {item.get("id") for item in _items(outcome, "items")}
            wrong = [one for one in got if one not in held.elements]
            if id_ not in got or wrong:
                message = f"term={name!r} finds {sorted(got, key=repr)}; element {id_} expected, {wrong} not"
                self.fail("filter", "list_v2_catalog_elements", "term", message)

        def pick_element(self, data: st.DataObject) -> tuple[Elements, int]:
            held = data.draw(st.sampled_from([held for held in self.lists.values() if held.elements]))
            return held, data.draw(st.sampled_from(sorted(held.elements)))

        # End

        def teardown(self) -> None:
            """Take everything away again, whatever happened."""
            for place in self.places:
                if place.entity != "catalogs":
                    for field_id in place.own:
                        self.driver.call(place.tag, "delete", field_id)
                    for group_id in place.own_groups:
                        self.driver.call(place.group_tag, "delete", group_id)
            if self.catalogs:
                self.driver.call("v2_catalogs", "delete", items=sorted(self.catalogs))
            self.driver.close()

    return Domain
