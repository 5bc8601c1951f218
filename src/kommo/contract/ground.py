"""Where the layers that send single requests stand: things of their own, and good bodies to start from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define

from kommo.contract import domain, drafting
from kommo.contract.checks.echo import embedded, entries
from kommo.contract.collection import Collection, Model
from kommo.contract.exchange import Exchange, is_json
from kommo.contract.operations import Operation
from kommo.contract.places import Places
from kommo.contract.resources import resources, split
from kommo.contract.session import Script
from kommo.contract.shapes import PREFIX

__all__ = ["Ground", "Target", "split"]


@define
class Target:
    """What one operation with a body is aimed at.

    Attributes:
        operation: of the contract.
        collection: the list it changes.
        parameters: values of its path parameters.
        bodies: good bodies.
    """

    operation: Operation
    collection: Collection
    parameters: dict[str, str | int]
    bodies: list[Any]

    def send(self, script: Script, **arguments: Any) -> Exchange:
        """Send a request of the operation."""
        return script.call(self.operation.id, self.parameters, **arguments)

    def state(self) -> tuple[bytes, ...]:
        """Return the collection as bytes, to be compared."""
        return tuple(exchange.body for exchange in self.collection.read().calls)

    @property
    def cleans(self) -> bool:
        """Whether everything that an accepted request does is undone by `clean`."""
        return split(self.operation.id)[0] == "create" and self.collection.has("delete")

    def clean(self, exchange: Exchange) -> None:
        """Delete what an accepted request created."""
        if not exchange.accepted or not isinstance(exchange.answer, dict):
            return
        if self.collection.resource.old:
            sent = exchange.sent if isinstance(exchange.sent, dict) else {}
            added = len(sent.get("add") or ()) if isinstance(sent.get("add"), list) else 0
            ids = [item["id"] for item in embedded(exchange.answer, "items")[:added] if "id" in item]
            if ids:
                self.collection.write(delete=ids)
        elif split(self.operation.id)[0] == "create" and self.collection.has("delete"):
            for item in self.collection.models(exchange):
                if "id" in item:
                    self.collection.delete(item["id"])


class Ground:
    """Makes targets, and takes its own things away at the end.

    Args:
        script: makes the calls.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self._places = Places(script)
        self._homes: dict[str, Collection] = {}
        self._catalog: int | None = None
        self._made: list[tuple[Collection, Any]] = []

    def catalog(self) -> int:
        """The list of v2 that everything of v2 happens in."""
        if self._catalog is None:
            self._catalog = domain.make_catalog(self.script, "ground")
        return self._catalog

    def targets(self) -> Iterator[Target]:
        """Yield a target for every selected operation that has a body."""
        old = {"v2_catalogs": self._catalogs, "v2_catalog_elements": self._elements}
        for tag, resource in resources(self.script.contract).items():
            for verb, operation in resource.operations.items():
                if not operation.request or not self.script.session.selected(operation.id):
                    continue
                if resource.old:
                    yield old[tag](operation)
                else:
                    # A home of its own: a required field that is left over would make good elements bad.
                    if tag not in self._homes:
                        self._homes[tag] = self._places.open(resource)
                    yield self._target(self._homes[tag], verb)

    def _target(self, collection: Collection, verb: str) -> Target:
        operation = collection.resource.operations[verb]
        parameters = dict(collection.parameters)
        if verb == "create":
            news = _news(collection)
            bodies: list[Any] = [[item] for item in news] if collection.takes_array(verb) else news
            return Target(operation, collection, parameters, self._valid(operation, bodies, None))
        things = [self._make(collection, item) for item in _grounds(collection)]
        changes = [_change(collection, model, verb) for model in things]
        if verb == "update":
            parameters = collection.one(things[0]["id"])
            bodies = changes[:1]
        else:
            bodies = [[{"id": model["id"], **one}] for model, one in zip(things, changes, strict=True)]
        return Target(
            operation, collection, parameters, self._valid(operation, bodies, things[0]["id"], collection)
        )

    def _catalogs(self, operation: Operation) -> Target:
        full = {
            "name": f"{PREFIX} near",
            "type": "regular",
            "can_add_elements": True,
            "can_show_in_cards": False,
            "can_link_multiple": True,
            "request_id": 3,
        }
        bodies = [{"add": [full]}, {"update": [{"id": self.catalog(), "name": f"{PREFIX} near"}]}]
        return Target(operation, domain.catalogs(self.script), {}, self._valid(operation, bodies, None))

    def _elements(self, operation: Operation) -> Target:
        catalog_id = self.catalog()
        collection = domain.elements(self.script, catalog_id)
        fields = domain.fields(self.script, "catalogs", catalog_id)
        values = []
        if fields.has("create"):
            text, select = (
                self._make(fields, item) for item in domain.new_fields(("text", "select"), "near")
            )
            option = entries(select.get("enums"))[0]
            values = [
                {"id": text["id"], "values": [{"value": "text"}]},
                {
                    "id": select["id"],
                    "values": [{"value": option.get("value"), "enum": str(option.get("id"))}],
                },
            ]
        added = collection.write(add=[{"catalog_id": catalog_id, "name": f"{PREFIX} near"}])
        made = embedded(added.answer, "items")
        self.script.need(made, f"no element could be added: {added}")
        bodies = [
            {
                "add": [
                    {
                        "catalog_id": catalog_id,
                        "name": f"{PREFIX} near",
                        "request_id": 3,
                        "custom_fields": values,
                    }
                ]
            },
            {"update": [{"id": made[0].get("id"), "updated_at": 2_100_000_000, "name": f"{PREFIX} near"}]},
        ]
        return Target(operation, collection, {}, self._valid(operation, bodies, None))

    def _valid(
        self, operation: Operation, bodies: list[Any], own: Any, collection: Collection | None = None
    ) -> list[Any]:
        """The bodies that obey the contract, own ones first, then the document's examples aimed at own things."""
        kind = next((name for name in operation.request if is_json(name)), None)
        if kind is None:
            return []
        verb = split(operation.id)[0]
        examples = (
            [_aimed(collection, verb, example, own) for example in operation.request_examples.get(kind, ())]
            if collection is not None
            else []
        )
        contract = self.script.contract
        return [body for body in [*bodies, *examples] if contract.valid_request(operation, body, kind)]

    def _make(self, collection: Collection, item: Model) -> Model:
        """Create a thing and return it as it is read."""
        made = drafting.accepted(collection, [item])
        self.script.need(made, f"nothing to stand on: {self.script.calls[-1]}")
        model = made[0][2]
        self._made.append((collection, model["id"]))
        if not collection.has("get"):
            return model
        read = collection.get(model["id"])
        return read.answer if read.accepted and isinstance(read.answer, dict) else model

    def clear(self) -> None:
        """Delete everything that was made."""
        for collection, id_ in reversed(self._made):
            if not collection.parameters and collection.has("delete"):
                collection.delete(id_)
        self._places.close()
        if self._catalog is not None:
            domain.catalogs(self.script).write(delete=[self._catalog])


