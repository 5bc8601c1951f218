"""The tables of a store: one for each kind of record, by key."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from .model import Account, Catalog, Clock, Counter, Field, Grant, Group, Record, Setting, Token

Key = tuple[int | str, ...]
Tables = dict[type[Struct], dict[Key, Any]]

KINDS: Final[tuple[type[Struct], ...]] = (
    Account,
    Token,
    Grant,
    Field,
    Group,
    Catalog,
    Record,
    Clock,
    Counter,
    Setting,
)


def empty_tables() -> Tables:
    """One empty table for each kind of record."""
    return {kind: {} for kind in KINDS}
