"""Servers that are nearly right: the lie shows in one place only, or only after a while."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.checks.echo import entries
from kommo.contract.exchange import NO_JSON
from kommo.contract.faults.base import (
    Effect,
    Fault,
    Forward,
    Kind,
    Memory,
    Reply,
    Request,
    answer,
    each,
    edit_sent,
    errors,
    gets,
    instead,
    items,
    lists,
    problem,
    request,
    sent_items,
    v2_reads,
    v2_writes,
)


def _text(edit: Callable[[str], str], when: Callable[[Request, Reply], bool] = gets) -> Effect:
    """An effect on the raw text of answers, for what no JSON library would write."""
    return answer(
        when, lambda reply: evolve(reply, body=edit(reply.body.decode()).encode("utf-8")), parsed=False
    )


def _header(name: str, value: str, when: Callable[[Request, Reply], bool]) -> Effect:
    return answer(when, lambda reply: evolve(reply, headers={**reply.headers, name: value}), parsed=False)


def _crash(when: Callable[[Request], bool]) -> Effect:
    return instead(when, lambda call: problem(500))


def _pairs(call: Request) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (part.partition("=") for part in call.query.split("&"))]


def _number(text: str) -> int | None:
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else None


def _next_without_filter(value: Any) -> None:
    link = (value.get("_links") or {}).get("next") if isinstance(value, dict) else None
    if isinstance(link, dict):
        base, _, query = str(link.get("href")).partition("?")
        kept = [part for part in query.split("&") if part.startswith(("page", "limit"))]
        link["href"] = f"{base}?{'&'.join(kept)}"


async def _page_count_floor(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    value, limit = reply.json, _number(call.parameters.get("limit", "50")) or 50
    if lists(call, reply) and isinstance(value, dict) and "_page_count" in value:
        return reply.with_json({**value, "_page_count": max(1, int(value.get("_total_items", 0)) // limit)})
    return reply


def _order_swapped(call: Request) -> Request:
    swap = {"asc": "desc", "desc": "asc"}
    pairs = [(n, swap.get(v, v) if n.startswith("order") else v) for n, v in _pairs(call)]
    return evolve(call, query="&".join(f"{n}={v}" for n, v in pairs))


def _first_filter(call: Request) -> Request:
    seen, kept = set(), []
    for name, value in _pairs(call):
        family = re.sub(r"(%5B|\[)\d*(%5D|\])$", "", name, flags=re.IGNORECASE)
        if name.startswith("filter") and family in seen:
            continue
        seen.add(family)
        kept.append(f"{name}={value}")
    return evolve(call, query="&".join(kept))


def _one_more(call: Request) -> Request:
    limit = _number(call.parameters.get("limit", "")) if call.method == "GET" and call.fields else None
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


async def _let_in(
    memory: Memory, call: Request, forward: Forward, when: Callable[[Request, str], bool]
) -> Reply:
    reply = await forward(call)
    given = call.headers.get("authorization", "")
    if reply.status != 401:
        memory.kept["good"] = given
        return reply
    good = memory.kept.get("good")
    if good is None or not when(call, good):
        return reply
    return await forward(evolve(call, headers={**call.headers, "authorization": good}))


async def _longer_token(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Whatever begins with the right token is taken."""
    return await _let_in(
        memory,
        call,
        forward,
        lambda c, good: c.headers.get("authorization", "").startswith(good),
    )


