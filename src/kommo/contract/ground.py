"""Where the layers that send single requests stand: things of their own, and good bodies to start from."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from attrs import define

from kommo.contract import domain
from kommo.contract.checks.echo import embedded, entries
from kommo.contract.document import Operation
from kommo.contract.domain import PREFIX, Collection
from kommo.contract.exchange import Exchange
from kommo.contract.session import Script


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
        exchange = self.collection.page(1, 250)
        return (exchange.body,)

    def clean(self, exchange: Exchange) -> None:
        """Delete what an accepted request created."""
        if not exchange.accepted or not isinstance(exchange.answer, dict):
            return
        if self.collection.tag.startswith("v2_"):
            sent = exchange.sent if isinstance(exchange.sent, dict) else {}
            added = len(sent.get("add") or ()) if isinstance(sent.get("add"), list) else 0
            ids = [item["id"] for item in embedded(exchange.answer, "items")[:added] if "id" in item]
            if ids:
                self.collection.write(delete=ids)
        elif self.operation.id.startswith("create_"):
            items = self.collection.items(exchange) or [exchange.answer]
            for item in items:
                if "id" in item:
                    self.collection.delete(item["id"])


class Ground:
    """Makes targets, and takes its own things away at the end.

    Args:
        script: makes the calls.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self._catalog: int | None = None
        self._made: list[tuple[Collection, Any]] = []

    def catalog(self) -> int:
        """The list that everything of lists happens in."""
        if self._catalog is None:
            self._catalog = domain.make_catalog(self.script, "ground")
        return self._catalog

    def targets(self) -> Iterator[Target]:
        """Yield a target for every selected operation that has a body."""
        for operation in self.script.contract.operations.values():
            if operation.request and self.script.session.selected(operation.id):
                target = self._target(operation)
                if target is not None:
                    yield target

    def _target(self, operation: Operation) -> Target | None:
        verb, tag = split(operation.id)
        if tag == "v2_catalogs":
            return self._catalogs(operation)
        if tag == "v2_catalog_elements":
            return self._elements(operation)
        entity, _, kind = tag.partition("_custom_field")
        if kind == "_groups":
            collection = domain.groups(self.script, entity)
            bodies: list[Any] = [[{"name": f"{PREFIX} near", "sort": 5, "request_id": "n1"}]]
            parameters: dict[str, str | int] = {}
            if verb == "update":
                parameters["id"] = self._make(collection, bodies[0])
                bodies = [{"name": f"{PREFIX} near", "sort": 5, "request_id": "n1"}]
            return Target(operation, collection, parameters, self._valid(operation, bodies, None))
        if kind != "s" or entity not in domain.ENTITIES:
            return None
        collection = domain.fields(self.script, entity, self.catalog() if entity == "catalogs" else None)
        parameters = dict(collection.parameters)
        if verb == "create":
            return Target(
                operation, collection, parameters, self._valid(operation, _creations(collection), None)
            )
        types = [name for name in ("select", "category") if name in domain.creatable(collection)]
        ids = [self._make(collection, domain.new_fields([name], "near")) for name in types]
        if verb == "update":
            parameters["id"] = ids[0]
            bodies = [_change(collection, ids[0])]
        else:
            bodies = [[{"id": id_, **_change(collection, id_)}] for id_ in ids]
        return Target(operation, collection, parameters, self._valid(operation, bodies, ids[0]))

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
            ids = [self._make(fields, domain.new_fields([name], "near")) for name in ("text", "select")]
            option = entries(_read(fields, ids[1]).get("enums"))[0]
            values = [
                {"id": ids[0], "values": [{"value": "text"}]},
                {"id": ids[1], "values": [{"value": option.get("value"), "enum": str(option.get("id"))}]},
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

    def _valid(self, operation: Operation, bodies: list[Any], own: Any) -> list[Any]:
        """The bodies that obey the contract, own ones first, then the document's examples aimed at own things."""
        kind = next((name for name in operation.request if name.endswith("json")), None)
        if kind is None:
            return []
        examples = (
            [_aimed(example, own) for example in operation.request_examples.get(kind, ())]
            if own is not None
            else []
        )
        contract = self.script.contract
        return [body for body in [*bodies, *examples] if contract.valid_request(operation, body, kind)]

    def _make(self, collection: Collection, items: list[Any]) -> Any:
        exchange = collection.create(items)
        made = collection.items(exchange)
        self.script.need(made and "id" in made[0], f"nothing to stand on: {exchange} {exchange.body[:200]!r}")
        self._made.append((collection, made[0]["id"]))
        return made[0]["id"]

    def clear(self) -> None:
        """Delete everything that was made."""
        for collection, id_ in reversed(self._made):
            if "catalog_id" not in collection.parameters:
                collection.delete(id_)
        if self._catalog is not None:
            domain.catalogs(self.script).write(delete=[self._catalog])


def split(operation_id: str) -> tuple[str, str]:
    """Split an operationId into verb and tag."""
    for verb in ("update_batch", "list", "get", "create", "update", "delete", "write"):
        if operation_id.startswith(verb + "_"):
            return verb, operation_id.removeprefix(verb + "_")
    return "", operation_id


def _creations(collection: Collection) -> list[Any]:
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
    return [[full], *([item] for item in domain.new_fields(types, "near"))]


def _read(collection: Collection, id_: Any) -> dict[str, Any]:
    exchange = collection.get(id_)
    return exchange.answer if exchange.accepted and isinstance(exchange.answer, dict) else {}


def _change(collection: Collection, id_: Any) -> dict[str, Any]:
    model = _read(collection, id_)
    change: dict[str, Any] = {"name": f"{PREFIX} near", "sort": 13, "request_id": "n2", "is_api_only": False}
    options = entries(model.get("enums"))
    nodes = entries(model.get("nested"))
    if options:
        change["enums"] = [{key: option.get(key) for key in ("id", "value", "sort")} for option in options]
    if nodes:
        change["nested"] = [
            {key: node.get(key) for key in ("id", "parent_id", "value", "sort")} for node in nodes
        ]
    return change


def _aimed(example: Any, own: Any) -> Any:
    """Point an example of the document at the suite's own field."""
    aimed = copy.deepcopy(example)
    for item in aimed if isinstance(aimed, list) else [aimed]:
        if isinstance(item, dict):
            if "id" in item:
                item["id"] = own
            for key in ("group_id", "enums", "nested", "code", "required_statuses", "type"):
                item.pop(key, None)
    return aimed
