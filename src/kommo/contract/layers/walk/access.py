"""Every operation asks for a valid token before it does or says anything."""

from __future__ import annotations

from typing import Any, Final

from kommo.contract import drafting, shapes
from kommo.contract.collection import Collection
from kommo.contract.document import Operation
from kommo.contract.places import old_draft
from kommo.contract.resources import resource, split
from kommo.contract.session import BLOCKED, Script
from kommo.contract.shapes import PREFIX

#: An id that nothing has.
_NOWHERE: Final = 2**40 + 11

#: Authorization headers that give no access.
_BAD: Final[tuple[tuple[str, str | None], ...]] = (
    ("no token", None),
    ("an unknown token", "Bearer kommo-contract-invalid"),
    ("an empty token", "Bearer "),
    ("basic authentication", "Basic a29tbW86Y29udHJhY3Q="),
)


def walk(script: Script) -> None:
    """Try every selected operation without access."""
    for operation in script.contract.operations.values():
        if not operation.secured or not script.session.selected(operation.id):
            continue
        body = _harmless(script, operation)
        parameters: dict[str, str | int] = {
            item["name"]: _NOWHERE
            if shapes.of_type(script.contract, item.get("schema", {}), "integer")
            else "kc_no_such_1"
            for item in operation.parameters
            if item["in"] == "path"
        }
        query = [(item["name"], _NOWHERE) for item in operation.query if item.get("required")]
        for what, header in _BAD:
            exchange = script.call(operation.id, parameters, query=query, json=body, authorization=header)
            if exchange.status != 401 and BLOCKED not in exchange.headers:
                message = f"{operation.method} {operation.path} with {what}: {exchange.status}; expected 401"
                script.fail(
                    "authentication",
                    operation.id,
                    what,
                    message,
                    [exchange],
                    expected=401,
                    got=exchange.status,
                )


def _harmless(script: Script, operation: Operation) -> Any:
    """A body that would be accepted and, if it were carried out, would leave a trace of the suite's own name."""
    verb, tag = split(operation.id)
    found = resource(script.contract, tag)
    collection = Collection(script, found, dict.fromkeys(found.parents, _NOWHERE))
    if verb == "write":
        return {"add": [old_draft(collection, "unauthorized")]}
    if verb == "create":
        return drafting.body(collection, drafting.drafts(collection, 1, "unauthorized")[:1])
    if verb in ("update", "update_batch"):
        change = {collection.label or "name": f"{PREFIX} unauthorized"}
        return change if verb == "update" else [{"id": found.unknown_id, **change}]
    return ...
