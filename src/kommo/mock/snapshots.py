"""Snapshots: whole contents under a name, to go back to."""

from __future__ import annotations

from .store import Store
from .tables import Tables


class Snapshots:
    """The snapshots of a store: in its file when it has one, else in memory.

    Args:
        store: whose contents they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._tables: dict[str, Tables] = {}

    def names(self) -> list[str]:
        """The names of the snapshots."""
        with self._store.lock:
            return list(self._tables if self._store.backend is None else self._store.backend.snapshots())

    def save(self, name: str) -> None:
        """Remember the contents under a name."""
        with self._store.lock:
            tables = self._store.tables()
            if self._store.backend is not None:
                self._store.backend.save_snapshot(name, tables)
            else:
                self._tables[name] = tables

    def restore(self, name: str) -> bool:
        """Go back to a snapshot. False when there is none of this name."""
        with self._store.lock:
            backend = self._store.backend
            tables = self._tables.get(name) if backend is None else backend.load_snapshot(name)
            if tables is None:
                return False
            self._store.replace_all(tables)
            return True

    def forget(self, name: str) -> bool:
        """Forget a snapshot. False when there is none of this name."""
        with self._store.lock:
            if self._store.backend is not None:
                return self._store.backend.forget_snapshot(name)
            return self._tables.pop(name, None) is not None
