"""Where a collection lives: the parents that its path names, made for the purpose or found in the account."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from attrs import frozen

from kommo.contract import drafting, shapes
from kommo.contract.collection import Collection
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.operations import Operation
from kommo.contract.resources import Resource, body_schema, resources, split
from kommo.contract.session import Halted, Script
from kommo.contract.shapes import PREFIX

_BODY: Final = "$response.body#"


@frozen
class _Source:
    """An operation whose answer tells the value of a path parameter, and where in the answer it stands."""

    operation: Operation
    pointer: str


class Places:
    """Opens collections, and takes away at the end what had to be made for them.

    Args:
        script: makes the calls.
    """

    def __init__(self, script: Script) -> None:
        self.script = script
        self._open: dict[str, Collection] = {}
        self._made: list[tuple[Resource, Collection, Any]] = []

    def open(self, resource: Resource, label: str = "", *, fresh: bool = True) -> Collection:
        """Return a collection of a resource, its parents made for it alone.

        Args:
            resource: of the contract.
            label: part of the parents' names.
            fresh: make the parents anew; else those of the last time will do.

        Raises:
            Halted: a parent cannot be made.
        """
        if not fresh and resource.path.rpartition("}")[0] in self._open:
            parameters = self._open[resource.path.rpartition("}")[0]].parameters
            return Collection(self.script, resource, dict(parameters), self._query(resource, parameters))
        parameters = {}
        for name in resource.parents:
            parameters[name] = self._make(resource, name, parameters, f"{label or resource.tag} home")
        found = Collection(self.script, resource, parameters, self._query(resource, parameters))
        self._open[resource.path.rpartition("}")[0]] = found
        return found

    def existing(self, resource: Resource, count: int) -> Iterator[Collection]:
        """Yield collections of a resource as they lie around in the account; nothing is made.

        Args:
            resource: of the contract.
            count: of how many parents, at most.
        """
        asked = [item["name"] for item in resource.operations["list"].query if item.get("required")]
        names = [*resource.parents, *asked]
        if not names:
            yield Collection(self.script, resource)
        if len(names) != 1:
            return  # nothing nests so deep
        for source in self._sources(resource, names[0], "GET"):
            if source.operation.id.endswith(f"_{resource.tag}") or "{" in source.operation.path:
                continue
            exchange = self.script.call(source.operation.id)
            for index in range(count):
                value = _at(exchange.answer, re.sub(r"/0/", f"/{index}/", source.pointer))
                if isinstance(value, int | str) and exchange.accepted:
                    parameters = dict.fromkeys(resource.parents, value)
                    yield Collection(
                        self.script, resource, parameters, tuple((name, value) for name in asked)
                    )
            return

    def _query(self, resource: Resource, parameters: dict[str, Any]) -> tuple[tuple[str, Any], ...]:
        names = (item["name"] for item in resource.operations["list"].query if item.get("required"))
        return tuple((name, parameters[name]) for name in names if name in parameters)

    def _sources(self, resource: Resource, name: str, method: str) -> list[_Source]:
        """The operations that tell a parameter: by a link of the contract, or because its path leads there."""
        found = []
        operations = {operation.id for operation in resource.operations.values()}
        for operation in self.script.contract.operations.values():
            for link in operation.links:
                told = link.parameters.get(name, "")
                if link.operation in operations and told.startswith(_BODY) and operation.method == method:
                    found.append(_Source(operation, told.removeprefix(_BODY)))
                    break
        home = resource.path.partition(f"/{{{name}}}")[0]
        for other in resources(self.script.contract).values():
            verb = "create" if method == "POST" else "list"
            if other.path == home and verb in other.operations:
                found.append(_Source(other.operations[verb], f"/_embedded/{other.key}/0/id"))
        # What can be deleted afterwards is made rather than what cannot.
        return sorted(found, key=lambda source: not self._deletable(source.operation))

    def _deletable(self, operation: Operation) -> bool:
        owner = resources(self.script.contract).get(split(operation.id)[1])
        return owner is not None and (owner.old or "delete" in owner.operations)

    def _make(self, resource: Resource, name: str, known: dict[str, Any], label: str) -> Any:
        last: Exchange | None = None
        for source in self._sources(resource, name, "POST"):
            owner = resources(self.script.contract).get(split(source.operation.id)[1])
            if owner is None or owner is resource or not set(owner.parents) <= set(known):
                continue
            home = Collection(self.script, owner, {key: known[key] for key in owner.parents})
            last = self._create(home, label)
            value = _at(last.answer, source.pointer) if last.accepted else None
            if value is None and isinstance(last.answer, dict):
                value = last.answer.get("id")  # one thing, answered bare
            if isinstance(value, int | str):
                self._made.append((owner, home, value))
                return value
        raise Halted(f"nothing gives {{{name}}} for {resource.path}: {last or 'no operation creates it'}")

    def _create(self, home: Collection, label: str) -> Exchange:
        if not home.resource.old:
            items = drafting.drafts(home, 1, label)[:1]
            made = drafting.accepted(home, items)
            return made[0][0] if made else home.create(drafting.body(home, items))
        return home.write(add=[old_draft(home, label)])

    def close(self) -> bool:
        """Delete the parents that were made, where the contract lets them be deleted; say whether all are gone."""
        gone = True
        for owner, home, id_ in reversed(self._made):
            if owner.old:
                gone = home.write(delete=[id_]).accepted and gone
            else:
                gone = "delete" in owner.operations and home.delete(id_).accepted and gone
        self._made.clear()
        self._open.clear()
        return gone


def old_draft(collection: Collection, label: str) -> dict[str, Any]:
    """Return one thing to add in the manner of v2."""
    contract = collection.script.contract
    write = shapes.of_type(contract, body_schema(collection.resource.operations["write"]), "object")
    schema = shapes.item(contract, shapes.properties(write).get("add"))
    item = {
        key: shapes.example(contract, shapes.properties(schema).get(key, {}))
        for key in (schema or {}).get("required", ())
    }
    return {**item, "name": f"{PREFIX} {label}", "request_id": 1}


def _at(value: Any, pointer: str) -> Any:
    """Return what stands at a JSON pointer, None when there is nothing."""
    if value is NO_JSON:
        return None
    for part in pointer.split("/")[1:]:
        if isinstance(value, list):
            value = value[int(part)] if part.isdigit() and int(part) < len(value) else None
        else:
            value = value.get(part) if isinstance(value, dict) else None
    return value


def families(collections: Sequence[Collection]) -> dict[bool, list[Collection]]:
    """Group collections whose members could be taken for each other's: by whether ids are text."""
    found: dict[bool, list[Collection]] = {}
    for collection in collections:
        found.setdefault(collection.resource.text_ids, []).append(collection)
    return found
