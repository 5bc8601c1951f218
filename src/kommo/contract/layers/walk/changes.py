"""Things are changed, alone and in a batch: what was asked for, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kommo.contract import drafting
from kommo.contract.checks import semantic
from kommo.contract.collection import Model, difference
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk.things import Things, same_thing
from kommo.contract.shapes import PREFIX

#: What a server writes into a thing whenever it is changed.
_STAMPS: Final = ("updated_at", "updated_by")
#: Keys that a server puts together of others.
_DERIVED: Final[Mapping[str, tuple[str, ...]]] = {"first_name": ("name",), "last_name": ("name",)}


def update_one(things: Things) -> None:
    """Change two keys of one thing."""
    if not things.collection.has("update"):
        return
    before = things.collection.read().by_id()
    model = before.get(things.made[0]["id"])
    if model is None:
        return
    change = dict(list(drafting.changes(things.collection, model))[:2])
    if not change:
        return
    extra = (
        {"request_id": "one1"} if things.collection.valid("update", {**change, "request_id": "one1"}) else {}
    )
    exchange = things.collection.update(model["id"], {**change, **extra})
    if not _accepted(things, exchange, "update", " and ".join(change)):
        return
    changed(things, exchange, before, {model["id"]: change}, "update")
    answered = exchange.answer.get("id", model["id"]) if isinstance(exchange.answer, dict) else model["id"]
    if answered != model["id"]:
        message = f"PATCH of {model['id']} answers {answered}"
        things.script.fail("echo", things.collection.op("update"), "another id", message, [exchange])


def update_batch(things: Things) -> None:
    """Change several things in one request, each in another way; the answer keeps the order."""
    if not things.collection.has("update_batch"):
        return
    collection = things.collection
    before = collection.read().by_id()
    chosen = [before[model["id"]] for model in things.made if model["id"] in before][:3]
    if len(chosen) < 2:
        return
    wanted: dict[Any, Model] = {}
    for index, model in enumerate(chosen):
        keys = list(drafting.changes(collection, model, "update_batch"))
        pick = keys[1:2] if index == len(chosen) - 1 and len(keys) > 1 else keys[:1]
        wanted[model["id"]] = dict(pick)
    body = [{"id": id_, **change} for id_, change in wanted.items()]
    body[0]["request_id"] = "b9"
    if not collection.valid("update_batch", body):
        del body[0]["request_id"]
    exchange = collection.update_batch(body)
    if not _accepted(things, exchange, "update_batch", "a batch of changes"):
        return
    answered = [item.get("id") for item in collection.items(exchange)]
    if answered != list(wanted):
        message = f"the answer holds the ids {answered}; sent were {list(wanted)}"
        things.script.fail("echo", collection.op("update_batch"), "ids", message, [exchange])
    changed(things, exchange, before, wanted, "update_batch")


def each_key(things: Things) -> None:
    """Every key that the contract lets a change set is stored, alone, and touches no other key."""
    if not things.collection.has("update"):
        return
    model = things.collection.read().by_id().get(things.made[0]["id"])
    for key, value in list(drafting.changes(things.collection, model)) if model is not None else ():
        if not things.collection.valid("update", {key: value}):
            continue
        before = things.collection.read().by_id()
        exchange = things.collection.update(things.made[0]["id"], {key: value})
        if _accepted(things, exchange, "update", key):
            changed(things, exchange, before, {things.made[0]["id"]: {key: value}}, "update")


def write_back(things: Things) -> None:
    """A model that was read and is sent back as it is changes nothing."""
    collection = things.collection
    if not (collection.has("get") and collection.has("update")):
        return
    for model in things.made:
        before = collection.read().by_id()
        read = collection.get(model["id"])
        if not isinstance(read.answer, dict) or not collection.valid("update", read.answer):
            continue
        exchange = collection.update(model["id"], read.answer)
        if exchange.accepted:
            changed(things, exchange, before, {model["id"]: {}}, "update")


def another_id(things: Things) -> None:
    """The path says what a change is for, whatever its body says."""
    collection = things.collection
    if not collection.has("update") or len(things.made) < 2 or not collection.label:
        return
    before = collection.read().by_id()
    one, other = things.made[0]["id"], things.made[1]["id"]
    change = {collection.label: f"{PREFIX} told by the path"}
    if one in before and collection.valid("update", {"id": other, **change}):
        exchange = collection.update(one, {"id": other, **change})
        if exchange.accepted:
            changed(things, exchange, before, {one: change}, "update")


def changed(
    things: Things, write: Exchange, before: Mapping[Any, Model], wanted: Mapping[Any, Model], verb: str
) -> None:
    """After a write the list is what it was but for the changes asked for, and each changed thing reads back."""
    collection, script = things.collection, things.script
    listing = collection.read()
    after = listing.by_id()
    for id_ in sorted({*before, *after}, key=repr):
        change = wanted.get(id_)
        old = before.get(id_)
        if old is None:
            continue
        stamped = {*_STAMPS, *(derived for key in change or () for derived in _DERIVED.get(key, ()))}
        expected = {**old, **(change or {})}
        got = after.get(id_, {})
        keys = [
            key
            for key in sorted({*expected, *got})
            if expected.get(key) != got.get(key) and not (change is not None and key in stamped)
        ]
        if keys:
            check, cause = (
                ("isolation", "another item changed")
                if change is None
                else ("read-after-write", "not what was written")
            )
            message = f"{cause}: {id_} after {write}: {difference(expected, got)}"
            calls = [write, *listing.calls]
            text = f"{cause}: {', '.join(keys)}"
            script.fail(check, collection.op(verb), text, message, calls, expected=expected, got=got)
        if change is not None and _earlier(got.get("updated_at"), old.get("updated_at")):
            message = f"updated_at of {id_} went back from {old['updated_at']} to {got['updated_at']}"
            script.fail("read-after-write", collection.op(verb), "updated_at goes back", message, [write])
    for id_ in wanted if collection.has("get") else ():
        exchange = collection.get(id_)
        got_one = exchange.answer if exchange.accepted else None
        listed = after.get(id_)
        if listed is not None:
            calls = [write, exchange]
            same_thing(collection, exchange, got_one, listed, calls, "read-after-write", "read alone")


def _accepted(things: Things, exchange: Exchange, verb: str, what: str) -> bool:
    """Say whether a good change was taken; report when it was refused for no reason."""
    if exchange.accepted:
        return True
    why = semantic.unjustified(exchange)
    if why is not None or exchange.status not in (400, 422):
        message = f"refused: {exchange}: {why or exchange.status}"
        things.script.fail("refuses-valid", things.collection.op(verb), what, message, [exchange])
    return False


def _earlier(one: Any, other: Any) -> bool:
    return isinstance(one, int) and isinstance(other, int) and one < other
