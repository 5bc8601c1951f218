"""Reading a list page by page neither loses nor repeats anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kommo.contract import shapes
from kommo.contract.checks.links import links
from kommo.contract.collection import Collection, Listing, core, difference
from kommo.contract.exchange import NO_JSON, Exchange


def check(collection: Collection) -> None:
    """Compare the pages of a list with the whole of it, by the parameters the contract declares.

    Args:
        collection: a list with some things in it that nobody else changes meanwhile.
    """
    script, operation = collection.script, collection.op("list")
    whole = collection.read()
    if not whole.complete:
        return
    ids = [item.get("id") for item in whole.items]
    if len(set(map(repr, ids))) < len(ids):
        repeated = sorted({repr(id_) for id_ in ids if ids.count(id_) > 1})[:5]
        script.fail(
            "paging", operation, "an item twice", f"ids {repeated} stand in the list twice", whole.calls
        )
        return
    totals(collection, whole)
    if not collection.declares("limit"):
        return
    count = len(ids)
    _default(collection, count)
    for limit in sorted({max(1, count // 4), max(1, count // 2 + 1), count + 1} & set(range(1, 251))):
        _pages(collection, whole, ids, limit)
    if count > 1 and collection.declares("page"):
        _follow_links(collection, ids, max(1, -(-count // 3)))
    if count > 2 and collection.declares("page"):
        _relations(collection, ids, max(1, count // 3), 2)
    if count > 3 and collection.declares("page"):
        _relations(collection, ids, max(1, count // 4), 3)
        _nothing_next(collection, count)
    if collection.declares("page"):
        _past_the_end(collection, count)
    if collection.declares("limit_rows") and count > 2:
        _rows(collection, ids)


def totals(collection: Collection, whole: Listing) -> None:
    """Compare the counters of the pages with what they hold."""
    for exchange in whole.calls:
        total = exchange.answer.get("_total_items") if isinstance(exchange.answer, dict) else None
        if whole.complete and isinstance(total, int) and total != len(whole.items):
            message = f"_total_items is {total}, {len(whole.items)} things are listed"
            collection.script.fail(
                "paging", collection.op("list"), "wrong _total_items", message, whole.calls
            )
            return


def _default(collection: Collection, count: int) -> None:
    """A page of which nobody says how large it is has the size that the contract says."""
    schema = collection.resource.operations["list"].paging["limit"].get("schema", {})
    default = shapes.alternatives(collection.script.contract, schema)[0].get("default")
    exchange = collection.read_page()
    got = len(collection.items(exchange))
    if isinstance(default, int) and exchange.accepted and got != min(default, count):
        message = f"without limit the page holds {got} of {count} things; expected {min(default, count)}"
        collection.script.fail("paging", collection.op("list"), "default limit", message, [exchange])


def _pages(collection: Collection, whole: Listing, ids: Sequence[object], limit: int) -> None:
    script, operation = collection.script, collection.op("list")
    listing = collection.read(limit)
    for number, exchange in enumerate(listing.calls, 1):
        items = collection.items(exchange)
        if len(items) > limit:
            message = f"limit={limit} and page {number} holds {len(items)} items"
            script.fail("paging", operation, "more items than the limit", message, [exchange])
            return
        _envelope(collection, exchange, number, limit, len(ids))
    got = [item.get("id") for item in listing.items]
    if got != ids:
        lost = [id_ for id_ in ids if id_ not in got]
        twice = sorted({repr(id_) for id_ in got if got.count(id_) > 1})
        cause = "loses items" if lost else "repeats items" if twice else "other items or another order"
        message = f"with limit={limit} the pages hold {got}, the whole list {ids}"
        script.fail(
            "paging", operation, cause, message, [*whole.calls, *listing.calls], expected=ids, got=got
        )
        return
    for one, other in zip(whole.items, listing.items, strict=True):
        if core(one) != core(other):
            message = f"item {one.get('id')} differs by page size: {difference(core(one), core(other))}"
            script.fail("paging", operation, "an item differs", message, [*whole.calls, *listing.calls])
            return


def _envelope(collection: Collection, exchange: Exchange, number: int, limit: int, count: int) -> None:
    """Check the counters of a v4 page (custom-fields-v4:90-110)."""
    answer = exchange.answer
    if not exchange.accepted or not isinstance(answer, dict):
        return
    wanted = {"_page": number, "_total_items": count, "_page_count": -(-count // limit)}
    for key, value in wanted.items():
        if key in answer and answer[key] != value and not (key == "_page_count" and count == 0):
            collection.script.fail(
                "paging",
                collection.op("list"),
                f"wrong {key}",
                f"{key} is {answer[key]!r} on page {number} of {count} items with limit={limit}; expected {value}",
                [exchange],
                expected=value,
                got=answer[key],
            )


def along(collection: Collection, first: Exchange, count: int) -> tuple[list[Exchange], list[Any]]:
    """Follow the next links from a page; return the exchanges and the ids on all pages.

    Args:
        collection: whose page it is.
        first: the page.
        count: of things that there should be; a server that links in circles is left soon after.
    """
    script, exchange = collection.script, first
    calls, got = [first], [item.get("id") for item in collection.items(first)]
    while len(calls) <= count + 2:
        following = _next(exchange)
        if following is None:
            break
        exchange = script.session.port.fetch("GET", following, operation=collection.op("list"))
        script.note(exchange)
        calls.append(exchange)
        got += [item.get("id") for item in collection.items(exchange)]
    return calls, got


def _next(exchange: Exchange) -> str | None:
    for place, relation, link, _ in links({} if exchange.answer is NO_JSON else exchange.answer):
        if relation == "next" and len(place) == 2 and isinstance(link, dict):
            return str(link.get("href"))
    return None


def _follow_links(collection: Collection, ids: Sequence[object], limit: int) -> None:
    script, operation = collection.script, collection.op("list")
    first = collection.page(1, limit)
    got = [item.get("id") for item in collection.items(first)]
    if _next(first) is None:
        if len(got) < len(ids) and "_links" in (first.answer if isinstance(first.answer, dict) else {}):
            if collection.resource.old:
                return  # v2 has no next link
            message = f"page 1 with limit={limit} of {len(ids)} items has no next link"
            script.fail("paging", operation, "no next link", message, [first])
        return
    calls, got = along(collection, first, len(ids))
    if got != ids:
        message = f"following the next links gives {got}, the whole list is {ids}"
        script.fail(
            "paging", operation, "next links lose or repeat items", message, calls, expected=ids, got=got
        )


def _relations(collection: Collection, ids: Sequence[object], limit: int, number: int) -> None:
    """The links of a page lead to the pages that they name."""
    pages = [list(ids[start : start + limit]) for start in range(0, len(ids), limit)]
    wanted = {"self": pages[number - 1], "first": pages[0], "prev": pages[number - 2], "last": pages[-1]}
    wanted |= {"next": pages[number]} if len(pages) > number else {}
    page = collection.page(number, limit)
    for place, relation, link, _ in links({} if page.answer is NO_JSON else page.answer):
        href = link.get("href") if isinstance(link, dict) else None
        if len(place) != 2 or relation not in wanted or not isinstance(href, str):
            continue
        exchange = collection.script.session.port.fetch("GET", href, operation=collection.op("list"))
        collection.script.note(exchange)
        got = [item.get("id") for item in collection.items(exchange)]
        if got != wanted[relation]:
            message = (
                f"the {relation} link of page {number}, {href}, leads to {got}; expected {wanted[relation]}"
            )
            calls = [page, exchange]
            collection.script.fail("paging", collection.op("list"), f"{relation} link", message, calls)


def _nothing_next(collection: Collection, count: int) -> None:
    """A last page that is full has no page after it, either."""
    exchange = collection.page(1, count) if count <= 250 else None
    href = None if exchange is None else _next(exchange)
    if exchange is None or href is None:
        return
    following = collection.script.session.port.fetch("GET", href, operation=collection.op("list"))
    collection.script.note(following)
    if not collection.items(following):
        message = f"all {count} things are on page 1 with limit={count}, and it links to a next page: {href}"
        collection.script.fail(
            "paging", collection.op("list"), "a next link to nothing", message, [exchange, following]
        )


def _past_the_end(collection: Collection, count: int) -> None:
    exchange = collection.page(count + 1000, 50)
    if collection.items(exchange):
        message = f"page {count + 1000} with limit=50 of {count} items is not empty"
        collection.script.fail("paging", collection.op("list"), "items past the end", message, [exchange])


def _rows(collection: Collection, ids: Sequence[object]) -> None:
    """The second, older paging of v2: rows and an offset."""
    exchange = collection.read_page(("limit_rows", 2), ("limit_offset", 1))
    got = [item.get("id") for item in collection.items(exchange)]
    if exchange.accepted and got != ids[1:3]:
        collection.script.fail(
            "paging",
            collection.op("list"),
            "limit_rows and limit_offset",
            f"limit_rows=2 and limit_offset=1 give {got}; expected {ids[1:3]}",
            [exchange],
            expected=ids[1:3],
            got=got,
        )
