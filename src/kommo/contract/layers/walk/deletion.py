"""Things are deleted: gone in every place, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kommo.contract import drafting
from kommo.contract.collection import Collection
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import paging
from kommo.contract.layers.walk.things import Things


def delete(things: Things) -> None:
    """What is deleted is gone in every place, and nothing else is; its id is not given away again."""
    collection, script = things.collection, things.script
    if not collection.has("delete"):
        return
    for number, model in enumerate(things.made):
        before = collection.read().by_id() if number < 3 else {}
        exchange = collection.delete(model["id"])
        if not exchange.accepted:
            message = f"{model['id']} could not be deleted: {exchange}"
            script.fail("refuses-valid", collection.op("delete"), "delete", message, [exchange])
            continue
        gone(things, model["id"], exchange)
        if before:
            after = collection.read().by_id()
            wanted = {id_: kept for id_, kept in before.items() if id_ != model["id"]}
            if after != wanted:
                others = [id_ for id_ in {*wanted, *after} if wanted.get(id_) != after.get(id_)]
                message = f"deleting {model['id']} changed {others[:5]}"
                cause = "another item changed"
                script.fail("isolation", collection.op("delete"), cause, message, [exchange])
    listing = collection.read()
    ids = {model["id"] for model in things.made}
    left = [id_ for id_ in ids if id_ in listing.by_id()]
    if left:
        message = f"the list still holds the deleted {left[:5]}"
        check = "deleted-stays-deleted"
        script.fail(check, collection.op("list"), "in the list", message, listing.calls)
    paging.totals(collection, listing)
    for fresh, _, model in drafting.accepted(collection, drafting.drafts(collection, 1, "last")[:1]):
        if model["id"] in ids:
            message = f"a new thing was given the id {model['id']} of a deleted one"
            script.fail("isolation", collection.op("create"), "an id used again", message, [fresh])
        collection.delete(model["id"])


def gone(things: Things, id_: Any, deletion: Exchange) -> None:
    """Check that nothing can be done any more with what was deleted."""
    for verb, exchange in _attempts(things, id_):
        # Unknown things may be answered as "nothing here" (204 without a body) where the contract says so.
        if exchange.accepted and not (verb == "get" and exchange.status == 204):
            message = f"{verb} of the deleted {id_} was answered {exchange.status}"
            check = "deleted-stays-deleted"
            things.script.fail(check, things.collection.op(verb), verb, message, [deletion, exchange])


def unknown(things: Things) -> None:
    """Ids that never existed are answered 404 (or as empty), not as somebody else's thing."""
    for verb, exchange in _attempts(things, things.collection.resource.unknown_id):
        if exchange.accepted and not (verb == "get" and exchange.status == 204):
            message = f"{verb} of an id that never existed was answered {exchange.status}"
            things.script.fail("unknown-id", things.collection.op(verb), verb, message, [exchange])


def _attempts(things: Things, id_: Any) -> list[tuple[str, Exchange]]:
    collection = things.collection
    change = {collection.label: "x"} if collection.label else drafting.drafts(collection, 1, "x")[0]
    calls: list[tuple[str, Callable[[], Exchange]]] = [
        ("get", lambda: collection.get(id_)),
        ("update", lambda: collection.update(id_, change)),
        ("delete", lambda: collection.delete(id_)),
    ]
    return [(verb, call()) for verb, call in calls if collection.has(verb)]


def orphaned(collection: Collection, id_: Any) -> None:
    """Check that nothing is left under a parent that was deleted.

    Args:
        collection: whose parent is gone.
        id_: of something that was in it.
    """
    script = collection.script
    attempts = [("list", collection.read_page())]
    if collection.has("get"):
        attempts.append(("get", collection.get(id_)))
    for verb, exchange in attempts:
        if exchange.accepted and exchange.status != 204 and (verb == "get" or collection.items(exchange)):
            message = f"{exchange}: what was under a deleted parent is still there"
            check = "deleted-stays-deleted"
            script.fail(check, collection.op(verb), f"{verb} under a deleted parent", message, [exchange])
