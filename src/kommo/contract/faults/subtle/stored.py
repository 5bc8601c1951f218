"""Pages, changes and values that are wrong in one place only."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.checks.echo import entries
from kommo.contract.faults.base import Effect, Fault, Forward, Kind, Memory
from kommo.contract.faults.editing import (
    answer,
    each,
    edit_sent,
    gets,
    items,
    lists,
    request,
    v2_reads,
    v2_writes,
)
from kommo.contract.faults.messages import Reply, Request
from kommo.contract.faults.subtle.asked import number, query_pairs, writes


def _next_without_filter(value: Any) -> None:
    link = (value.get("_links") or {}).get("next") if isinstance(value, dict) else None
    if isinstance(link, dict):
        base, _, query = str(link.get("href")).partition("?")
        kept = [part for part in query.split("&") if part.startswith(("page", "limit"))]
        link["href"] = f"{base}?{'&'.join(kept)}"


async def _page_count_floor(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    value, limit = reply.json, number(call.parameters.get("limit", "50")) or 50
    if lists(call, reply) and isinstance(value, dict) and "_page_count" in value:
        return reply.with_json({**value, "_page_count": max(1, int(value.get("_total_items", 0)) // limit)})
    return reply


def _order_swapped(call: Request) -> Request:
    swap = {"asc": "desc", "desc": "asc"}
    pairs = [(n, swap.get(v, v) if n.startswith("order") else v) for n, v in query_pairs(call)]
    return evolve(call, query="&".join(f"{n}={v}" for n, v in pairs))


def _first_filter(call: Request) -> Request:
    seen, kept = set(), []
    for name, value in query_pairs(call):
        family = re.sub(r"(%5B|\[)\d*(%5D|\])$", "", name, flags=re.IGNORECASE)
        if name.startswith("filter") and family in seen:
            continue
        seen.add(family)
        kept.append(f"{name}={value}")
    return evolve(call, query="&".join(kept))


def _one_more(call: Request) -> Request:
    limit = number(call.parameters.get("limit", "")) if call.method == "GET" and call.fields else None
    return call.with_parameters(limit=str(limit + 1)) if limit and 1 < limit < 250 else call


async def _codes_of_options(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A change that says nothing of options resets their sort."""
    body = call.json
    if call.method == "PATCH" and call.fields and call.one and isinstance(body, dict) and "enums" not in body:
        read = (await forward(evolve(call, method="GET", body=b""))).json
        options = read.get("enums") if isinstance(read, dict) else None
        if isinstance(options, list) and options:
            reset = [{"id": option["id"], "value": option["value"], "sort": 500} for option in options]
            return await forward(call.with_json({**body, "enums": reset}))
    return await forward(call)


