"""Which page comes next, and which of its items are new. Decisions only, for sync and async alike.

The server says where to go on: `_links.next` (custom-fields-v4:97). Where it says nothing, its counts decide, and
where it counts nothing (v2), the next page is asked for until one is empty or a repetition. The length of a page never
decides: pages came shorter than asked for, with and without a next link.

A reader holds one page and the ids of the one before, however long the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import httpx

from kommo.address import Address
from kommo.errors import UnexpectedResponse
from kommo.redaction import one_line

# So many pages in a row without anything new, and the server is going in circles.
_FRUITLESS: Final = 50


class Pager:
    """Walks a list from page to page.

        pager = Pager("list_leads_custom_fields", address, "/api/v4/leads/custom_fields?limit=250")
        while pager.url is not None:
            body = ...                  # GET pager.url: parsed JSON, None for a 204
            for index in pager.take(body):
                ...                     # the index-th item of the page is new

    Args:
        operation: operationId, for errors.
        address: of the account; a next link to anywhere else is refused.
        url: path and query of the first page.
    """

    def __init__(self, operation: str, address: Address, url: str) -> None:
        self._url: str | None = url
        self._refusal: UnexpectedResponse | None = None
        self._operation = operation
        self._address = address
        self._base = httpx.URL(address.base_url)
        self._asked = self._base.join(url)
        self._linked = False
        # Items before this index of the whole list are done; None until the server says where a page lies.
        self._position: int | None = None
        self._total: int | None = None
        self._restarted_at: int | None = None
        self._before: frozenset[int | str | None] = frozenset()
        self._visited: set[int] = {hash((str(self._asked), None))}
        self._fruitless = 0

    @property
    def url(self) -> str | None:
        """Path and query of the next page, None at the end.

        Raises:
            UnexpectedResponse: the link to it names another host, leads back, or goes in circles.
        """
        if self._refusal is not None:
            raise self._refusal
        return self._url

    def take(self, body: object) -> list[int]:
        """Take in a page and return the indexes of its new items; then `url` is that of the next one.

        Args:
            body: parsed JSON of the answer, None for a 204.

        Raises:
            UnexpectedResponse: nothing in it is new, and neither would the next page be.
        """
        items = _items(body) if isinstance(body, Mapping) else []
        if not isinstance(body, Mapping) or not items:
            self._end_or_start_over(body)
            return []
        self._total = _number(body, "_total_items")
        first, size = self._extent(body)
        if first is not None and self._position is not None and first > self._position:
            # The server changed its page size: what lies before this page was not seen yet.
            self._ask(self._own_page(self._position // size + 1, size), linked=True)
            return []
        done = max(0, self._position - first) if first is not None and self._position is not None else 0
        ids = [_id(item) for item in items]
        new = [
            index for index in range(done, len(items)) if ids[index] is None or ids[index] not in self._before
        ]
        if first is not None:
            self._position = max(self._position or 0, first + max(size, len(items)))
        if not self._repeated(ids, new):
            self._before = frozenset(ids) - {None}
            try:
                self._advance(body, items)
            except UnexpectedResponse as refusal:
                # What this page holds is good all the same: it is given first.
                self._refusal = refusal
        return new

    def _end_or_start_over(self, body: object) -> None:
        """Deal with an empty page: mostly the end, unless the server counted more than it gave.

        A page size that grew in between makes the page asked for lie behind the end. The first page then tells the new
        size, and what was seen is skipped.
        """
        position, total = self._position, self._total
        if position is not None and total is not None and position < total and self._restarted_at != position:
            self._restarted_at = position
            self._ask(self._own_page(1, None), linked=True)
        elif isinstance(body, Mapping) and _href(body, "next") is not None:
            self._repeated([], [])
            self._advance(body, [])
        else:
            self._url = None

    def _repeated(self, ids: list[int | str | None], new: list[int]) -> bool:
        """Whether a page of nothing new is the end: of a list without links it is, else the server goes in circles."""
        if new:
            self._fruitless = 0
            return False
        self._fruitless += 1
        if ids and not self._linked:
            self._url = None
            return True
        if self._fruitless >= _FRUITLESS:
            raise self._circle(f"the last {_FRUITLESS} pages held nothing new")
        return False

    def _advance(self, body: Mapping[str, Any], items: list[Any]) -> None:
        href = _href(body, "next")
        if href is not None:
            target = self._target(href)
            page, limit = _whole(target, "page"), _whole(target, "limit")
            # A next link that does not begin where this page ended: the server changed its page size in
            # between.
            if page and limit and self._position is not None and (page - 1) * limit != self._position:
                target = self._own_page(self._position // limit + 1, limit)
            self._ask(target, linked=True)
        elif items and self._more(body, len(items)):
            self._ask(self._own_page((_whole(self._asked, "page") or 1) + 1, None), linked=False)
        else:
            self._url = None

    def _more(self, body: Mapping[str, Any], count: int) -> bool:
        """Whether there may be another page although no link says so."""
        page, pages, total = _number(body, "_page"), _number(body, "_page_count"), self._total
        if pages is None and total is None:
            return True
        if pages is not None and (page or _whole(self._asked, "page") or 1) < pages:
            return True
        seen = self._position if self._position is not None else count
        return total is not None and seen < total

    def _ask(self, target: httpx.URL, *, linked: bool) -> None:
        # The same page again is no circle when something new came in between.
        seen = hash((str(target), self._position))
        if seen in self._visited:
            raise self._circle("it was followed before")
        self._visited.add(seen)
        self._asked = target
        self._linked = linked
        self._url = target.raw_path.decode("ascii")

    def _target(self, href: str) -> httpx.URL:
        try:
            target = self._base.join(href)
        except (httpx.InvalidURL, ValueError):
            raise self._refused(f"not a URL: {one_line(href, 100)}") from None
        if not self._address.owns(target):
            raise self._refused(
                f"names another host, {one_line(target.host, 100)}, which must not see the token; not followed"
            )
        return target

    def _own_page(self, page: int, limit: int | None) -> httpx.URL:
        changes = {"page": page} if limit is None else {"page": page, "limit": limit}
        rest = [(key, value) for key, value in self._asked.params.multi_items() if key not in changes]
        query = urlencode([*rest, *((key, str(value)) for key, value in changes.items())])
        return self._asked.copy_with(query=query.encode("ascii"))

    def _extent(self, body: Mapping[str, Any]) -> tuple[int | None, int]:
        """Index of the page's first item in the whole list, and the page size, by the server's own link."""
        href = _href(body, "self")
        if href is None:
            return None, 0
        try:
            own = self._base.join(href)
        except (httpx.InvalidURL, ValueError):
            return None, 0
        page, limit = _whole(own, "page"), _whole(own, "limit")
        return ((page - 1) * limit, limit) if page is not None and limit is not None else (None, 0)

    def _refused(self, what: str) -> UnexpectedResponse:
        return UnexpectedResponse(self._operation, "_links.next", "href", what=what, status=200)

    def _circle(self, why: str) -> UnexpectedResponse:
        return self._refused(f"goes in circles: {why}")


def _items(body: Mapping[str, Any]) -> list[Any]:
    embedded = body.get("_embedded")
    for value in embedded.values() if isinstance(embedded, Mapping) else ():
        if isinstance(value, list):
            return value
    return []


def _id(item: object) -> int | str | None:
    value = item.get("id") if isinstance(item, Mapping) else None
    return value if isinstance(value, int | str) else None


def _href(body: Mapping[str, Any], name: str) -> str | None:
    links = body.get("_links")
    link = links.get(name) if isinstance(links, Mapping) else None
    href = link.get("href") if isinstance(link, Mapping) else None
    return href if isinstance(href, str) and href else None


def _whole(url: httpx.URL, name: str) -> int | None:
    """A positive whole number from the query of a URL."""
    text = url.params.get(name, "")
    return int(text) if text.isdecimal() and text.isascii() and len(text) < 10 and int(text) > 0 else None


def _number(body: Mapping[str, Any], key: str) -> int | None:
    value = body.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
