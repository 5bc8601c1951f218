"""Query strings: single values, filters, order, and the pages of lists."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode

from kommo.mock.checks import MAX_INT
from kommo.mock.violations import INVALID_TYPE, NOT_SUPPORTED_CHOICE, OUT_OF_RANGE, UNKNOWN_CHOICE, Violation

from .reply import HttpError

MAX_KEYS: Final = 1_000
_SHORT: Final = 256
_PAGING: Final = frozenset({"page", "limit"})
_SELECTING: Final = ("filter[", "order[")


def invalid(name: str, detail: str, code: str = INVALID_TYPE) -> HttpError:
    """The refusal of one query or path parameter."""
    return HttpError(400, "Request validation failed", errors=[("0", [Violation(code, name, detail)])])


class Query:
    """The parameters of a query string. They never change, so that requests may share them.

    Attributes:
        pairs: names and values.
        selects: there are filters or an order among them.

    Raises:
        HttpError: 400 when there are too many of them.
    """

    __slots__ = ("_integers", "_kept", "_values", "pairs", "selects")

    def __init__(self, raw: bytes) -> None:
        try:
            self.pairs = tuple(
                parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MAX_KEYS)
            )
        except ValueError:
            raise HttpError(400, f"More than {MAX_KEYS} query parameters") from None
        self._values: dict[str, str | None] = {}
        for name, value in self.pairs:
            self._values[name] = None if name in self._values else value
        kept = urlencode([(name, value) for name, value in self.pairs if name not in _PAGING])
        self._kept = f"{kept}&" if kept else ""
        self._integers: dict[str, int] = {}
        self.selects = any(name.startswith(_SELECTING) for name, _ in self.pairs)

    def text(self, name: str) -> str | None:
        """The value of a parameter, or None.

        Raises:
            HttpError: 400 when it is given twice.
        """
        if name not in self._values:
            return None
        value = self._values[name]
        if value is None:
            raise invalid(name, "This parameter is given more than once.")
        return value

    def integer(self, name: str, *, minimum: int = 0, maximum: int = MAX_INT) -> int | None:
        """The value of an integer parameter, or None.

        Raises:
            HttpError: 400 when it is not an integer from `minimum` to `maximum`.
        """
        number = self._integers.get(name)
        if number is None:
            value = self.text(name)
            if value is None:
                return None
            number = parse_integer(value)
            if number is None:
                raise invalid(name, "This value should be of type int.")
            self._integers[name] = number
        if number < minimum:
            raise invalid(name, f"This value should be {minimum} or more.", OUT_OF_RANGE)
        if number > maximum:
            raise invalid(name, f"This value should be {maximum} or less.", OUT_OF_RANGE)
        return number

    def many(self, name: str) -> list[str]:
        """The values of a repeatable parameter: `name`, `name[]`, `name[0]`, ..."""
        return [
            value
            for key, value in self.pairs
            if key == name or (key.startswith(name) and key[len(name)] == "[" and key.endswith("]"))
        ]

    def ids(self, name: str) -> list[int]:
        """The ids of a repeatable parameter.

        Raises:
            HttpError: 400 when one of them is not a positive integer.
        """
        numbers: list[int] = []
        for value in self.many(name):
            number = parse_integer(value)
            if number is None or number < 1:
                raise invalid(name, "This value should be a positive integer.")
            numbers.append(number)
        return numbers

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        """The value of a parameter that has a fixed set of them, or None."""
        value = self.text(name)
        if value is not None and value not in choices:
            raise invalid(name, UNKNOWN_CHOICE, NOT_SUPPORTED_CHOICE)
        return value

    def before_page(self, limit: int) -> str:
        """The query string of any page of the same list, up to the number of the page."""
        return f"{self._kept}limit={limit}&page="


# Clients ask with the same few queries again and again.
_short_query: Final = lru_cache(maxsize=1024)(Query)


def query_of(raw: bytes) -> Query:
    """The parameters of a query string, shared with earlier requests that had the same one.

    Raises:
        HttpError: 400 when there are too many of them.
    """
    return _short_query(raw) if len(raw) <= _SHORT else Query(raw)


def parse_integer(text: str) -> int | None:
    """The integer a parameter stands for: ASCII digits, perhaps after a minus, within 64 bits."""
    digits = text[1:] if text.startswith("-") else text
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 19:
        return None
    number = int(text)
    return number if -MAX_INT - 1 <= number <= MAX_INT else None


class Page(NamedTuple):
    """A page of a list: its number from 1, its size, and how many there are of records and of pages."""

    number: int
    limit: int
    total: int
    pages: int

    @property
    def start(self) -> int:
        """Position of the first record."""
        return (self.number - 1) * self.limit

    def links(self, base: str, query: Query) -> dict[str, dict[str, str]]:
        """The links of the page (`custom-fields-v4:95`).

        Args:
            base: absolute address of the list.
            query: the query the page was asked for with; other parameters are kept.
        """
        more = self.number < self.pages
        return page_links(base, query, self.number, self.limit, more=more, last=self.pages)


def page_links(
    base: str, query: Query, number: int, limit: int, *, more: bool, last: int | None = None
) -> dict[str, dict[str, str]]:
    """The links of a page of a list.

    Args:
        base: absolute address of the list.
        query: the query the page was asked for with; other parameters are kept.
        number: the page, from 1.
        limit: its size.
        more: there is another page after it.
        last: the last page, None when nobody counts.
    """
    start = f"{base}?{query.before_page(limit)}"
    wanted: Iterable[tuple[str, int]] = [("self", number)]
    if number > 1:
        wanted = [*wanted, ("first", 1), ("prev", number - 1)]
    if more:
        wanted = [*wanted, ("next", number + 1), *([] if last is None else [("last", last)])]
    return {name: {"href": f"{start}{page}"} for name, page in wanted}
