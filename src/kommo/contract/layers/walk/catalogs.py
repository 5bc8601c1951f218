"""The life of lists (v2): added, found, updated, deleted in one request or several."""

from __future__ import annotations

from typing import Any

from kommo.contract import domain
from kommo.contract.checks.echo import embedded, same
from kommo.contract.checks.echo_v2 import failures
from kommo.contract.collection import difference
from kommo.contract.layers.walk import paging, versions
from kommo.contract.session import Script
from kommo.contract.shapes import PREFIX, TRICKY

_SWITCHES = ("can_add_elements", "can_show_in_cards", "can_link_multiple")
#: More than any page the vendor is known to cut a list into (50).
_MANY = 53
#: On a live account, which may hold ten lists.
_FEW = 6


def walk(script: Script) -> None:
    """Walk through the lists."""
    lists = domain.catalogs(script)
    operation = script.contract.operations[lists.op("write")]
    before = lists.read().by_id()
    sent: list[dict[str, Any]] = [
        {
            "name": f"{PREFIX} list ü",
            "request_id": 762649081,
            "can_add_elements": False,
            "can_show_in_cards": True,
        },
        {"name": f"{PREFIX} second", "request_id": 5, "can_link_multiple": False},
        *(
            {"name": f"{PREFIX} bulk {number} {TRICKY[number % len(TRICKY)]}"}
            for number in range((_FEW if script.session.options.gentle else _MANY) - 2)
        ),
    ]
    if script.contract.valid_request(operation, {"add": [{"name": "x", "type": "products"}]}):
        # One list of the special types is all an account may have; that one is a probe of its own.
        sent[1]["type"] = "regular"
    creation = lists.write(add=sent)
    made = embedded(creation.answer, "items")
    if len(made) != len(sent):
        message = f"{len(sent)} lists were sent, {len(made)} are answered: {creation}"
        script.fail("refuses-valid", lists.op("write"), "lists", message, [creation])
        return
    ids = [item.get("id") for item in made]
    listing = lists.read()
    by_id = listing.by_id()
    calls = [creation, *listing.calls]
    for item, id_ in zip(sent, ids, strict=True):
        model = by_id.get(id_)
        if model is None:
            lost = [id_ for id_ in ids if id_ not in by_id]
            message = f"{len(lost)} of {len(ids)} added lists are not in the list: {lost[:5]}"
            script.fail("list-contains", lists.op("list"), "a created item is missing", message, calls)
            break
        for key in ("name", "type", *_SWITCHES):
            if key in item and key in model and not same(item[key], model[key]):
                message = f"{key} of list {id_} was sent as {item[key]!r} and is {model[key]!r}"
                script.fail("read-after-write", lists.op("write"), key, message, calls)
    _unchanged(script, before, by_id, "adding lists", calls)
    if len(set(map(repr, ids))) < len(ids) or set(ids) & set(before):
        script.fail(
            "isolation",
            lists.op("write"),
            "ids that were taken",
            f"ids {ids} repeat or were taken",
            [creation],
        )
    paging.check(lists)
    versions.check(lists, "catalogs")
    _by_id(script, ids)
    _update(script, ids, by_id)
    _failures(script, ids)
    ids = [id_ for id_ in ids if id_ not in _bystander(script, ids)]
    deletion = lists.write(delete=ids)
    left = lists.read()
    still = [id_ for id_ in ids if id_ in left.by_id()]
    if not deletion.accepted or still:
        message = f"deleted lists are still there: {still[:5]} ({deletion})"
        script.fail(
            "deleted-stays-deleted", lists.op("list"), "in the list", message, [deletion, *left.calls]
        )
    _unchanged(script, before, left.by_id(), "deleting lists", [deletion, *left.calls])
    gone = lists.read_page(("id", ids[0]))
    if lists.items(gone):
        message = f"the deleted list {ids[0]} is found by its id"
        script.fail("deleted-stays-deleted", lists.op("list"), "found by id", message, [deletion, gone])


def _unchanged(
    script: Script, before: dict[Any, Any], after: dict[Any, Any], what: str, calls: list[Any]
) -> None:
    for id_, model in before.items():
        if after.get(id_) != model:
            message = f"{what} changed list {id_}: {difference(model, after.get(id_, {}))}"
            script.fail("isolation", "write_v2_catalogs", "another item changed", message, calls)


