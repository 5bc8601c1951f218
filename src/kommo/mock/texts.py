"""An index of texts for the search of records by a part of their name or of their values.

Records are taken in blocks of neighbouring ids; the index says for every three letters in a row which
blocks have a text that holds them. A search looks through the few blocks that can match, in the order of their ids, and
stops when its page is full, so what it costs does not grow with the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

BLOCK: Final = 64
GRAM: Final = 3


class TextIndex:
    """The texts of some records.

    Args:
        texts: id and text of each of them.
    """

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        self._blocks: dict[str, dict[int, int]] = {}
        self._texts: dict[int, str] = {}
        for id_, text in texts:
            self.add(id_, text)

    def add(self, id_: int, text: str) -> None:
        """Take in a text."""
        block = id_ // BLOCK
        self._texts.pop(block, None)
        for gram in _grams(text.casefold()):
            counts = self._blocks.setdefault(gram, {})
            counts[block] = counts.get(block, 0) + 1

    def remove(self, id_: int, text: str) -> None:
        """Leave out a text that was taken in."""
        block = id_ // BLOCK
        self._texts.pop(block, None)
        for gram in _grams(text.casefold()):
            counts = self._blocks[gram]
            if counts[block] > 1:
                counts[block] -= 1
            else:
                del counts[block]
                if not counts:
                    del self._blocks[gram]

    def at_most(self, term: str) -> int | None:
        """How many records may hold a casefolded term at most; None when any may (the term is too short)."""
        found = [len(self._blocks.get(gram, ())) for gram in _grams(term)]
        return BLOCK * min(found) if found else None

    def ids(self, term: str, text_of: Callable[[int], str | None], *, descending: bool) -> Iterator[int]:
        """The ids in the blocks that hold a casefolded term that is long enough (see `at_most`), in order.

        Not every one of them holds the term, and not every one of them is the id of a record.

        Args:
            term: what to look for.
            text_of: the text of a record, None when there is none of this id.
            descending: begin with the highest id.
        """
        found = sorted((self._blocks.get(gram, {}) for gram in _grams(term)), key=len)
        rarest, others = found[0], found[1:]
        return (
            id_
            for block in sorted(rarest, reverse=descending)
            if all(block in counts for counts in others) and term in self._text(block, text_of)
            for id_ in _of_block(block, descending=descending)
        )

    def _text(self, block: int, text_of: Callable[[int], str | None]) -> str:
        """All texts of a block, casefolded, in one string.

        A term that is not in there is in none of the texts, which is found out at the cost of one look. The string is
        put together when it is first asked for, and again after a text was taken in or left out.
        """
        text = self._texts.get(block)
        if text is None:
            texts = (text_of(id_) for id_ in _of_block(block, descending=False))
            text = self._texts[block] = "\n".join(text.casefold() for text in texts if text is not None)
        return text


def _of_block(block: int, *, descending: bool) -> range:
    first = block * BLOCK
    return range(first + BLOCK - 1, first - 1, -1) if descending else range(first, first + BLOCK)


def _grams(folded: str) -> set[str]:
    return {folded[index : index + GRAM] for index in range(len(folded) - GRAM + 1)}