async def _option_ids_again(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A new option gets the id of one that was taken away."""
    alias: dict[int, int] = memory.kept.setdefault("alias", {})

    def shown(value: Any, names: dict[int, int]) -> None:
        for item in items(value):
            for option in entries(item.get("enums")):
                option["id"] = names.get(option.get("id", 0), option.get("id"))

    body = call.json
    if call.method == "PATCH" and call.fields and call.one and isinstance(body, dict) and body.get("enums"):
        back = {new: old for old, new in alias.items()}
        for option in body["enums"]:
            if isinstance(option, dict) and isinstance(option.get("id"), int):
                option["id"] = back.get(option["id"], option["id"])
        before = (await forward(evolve(call, method="GET", body=b""))).json
        reply = await forward(call.with_json(body))
        if reply.ok and isinstance(before, dict) and isinstance(reply.json, dict):
            old = [one["id"] for one in entries(before.get("enums"))]
            new = [one["id"] for one in entries(reply.json.get("enums"))]
            free = [id_ for id_ in old if id_ not in new]
            alias.update(zip([id_ for id_ in new if id_ not in old], free, strict=False))
    else:
        reply = await forward(call)
    value = reply.json
    if alias and call.fields and isinstance(value, dict):
        shown(value, alias)
        return reply.with_json(value)
    return reply


def _batch_mixed(call: Request) -> Request:
    body = call.json
    if isinstance(body, list) and len(body) > 1 and all(isinstance(i, dict) and "id" in i for i in body[:2]):
        body[0]["id"], body[1]["id"] = body[1]["id"], body[0]["id"]
        return call.with_json(body)
    return call


async def _foreign_group(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A group that the entity does not have is taken, and read over."""
    reply = await forward(call)
    if reply.status == 400 and b"group_id" in reply.body and call.method in ("POST", "PATCH"):
        return await forward(edit_sent(lambda item: item.pop("group_id", None))(call))
    return reply


async def _read_counts(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Reading a field by its id moves it down by one."""
    reply = await forward(call)
    if gets(call, reply) and call.one and isinstance(reply.json, dict):
        change = json.dumps({"sort": int(reply.json.get("sort", 0)) + 1}).encode()
        kind = {"content-type": "application/json"}
        await forward(evolve(call, method="PATCH", body=change, headers={**call.headers, **kind}))
    return reply


async def _group_undead(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A deleted group can still be read."""
    if call.groups and call.one and call.method == "DELETE":
        read = await forward(evolve(call, method="GET", body=b""))
        reply = await forward(call)
        if reply.ok:
            memory.kept[call.path] = read
        return reply
    reply = await forward(call)
    if call.method == "GET" and reply.status == 404 and call.path in memory.kept:
        kept: Reply = memory.kept[call.path]
        return kept
    return reply


def _v2_ids_swapped(value: Any) -> None:
    found = items(value)
    if len(found) > 1 and "request_id" in found[0]:
        found[0]["id"], found[1]["id"] = found[1].get("id"), found[0].get("id")


async def _v2_update_creates(memory: Memory, call: Request, forward: Forward) -> Reply:
    """An update of an unknown list makes a new one."""
    reply = await forward(call)
    body = call.json
    if (
        call.path.endswith("/catalogs")
        and isinstance(body, dict)
        and isinstance(body.get("update"), list)
        and b"errors" in reply.body
    ):
        made = [{"name": str(item.get("name"))} for item in body["update"] if isinstance(item, dict)]
        await forward(call.with_json({"add": made}))
    return reply


def _milliseconds(item: dict[str, Any]) -> None:
    for key in ("created_at", "updated_at"):
        if isinstance(item.get(key), int):
            item[key] *= 1000


def _rounded(item: dict[str, Any]) -> None:
    if isinstance(item.get("request_id"), int):
        item["request_id"] = int(float(item["request_id"]) / 1000) * 1000


async def _total_never_falls(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    value = reply.json
    if not (lists(call, reply) and isinstance(value, dict) and "filter" not in call.query):
        return reply
    high = max(memory.kept.get(call.path, 0), value.get("_total_items", 0))
    memory.kept[call.path] = high
    return reply.with_json({**value, "_total_items": high})


async def _shared_lists(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A field of one list of the lists is found through another one."""
    found = re.match(r"(/api/v4/catalogs/)(\d+)(/custom_fields)(/\d+)?$", call.path)
    reply = await forward(call)
    if found is None:
        return reply
    known: list[str] = memory.kept.setdefault("known", [])
    if found[2] not in known and reply.ok:
        known.append(found[2])
    if reply.status in (204, 404) and found[4] and call.method == "GET":
        for other in known:
            read = await forward(evolve(call, path=f"{found[1]}{other}{found[3]}{found[4]}"))
            if read.status == 200:
                return read
    return reply


async def _fields_of_dead_list(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The fields of a deleted list can still be listed."""
    reply = await forward(call)
    if call.method == "GET" and re.match(r"/api/v4/catalogs/\d+/custom_fields$", call.path):
        if reply.status == 200:
            memory.kept[call.path] = reply
        elif reply.status == 404 and call.path in memory.kept:
            kept: Reply = memory.kept[call.path]
            return kept
    return reply


def _options_sorted(item: dict[str, Any]) -> None:
    options = item.get("enums")
    if isinstance(options, list) and len(options) > 1:
        options.sort(key=lambda option: str(option.get("value")), reverse=True)


def _sort_16(item: dict[str, Any]) -> None:
    if isinstance(item.get("sort"), int) and not isinstance(item["sort"], bool):
        item["sort"] %= 65536


def _rewrite_name(change: Callable[[str], str]) -> Effect:
    def edit(item: dict[str, Any]) -> None:
        if isinstance(item.get("name"), str):
            item["name"] = change(item["name"])

    return request(writes, edit_sent(edit))


_SPEC: Final[tuple[tuple[str, Kind, str, Effect, str], ...]] = (
    (
        "next-loses-filter",
        "semantics",
        "the next link loses filter and order",
        answer(lists, _next_without_filter),
        "",
    ),
    ("page-count-floor", "semantics", "`_page_count` is rounded down", _page_count_floor, ""),
    (
        "order-swapped",
        "semantics",
        "asc is desc and desc is asc",
        request(lambda c: "order" in c.query, _order_swapped),
        "",
    ),
    (
        "filter-first-value",
        "semantics",
        "of two values of a filter the first counts",
        request(lambda c: "filter" in c.query, _first_filter),
        "",
    ),
    (
        "limit-one-more",
        "semantics",
        "pages hold one item more than the limit",
        request(lambda c: c.method == "GET", _one_more),
        "",
    ),
    ("options-resorted", "semantics", "a change without options resets their sort", _codes_of_options, "119"),
    ("option-ids-again", "semantics", "a new option gets the id of a deleted one", _option_ids_again, ""),
    (
        "batch-mixed",
        "semantics",
        "a batch of changes mixes up two ids",
        request(lambda c: c.method == "PATCH" and not c.one, _batch_mixed),
        "",
    ),
    ("foreign-group-taken", "semantics", "a group of another entity is taken", _foreign_group, "206"),
    ("read-changes", "semantics", "reading a field changes its sort", _read_counts, ""),
    ("group-undead", "semantics", "a deleted group can be read", _group_undead, "113"),
    (
        "v2-ids-swapped",
        "semantics",
        "v2 answers two items with each other's id",
        answer(v2_writes, _v2_ids_swapped),
        "",
    ),
    ("v2-update-creates", "semantics", "a v2 update of an unknown list makes one", _v2_update_creates, ""),
    (
        "v2-milliseconds",
        "semantics",
        "v2 times are in milliseconds",
        answer(v2_reads, each(_milliseconds)),
        "",
    ),
    (
        "v2-request-id-rounded",
        "semantics",
        "v2 request ids are rounded",
        request(lambda c: c.version == 2 and writes(c), edit_sent(_rounded)),
        "",
    ),
    ("total-never-falls", "semantics", "`_total_items` counts the deleted", _total_never_falls, ""),
    ("lists-share-fields", "semantics", "a field of one list is found through another", _shared_lists, "306"),
    ("fields-of-dead-list", "semantics", "fields of a deleted list are listed", _fields_of_dead_list, "113"),
    (
        "options-by-name",
        "semantics",
        "options come in the order of their texts",
        answer(gets, each(_options_sorted)),
        "",
    ),
    ("sort-16-bit", "semantics", "`sort` is stored in 16 bits", request(writes, edit_sent(_sort_16)), ""),
    (
        "name-compatible",
        "semantics",
        "names are stored in compatibility form",
        _rewrite_name(lambda t: unicodedata.normalize("NFKC", t)),
        "",
    ),
    ("name-cut-late", "semantics", "names are cut to 100 characters", _rewrite_name(lambda t: t[:100]), ""),
    (
        "name-html",
        "semantics",
        "markup in names is escaped",
        _rewrite_name(lambda t: t.replace("&", "&amp;").replace("<", "&lt;")),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, kind, summary, effect, code) for id_, kind, summary, effect, code in _SPEC)
