"""Hypertext links: absolute in v4, on the server that was asked, and to the thing that carries them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.violations import Violation, dotted

_ORIGIN: Final = re.compile(r"^https?://[^/?#]+")


def links(
    value: Any, place: list[str | int] | None = None
) -> Iterator[tuple[list[str | int], str, Any, Any]]:
    """Yield (place, relation, link, owner) of every HAL link in an answer."""
    place = place or []
    if isinstance(value, dict):
        found = value.get("_links")
        if isinstance(found, dict):
            for relation, link in found.items():
                yield [*place, "_links", relation], relation, link, value
        for key, inner in value.items():
            if key != "_links":
                yield from links(inner, [*place, key])
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from links(inner, [*place, index])


def check(exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation for every v4 link that leads elsewhere, and every self link that names another id.

    v2 links are relative by the documents (lists-v2:134), so only their target is looked at.
    """
    if not exchange.accepted or exchange.answer is NO_JSON:
        return
    origin = _origin(exchange.url)
    absolute = "/api/v4/" in exchange.path
    seen = set()
    for place, relation, link, owner in links(exchange.answer):
        href = link.get("href") if isinstance(link, dict) else None
        if not isinstance(href, str):
            continue  # the schema's matter
        where = dotted(place)
        cause = message = ""
        if absolute and _origin(href) != origin:
            cause = f"{relation} link to another origin"
            message = f"{where} is {href!r}; expected a link that begins with {origin}"
        elif relation == "self" and "id" in owner and not _names(href, owner["id"]):
            cause = "self link names another id"
            message = f"{where} is {href!r} on an entity with id {owner['id']!r}"
        if cause and cause not in seen:
            seen.add(cause)
            yield Violation("links", cause, message, "", where)


def _origin(url: str) -> str:
    found = _ORIGIN.match(url)
    return found.group().lower() if found else ""


def _names(href: str, wanted: Any) -> bool:
    parts = urlsplit(href)
    text = str(wanted)
    return (
        text in parts.path.strip("/").split("/")
        or f"id={text}" in parts.query.split("&")
        or f"id[]={text}" in parts.query
    )
