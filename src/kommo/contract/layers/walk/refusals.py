"""What a server must refuse, or answer as declared, and leave no trace of."""

from __future__ import annotations

from typing import Final

from kommo.contract import drafting
from kommo.contract.collection import Collection
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk.things import Things
from kommo.contract.shapes import PREFIX

#: Request ids of every form that the contract may allow.
_MARKS: Final = (70_051, "70052", "kc " + "x" * 80, "ё☕ & <b>")


def batches(things: Things) -> None:
    """A request that must be refused is, as a whole."""
    collection, script = things.collection, things.script
    before = collection.read().by_id()
    attempts: list[tuple[str, Exchange]] = []
    good = drafting.drafts(collection, 1, "half")[:1]
    required = list((collection.schema("create") or {}).get("required", ()))
    bad = [{key: value for key, value in good[0].items() if key != name} for name in required]
    bad.append({**good[0], collection.label: [7]})
    if collection.takes_array("create"):
        attempts += [
            ("create", collection.create([good[0], item]))
            for item in bad
            if not collection.valid("create", [good[0], item])
        ]
    if collection.has("update_batch"):
        change = {"id": things.made[0]["id"], **dict(list(drafting.changes(collection, things.made[0]))[:1])}
        stranger = {**change, "id": collection.resource.unknown_id}
        attempts.append(("update_batch", collection.update_batch([change, stranger])))
    for verb, exchange in attempts:
        if exchange.accepted:
            message = f"a batch with a bad item was accepted: {exchange}"
            script.fail("accepts-invalid", collection.op(verb), "a bad item in a batch", message, [exchange])
    after = collection.read().by_id()
    if after != before:
        changed = [id_ for id_ in {*before, *after} if before.get(id_) != after.get(id_)]
        message = f"refused batches changed or created {changed[:5]}"
        calls = [exchange for _, exchange in attempts]
        cause = "a refused batch left traces"
        script.fail("atomicity", collection.op("create"), cause, message, calls)


def twice(things: Things) -> None:
    """One thing twice in a batch of changes, one request id twice among new things: answered as declared."""
    collection = things.collection
    if collection.has("update_batch") and collection.label:
        change = {"id": things.made[0]["id"], collection.label: f"{PREFIX} twice"}
        collection.update_batch([change, {**change, collection.label: f"{PREFIX} twice more"}])
    if collection.takes_array("create"):
        one = drafting.drafts(collection, 1, "twice")[0]
        for _, _, model in drafting.accepted(collection, [one, dict(one)]):
            if collection.has("delete"):
                collection.delete(model["id"])


def namesakes(things: Things) -> None:
    """Two things of one name in a batch are two things; each is paired by its request id, whatever that looks like."""
    collection, script = things.collection, things.script
    one = drafting.drafts(collection, 1, "namesake")[0]
    if "request_id" not in one or not collection.takes_array("create"):
        return
    marks = [mark for mark in _MARKS if collection.valid("create", [{**one, "request_id": mark}])]
    made = drafting.accepted(collection, [{**one, "request_id": mark} for mark in marks])
    ids = {model["id"] for _, _, model in made}
    if made and len(ids) < len(marks):
        message = f"{len(marks)} things of one name were sent, {len(ids)} ids are answered"
        script.fail("echo", collection.op("create"), "namesakes are mixed up", message, [made[0][0]])
    for id_ in ids if collection.has("delete") else ():
        collection.delete(id_)


def nowhere(things: Things) -> None:
    """Under a parent that does not exist there is nothing, and nothing can be made."""
    collection, script = things.collection, things.script
    if not collection.parameters:
        return
    parameters: dict[str, str | int] = dict.fromkeys(collection.parameters, 2**40 + 13)
    lost = Collection(script, collection.resource, parameters, collection.query)
    attempts = [("list", lost.read_page())]
    if things.sent:
        attempts.append(("create", lost.create(drafting.body(lost, things.sent[:1]))))
    for verb, exchange in attempts:
        if exchange.accepted and (verb == "create" or lost.items(exchange)):
            message = f"{exchange} was answered, though there is no such parent"
            script.fail("unknown-id", collection.op(verb), f"{verb} under no parent", message, [exchange])
