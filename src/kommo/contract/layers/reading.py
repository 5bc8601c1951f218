"""The only layer for an account that must not be written to: every read of the contract, compared with each other."""

from __future__ import annotations

from kommo.contract.collection import Collection
from kommo.contract.layers.walk import follow, paging, searching
from kommo.contract.layers.walk.things import same_thing
from kommo.contract.places import Places
from kommo.contract.resources import resources
from kommo.contract.session import Script, Session

LAYER = "reading"

_SAMPLES = 3


def run(session: Session) -> None:
    """Read everything there is.

    Raises:
        Halted: the server limits or bans the suite.
    """
    script = Script(session, LAYER)
    for collection in _collections(script):
        if session.done:
            return
        session.progress(LAYER, collection.tag)
        listing = collection.read()
        paging.check(collection)
        follow.check(collection)
        searching.check(collection, listing.items)
        if not collection.has("get"):
            continue
        for item in listing.items[:_SAMPLES]:
            exchange = collection.get(item.get("id"))
            got = exchange.answer if exchange.accepted else None
            calls = [*listing.calls, exchange]
            same_thing(collection, exchange, got, item, calls, "read-after-write", "read alone")
        unknown = collection.get(collection.resource.unknown_id)
        if unknown.accepted and unknown.status != 204:
            message = f"an id that never existed was answered {unknown.status}"
            script.fail("unknown-id", collection.op("get"), "get", message, [unknown])


def _collections(script: Script) -> list[Collection]:
    """Every collection that can be listed; of those with parents, some that are there."""
    places = Places(script)
    return [
        collection
        for resource in resources(script.contract).values()
        if script.session.selected(f"list_{resource.tag}")
        for collection in places.existing(resource, _SAMPLES)
    ]
