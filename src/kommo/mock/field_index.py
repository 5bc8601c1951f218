"""The index over custom fields: their ids by scope and by code, and those without which no element can be saved."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Final

from .model import Field, Scope

_NONE: Final[set[int]] = set()


class FieldIndex:
    """The fields of a store. Whoever changes a field says so to `change`."""

    def __init__(self) -> None:
        self._ids: dict[Scope, list[int]] = {}
        self._codes: dict[tuple[Scope, str], int] = {}
        self._required: dict[Scope, set[int]] = {}

    def ids(self, scope: Scope) -> list[int]:
        """The ids of the fields of a scope, ascending. Not to be changed."""
        return self._ids.get(scope, [])

    def required_ids(self, scope: Scope) -> set[int]:
        """The ids of the fields of a scope that are required. Not to be changed."""
        return self._required.get(scope, _NONE)

    def with_code(self, scope: Scope, code: str) -> int | None:
        """The id of the field of a scope with a code, or None."""
        return self._codes.get((scope, code))

    def change(self, old: Field | None, new: Field | None) -> None:
        """Take over a field that was stored, changed or removed."""
        if old is not None and new is not None and old.scope != new.scope:
            # Contents that are put back may know the id as that of a field of another entity.
            self.change(old, None)
            old = None
        if old is not None:
            if new is None:
                _discard(self._ids[old.scope], old.id)
            if old.is_required:
                self._required[old.scope].discard(old.id)
            if old.code is not None and self._codes.get((old.scope, old.code)) == old.id:
                del self._codes[(old.scope, old.code)]
        if new is not None:
            if old is None:
                insort(self._ids.setdefault(new.scope, []), new.id)
            if new.is_required:
                self._required.setdefault(new.scope, set()).add(new.id)
            if new.code is not None:
                self._codes[(new.scope, new.code)] = new.id


def _discard(ids: list[int], id_: int) -> None:
    place = bisect_left(ids, id_)
    if place < len(ids) and ids[place] == id_:
        del ids[place]
