"""The collections of the contract: what can be listed, read, made, changed and deleted, and what its paths need.

A tag is a resource and an operationId is `<verb>_<tag>`; nothing here knows which tags there are.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from attrs import frozen

from kommo.contract import shapes
from kommo.contract.document import Contract
from kommo.contract.exchange import is_json
from kommo.contract.operations import Operation

#: Longest first, so that `update_batch` is not taken for `update`.
VERBS: Final = ("update_batch", "list", "get", "create", "update", "delete", "write")


def split(operation_id: str) -> tuple[str, str]:
    """Split an operationId into verb and tag."""
    for verb in VERBS:
        if operation_id.startswith(verb + "_"):
            return verb, operation_id.removeprefix(verb + "_")
    return "", operation_id


@frozen(eq=False)
class Resource:
    """One tag of the contract that can be listed.

    Attributes:
        tag: its name.
        operations: by verb.
        key: of `_embedded` in its lists.
        path: template of the collection.
        parents: path parameters of the collection, in order.
        own: the path parameter that names one member, "" when none can be named.
        text_ids: whether members are named by text rather than numbers.
    """

    tag: str
    operations: Mapping[str, Operation]
    key: str
    path: str
    parents: tuple[str, ...]
    own: str
    text_ids: bool

    @property
    def old(self) -> bool:
        """Whether it is written in the manner of v2: add, update and delete in one request."""
        return "write" in self.operations

    @property
    def entity(self) -> str:
        """What the fields or groups of this collection belong to, as `entity_type` says it; "" for other things."""
        before, fields, _ = self.path.partition("/custom_fields")
        words = [word for word in before.split("/") if not word.startswith("{")]
        return words[-1] if fields else ""

    @property
    def unknown_id(self) -> str | int:
        """An id that no member has."""
        return "kc_no_such_1" if self.text_ids else 2**40 + 7


@lru_cache(maxsize=8)
def resources(contract: Contract) -> Mapping[str, Resource]:
    """Return the resources of a contract by tag, in the order of the document."""
    by_tag: dict[str, dict[str, Operation]] = {}
    for operation in contract.operations.values():
        verb, tag = split(operation.id)
        if verb:
            by_tag.setdefault(tag, {})[verb] = operation
    return {tag: _resource(contract, tag, verbs) for tag, verbs in by_tag.items() if "list" in verbs}


def resource(contract: Contract, tag: str) -> Resource:
    """Return the resource of a tag; one without operations when the contract has no such tag."""
    return resources(contract).get(tag) or Resource(tag, {}, "", "", (), "", False)


def _resource(contract: Contract, tag: str, verbs: Mapping[str, Operation]) -> Resource:
    path = verbs["list"].path
    parents = tuple(re.findall(r"\{([^{}]+)\}", path))
    one = verbs.get("get") or verbs.get("update") or verbs.get("delete")
    named = [name for name in re.findall(r"\{([^{}]+)\}", one.path) if name not in parents] if one else []
    own = named[-1] if named else ""
    schema: Any = (
        next((item.get("schema") for item in one.parameters if item["name"] == own), {}) if one else {}
    )
    text = bool(own) and shapes.of_type(contract, schema, "integer") is None
    return Resource(tag, dict(verbs), _key(contract, verbs), path, parents, own, text)


def _key(contract: Contract, verbs: Mapping[str, Operation]) -> str:
    """Find the member of `_embedded` that holds the collection: the one that is an array."""
    for verb in ("list", "create", "write"):
        operation = verbs.get(verb)
        for status in sorted(operation.successes) if operation else ():
            for kind, place in operation.responses[str(status)].items() if operation else ():
                if not place or not is_json(kind):
                    continue
                for answer in shapes.alternatives(contract, {"$ref": f"#{place}"}):
                    inner = shapes.of_type(contract, shapes.properties(answer).get("_embedded"), "object")
                    for key, node in shapes.properties(inner).items():
                        if shapes.of_type(contract, node, "array") is not None:
                            return key
    return "items"


def worlds(contract: Contract) -> list[set[str]]:
    """Group the tags of a contract by what they could disturb: what lies inside another's path, or is linked to it."""
    tags = {split(operation.id)[1]: operation for operation in contract.operations.values()}
    found = [{tag} for tag in tags]

    def join(one: str, other: str) -> None:
        first = next(world for world in found if one in world)
        second = next(world for world in found if other in world)
        if first is not second:
            first |= second
            found.remove(second)

    paths = {tag: resource.path for tag, resource in resources(contract).items()}
    for tag, path in paths.items():
        for other, outer in paths.items():
            if path.startswith(outer + "/"):
                join(tag, other)
    for operation in contract.operations.values():
        for link in operation.links:
            if link.operation in contract.operations:
                join(split(operation.id)[1], split(link.operation)[1])
    return found


def body_schema(operation: Operation) -> dict[str, str] | None:
    """Return the JSON schema of an operation's body as a reference, None when it takes none."""
    place = next((place for kind, place in operation.request.items() if is_json(kind)), None)
    return None if place is None else {"$ref": f"#{place}"}


def takes_array(contract: Contract, operation: Operation) -> bool:
    """Say whether an operation takes several things at once."""
    return shapes.of_type(contract, body_schema(operation), "array") is not None


@lru_cache(maxsize=1024)
def plain_keys(contract: Contract, operation_id: str) -> tuple[str, ...]:
    """Return the plain keys (see `shapes.plain`) that an operation lets one thing have."""
    operation = contract.operations.get(operation_id)
    schema = None if operation is None else body_schema(operation)
    return () if schema is None else tuple(shapes.plain(contract, shapes.item(contract, schema)))
