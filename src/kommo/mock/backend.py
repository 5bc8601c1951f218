"""What keeps a store beyond the life of the process."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from .tables import Key, Tables

if TYPE_CHECKING:
    from .store import Store


class Backend(Protocol):
    """Where transactions are kept beyond the life of the process."""

    def begin(self, store: Store) -> None:
        """Take the write lock and bring the store up to date with what other processes have written."""
        ...

    def commit(self, changes: Mapping[tuple[type[Struct], Key], Struct | None]) -> None:
        """Write the changes durably and release the lock."""
        ...

    def abandon(self) -> None:
        """Release the lock without writing."""
        ...

    def refresh(self, store: Store) -> None:
        """Bring the store up to date with what other processes have written."""
        ...

    def close(self) -> None:
        """Release the file."""
        ...

    def snapshots(self) -> dict[str, None]:
        """The names of the snapshots."""
        ...

    def save_snapshot(self, name: str, tables: Tables) -> None:
        """Keep tables under a name."""
        ...

    def load_snapshot(self, name: str) -> Tables | None:
        """The tables under a name, or None."""
        ...

    def forget_snapshot(self, name: str) -> bool:
        """Remove a snapshot; False when there is none."""
        ...
