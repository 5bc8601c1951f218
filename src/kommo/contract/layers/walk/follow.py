"""Links inside answers lead to what they name."""

from __future__ import annotations

from typing import Final

from kommo.contract.checks.links import links
from kommo.contract.collection import Collection
from kommo.contract.exchange import NO_JSON

#: Links that are followed from one page.
_ENOUGH: Final = 8


def check(collection: Collection) -> None:
    """Follow the links of the first few things of a list, and those of its page."""
    script = collection.script
    exchange = collection.page(1, 3)
    tried: set[str] = set()
    for place, relation, link, owner in links({} if exchange.answer is NO_JSON else exchange.answer):
        href = link.get("href") if isinstance(link, dict) else None
        if not isinstance(href, str) or not href.startswith(script.session.port.base_url) or href in tried:
            continue
        if len(tried) >= _ENOUGH:
            break
        tried.add(href)
        read = script.session.port.fetch("GET", href)
        operation = script.contract.match("GET", read.path)
        own = exchange.operation or ""
        if operation is None:
            if len(place) == 2:  # a thing may point at what this contract says nothing of; a page may not
                message = f"the {relation} link {href!r} fits no operation of the contract"
                script.fail("links", own, f"{relation} link fits no operation", message, [exchange, read])
        elif not read.accepted:
            message = f"the {relation} link {href!r} is answered {read.status}"
            script.fail("links", own, f"{relation} link does not resolve", message, [exchange, read])
        elif relation == "self" and "id" in owner and isinstance(read.answer, dict):
            found = read.answer.get("id", owner["id"])
            if found != owner["id"]:
                message = f"the self link of {owner['id']} leads to {found}"
                script.fail("links", own, "self link leads elsewhere", message, [exchange, read])
