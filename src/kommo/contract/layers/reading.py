"""The only layer for an account that must not be written to: every read of the contract, compared with each other."""

from __future__ import annotations

from kommo.contract import domain
from kommo.contract.domain import Collection, core
from kommo.contract.layers.walk import paging
from kommo.contract.layers.walk.fields import expect_same, filters
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
        if not collection.has("get"):
            continue
        for item in listing.items[:_SAMPLES]:
            exchange = collection.get(item.get("id"))
            got = exchange.answer if exchange.accepted else None
            expect_same(
                collection,
                exchange,
                got,
                core(item),
                [*listing.calls, exchange],
                "read-after-write",
                "read alone",
            )
        unknown = collection.get("kc_no_such_group" if collection.tag.endswith("groups") else 2**40 + 7)
        if unknown.accepted and unknown.status != 204:
            message = f"an id that never existed was answered {unknown.status}"
            script.fail("unknown-id", collection.op("get"), "get", message, [unknown])
        if collection.tag.endswith("custom_fields") and listing.items:
            filters(collection, listing.items)


def _collections(script: Script) -> list[Collection]:
    lists = domain.catalogs(script)
    found: list[Collection] = []
    ids: list[int] = []
    if lists.has("list"):
        found.append(lists)
        ids = [item["id"] for item in lists.read().items[:_SAMPLES] if isinstance(item.get("id"), int)]
    for id_ in ids:
        found += [domain.elements(script, id_), domain.fields(script, "catalogs", id_)]
    found += [domain.fields(script, entity) for entity in domain.ENTITIES if entity != "catalogs"]
    found += [domain.groups(script, entity) for entity in domain.WITH_GROUPS]
    return [one for one in found if one.has("list") and script.session.selected(one.op("list"))]