def _news(collection: Collection) -> list[Model]:
    """Things to create, whose keys are then bent one by one."""
    if collection.key != "custom_fields":
        return drafting.drafts(collection, 1, "near")
    full = {
        "name": f"{PREFIX} near",
        "type": "text",
        "code": "KC_NEAR",
        "sort": 12,
        "request_id": "n1",
        "is_api_only": False,
        "is_visible": True,
        "is_required": False,
        "is_deletable": True,
        "required_statuses": [],
        "settings": None,
    }
    types = [name for name in ("select", "birthday", "category") if name in domain.creatable(collection)]
    return [full, *domain.new_fields(types, "near")]


def _grounds(collection: Collection) -> list[Model]:
    """Things to change: of fields those whose options or trees can be bent."""
    if collection.key != "custom_fields":
        return drafting.drafts(collection, 1, "near")
    types = [name for name in ("select", "category") if name in domain.creatable(collection)]
    return domain.new_fields(types, "near")


def _change(collection: Collection, model: Model, verb: str) -> Model:
    """A change of every plain key, of options and trees."""
    change = dict(drafting.changes(collection, model, verb))
    change.pop("code", None)
    for extra in ({"request_id": "n2"}, {"is_api_only": False}):
        if collection.key.startswith("custom_field") and collection.valid("update", {**change, **extra}):
            change |= extra
    options, nodes = entries(model.get("enums")), entries(model.get("nested"))
    if options:
        change["enums"] = [{key: option.get(key) for key in ("id", "value", "sort")} for option in options]
    if nodes:
        change["nested"] = [
            {key: node.get(key) for key in ("id", "parent_id", "value", "sort")} for node in nodes
        ]
    return change


def _aimed(collection: Collection, verb: str, example: Any, own: Any) -> Any:
    """Point an example of the document at the suite's own thing; what it says of others is left out."""
    kept = {*collection.plain(verb), "request_id"} - {"type", "remind"}
    items = [
        {key: own if key == "id" else value for key, value in item.items() if key in kept or key == "id"}
        for item in (example if isinstance(example, list) else [example])
        if isinstance(item, dict)
    ]
    return items if isinstance(example, list) else items[0] if items else None
