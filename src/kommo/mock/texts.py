"""An index of texts for the search of records by a part of their name or of their values.

Records are taken in blocks of neighbouring ids; the index says for every three letters in a row which
blocks have a text that holds them. A search looks through the few blocks that can match, in the order of their ids, and
stops when its page is full, so what it costs does not grow with the list. Only a term of one or two letters is looked
for in every block, until the page is full.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

BLOCK: Final = 64
GRAM: Final = 3
_ANY: Final = ""
"""Stands for all letters: what every text holds."""
_AT_ONCE: Final = 64
"""Blocks that are compared at once: all of them would be too many for a page that is full soon."""
_SEPARATOR: Final = "\0"

TextOf = Callable[[int], str | None]
"""The text of a record, None when there is none of this id."""


class TextIndex:
    """The texts of some records.

    Args:
        texts: id and text of each of them.
    """

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        self._blocks: dict[str, dict[int, int]] = {}
        self._texts: dict[int, tuple[list[int], str]] = {}
        self._size = 0
        for id_, text in texts:
            self.add(id_, text)

    def add(self, id_: int, text: str) -> None:
        """Take in a text."""
        block = id_ // BLOCK
        self._texts.pop(block, None)
        self._size += 1
        for gram in (_ANY, *_grams(text.casefold())):
            counts = self._blocks.setdefault(gram, {})
            counts[block] = counts.get(block, 0) + 1

    def remove(self, id_: int, text: str) -> None:
        """Leave out a text that was taken in."""
        block = id_ // BLOCK
        self._texts.pop(block, None)
        self._size -= 1
        for gram in (_ANY, *_grams(text.casefold())):
            counts = self._blocks[gram]
            if counts[block] > 1:
                counts[block] -= 1
            else:
                del counts[block]
                if not counts:
                    del self._blocks[gram]

    def at_most(self, term: str) -> int:
        """How many records may hold a casefolded term at most."""
        return min(self._size, BLOCK * min(map(len, self._held(term))))

    def ids(self, term: str, text_of: TextOf, *, descending: bool) -> Iterator[int]:
        """The ids of the records that hold a casefolded term, in order.

        A term with a zero byte is taken for one with a line break in its place, so that more may be found.

        Args:
            term: what to look for, not empty.
            text_of: the texts that were taken in.
            descending: begin with the highest id.
        """
        rarest, *others = sorted(self._held(term), key=len)
        blocks = sorted(rarest, reverse=descending)
        term = _without_separator(term)
        for start in range(0, len(blocks), _AT_ONCE):
            some = set(blocks[start : start + _AT_ONCE])
            for counts in others:
                some = counts.keys() & some
            for block in sorted(some, reverse=descending):
                found = self._found(block, term, text_of)
                yield from reversed(found) if descending else found

    def _held(self, term: str) -> list[dict[int, int]]:
        """The blocks that hold each of the parts of a term."""
        return [self._blocks.get(gram, {}) for gram in _grams(term) or (_ANY,)]

    def _found(self, block: int, term: str, text_of: TextOf) -> list[int]:
        """The ids of the records of a block that hold a term."""
        ids, text = self._text(block, text_of)
        found: list[int] = []
        seen = index = 0
        place = text.find(term)
        while place >= 0:
            index += text.count(_SEPARATOR, seen, place)
            found.append(ids[index])
            # The rest of this text cannot tell more.
            seen = text.find(_SEPARATOR, place)
            place = -1 if seen < 0 else text.find(term, seen)
        return found

    def _text(self, block: int, text_of: TextOf) -> tuple[list[int], str]:
        """The ids of a block, and all its texts, casefolded, in one string.

        A term that is not in there is in none of the texts, which is found out at the cost of one look. The string is
        put together when it is first asked for, and again after a text was taken in or left out.
        """
        known = self._texts.get(block)
        if known is None:
            found = [(id_, text) for id_ in _of_block(block) if (text := text_of(id_)) is not None]
            texts = _SEPARATOR.join(_without_separator(text.casefold()) for _, text in found)
            known = self._texts[block] = ([id_ for id_, _ in found], texts)
        return known


def _of_block(block: int) -> range:
    return range(block * BLOCK, (block + 1) * BLOCK)


def _grams(folded: str) -> set[str]:
    return {folded[index : index + GRAM] for index in range(len(folded) - GRAM + 1)}


def _without_separator(text: str) -> str:
    return text.replace(_SEPARATOR, "\n")
