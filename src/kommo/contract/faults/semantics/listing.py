"""Reads and pages tell of another state, or of too much or too little."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.editing import answer, items, lists
from kommo.contract.faults.messages import Reply, Request


async def _stale_list(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A list is answered as it was before the last write."""
    key = (call.path, call.query)
    reply = await forward(call)
    if not (call.method == "GET" and call.version == 4 and not call.one):
        memory.kept["written"] = (call.method != "GET" and reply.ok) or memory.kept.get("written", False)
        return reply
    if memory.kept.get("written") and key in memory.kept:
        old: Reply = memory.kept.pop(key)
        memory.kept["written"] = False
        return old
    memory.kept[key] = reply
    return reply


async def _stale_one(memory: Memory, call: Request, forward: Forward) -> Reply:
    """One field is answered as it was first read."""
    reply = await forward(call)
    if call.method == "GET" and call.one and reply.status == 200:
        known: Reply = memory.kept.setdefault(call.path, reply)
        return known
    if call.method == "DELETE":
        memory.kept.pop(call.path, None)
    return reply


def _lose(position: int) -> Effect:
    def edit(value: Any) -> None:
        found = value.get("_embedded", {}).get("custom_fields") if isinstance(value, dict) else None
        if isinstance(found, list) and len(found) > 2:
            del found[position]

    return answer(lists, edit)


async def _limit_ignored(memory: Memory, call: Request, forward: Forward) -> Reply:
    return await forward(call.with_parameters(limit=None) if call.method == "GET" and call.fields else call)


async def _pages_overlap(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Page n begins with the last item of page n-1."""
    number = call.parameters.get("page", "1")
    reply = await forward(call)
    if not (lists(call, reply) and number.isdigit() and int(number) > 1 and reply.status == 200):
        return reply
    before = await forward(call.with_parameters(page=str(int(number) - 1)))
    value, old = reply.json, items(before.json)
    found = value.get("_embedded", {}).get("custom_fields")
    if isinstance(found, list) and found and old:
        found[0] = old[-1]
    return reply.with_json(value)


async def _page_off_by_one(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The second page is the first one again."""
    reply = await forward(call)
    if lists(call, reply) and call.parameters.get("page") == "2":
        first = await forward(call.with_parameters(page="1"))
        if items(first.json) and isinstance(reply.json, dict):
            return reply.with_json({**reply.json, "_embedded": first.json["_embedded"]})
    return reply


def _top(key: str, change: Callable[[Any, dict[str, Any]], Any]) -> Effect:
    def edit(value: Any) -> None:
        if isinstance(value, dict) and key in value:
            value[key] = change(value[key], value)

    return answer(lists, edit)


def _no_next(value: Any) -> None:
    if isinstance(value, dict) and isinstance(value.get("_links"), dict):
        value["_links"].pop("next", None)


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("stale-list", "lists lag one write behind", _stale_list, ""),
    ("stale-field", "a field is read as it first was", _stale_one, ""),
    ("list-loses-last", "lists lack their last field", _lose(-1), ""),
    ("list-loses-first", "lists lack their first field", _lose(0), ""),
    ("limit-ignored", "`limit` is read over", _limit_ignored, ""),
    ("pages-overlap", "pages overlap by one item", _pages_overlap, ""),
    ("page-two-is-one", "page 2 is page 1 again", _page_off_by_one, ""),
    ("total-of-page", "`_total_items` counts the page", _top("_total_items", lambda _, v: len(items(v))), ""),
    ("page-count-wrong", "`_page_count` is one too high", _top("_page_count", lambda n, _: n + 1), ""),
    ("page-number-wrong", "`_page` is always 1", _top("_page", lambda n, _: 1), ""),
    ("no-next-link", "pages lack the next link", answer(lists, _no_next), ""),
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
