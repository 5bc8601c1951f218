"""What is written is not stored, or not as it was sent."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.editing import edit_sent, request
from kommo.contract.faults.messages import Reply, Request
from kommo.contract.faults.semantics.effects import creates, forget


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


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("sort-forgotten", "`sort` of a new field is not stored", forget("sort", creates), ""),
    ("code-forgotten", "`code` of a new field is not stored", forget("code", creates), ""),
    (
        "code-lower",
        "codes are stored in lower case",
        _rewrite("code", str.lower, lambda c: c.version == 4),
        "",
    ),
    (
        "api-only-forgotten",
        "`is_api_only` is not stored",
        forget("is_api_only", lambda c: c.version == 4),
        "",
    ),
    ("remind-forgotten", "`remind` is not stored", forget("remind", lambda c: c.version == 4), ""),
    ("group-forgotten", "`group_id` of a new field is not stored", forget("group_id", creates), ""),
    (
        "group-move-ignored",
        "`fields` of a group is read over",
        forget("fields", lambda c: c.groups and c.method == "PATCH"),
        "",
    ),
    ("name-cut", "names are cut to 16 characters", _rewrite("name", lambda t: t[:16], creates), ""),
    (
        "name-ascii",
        "characters beyond ASCII become ?",
        _rewrite("name", lambda t: t.encode("ascii", "replace").decode(), creates),
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
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
