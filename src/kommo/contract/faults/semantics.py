"""Servers that answer well-formed and remember wrongly."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import (
    Effect,
    Fault,
    Forward,
    Memory,
    Reply,
    Request,
    answer,
    each,
    edit_sent,
    gets,
    items,
    lists,
    request,
    v2_reads,
    v2_writes,
    writes,
)

_CARDS: Final = ("leads", "contacts", "companies", "customers")


def _creates(call: Request) -> bool:
    return call.method == "POST" and call.fields


def _patches(call: Request) -> bool:
    return call.method == "PATCH" and call.version == 4


def _forget(key: str, when: Callable[[Request], bool]) -> Effect:
    return request(when, edit_sent(lambda item: item.pop(key, None)))


def _rewrite(key: str, change: Callable[[str], Any], when: Callable[[Request], bool]) -> Effect:
    def edit(item: dict[str, Any]) -> None:
        if isinstance(item.get(key), str):
            item[key] = change(item[key])

    return request(when, edit_sent(edit))


async def _pretend(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A change of one field is answered as done and is not."""
    if not (call.method == "PATCH" and call.fields and call.one and isinstance(call.json, dict)):
        return await forward(call)
    before = await forward(evolve(call, method="GET", body=b""))
    reply = await forward(call)
    if reply.ok and isinstance(before.json, dict):
        old = {key: before.json.get(key) for key in ("name", "sort") if key in before.json}
        await forward(call.with_json(old))
    return reply


def _extra_patch(change: dict[str, Any]) -> Effect:
    """A change of one field touches another key."""

    def edit(call: Request) -> Request:
        body = call.json
        return call.with_json({**change, **body}) if isinstance(body, dict) else call

    return request(lambda c: c.method == "PATCH" and c.one, edit)