async def _any_scheme(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The right token is taken under any scheme."""
    return await _let_in(
        memory,
        call,
        forward,
        lambda c, good: c.headers.get("authorization", "").endswith(good.partition(" ")[2]),
    )


async def _token_any_case(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The case of a token does not matter."""
    return await _let_in(
        memory, call, forward, lambda c, good: c.headers.get("authorization", "").lower() == good.lower()
    )


async def _token_in_query(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A token in the address is as good as one in the header."""
    return await _let_in(
        memory, call, forward, lambda c, good: c.parameters.get("access_token") == good.partition(" ")[2]
    )


async def _token_in_header(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    token = call.headers.get("authorization", "").partition(" ")[2]
    return evolve(reply, headers={**reply.headers, "x-debug-user": f"token={token}"})


async def _any_origin(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    origin = call.headers.get("origin", "*")
    extra = {"access-control-allow-origin": origin, "access-control-allow-credentials": "true"}
    return evolve(reply, headers={**reply.headers, **extra})


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


def _other_request_id(value: Any) -> None:
    reports = value.get("validation-errors") if isinstance(value, dict) else None
    for report in reports if isinstance(reports, list) else ():
        report["request_id"] = "0" if str(report.get("request_id")) != "0" else "1"


def _other_status(value: Any) -> None:
    if isinstance(value, dict) and isinstance(value.get("status"), int):
        value["status"] = 200


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max((_depth(one) for one in inner), default=0) if isinstance(value, dict | list) else 0


def _writes(call: Request) -> bool:
    return call.method in ("POST", "PATCH")


async def _head_differs(memory: Memory, call: Request, forward: Forward) -> Reply:
    return Reply(500) if call.method == "HEAD" else await forward(call)


def _sort_16(item: dict[str, Any]) -> None:
    if isinstance(item.get("sort"), int) and not isinstance(item["sort"], bool):
        item["sort"] %= 65536


def _rewrite_name(change: Callable[[str], str]) -> Effect:
    def edit(item: dict[str, Any]) -> None:
        if isinstance(item.get("name"), str):
            item["name"] = change(item["name"])

    return request(_writes, edit_sent(edit))


def _undeclared(call: Request) -> bool:
    names = {re.sub(r"(%5B|\[).*", "", name, flags=re.IGNORECASE) for name, _ in _pairs(call)}
    known = {"", "page", "limit", "filter", "order", "id", "term", "catalog_id", "limit_rows", "limit_offset"}
    return call.method == "GET" and bool(names - known)


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
        request(lambda c: c.version == 2 and _writes(c), edit_sent(_rounded)),
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
    ("sort-16-bit", "semantics", "`sort` is stored in 16 bits", request(_writes, edit_sent(_sort_16)), ""),
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
    (
        "id-as-float",
        "shape",
        "ids are written as 7.0",
        _text(lambda t: re.sub(r'("id":\s*\d+)', r"\1.0", t)),
        "200",
    ),
    (
        "key-twice",
        "shape",
        "objects hold a key twice",
        _text(lambda t: t.replace('{"', '{"name":"other","name":"x","', 1) if t.startswith("{") else t),
        "200",
    ),
    ("byte-order-mark", "shape", "bodies begin with a byte order mark", _text(lambda t: "\ufeff" + t), "200"),
    (
        "not-a-number",
        "shape",
        "`sort` is NaN",
        _text(lambda t: re.sub(r'"sort":\s*\d+', '"sort":NaN', t)),
        "200",
    ),
    (
        "charset-latin-1",
        "protocol",
        "the content type names another encoding",
        answer(gets, lambda r: r.typed("application/hal+json; charset=iso-8859-1"), parsed=False),
        "",
    ),
    ("problem-says-200", "shape", "`status` of an error is 200", answer(errors, _other_status), ""),
    (
        "error-of-another-item",
        "semantics",
        "an error names the request id of another item",
        answer(errors, _other_request_id),
        "",
    ),
    ("any-scheme", "protocol", "the token is taken under any scheme", _any_scheme, "307"),
    ("longer-token", "protocol", "what begins with the token is taken", _longer_token, "307"),
    ("token-any-case", "protocol", "the case of a token does not matter", _token_any_case, "307"),
    ("token-in-query", "protocol", "a token in the address is taken", _token_in_query, "307"),
    ("token-in-header", "protocol", "a header repeats the token", _token_in_header, "309"),
    ("any-origin", "protocol", "any website may read with the caller's credentials", _any_origin, ""),
    ("head-fails", "protocol", "HEAD is answered 500", _head_differs, "100"),
    (
        "deletion-204-body",
        "protocol",
        "204 comes with a body",
        answer(lambda c, r: r.status == 204, lambda r: evolve(r, body=b"{}"), parsed=False),
        "105",
    ),
    (
        "gzip-label",
        "protocol",
        "bodies are called gzip and are none",
        _header("content-encoding", "gzip", lists),
        "",
    ),
    ("length-wrong", "protocol", "Content-Length is too small", _header("content-length", "7", lists), ""),
    ("crash-unknown-query", "robustness", "500 on an unknown query parameter", _crash(_undeclared), "100"),
    (
        "crash-limit-zero",
        "robustness",
        "500 on a limit of 0",
        _crash(lambda c: c.parameters.get("limit") == "0"),
        "100",
    ),
    (
        "crash-page-huge",
        "robustness",
        "500 on pages beyond 64 bits",
        _crash(lambda c: (_number(c.parameters.get("page", "")) or 0) >= 2**63),
        "100",
    ),
    (
        "crash-id-huge",
        "robustness",
        "500 on ids beyond 64 bits",
        _crash(lambda c: c.one and (_number(c.path.rpartition("/")[2]) or 0) >= 2**63),
        "100",
    ),
    (
        "crash-deep-body",
        "robustness",
        "500 on deeply nested bodies",
        _crash(lambda c: _writes(c) and c.json is not NO_JSON and _depth(c.json) > 20),
        "100",
    ),
    (
        "crash-no-content-type",
        "robustness",
        "500 without a content type",
        _crash(lambda c: _writes(c) and "content-type" not in c.headers),
        "100",
    ),
    (
        "crash-empty-body",
        "robustness",
        "500 on an empty body",
        _crash(lambda c: _writes(c) and not c.body),
        "100",
    ),
    (
        "crash-escaped-slash",
        "robustness",
        "500 on an escaped character in the path",
        _crash(lambda c: "%" in c.path or "\x00" in c.path),
        "100",
    ),
    (
        "crash-many-options",
        "robustness",
        "500 on a hundred options",
        _crash(
            lambda c: any(
                len(i.get("enums") or ()) > 99 for i in sent_items(c) if isinstance(i.get("enums"), list)
            ),
        ),
        "100",
    ),
)

FAULTS: Final = tuple(Fault(id_, kind, summary, effect, code) for id_, kind, summary, effect, code in _SPEC)
