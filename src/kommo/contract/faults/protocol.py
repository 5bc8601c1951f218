"""Breaches of HTTP, of authentication, and of what may be sent."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.editing import answer, each, edit_sent, errors, gets, instead, lists, request
from kommo.contract.faults.messages import HAL, Reply, Request


def _let_in(when: Any) -> Effect:
    """Requests get the last good Authorization header that was seen."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        reply = await forward(call)
        if reply.status != 401:
            if "authorization" in call.headers:
                memory.kept["good"] = call.headers["authorization"]
            return reply
        good = memory.kept.get("good")
        if good is None or not when(call):
            return reply
        return await forward(evolve(call, headers={**call.headers, "authorization": good}))

    return effect


async def _validates_first(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Bad requests are answered 400 before anybody asks who sends them."""
    reply = await forward(call)
    if reply.status == 401 and call.method in ("POST", "PATCH") and memory.kept.get("good"):
        allowed = evolve(
            call, headers={**call.headers, "authorization": memory.kept["good"]}, body=b"{broken"
        )
        return await forward(allowed)
    if reply.status != 401 and "authorization" in call.headers:
        memory.kept["good"] = call.headers["authorization"]
    return reply


async def _echo_token(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    if reply.status in (400, 404) and isinstance(reply.json, dict):
        return reply.with_json({**reply.json, "request_headers": dict(call.headers)})
    return reply


def _status(when: Any, status: int) -> Effect:
    return answer(when, lambda reply: evolve(reply, status=status), parsed=False)


def _relabel(call: Request) -> Request:
    return evolve(call, headers={**call.headers, "content-type": "application/json"})


def _odd_type(call: Request) -> bool:
    kind = call.headers.get("content-type", "").partition(";")[0]
    return call.method in ("POST", "PATCH") and kind not in (
        "application/json",
        "application/x-www-form-urlencoded",
    )


def _undeclared(call: Request) -> bool:
    return call.method in ("PUT", "TRACE")


async def _put_as_patch(memory: Memory, call: Request, forward: Forward) -> Reply:
    return await forward(evolve(call, method="PATCH")) if call.method == "PUT" else await forward(call)


async def _long_batches(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Batches over the limit are cut to it."""
    body = call.json
    if isinstance(body, list) and len(body) > 250:
        return await forward(call.with_json(body[:250]))
    return await forward(call)


def _fill(key: str, value: Any) -> Any:
    return edit_sent(lambda item: item.setdefault(key, value))


def _number(item: dict[str, Any]) -> None:
    sort = item.get("sort")
    if isinstance(sort, str) and sort.isdigit():
        item["sort"] = int(sort)


def _true(item: dict[str, Any]) -> None:
    if item.get("is_api_only") in ("true", 1):
        item["is_api_only"] = True


def _text(item: dict[str, Any]) -> None:
    if isinstance(item.get("name"), int) and not isinstance(item["name"], bool):
        item["name"] = str(item["name"])


def _null_name(item: dict[str, Any]) -> None:
    if "name" in item and item["name"] is None:
        item["name"] = "unnamed"


def _posts(call: Request) -> bool:
    return call.method == "POST" and call.fields


def _changes(call: Request) -> bool:
    return call.method in ("POST", "PATCH") and call.version == 4


def _wrapped(call: Request) -> Request:
    body = call.json
    return call.with_json([body]) if isinstance(body, dict) else call


async def _bare_error(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    trace = 'Traceback (most recent call last):\n  File "/srv/app/fields.py", line 12, in get\nKeyError: 7'
    if reply.status == 404 and isinstance(reply.json, dict):
        return reply.with_json({**reply.json, "detail": trace})
    return reply


def _host(item: dict[str, Any]) -> None:
    link = item.get("_links", {}).get("self")
    if isinstance(link, dict):
        link["href"] = (
            str(link.get("href"))
            .replace("http://", "http://internal-")
            .replace("https://", "https://internal-")
        )


def _wrong_self(item: dict[str, Any]) -> None:
    link = item.get("_links", {}).get("self")
    if isinstance(link, dict) and isinstance(item.get("id"), int):
        link["href"] = str(link["href"]).replace(str(item["id"]), str(item["id"] + 1))


def _form(call: Request) -> bool:
    kind = call.headers.get("content-type", "")
    return (
        call.version == 4 and kind.startswith("application/x-www-form-urlencoded") and call.method == "POST"
    )


def _html(status: int, when: Any) -> Effect:
    page = b"<html><body><h1>403 Forbidden</h1></body></html>"
    return instead(when, lambda call: Reply(status, {"content-type": "text/html"}, page))


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("read-without-token", "reads need no token", _let_in(lambda c: c.method == "GET"), "307"),
    ("write-without-token", "creations need no token", _let_in(lambda c: c.method == "POST"), "308"),
    ("change-without-token", "changes need no token", _let_in(lambda c: c.method == "PATCH"), "308"),
    ("delete-without-token", "deletions need no token", _let_in(lambda c: c.method == "DELETE"), "308"),
    ("groups-without-token", "groups need no token", _let_in(lambda c: c.groups), "307"),
    (
        "any-bearer",
        "any bearer token is good",
        _let_in(lambda c: c.headers.get("authorization", "").startswith("Bearer k")),
        "307",
    ),
    (
        "basic-accepted",
        "basic authentication is taken",
        _let_in(lambda c: c.headers.get("authorization", "").startswith("Basic")),
        "307",
    ),
    ("validates-before-401", "bad requests are answered 400 before 401", _validates_first, ""),
    ("token-in-error", "errors repeat the request's headers", _echo_token, "309"),
    ("stack-trace", "errors show a stack trace", _bare_error, "309"),
    ("put-accepted", "PUT works like PATCH", _put_as_patch, "310"),
    (
        "undeclared-method-200",
        "PUT and TRACE are answered 200",
        instead(_undeclared, lambda c: Reply(200, {"content-type": HAL}, b"{}")),
        "310",
    ),
    (
        "405-without-allow",
        "405 lacks Allow",
        answer(
            lambda c, r: r.status == 405,
            lambda r: evolve(r, headers={k: v for k, v in r.headers.items() if k != "allow"}),
            parsed=False,
        ),
        "110",
    ),
    (
        "allow-is-wrong",
        "Allow names other methods",
        answer(
            lambda c, r: "allow" in r.headers,
            lambda r: evolve(r, headers={**r.headers, "allow": "PUT"}),
            parsed=False,
        ),
        "201",
    ),
    ("201-on-get", "reads are answered 201", _status(gets, 201), "103"),
    (
        "201-on-delete",
        "deletions are answered 201",
        _status(lambda c, r: c.method == "DELETE" and r.ok, 201),
        "102",
    ),
    (
        "202-on-create",
        "creations are answered 202",
        _status(lambda c, r: c.method == "POST" and r.ok, 202),
        "200",
    ),
    (
        "204-with-body",
        "deletions are answered with a body",
        answer(
            lambda c, r: c.method == "DELETE" and r.ok,
            lambda r: Reply(200, {"content-type": HAL}, b'{"ok":true}'),
            parsed=False,
        ),
        "105",
    ),
    (
        "unknown-id-200",
        "an unknown id is answered 200 and {}",
        answer(
            lambda c, r: c.method == "GET" and r.status == 404,
            lambda r: Reply(200, {"content-type": HAL}, b"{}"),
            parsed=False,
        ),
        "200",
    ),
    (
        "not-found-as-400",
        "deleting an unknown id is answered 204",
        _status(lambda c, r: c.method == "DELETE" and r.status == 404, 204),
        "",
    ),
    ("links-to-inside", "links name an internal host", answer(lists, each(_host)), ""),
    ("self-link-elsewhere", "the self link names another id", answer(gets, each(_wrong_self)), "120"),
    ("content-type-ignored", "JSON is taken under any content type", request(_odd_type, _relabel), "206"),
    (
        "form-on-v4",
        "a form creates a field",
        instead(
            _form,
            lambda c: Reply(
                201, {"content-type": HAL}, b'{"_total_items":0,"_embedded":{"custom_fields":[]}}'
            ),
        ),
        "206",
    ),
    ("long-batch-cut", "batches over 250 are cut silently", _long_batches, "206"),
    ("type-defaults", "a field without type is text", request(_posts, _fill("type", "text")), "206"),
    ("name-defaults", "a field without name gets one", request(_posts, _fill("name", "unnamed")), "206"),
    ("null-name-taken", "a null name is taken", request(_changes, edit_sent(_null_name)), "206"),
    ("number-name-taken", "a number is taken as name", request(_changes, edit_sent(_text)), "206"),
    ("digit-sort-taken", "digits are taken as sort", request(_changes, edit_sent(_number)), "206"),
    ("text-bool-taken", '"true" is taken as true', request(_changes, edit_sent(_true)), "206"),
    (
        "unwrapped-batch-taken",
        "an object is taken for a batch of changes",
        request(lambda c: c.method == "PATCH" and c.fields and not c.one, _wrapped),
        "206",
    ),
    (
        "list-forbidden",
        "lists of groups are answered 403 as HTML",
        _html(403, lambda c: c.groups and c.method == "GET" and not c.one),
        "200",
    ),
    (
        "redirects",
        "lists are redirected to a slash",
        instead(
            lambda c: c.method == "GET" and c.path.endswith("leads/custom_fields") and bool(c.query),
            lambda c: Reply(301, {"location": c.path + "/"}),
        ),
        "",
    ),
    (
        "error-as-html",
        "errors come as HTML",
        answer(
            errors, lambda r: Reply(r.status, {"content-type": "text/html"}, b"<h1>Error</h1>"), parsed=False
        ),
        "",
    ),
    (
        "unauthorized-as-403",
        "a missing token is answered 403",
        _status(lambda c, r: r.status == 401, 403),
        "305",
    ),
)

FAULTS: Final = tuple(Fault(id_, "protocol", summary, effect, code) for id_, summary, effect, code in _SPEC)