async def _first_only(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Of a batch of changes only the first is carried out; the rest is answered from the request."""
    body = call.json
    if not (
        call.method == "PATCH" and call.fields and not call.one and isinstance(body, list) and len(body) > 1
    ):
        return await forward(call)
    reply = await forward(call.with_json(body[:1]))
    if not reply.ok:
        return reply
    value = reply.json
    for index, item in enumerate(body[1:], 1):
        read = await forward(
            evolve(call, method="GET", path=f"{call.path.rstrip('/')}/{item.get('id')}", body=b"")
        )
        if isinstance(read.json, dict):
            value["_embedded"]["custom_fields"].append(
                {**read.json, **item, "request_id": str(item.get("request_id", index))}
            )
    value["_total_items"] = len(body)
    return reply.with_json(value)


async def _delete_nothing(memory: Memory, call: Request, forward: Forward) -> Reply:
    if call.method != "DELETE":
        return await forward(call)
    read = await forward(evolve(call, method="GET", body=b""))
    return Reply(204) if read.status == 200 else await forward(call)


async def _v2_delete_nothing(memory: Memory, call: Request, forward: Forward) -> Reply:
    body = call.json
    if call.version == 2 and isinstance(body, dict) and body.get("delete") and not body.get("add"):
        done = [{"id": id_} for id_ in body["delete"]]
        links = {"self": {"href": call.path, "method": "post"}}
        done = [{**item, "_links": links} for item in done]
        return Reply(200, {"content-type": "application/hal+json"}).with_json(
            {"_links": links, "_embedded": {"items": done}}
        )
    return await forward(call)


async def _v2_delete_first(memory: Memory, call: Request, forward: Forward) -> Reply:
    body = call.json
    if (
        call.version == 2
        and isinstance(body, dict)
        and isinstance(body.get("delete"), list)
        and len(body["delete"]) > 1
    ):
        return await forward(call.with_json({**body, "delete": body["delete"][:1]}))
    return await forward(call)


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


def _swap(value: Any) -> None:
    found = items(value)
    if len(found) > 1 and "request_id" in found[0] and "request_id" in found[1]:
        found[0]["request_id"], found[1]["request_id"] = found[1]["request_id"], found[0]["request_id"]


def _count_ids(value: Any) -> None:
    for index, item in enumerate(items(value)):
        if "request_id" in item:
            item["request_id"] = str(index)


def _without_option_ids(item: dict[str, Any]) -> None:
    for option in item.get("enums") or ():
        if isinstance(option, dict):
            option.pop("id", None)


def _without_parents(item: dict[str, Any]) -> None:
    for node in item.get("nested") or ():
        if isinstance(node, dict):
            node.pop("parent_request_id", None)
            node.pop("parent_id", None)


def _flat(item: dict[str, Any]) -> None:
    nodes = [node for node in item.get("nested") or () if isinstance(node, dict)]
    roots = {int(node["id"]) for node in nodes if not node.get("parent_id")}
    for node in nodes:
        if node.get("parent_id") and node["parent_id"] not in roots:
            node["parent_id"] = min(roots, default=0)


def _reversed_options(item: dict[str, Any]) -> None:
    options = item.get("enums")
    if isinstance(options, list) and len(options) > 1:
        values = [option.get("value") for option in options][::-1]
        for option, value in zip(options, values, strict=True):
            option["value"] = value


def _elsewhere(call: Request) -> str | None:
    for name in _CARDS:
        if f"/{name}/custom_fields" in call.path and "/segments" not in call.path:
            return call.path.replace(f"/{name}/", f"/{_CARDS[(_CARDS.index(name) + 1) % len(_CARDS)]}/")
    return None


async def _mixed_lists(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The list of one entity also holds the last field of the next one."""
    reply = await forward(call)
    other = _elsewhere(call)
    if other is None or not lists(call, reply) or reply.status != 200:
        return reply
    foreign = items((await forward(evolve(call, path=other, query="limit=250"))).json)
    value = reply.json
    if foreign and isinstance(value.get("_embedded", {}).get("custom_fields"), list):
        value["_embedded"]["custom_fields"].append({**foreign[-1], "entity_type": call.path.split("/")[3]})
    return reply.with_json(value)


async def _open_door(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A field is found through the next entity as well."""
    reply = await forward(call)
    other = _elsewhere(call)
    if (
        reply.status in (204, 404)
        and call.one
        and call.fields
        and other is not None
        and call.method in ("GET", "PATCH")
    ):
        through = await forward(evolve(call, path=other))
        if through.ok and through.body and isinstance(through.json, dict):
            return through.with_json({**through.json, "entity_type": call.path.split("/")[3]})
    return reply


async def _deletes_elsewhere(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A deletion through the wrong entity is carried out."""
    reply = await forward(call)
    other = _elsewhere(call)
    if call.method == "DELETE" and reply.status == 404 and call.fields and other is not None:
        return await forward(evolve(call, path=other))
    return reply


async def _group_takes_fields(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Deleting a group deletes its fields."""
    if call.method == "DELETE" and call.groups:
        read = await forward(evolve(call, method="GET", body=b""))
        reply = await forward(call)
        if reply.ok and isinstance(read.json, dict):
            for id_ in read.json.get("fields") or ():
                await forward(evolve(call, path=call.path.partition("/groups")[0] + f"/{id_}", body=b""))
        return reply
    return await forward(call)


async def _half_batch(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Of a refused batch the good items are carried out all the same."""
    reply = await forward(call)
    body = call.json
    if (
        reply.status == 400
        and call.version == 4
        and call.method in ("POST", "PATCH")
        and isinstance(body, list)
    ):
        for item in body[:3]:
            if len(body) > 1:
                await forward(call.with_json([item]))
    return reply


async def _twice(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A creation is carried out twice."""
    reply = await forward(call)
    if _creates(call) and reply.ok:
        body = call.json
        items_ = body if isinstance(body, list) else [body]
        await forward(call.with_json([{k: v for k, v in item.items() if k != "code"} for item in items_]))
    return reply


async def _collateral(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A change of a field renames the first field of the list as well."""
    reply = await forward(call)
    if call.method == "PATCH" and call.fields and reply.ok:
        base = call.path if not call.one else call.path.rpartition("/")[0]
        listed = items(
            (await forward(evolve(call, method="GET", path=base, query="limit=250", body=b""))).json
        )
        if len(listed) > 1:
            other = next((i for i in listed if str(i["id"]) != call.path.rpartition("/")[2]), listed[0])
            body = json.dumps({"name": f"{other['name'][:40]} (2)"}).encode()
            await forward(evolve(call, path=f"{base}/{other['id']}", query="", body=body))
    return reply


def _v2_ignore(*names: str) -> Effect:
    return request(
        lambda c: c.method == "GET" and c.version == 2, lambda c: c.with_parameters(**dict.fromkeys(names))
    )


def _v2_items(edit: Callable[[list[Any]], list[Any]], when: Callable[[Request, Reply], bool]) -> Effect:
    def run(value: Any) -> None:
        inner = value.get("_embedded") if isinstance(value, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("items"), list):
            inner["items"] = edit(inner["items"])

    return answer(when, run)


def _silent(value: Any) -> None:
    inner = value.get("_embedded") if isinstance(value, dict) else None
    if isinstance(inner, dict):
        inner.pop("errors", None)


def _stale_taken(item: dict[str, Any]) -> None:
    if "updated_at" in item and isinstance(item["updated_at"], int):
        item["updated_at"] = 4_000_000_000 + item["updated_at"] % 1000


async def _v2_forgets_values(memory: Memory, call: Request, forward: Forward) -> Reply:
    """An update of one value clears the others."""
    body = call.json
    if call.version == 2 and isinstance(body, dict) and isinstance(body.get("update"), list):
        for item in body["update"]:
            if isinstance(item, dict) and item.get("custom_fields") and item.get("id"):
                read = await forward(
                    evolve(
                        call,
                        method="GET",
                        query=f"id={item['id']}",
                        body=b"",
                    )
                )
                known = items(read.json)
                sent = {entry.get("id") for entry in item["custom_fields"]}
                for model in known[:1]:
                    for entry in model.get("custom_fields") or ():
                        if entry.get("id") not in sent:
                            item["custom_fields"].append({"id": entry["id"], "values": []})
        return await forward(call.with_json(body))
    return await forward(call)


def _first_value(item: dict[str, Any]) -> None:
    for entry in item.get("custom_fields") or ():
        if isinstance(entry, dict) and isinstance(entry.get("values"), list):
            entry["values"] = entry["values"][:1]


def _v2_posts(call: Request) -> bool:
    return call.method == "POST" and call.version == 2


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("sort-forgotten", "`sort` of a new field is not stored", _forget("sort", _creates), ""),
    ("code-forgotten", "`code` of a new field is not stored", _forget("code", _creates), ""),
    (
        "code-lower",
        "codes are stored in lower case",
        _rewrite("code", str.lower, lambda c: c.version == 4),
        "",
    ),
    (
        "api-only-forgotten",
        "`is_api_only` is not stored",
        _forget("is_api_only", lambda c: c.version == 4),
        "",
    ),
    ("remind-forgotten", "`remind` is not stored", _forget("remind", lambda c: c.version == 4), ""),
    ("group-forgotten", "`group_id` of a new field is not stored", _forget("group_id", _creates), ""),
    (
        "group-move-ignored",
        "`fields` of a group is read over",
        _forget("fields", lambda c: c.groups and c.method == "PATCH"),
        "",
    ),
    ("name-cut", "names are cut to 16 characters", _rewrite("name", lambda t: t[:16], _creates), ""),
    (
        "name-ascii",
        "characters beyond ASCII become ?",
        _rewrite("name", lambda t: t.encode("ascii", "replace").decode(), _creates),
        "",
    ),
    (
        "name-decomposed",
        "names are stored in decomposed Unicode",
        _rewrite("name", lambda t: unicodedata.normalize("NFD", t), lambda c: True),
        "",
    ),
    (
        "name-trimmed",
        "names lose blanks at the ends and twins inside",
        _rewrite("name", lambda t: " ".join(t.split()), lambda c: True),
        "",
    ),
    ("change-pretended", "a change is answered and not stored", _pretend, ""),
    ("change-resets-sort", "a change resets `sort`", _extra_patch({"sort": 500}), "119"),
    ("change-clears-code", "a change clears `code`", _extra_patch({"code": None}), "119"),
    ("batch-changes-first-only", "of a batch only the first is changed", _first_only, ""),
    ("delete-without-effect", "a deletion does nothing", _delete_nothing, "113"),
    ("v2-delete-without-effect", "a v2 deletion does nothing", _v2_delete_nothing, "113"),
    ("v2-delete-first-only", "of several v2 deletions the first is done", _v2_delete_first, "113"),
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
    ("request-ids-swapped", "request ids of two items are swapped", answer(writes, _swap), ""),
    ("request-ids-counted", "request ids are replaced by positions", answer(writes, _count_ids), ""),
    (
        "option-ids-renewed",
        "options get new ids with every change",
        request(_patches, edit_sent(_without_option_ids)),
        "",
    ),
    (
        "option-values-mixed",
        "texts and ids of options are mixed up",
        answer(gets, each(_reversed_options)),
        "",
    ),
    (
        "tree-without-parents",
        "parents of a tree are lost",
        request(lambda c: c.version == 4, edit_sent(_without_parents)),
        "",
    ),
    (
        "tree-flattened",
        "a tree is cut to two levels",
        answer(lambda c, r: c.version == 4 and r.ok, each(_flat)),
        "",
    ),
    ("entities-mixed", "a list shows a field of another entity", _mixed_lists, "306"),
    ("open-door", "fields are read and changed through another entity", _open_door, "306"),
    ("deletes-elsewhere", "a deletion through another entity is done", _deletes_elsewhere, "306"),
    ("group-takes-fields", "deleting a group deletes its fields", _group_takes_fields, ""),
    ("half-batch", "good items of a refused batch are stored", _half_batch, "114"),
    ("created-twice", "a creation is done twice", _twice, ""),
    ("collateral-rename", "a change renames another field", _collateral, "119"),
    (
        "filter-ignored",
        "filters of fields are read over",
        request(
            lambda c: c.method == "GET" and c.fields and "filter" in c.query,
            lambda c: evolve(c, query="limit=250"),
        ),
        "",
    ),
    (
        "order-ignored",
        "the order of fields is read over",
        request(
            lambda c: c.method == "GET" and "order" in c.query,
            lambda c: evolve(c, query="&".join(p for p in c.query.split("&") if not p.startswith("order"))),
        ),
        "",
    ),
    (
        "group-rename-ignored",
        "a new name of a group is not stored",
        _forget("name", lambda c: c.groups and c.method == "PATCH" and b"sort" in c.body),
        "",
    ),
    (
        "v2-request-ids-counted",
        "v2 request ids are replaced by positions",
        answer(
            v2_writes,
            lambda v: [i.update(request_id=n) for n, i in enumerate(items(v)) if "request_id" in i] and None,
        ),
        "",
    ),
    (
        "v2-order-reversed",
        "v2 answers in the reverse order",
        _v2_items(lambda found: found[::-1], v2_writes),
        "",
    ),
    (
        "v2-last-item-lost",
        "v2 answers lack the last item",
        _v2_items(lambda found: found[:-1] if len(found) > 1 else found, v2_writes),
        "",
    ),
    (
        "v2-stale-taken",
        "v2 updates older than the stored one are done",
        request(_v2_posts, edit_sent(_stale_taken)),
        "",
    ),
    ("v2-term-ignored", "`term` is read over", _v2_ignore("term"), ""),
    ("v2-id-ignored", "`id` of v2 reads is read over", _v2_ignore("id"), ""),
    (
        "v2-lists-mixed",
        "elements of all lists are shown",
        request(
            lambda c: c.method == "GET" and c.path.endswith("elements"),
            lambda c: c.with_parameters(catalog_id=None) if "id" not in c.parameters else c,
        ),
        "",
    ),
    ("v2-failures-hidden", "failed v2 items are not reported", answer(v2_writes, _silent), ""),
    ("v2-values-forgotten", "an update of one value clears the others", _v2_forgets_values, "119"),
    (
        "v2-first-value-only",
        "of several values the first is stored",
        request(_v2_posts, edit_sent(_first_value)),
        "",
    ),
    (
        "v2-values-lost",
        "values are not stored",
        request(_v2_posts, edit_sent(lambda item: item.pop("custom_fields", None))),
        "",
    ),
    (
        "v2-switch-forgotten",
        "`can_add_elements` is not stored",
        request(_v2_posts, edit_sent(lambda item: item.pop("can_add_elements", None))),
        "",
    ),
    (
        "v2-page-two-empty",
        "the second page of v2 is empty",
        _v2_items(lambda found: found[:40], v2_reads),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