def _by_id(script: Script, ids: list[Any]) -> None:
    lists = domain.catalogs(script)
    if not lists.declares("id"):
        return
    exchange = lists.read_page(("id", ids[0]))
    got = [item.get("id") for item in lists.items(exchange)]
    if got != [ids[0]]:
        script.fail("filter", lists.op("list"), "id", f"id={ids[0]} answers the lists {got}", [exchange])
    unknown = lists.read_page(("id", 2**40 + 1))
    if lists.items(unknown):
        script.fail("filter", lists.op("list"), "unknown id", "an unknown id answers lists", [unknown])


def _update(script: Script, ids: list[Any], by_id: dict[Any, Any]) -> None:
    lists = domain.catalogs(script)
    changes = [{"id": ids[0], "name": f"{PREFIX} renamed ✓"}, {"id": ids[1], "can_add_elements": False}]
    exchange = lists.write(update=changes)
    listing = lists.read()
    after = listing.by_id()
    calls = [exchange, *listing.calls]
    for change in changes:
        current = by_id.get(change["id"], {})
        wanted = {**current, **{key: value for key, value in change.items() if key in current}}
        got = dict(after.get(change["id"], {}))
        for key in ("updated_at", "updated_by"):
            wanted.pop(key, None)
            got.pop(key, None)
        if got != wanted:
            message = f"list {change['id']} after an update with {change}: {difference(wanted, got)}"
            script.fail("read-after-write", lists.op("write"), "update", message, calls)
    _unchanged(
        script,
        {id_: model for id_, model in by_id.items() if id_ not in ids[:2]},
        after,
        "updating lists",
        calls,
    )


def _failures(script: Script, ids: list[Any]) -> None:
    """One bad item: either it alone fails and is named, or nothing is done."""
    lists = domain.catalogs(script)
    exchange = lists.write(update=[{"id": ids[2], "name": f"{PREFIX} good"}, {"id": 2**40 + 3, "name": "x"}])
    name = lists.read().by_id().get(ids[2], {}).get("name")
    done = name == f"{PREFIX} good"
    if exchange.accepted:
        if failures(exchange.answer) != 1:
            message = (
                f"an update of an unknown list was answered {exchange.status} without naming its failure"
            )
            script.fail("accepts-invalid", lists.op("write"), "unknown id", message, [exchange])
        if not done:
            message = f"the good item of the request was not carried out: list {ids[2]} is called {name!r}"
            script.fail("atomicity", lists.op("write"), "a good item lost", message, [exchange])
    elif done:
        message = f"the request was refused ({exchange.status}) and list {ids[2]} was changed all the same"
        script.fail("atomicity", lists.op("write"), "a refused request left traces", message, [exchange])
    deletion = lists.write(delete=[2**40 + 3])
    if deletion.accepted and failures(deletion.answer) != 1 and embedded(deletion.answer, "items"):
        message = "deleting an unknown list is answered as done"
        script.fail("accepts-invalid", lists.op("write"), "delete of an unknown id", message, [deletion])


def _bystander(script: Script, ids: list[Any]) -> list[Any]:
    """Deleting one list leaves the elements of another; return the ids that are gone now."""
    if "write_v2_catalog_elements" not in script.contract.operations:
        return []
    kept, doomed = domain.elements(script, ids[3]), domain.elements(script, ids[4])
    for place in (kept, doomed):
        place.write(add=[{"catalog_id": place.query[0][1], "name": f"{PREFIX} element"}])
    before = kept.read().by_id()
    orphans = set(doomed.read().by_id())
    deletion = domain.catalogs(script).write(delete=[ids[4]])
    listing = kept.read()
    if listing.by_id() != before or not before:
        message = (
            f"deleting list {ids[4]} changed the elements of list {ids[3]}: {before} became {listing.by_id()}"
        )
        script.fail(
            "isolation",
            "write_v2_catalogs",
            "elements of another list changed",
            message,
            [deletion, *listing.calls],
        )
    if kept.declares("id"):
        for id_ in orphans:
            found = script.call(kept.op("list"), query=[("catalog_id", ids[4]), ("id", id_)])
            if kept.items(found):
                message = f"element {id_} of the deleted list {ids[4]} is still found"
                script.fail(
                    "deleted-stays-deleted",
                    kept.op("list"),
                    "element of a deleted list",
                    message,
                    [deletion, found],
                )
    return [ids[4]]
