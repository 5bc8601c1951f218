"""The indexes over records: by where they live, by the words in them, by an attribute or the value of a field.

Ids are indexed always; the others are made when they are first asked for and kept up to date from then on.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from .model import EntityName, Record, Scope
from .texts import TextIndex

Key = int | float | str
"""What records are ordered and compared by. The keys of one index are all numbers or all strings."""

Keys = Callable[[Record], Iterable[Key]]
"""The keys of a record in one index: none, one, or one for each value of a field."""

Aspect = tuple[str, str | int]
"""What an index is of: `("attribute", name)` or `("value", field id)`."""

_MAX_SORTED: Final = 64


class SortedIndex:
    """Records in the order of a key, those of the same key by id.

    Args:
        keys: the keys of a record.
        records: what to begin with.
    """

    def __init__(self, keys: Keys, records: Iterable[Record]) -> None:
        self.keys = keys
        self._rows: list[tuple[Any, int]] = sorted(
            (key, record.id) for record in records for key in set(keys(record))
        )

    def change(self, old: Record | None, new: Record | None) -> None:
        """Take over a record that was stored, changed or removed."""
        before = set() if old is None else set(self.keys(old))
        after = set() if new is None else set(self.keys(new))
        if old is not None:
            for key in before - after:
                del self._rows[bisect_left(self._rows, (key, old.id))]
        if new is not None:
            for key in after - before:
                insort(self._rows, (key, new.id))

    def count(self, low: Key | None, high: Key | None) -> int:
        """How many entries have a key from `low` to `high`, None for no bound."""
        start, end = self._span(low, high)
        return max(end - start, 0)

    def ids(self, low: Key | None, high: Key | None) -> Iterator[int]:
        """The ids of the records with a key from `low` to `high`, in the order of the keys."""
        start, end = self._span(low, high)
        return (self._rows[place][1] for place in range(start, end))

    def in_order(self, *, descending: bool) -> Iterator[int]:
        """The ids of all records that have a key."""
        return (id_ for _, id_ in (reversed(self._rows) if descending else self._rows))

    def _span(self, low: Key | None, high: Key | None) -> tuple[int, int]:
        start = 0 if low is None else bisect_left(self._rows, low, key=_key)
        end = len(self._rows) if high is None else bisect_right(self._rows, high, key=_key)
        return start, end


def _key(row: tuple[Any, int]) -> Any:
    return row[0]


def text_of(record: Record, *, whole: bool) -> str:
    """What a search looks through: the name, and on request the values that are text."""
    if not whole:
        return record.name
    found = [record.name]
    for values in record.values.values():
        found += [value.value for value in values if isinstance(value.value, str)]
    return "\n".join(found)


class RecordIndexes:
    """All indexes over the records of a store.

    Args:
        table: the records by account, kind of entity and id. Whoever changes it says so to `change`.
    """

    def __init__(self, table: dict[Any, Record]) -> None:
        self._table = table
        self._ids = _ids_by_scope(table.values())
        self._texts: dict[tuple[Scope, bool], TextIndex] = {}
        self._sorted: dict[tuple[Scope, Aspect], SortedIndex] = {}

    def ids(self, scope: Scope) -> list[int]:
        """The ids of the records of a scope, ascending. Not to be changed."""
        return self._ids.get(scope, [])

    def records(self, scope: Scope) -> Iterator[Record]:
        """The records of a scope by id."""
        return (self._table[(scope.account_id, scope.entity, id_)] for id_ in self.ids(scope))

    def texts(self, scope: Scope, *, whole: bool) -> TextIndex:
        """The words in the records of a scope; see `text_of`."""
        key = (scope, whole)
        index = self._texts.get(key)
        if index is None:
            texts = ((record.id, text_of(record, whole=whole)) for record in self.records(scope))
            index = self._texts[key] = TextIndex(texts)
        return index

    def sorted(self, scope: Scope, aspect: Aspect, keys: Keys) -> SortedIndex:
        """The records of a scope by one aspect.

        Args:
            scope: whose records.
            aspect: the name of the index.
            keys: what it is made with when there is none of this name yet.
        """
        key = (scope, aspect)
        index = self._sorted.get(key)
        if index is None:
            # Which there are is the callers' choice: keep a few.
            if len(self._sorted) >= _MAX_SORTED:
                self._sorted.pop(next(iter(self._sorted)))
            index = self._sorted[key] = SortedIndex(keys, self.records(scope))
        return index

    def change(self, old: Record | None, new: Record | None) -> None:
        """Take over a record that was stored, changed or removed."""
        if old is not None and new is not None and old.scope != new.scope:
            # Contents that are put back may know the id as that of an element of another list.
            self.change(old, None)
            old = None
        record = new or old
        if record is None:
            return
        scopes = [record.scope]
        if record.catalog_id:
            scopes.append(record.scope._replace(catalog_id=0))
        if old is None or new is None:
            for scope in scopes:
                ids = self._ids.setdefault(scope, [])
                if new is not None:
                    insort(ids, new.id)
                else:
                    del ids[bisect_left(ids, record.id)]
        for (scope, whole), texts in self._texts.items():
            if scope in scopes:
                _change_text(texts, old, new, whole=whole)
        for (scope, _), index in self._sorted.items():
            if scope in scopes:
                index.change(old, new)


def _ids_by_scope(records: Iterable[Record]) -> dict[Scope, list[int]]:
    """The ids of many records at once, which takes a tenth of the time of one after another."""
    found: dict[tuple[int, EntityName, int], list[int]] = {}
    for record in records:
        found.setdefault((record.account_id, record.entity, record.catalog_id), []).append(record.id)
    ids: dict[Scope, list[int]] = {}
    for (account_id, entity, catalog_id), some in found.items():
        for place in {catalog_id, 0}:
            ids.setdefault(Scope(account_id, entity, place), []).extend(some)
    for every in ids.values():
        every.sort()
    return ids


def _change_text(index: TextIndex, old: Record | None, new: Record | None, *, whole: bool) -> None:
    if (
        old is not None
        and new is not None
        and old.name == new.name
        and (not whole or old.values is new.values)
    ):
        return
    before = None if old is None else text_of(old, whole=whole)
    after = None if new is None else text_of(new, whole=whole)
    if before == after:
        return
    if old is not None and before is not None:
        index.remove(old.id, before)
    if new is not None and after is not None:
        index.add(new.id, after)
