"""Filters, orders and searches of a list do what their names say, alone and across pages.

The names follow one grammar everywhere: `filter[KEY]` and `filter[KEY][]` keep the things whose KEY has that value
(or one of several), `filter[KEY][from]` and `[to]` those within bounds, `order[KEY]` sorts, `query` searches text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any, Final

from kommo.contract import shapes
from kommo.contract.collection import Collection, Model, core, difference
from kommo.contract.exchange import Exchange
from kommo.contract.layers.walk import paging

_LIMIT: Final = ("limit", 250)
_FILTER: Final = re.compile(r"filter\[(?P<key>[a-z_]+)\](?P<rest>\[\]|\[0\]|\[from\]|\[to\])?")
_ORDER: Final = re.compile(r"order\[(?P<key>[a-z_]+)\]")

Query = list[tuple[str, Any]]


def check(collection: Collection, made: Sequence[Model]) -> None:
    """Try every declared filter, order and search.

    Args:
        collection: a list that nobody else changes meanwhile.
        made: some things in it.
    """
    whole = collection.read()
    if not whole.complete or len(whole.items) > 250 or not made:
        return
    ordered = orders(collection)
    for name in collection.resource.operations["list"].paging:
        if (found := _FILTER.fullmatch(name)) is not None:
            _filter(collection, name, found["key"], found["rest"] or "", whole.items, made, ordered)
        elif name == "query":
            _query(collection, made)
        elif name == "with":
            _with(collection, whole.items)
    _together(collection, made)


def orders(collection: Collection) -> str | None:
    """Try every declared order; return the last one.

    Args:
        collection: a list that nobody else changes meanwhile.
    """
    whole = collection.read()
    ordered: str | None = None
    for name in collection.resource.operations["list"].paging if whole.complete else ():
        if (found := _ORDER.fullmatch(name)) is not None and len(whole.items) <= 250:
            ordered = name
            _order(collection, name, found["key"], whole.items)
    return ordered


def _together(collection: Collection, made: Sequence[Model]) -> None:
    """Two filters at once keep what both of them keep: something of one thing, nothing of two different ones."""
    known = {
        found["key"]: name
        for name in collection.resource.operations["list"].paging
        if (found := _FILTER.fullmatch(name)) is not None and found["rest"] == "[]"
    }
    known |= {collection.label: "query"} if collection.declares("query") else {}
    for (key, name), (other_key, other_name) in combinations(known.items(), 2):
        told = [item for item in made if _plain(item.get(key)) and _plain(item.get(other_key))]
        if len(told) < 2:
            continue
        one = told[0]
        other = next(
            (item for item in told if item[key] != one[key] and item[other_key] != one[other_key]), None
        )
        for partner in (one, other):
            if partner is None:
                continue
            exchange = collection.read_page((name, one[key]), (other_name, partner[other_key]), _LIMIT)
            ids = {item.get("id") for item in collection.items(exchange)}
            wanted = {one["id"]} if partner is one else set()
            if exchange.accepted and ids & {one["id"], partner["id"]} != wanted:
                message = (
                    f"{name}={one[key]!r} and {other_name}={partner[other_key]!r} answer {len(ids)} things"
                )
                cause = f"{name} and {other_name} together"
                _fail(collection, "filter", cause, f"{message}; expected {wanted or 'none'}", [exchange])


def _order(collection: Collection, name: str, key: str, whole: Sequence[Model]) -> None:
    for direction in ("asc", "desc"):
        exchange = collection.read_page((name, direction), _LIMIT)
        items = collection.items(exchange)
        values = [item.get(key) for item in items]
        if not exchange.accepted or not all(isinstance(value, int) for value in values):
            continue
        wanted = sorted(values, key=lambda value: value if isinstance(value, int) else 0)
        if values != (wanted if direction == "asc" else wanted[::-1]):
            message = f"{name}={direction} answers {key} in the order {values}"
            _fail(collection, "order", f"{name}={direction}", message, [exchange])
        elif {repr(item.get("id")) for item in items} != {repr(item.get("id")) for item in whole}:
            message = f"{name}={direction} answers {len(items)} things, the whole list holds {len(whole)}"
            _fail(collection, "order", f"{name} loses items", message, [exchange])


def _filter(
    collection: Collection,
    name: str,
    key: str,
    rest: str,
    whole: Sequence[Model],
    made: Sequence[Model],
    ordered: str | None,
) -> None:
    values = list(dict.fromkeys(item[key] for item in made if _plain(item.get(key))))
    if not values:
        return
    if rest in ("[from]", "[to]"):
        numbers = sorted(value for value in values if isinstance(value, int))
        if numbers:
            bound = numbers[len(numbers) // 2]
            within: Callable[[Any], bool] = (
                (lambda value: value >= bound) if rest == "[from]" else (lambda value: value <= bound)
            )
            _compare(collection, [(name, bound)], key, whole, lambda v: isinstance(v, int) and within(v))
        return
    _compare(collection, [(name, values[-1])], key, whole, lambda value: value == values[-1])
    pair = values[:2] if len(values) > 1 else []
    if not rest or not pair:
        return
    two: Query = [(name if rest == "[]" else name.replace("[0]", f"[{n}]"), v) for n, v in enumerate(pair)]
    _compare(collection, two, key, whole, lambda value: value in pair)
    # Across pages the filter and the order stay what they were.
    if collection.declares("page") and collection.declares("limit"):
        extra: Query = [*two, *([(ordered, "desc")] if ordered else [])]
        first = collection.read_page(*extra, ("limit", 1), ("page", 1))
        wanted = [item.get("id") for item in collection.items(collection.read_page(*extra, _LIMIT))]
        calls, got = paging.along(collection, first, len(wanted))
        if first.accepted and len(calls) > 1 and got != wanted:
            message = f"following the next links of {extra} gives {got}; expected {wanted}"
            _fail(collection, "filter", "next links lose the filter or the order", message, calls)


def _compare(
    collection: Collection, query: Query, key: str, whole: Sequence[Model], keep: Callable[[Any], bool]
) -> None:
    exchange = collection.read_page(*query, _LIMIT)
    if not exchange.accepted:
        return
    got = [item.get("id") for item in collection.items(exchange)]
    wanted = [item.get("id") for item in whole if keep(item.get(key))]
    if sorted(map(repr, got)) != sorted(map(repr, wanted)):
        message = f"{query} answers {got[:20]}; expected {wanted[:20]}"
        several = " with several values" if len(query) > 1 else ""
        _fail(collection, "filter", f"{query[0][0]}{several}", message, [exchange])


def _query(collection: Collection, made: Sequence[Model]) -> None:
    text = made[-1].get(collection.label)
    if not isinstance(text, str):
        return
    exchange = collection.read_page(("query", text), _LIMIT)
    ids = [item.get("id") for item in collection.items(exchange)]
    if exchange.accepted and made[-1]["id"] not in ids:
        message = f"query={text!r} answers {ids[:20]}; {made[-1]['id']} has that text"
        _fail(collection, "filter", "query", message, [exchange])
    nothing = collection.read_page(("query", "no thing is called zqxj"), _LIMIT)
    if collection.items(nothing):
        _fail(collection, "filter", "query without hits", "a query without hits answers things", [nothing])


def _with(collection: Collection, whole: Sequence[Model]) -> None:
    """Asking for more gives more, and the rest as it was."""
    known = {item.get("id"): core(item) for item in whole}
    contract = collection.script.contract
    schema = collection.resource.operations["list"].paging["with"].get("schema", {})
    listed = shapes.of_type(contract, schema, "array")
    words = [
        value
        for one in shapes.alternatives(contract, schema if listed is None else listed.get("items"))
        for value in one.get("enum", ())
    ]
    for word in words:
        exchange = collection.read_page(("with", word), _LIMIT)
        if not exchange.accepted:
            message = f"with={word} is declared and answered {exchange.status}"
            _fail(collection, "refuses-valid", f"with={word}", message, [exchange])
        for item in collection.items(exchange):
            plain = known.get(item.get("id"), {})
            kept = {key: value for key, value in core(item).items() if key in plain and key != "_embedded"}
            wanted = {key: value for key, value in plain.items() if key != "_embedded"}
            if kept != wanted:
                message = f"with={word} changes {item.get('id')}: {difference(wanted, kept)}"
                _fail(collection, "filter", f"with={word} changes the rest", message, [exchange])
                break


def _plain(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _fail(collection: Collection, check_: str, cause: str, message: str, calls: list[Exchange]) -> None:
    collection.script.fail(check_, collection.op("list"), cause, message, calls)
