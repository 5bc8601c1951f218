"""What a forked process must not share with its parent: connections, and locks that a thread of the parent held."""

from __future__ import annotations

import os
from typing import Protocol
from weakref import WeakSet


class Forkable(Protocol):
    """Something that a forked process cannot use as its parent left it."""

    def after_fork(self) -> None:
        """Begin anew in the child. No lock may be waited for: who would give it back is not there."""
        ...


_known: WeakSet[Forkable] = WeakSet()


def watch(thing: Forkable) -> None:
    """Call `thing.after_fork()` in every process that is forked from this one while `thing` lives."""
    _known.add(thing)


def _begin_anew() -> None:
    for thing in list(_known):
        thing.after_fork()


# Where there is no fork, there is nothing to do.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)
