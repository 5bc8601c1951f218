"""An index of names for the search of list elements by a part of their name.

Elements are taken in blocks of neighbouring ids; the index says for every three letters in a row which
blocks have a name that holds them. A search looks through the few blocks that can match, newest first, and
stops when its page is full, so what it costs does not grow with the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

BLOCK: Final = 64
GRAM: Final = 3


class NameIndex:
    """The names of some elements.

    Args:
        names: id and name of each of them.
    """

    def __init__(self, names: Iterable[tuple[int, str]]) -> None:
        self._blocks: dict[str, dict[int, int]] = {}
        self._texts: dict[int, str] = {}
        for id_, name in names:
            self.add(id_, name)

    def add(self, id_: int, name: str) -> None:
        """Take in a name."""
        block = id_ // BLOCK
        self._texts.pop(block, None)
        for gram in _grams(name.casefold()):
            counts = self._blocks.setdefault(gram, {})
            counts[block] = counts.get(block, 0) + 1

    def remove(self, id_: int, name: str) -> None:
        """Leave out a name that was taken in."""
        block = id_ // BLOCK
        self._texts.pop(block, None)
        for gram in _grams(name.casefold()):
            counts = self._blocks[gram]
            if counts[block] > 1:
                counts[block] -= 1
            else:
                del counts[block]
                if not counts:
                    del self._blocks[gram]

    def blocks(self, term: str) -> Iterator[int] | None:
        """The blocks that may hold a casefolded term, newest first; None when any block may (the term is too short)."""
        grams = _grams(term)
        if not grams:
            return None
        found = sorted((self._blocks.get(gram, {}) for gram in grams), key=len)
        rarest, others = found[0], found[1:]
        return (block for block in sorted(rarest, reverse=True) if all(block in counts for counts in others))

    def text(self, block: int, name_of: Callable[[int], str | None]) -> str:
        """All names of a block, casefolded, in one string.

        A term that is not in there is in none of the names, which is found out at the cost of one look. The string is
        put together when it is first asked for, and again after a name was taken in or left out.

        Args:
            block: number of the block.
            name_of: the name of an element, None when there is none of this id.
        """
        text = self._texts.get(block)
        if text is None:
            names = (name_of(id_) for id_ in range(block * BLOCK, block * BLOCK + BLOCK))
            text = self._texts[block] = "\n".join(name.casefold() for name in names if name is not None)
        return text


def search(
    index: NameIndex,
    term: str,
    newest_first: Iterable[int],
    name_of: Callable[[int], str | None],
    start: int,
    size: int | None,
) -> list[int]:
    """Some of the ids whose name holds a term, newest first.

    Args:
        index: the index of the names.
        term: what to look for, in any case.
        newest_first: the ids of all elements, for terms that the index cannot help with.
        name_of: the name of an element, None when there is none of this id.
        start: hits to pass over.
        size: hits to answer; None for all.
    """
    wanted = term.casefold()
    blocks = index.blocks(wanted)
    ids: Iterable[int] = newest_first
    if blocks is not None:
        ids = (
            id_
            for block in blocks
            if wanted in index.text(block, name_of)
            for id_ in range(block * BLOCK + BLOCK - 1, block * BLOCK - 1, -1)
        )
    hits = (id_ for id_ in ids if (name := name_of(id_)) is not None and wanted in name.casefold())
    return list(islice(hits, start, None if size is None else start + size))


def _grams(folded: str) -> set[str]:
    return {folded[index : index + GRAM] for index in range(len(folded) - GRAM + 1)}
