"""Bytes, headers, tokens and crashes at the edges of what is usual."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.exchange import NO_JSON
from kommo.contract.faults.base import Effect, Fault, Forward, Kind, Memory
from kommo.contract.faults.editing import answer, errors, gets, instead, lists, sent_items
from kommo.contract.faults.messages import Reply, Request, problem
from kommo.contract.faults.subtle.asked import number, query_pairs, writes


def _text(edit: Callable[[str], str], when: Callable[[Request, Reply], bool] = gets) -> Effect:
    """An effect on the raw text of answers, for what no JSON library would write."""
    return answer(
        when, lambda reply: evolve(reply, body=edit(reply.body.decode()).encode("utf-8")), parsed=False
    )


def _header(name: str, value: str, when: Callable[[Request, Reply], bool]) -> Effect:
    return answer(when, lambda reply: evolve(reply, headers={**reply.headers, name: value}), parsed=False)


def _crash(when: Callable[[Request], bool]) -> Effect:
    return instead(when, lambda call: problem(500))


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


async def _head_differs(memory: Memory, call: Request, forward: Forward) -> Reply:
    return Reply(500) if call.method == "HEAD" else await forward(call)


def _undeclared(call: Request) -> bool:
    names = {re.sub(r"(%5B|\[).*", "", name, flags=re.IGNORECASE) for name, _ in query_pairs(call)}
    known = {"", "page", "limit", "filter", "order", "id", "term", "catalog_id", "limit_rows", "limit_offset"}
    return call.method == "GET" and bool(names - known)


_SPEC: Final[tuple[tuple[str, Kind, str, Effect, str], ...]] = (
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
        _crash(lambda c: (number(c.parameters.get("page", "")) or 0) >= 2**63),
        "100",
    ),
    (
        "crash-id-huge",
        "robustness",
        "500 on ids beyond 64 bits",
        _crash(lambda c: c.one and (number(c.path.rpartition("/")[2]) or 0) >= 2**63),
        "100",
    ),
    (
        "crash-deep-body",
        "robustness",
        "500 on deeply nested bodies",
        _crash(lambda c: writes(c) and c.json is not NO_JSON and _depth(c.json) > 20),
        "100",
    ),
    (
        "crash-no-content-type",
        "robustness",
        "500 without a content type",
        _crash(lambda c: writes(c) and "content-type" not in c.headers),
        "100",
    ),
    (
        "crash-empty-body",
        "robustness",
        "500 on an empty body",
        _crash(lambda c: writes(c) and not c.body),
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
