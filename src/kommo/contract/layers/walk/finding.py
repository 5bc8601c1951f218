"""Things are found by the values of their fields: by one, by one of several, within bounds, by several fields at once.

The filter is `filter[custom_fields_values][ID]` followed by `[]`, `[0]`, `[from]`, ... for a collection that declares
it; `query` finds a thing by the text of a value, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

from kommo.contract.collection import Collection

#: The parameter that declares the filter.
FILTER: Final = "filter[custom_fields_values]"
#: Types that can be compared with bounds.
_BOUNDED: Final = ("numeric", "date_time")
#: Types by which things can be found.
_FOUND: Final = (*_BOUNDED, "text", "checkbox", "select", "radiobutton", "multiselect")

#: The keys by which each of two things is found, by field; the first key belongs to the first thing alone.
Keys = Mapping[Any, tuple[Sequence[Any], Sequence[Any]]]


def check(collection: Collection, types: Mapping[Any, str], keys: Keys, one: Any, other: Any) -> None:
    """Look two things up by the values that they alone have.

    Args:
        collection: where they are; nothing is done unless the filter is declared, nor on a live account, which the
            vendor has to give the filter to.
        types: type of each field.
        keys: what each of the two has in a field.
        one, other: ids of the things.
    """
    if not collection.declares(FILTER) or collection.script.session.options.gentle:
        return
    ids = {0: one, 1: other}
    held: list[tuple[Any, Any]] = []
    for id_, (first, second) in keys.items():
        kind = types.get(id_)
        if kind not in _FOUND or not first or not second:
            continue
        name = f"{FILTER}[{id_}]"
        for key in dict.fromkeys([*first, *second]):
            wanted = [ids[place] for place, own in enumerate((first, second)) if key in own]
            _expect(collection, [(f"{name}[]", key)], wanted, f"a value of a {kind} field")
        _expect(
            collection, [(f"{name}[0]", first[0]), (f"{name}[1]", second[0])], [one, other], "several values"
        )
        if kind in _BOUNDED:
            _bounds(collection, name, [(first[0], one), (second[0], other)])
        held.append((id_, (first[0], second[0])))
    for (id_, mine), (next_id, theirs) in pairwise(held):
        one_name, next_name = f"{FILTER}[{id_}][]", f"{FILTER}[{next_id}][]"
        _expect(collection, [(one_name, mine[0]), (next_name, theirs[0])], [one], "two fields at once")
        if mine[0] not in keys[id_][1] and theirs[1] not in keys[next_id][0]:
            _expect(collection, [(one_name, mine[0]), (next_name, theirs[1])], [], "two fields at once")
        if mine[0] not in keys[id_][1]:
            _expect(collection, [(one_name, mine[0]), ("filter[id][]", other)], [], "a field and an id")


def _bounds(collection: Collection, name: str, held: list[tuple[Any, Any]]) -> None:
    """Bounds belong to what they bound."""
    (low, least), (high, most) = sorted(held, key=lambda pair: float(pair[0]))
    for bounds, wanted in (
        ([("from", low)], [least, most]),
        ([("from", high)], [most]),
        ([("to", low)], [least]),
        ([("to", high)], [least, most]),
        ([("from", low), ("to", high)], [least, most]),
    ):
        query = [(f"{name}[{bound}]", value) for bound, value in bounds]
        _expect(collection, query, wanted, " and ".join(bound for bound, _ in bounds))


def text(collection: Collection, value: str, id_: Any) -> None:
    """A search finds the thing that has a text in a field, as the contract says of searches."""
    if collection.declares("query") and not collection.script.session.options.gentle:
        _expect(collection, [("query", value)], [id_], "the text of a value")


def _expect(collection: Collection, query: list[tuple[str, Any]], wanted: list[Any], what: str) -> None:
    exchange = collection.read_page(*query, ("limit", 250))
    got = [item.get("id") for item in collection.items(exchange)]
    if not exchange.accepted or sorted(map(repr, got)) != sorted(map(repr, wanted)):
        message = f"{query} answers {exchange.status} {got[:20]}; expected {wanted}"
        collection.script.fail("filter", collection.op("list"), what, message, [exchange])
