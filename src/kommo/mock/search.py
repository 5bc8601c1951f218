"""Finding records: by id, by text, by attributes and values, in an order, a page at a time.

What a search costs depends on what it finds, not on how many records there are: it begins with the index that promises
the fewest records, or walks through the order and stops when the page is full, whichever is less.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain, islice
from typing import Final, NamedTuple

from .entities import ENTITIES, attribute_of
from .model import Field, Record, Scope
from .record_index import Aspect, Key, Keys, SortedIndex, text_of
from .store import Store
from .value_types.registry import VALUE_TYPES

ORDERS: Final = ("id", "created_at", "updated_at")
"""What records can be put in the order of."""

_COMMON: Final[dict[str, Callable[[Record], Key]]] = {
    "name": lambda record: record.name,
    "created_at": lambda record: record.created_at,
    "updated_at": lambda record: record.updated_at,
    "created_by": lambda record: record.created_by,
    "updated_by": lambda record: record.updated_by,
}
_COMPARED: Final = ("integer", "id", "text")


Spans = tuple[tuple[Key | None, Key | None], ...]
"""Keys from one to another, None for no bound."""


class Condition(NamedTuple):
    """One thing that a record must have: a key in one of some spans."""

    aspect: Aspect
    keys: Keys
    spans: Spans

    def holds(self, record: Record) -> bool:
        """Whether a record has it."""
        return any(
            (low is None or low <= key) and (high is None or key <= high)  # type: ignore[operator]
            for key in self.keys(record)
            for low, high in self.spans
        )


class Selection(NamedTuple):
    """What is looked for.

    Attributes:
        ids: only these; None for any.
        conditions: all of them must hold.
        term: a part of the text, in any case.
        whole: the term is also looked for in values, not in the name only.
        order: one of `ORDERS`.
        descending: the last first.
    """

    ids: frozenset[int] | None = None
    conditions: tuple[Condition, ...] = ()
    term: str = ""
    whole: bool = False
    order: str = "id"
    descending: bool = False


def attribute_keys(scope: Scope, name: str) -> tuple[Keys, bool] | None:
    """How records are compared by an attribute, and whether by numbers; None when there is no such attribute."""
    common = _COMMON.get(name)
    if common is not None:
        return (lambda record: (common(record),)), name != "name"
    found = next((one for one in ENTITIES[scope.entity].attributes if one.name == name), None)
    if found is None or found.kind not in _COMPARED:
        return None

    def keys(record: Record) -> Iterable[Key]:
        value = attribute_of(record, found)
        return () if value is None else (value,)

    return keys, found.kind != "text"


def value_keys(field: Field) -> Keys | None:
    """How records are compared by the values of a field; None for types that cannot be compared."""
    key = VALUE_TYPES[field.type].key
    if key is None:
        return None

    def keys(record: Record) -> Iterable[Key]:
        found = (key(value) for value in record.values.get(field.id, ()))
        return [part for part in found if part is not None]

    return keys


def find(store: Store, scope: Scope, selection: Selection, start: int, size: int | None) -> list[int]:
    """The ids of some of the records that a selection holds of.

    Args:
        store: where they are.
        scope: whose records.
        selection: what is looked for.
        start: hits to pass over.
        size: hits to answer; None for all.
    """
    if start >= len(store.records.ids(scope)):
        return []
    stop = None if size is None else start + size
    if selection.ids is None and not selection.conditions and not selection.term and selection.order == "id":
        return _slice(store.records.ids(scope), start, stop, descending=selection.descending)
    term = selection.term.casefold()

    def matches(id_: int) -> bool:
        record = store.record(scope, id_)
        return (
            record is not None
            and (selection.ids is None or id_ in selection.ids)
            and all(condition.holds(record) for condition in selection.conditions)
            and (not term or term in text_of(record, whole=selection.whole).casefold())
        )

    return list(islice(filter(matches, _candidates(store, scope, selection, term, stop)), start, stop))


def _candidates(
    store: Store, scope: Scope, selection: Selection, term: str, stop: int | None
) -> Iterable[int]:
    """Ids in the order that is asked for, among which are all hits."""
    indexes = store.records
    total = len(indexes.ids(scope))
    few, hits = _fewest(store, scope, selection)
    if term:
        texts = indexes.texts(scope, whole=selection.whole)
        at_most = texts.at_most(term)
        if at_most <= few:
            found = texts.ids(term, _text_reader(store, scope, selection), descending=selection.descending)
            if selection.order == "id":
                return found
            few, hits = at_most, found
    # Walking through the order passes over total / few records for each hit.
    walk = total if stop is None or not few else stop * total // few
    if hits is None or few > walk:
        return _in_order(store, scope, selection)
    ids = set(hits)
    if selection.order == "id":
        return sorted(ids, reverse=selection.descending)
    key = _COMMON[selection.order]
    known = [record for id_ in ids if (record := store.record(scope, id_)) is not None]
    known.sort(key=lambda record: (key(record), record.id), reverse=selection.descending)
    return [record.id for record in known]


def _fewest(store: Store, scope: Scope, selection: Selection) -> tuple[int, Iterable[int] | None]:
    """The index that promises the fewest hits: how many, and their ids in no order; None when there is none."""
    few = len(store.records.ids(scope)) if selection.ids is None else len(selection.ids)
    best: tuple[SortedIndex, Spans] | None = None
    for condition in selection.conditions:
        index = store.records.sorted(scope, condition.aspect, condition.keys)
        count = sum(index.count(low, high) for low, high in condition.spans)
        if count < few or (best is None and selection.ids is None):
            few, best = count, (index, condition.spans)
    if best is None:
        return few, selection.ids
    index, spans = best
    return few, chain.from_iterable(index.ids(low, high) for low, high in spans)


def _text_reader(store: Store, scope: Scope, selection: Selection) -> Callable[[int], str | None]:
    def read(id_: int) -> str | None:
        record = store.record(scope, id_)
        return None if record is None else text_of(record, whole=selection.whole)

    return read


def _in_order(store: Store, scope: Scope, selection: Selection) -> Iterable[int]:
    """The ids of all records of a scope."""
    if selection.order == "id":
        ids = store.records.ids(scope)
        return reversed(ids) if selection.descending else ids
    key = _COMMON[selection.order]
    index = store.records.sorted(scope, ("attribute", selection.order), lambda record: (key(record),))
    return index.in_order(descending=selection.descending)


def _slice(ids: list[int], start: int, stop: int | None, *, descending: bool) -> list[int]:
    """A part of a list, perhaps from its end, at the cost of that part."""
    if not descending:
        return ids[start:stop]
    size = len(ids)
    end = max(size - start, 0)
    return ids[0 if stop is None else max(size - stop, 0) : end][::-1]
