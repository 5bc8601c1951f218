"""All records of the mock in memory, with the indexes the API needs, changed only by transactions.

A transaction changes the tables at once and keeps what it replaced; when it fails, everything is put back. Reads inside
a transaction therefore see its own writes, and a batch of which one item is refused leaves no trace. With a backend,
a transaction is written to disk before it counts as done.
"""

from __future__ import annotations

import threading
from bisect import insort
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar, cast

from msgspec import Struct
from msgspec.structs import replace

from .backend import Backend
from .clock import time_of
from .field_index import FieldIndex
from .model import Catalog, Clock, Counter, Field, Group, Record, Scope, Setting
from .record_index import RecordIndexes
from .tables import KINDS, Key, Tables, empty_tables

Change = tuple[type[Struct], Key, Struct | None]
R = TypeVar("R", bound=Struct)

FIRST_ID: Final = 1_001
"""Ids that the mock gives out start here: a released client refuses list ids of 1000 and below."""


class StorageFailed(Exception):
    """A transaction could not be kept (disk full, lock not to be had). Nothing of it was kept."""


class Store:
    """The tables, their indexes, and the clock.

    Args:
        backend: keeps every transaction on disk; None keeps everything in memory.
    """

    def __init__(self, backend: Backend | None = None) -> None:
        self.lock = threading.RLock()
        self.revision = 0
        self.backend = backend
        self._undo: list[Change] | None = None
        self._field_watchers: list[Callable[[int, int], None]] = []
        self._tables = empty_tables()
        self.load(empty_tables())

    # Reading

    def get(self, kind: type[R], *key: int | str) -> R | None:
        """The record of this kind under this key, or None."""
        record: R | None = self._tables[kind].get(key)
        return record

    def all(self, kind: type[R]) -> list[R]:
        """Every record of a kind, in the order of creation."""
        return list(self._tables[kind].values())

    def field(self, scope: Scope, id_: int) -> Field | None:
        """A field of this scope, or None when the id belongs to another scope or to nothing."""
        field = self.get(Field, scope.account_id, id_)
        return field if field is not None and field.scope == scope else None

    def field_ids(self, scope: Scope) -> list[int]:
        """The ids of the fields of a scope, ascending. Not to be changed."""
        return self._field_index.ids(scope)

    def required_field_ids(self, scope: Scope) -> set[int]:
        """The ids of the fields of a list that no element can be saved without. Not to be changed."""
        return self._field_index.required_ids(scope)

    def field_by_code(self, scope: Scope, code: str) -> Field | None:
        """The field of this scope with this code, or None."""
        id_ = self._field_index.with_code(scope, code)
        return None if id_ is None else self.get(Field, scope.account_id, id_)

    def group(self, scope: Scope, id_: str) -> Group | None:
        """A group of this scope, or None."""
        return self.get(Group, *scope, id_)

    def groups(self, scope: Scope) -> list[Group]:
        """The groups of a scope by sort, then in the order of creation."""
        table = self._tables[Group]
        found = [table[(*scope, id_)] for id_ in self._groups.get(scope, [])]
        return sorted(found, key=lambda group: group.sort)

    def put_group(self, group: Group) -> None:
        """Store a group under its own key."""
        self.put(group, *group.scope, group.id)

    def catalogs(self, account_id: int) -> list[Catalog]:
        """The lists of an account by sort, then by id."""
        table = self._tables[Catalog]
        found = [table[(account_id, id_)] for id_ in self._catalogs.get(account_id, [])]
        return sorted(found, key=lambda catalog: catalog.sort)

    def has_catalog(self, scope: Scope) -> bool:
        """Whether the list of a scope exists."""
        return (scope.account_id, scope.catalog_id) in self._tables[Catalog]

    def record(self, scope: Scope, id_: int) -> Record | None:
        """A record of this scope, or None when the id belongs to another list or to nothing."""
        record = self.get(Record, scope.account_id, scope.entity, id_)
        return record if record is not None and scope.catalog_id in (0, record.catalog_id) else None

    @property
    def records(self) -> RecordIndexes:
        """The ids of records by scope, and what they are found by."""
        return self._records

    def put_record(self, record: Record) -> None:
        """Store a record under its own key."""
        self.put(record, record.account_id, record.entity, record.id)

    def remove_record(self, record: Record) -> None:
        """Remove a record."""
        self.remove(Record, record.account_id, record.entity, record.id)

    def now(self) -> int:
        """The time of the mock's clock in Unix seconds."""
        return time_of(self.clock)

    @property
    def clock(self) -> Clock:
        """The clock as it is set."""
        return self.get(Clock, "clock") or Clock()

    def setting(self, name: str) -> Any:
        """A switch of the mock, or None when it was never set."""
        setting = self.get(Setting, name)
        return None if setting is None else setting.value

    def refresh(self) -> None:
        """Take over what other processes have written to the same file since."""
        if self.backend is not None:
            with self.lock:
                if self._undo is None:
                    self.backend.refresh(self)

    # Changing

    @contextmanager
    def transaction(self, *, tick: bool = False) -> Iterator[Store]:
        """Changes that happen together or not at all. A transaction inside another one joins it.

        Args:
            tick: the clock, if it is stepped, moves on when the transaction succeeds.
        """
        with self.lock:
            if self._undo is not None:
                yield self
                return
            if self.backend is not None:
                self.backend.begin(self)
            self._undo = []
            try:
                yield self
                if tick and (clock := self.clock).mode == "stepped":
                    self.put(replace(clock, now=clock.now + clock.step), "clock")
                if self.backend is not None:
                    self.backend.commit({(kind, key): self.get(kind, *key) for kind, key, _ in self._undo})
            except BaseException:
                undo, self._undo = self._undo, None
                for kind, key, old in reversed(undo):
                    self.apply(kind, key, old)
                # What was seen of it meanwhile, and remembered, is not so any more.
                self.revision += 1
                if self.backend is not None:
                    self.backend.abandon()
                raise
            if self._undo:
                self.revision += 1
            self._undo = None

    def put(self, record: Struct, *key: int | str) -> None:
        """Store a record under a key, inside a transaction."""
        self._change(type(record), key, record)

    def remove(self, kind: type[Struct], *key: int | str) -> None:
        """Remove the record under a key, inside a transaction."""
        self._change(kind, key, None)

    def put_field(self, field: Field) -> None:
        """Store a field under its own key."""
        self.put(field, field.account_id, field.id)

    def next_id(self, account_id: int, name: str) -> int:
        """The next id of a sequence of an account. Ids are never given out twice."""
        counter = self.get(Counter, account_id, name)
        id_ = FIRST_ID if counter is None else counter.last + 1
        self.put(Counter(id_), account_id, name)
        return id_

    def reserve_id(self, account_id: int, name: str, id_: int) -> None:
        """Make the sequence go on after this id."""
        counter = self.get(Counter, account_id, name)
        if counter is None or counter.last < id_:
            self.put(Counter(id_), account_id, name)

    def _change(self, kind: type[Struct], key: Key, record: Struct | None) -> None:
        if self._undo is None:
            raise RuntimeError("records are changed inside a transaction only")
        self._undo.append((kind, key, self._tables[kind].get(key)))
        self.apply(kind, key, record)

    # Whole contents

    def tables(self) -> Tables:
        """A copy of every table. The records themselves are immutable and shared."""
        return {kind: dict(table) for kind, table in self._tables.items()}

    def replace_all(self, tables: Tables) -> None:
        """Make these tables the contents, as one transaction."""
        with self.transaction():
            for kind in KINDS:
                wanted = tables[kind]
                for key in [key for key in self._tables[kind] if key not in wanted]:
                    self.remove(kind, *key)
                for key, record in wanted.items():
                    if self._tables[kind].get(key) != record:
                        self.put(record, *key)

    def load(self, tables: Tables) -> None:
        """Take over tables that were read from a backend."""
        gone = [(field.account_id, field.id) for field in self._tables[Field].values()]
        # Records may be many, and nobody watches them: they are indexed all at once.
        self._tables = {**empty_tables(), Record: dict(tables[Record])}
        self._field_index = FieldIndex()
        self._groups: dict[Scope, list[str]] = {}
        self._catalogs: dict[int, list[int]] = {}
        self._records = RecordIndexes(self._tables[Record])
        for kind in KINDS:
            if kind is not Record:
                for key, record in tables[kind].items():
                    self.apply(kind, key, record)
        for account_id, id_ in gone:
            self._tell_watchers(account_id, id_)
        self.revision += 1

    def watch_fields(self, watcher: Callable[[int, int], None]) -> None:
        """Have a function called with the account and the id of every field that is stored or removed."""
        self._field_watchers.append(watcher)

    def _tell_watchers(self, account_id: int, id_: int) -> None:
        for watcher in self._field_watchers:
            watcher(account_id, id_)

    def apply(self, kind: type[Struct], key: Key, record: Struct | None) -> None:
        """Set or remove one record and bring the indexes in line. Only transactions and backends call this."""
        table = self._tables[kind]
        old = table.get(key)
        if record is None:
            table.pop(key, None)
        else:
            table[key] = record
        if kind is Record:
            self._records.change(old, cast("Record | None", record))
        elif kind is Field:
            self._tell_watchers(*cast("tuple[int, int]", key))
            self._field_index.change(old, cast("Field | None", record))
        elif kind is Group or kind is Catalog:
            self._index_parent(old, cast("Group | Catalog | None", record))

    def _index_parent(self, old: Group | Catalog | None, new: Group | Catalog | None) -> None:
        record = new or old
        if record is None or (old is None) == (new is None):
            return
        if isinstance(record, Group):
            ids: list[Any] = self._groups.setdefault(record.scope, [])
        else:
            ids = self._catalogs.setdefault(record.account_id, [])
        if new is None:
            ids.remove(record.id)
        elif isinstance(record, Group):
            ids.append(record.id)
        else:
            insort(ids, record.id)
