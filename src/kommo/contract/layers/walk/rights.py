"""Nobody does what they may not: strangers nothing, users what the roles of the contract let them.

`access` asks of every operation whether it wants a token at all; here the requests are good ones, aimed at things that
there are, so that it shows when a refusal comes too late.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kommo.contract import drafting
from kommo.contract.collection import Collection
from kommo.contract.ground import Ground, Target
from kommo.contract.operations import Operation
from kommo.contract.session import Script

#: The role of the contract that every user has.
_EVERYBODY: Final = "user"

#: Who calls, with what header of authorization, and the status that refuses it.
_Caller = tuple[str, str | None, int]


def walk(script: Script) -> None:
    """Try every selected operation that changes something as a stranger, and as a user without its roles.

    Raises:
        Halted: there is nothing to stand on, or the server limits or bans the suite.
    """
    ground = Ground(script)
    collections: dict[str, Collection] = {}
    for target in ground.targets():
        script.session.progress("walk", f"rights of {target.operation.id}")
        collections[target.collection.tag] = target.collection
        for body in _bodies(target):
            for caller in _callers(script, target.operation):
                _try(script, target, caller, json=body)
    for collection in collections.values():
        _deletions(script, collection)
        _reads(script, collection)
    ground.clear()


def _callers(script: Script, operation: Operation) -> Iterator[_Caller]:
    """Those who may not call an operation."""
    yield "a stranger", None, 401
    user = script.session.options.user_token
    if user and operation.roles and _EVERYBODY not in operation.roles:
        yield f"a user who is not of {', '.join(sorted(operation.roles))}", f"Bearer {user}", 403


def _bodies(target: Target) -> Iterator[Any]:
    for body in target.bodies[:2]:
        yield body
        if target.collection.resource.old and "update" in body:
            yield {"delete": [item["id"] for item in body["update"]]}


def _deletions(script: Script, collection: Collection) -> None:
    """Try to delete a thing that there is (v4)."""
    operation = collection.resource.operations.get("delete")
    if operation is None or not script.session.selected(operation.id):
        return
    for _, _, model in drafting.accepted(collection, drafting.drafts(collection, 1, "kept")[:1]):
        target = Target(operation, collection, collection.one(model["id"]), [])
        for caller in _callers(script, operation):
            _try(script, target, caller)
        collection.delete(model["id"])


def _try(script: Script, target: Target, caller: _Caller, **carried: Any) -> None:
    who, header, status = caller
    operation, before = target.operation, target.state()
    exchange = target.send(script, authorization=header, **carried)
    message = f"{operation.method} {operation.path} by {who}: answered {exchange.status}"
    if exchange.status != status:
        script.fail("rights", operation.id, who, message, [exchange], expected=status, got=exchange.status)
    target.clean(exchange)
    if not exchange.accepted and target.state() != before:
        message += f" and changed {target.collection.tag} all the same"
        script.fail("atomicity", operation.id, "a refused request left traces", message, [exchange])


def _reads(script: Script, collection: Collection) -> None:
    """What every user may read is the same for all."""
    user = script.session.options.user_token
    listed = collection.read_page()
    first = next((item["id"] for item in collection.items(listed) if "id" in item), None)
    for verb, parameters in (("list", collection.parameters), ("get", collection.one(first))):
        operation = collection.resource.operations.get(verb)
        if not user or operation is None or _EVERYBODY not in operation.roles or first is None:
            continue
        query = collection.query if verb == "list" else ()
        ours = script.call(operation.id, parameters, query=query)
        theirs = script.call(operation.id, parameters, query=query, authorization=f"Bearer {user}")
        if (theirs.status, theirs.body) != (ours.status, ours.body):
            message = (
                f"{operation.method} {operation.path}: {theirs.status} for a user, {ours.status} for others"
            )
            script.fail("rights", operation.id, "every user may read it", message, [ours, theirs])
