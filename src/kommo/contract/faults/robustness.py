"""Servers that break on input they should take or refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from kommo.contract.exchange import NO_JSON
from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.editing import answer, instead, lists, sent_items
from kommo.contract.faults.messages import Reply, Request, problem


def _crash(when: Callable[[Request], bool]) -> Effect:
    return instead(when, lambda call: problem(500))


def _texts(call: Request) -> str:
    return (
        " ".join(str(item.get("name", "")) for item in sent_items(call))
        if call.method in ("POST", "PATCH")
        else ""
    )


def _posts(call: Request) -> bool:
    return call.method in ("POST", "PATCH")


async def _raise(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    if call.method == "PATCH" and reply.status == 400:
        raise RuntimeError("unhandled")
    return reply


async def _now_and_then(memory: Memory, call: Request, forward: Forward) -> Reply:
    return problem(500) if memory.count % 97 == 0 else await forward(call)


async def _unknown_500(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    return problem(500) if reply.status == 404 and call.one else reply


async def _after_delete(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The list right after a deletion fails."""
    reply = await forward(call)
    if call.method == "DELETE" and reply.ok:
        memory.kept["deleted"] = True
    elif memory.kept.pop("deleted", False) and call.method == "GET":
        return problem(500)
    return reply


async def _many(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Batches of more than two items fail."""
    body = call.json
    if call.version == 4 and isinstance(body, list) and 2 < len(body) <= 250:
        return problem(500)
    return await forward(call)


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    (
        "crash-non-bmp",
        "500 on characters outside the basic plane",
        _crash(lambda c: any(ord(ch) > 0xFFFF for ch in _texts(c))),
        "100",
    ),
    ("crash-quote", "500 on an apostrophe in a name", _crash(lambda c: "'" in _texts(c)), "300"),
    ("crash-long-name", "500 on names over 200 characters", _crash(lambda c: len(_texts(c)) > 200), "100"),
    ("crash-null-body", "500 on null", _crash(lambda c: _posts(c) and c.json is None), "100"),
    ("crash-empty-array", "500 on an empty array", _crash(lambda c: _posts(c) and c.json == []), "100"),
    (
        "crash-scalar-body",
        "500 on a number as body",
        _crash(lambda c: _posts(c) and isinstance(c.json, int)),
        "100",
    ),
    (
        "crash-broken-json",
        "500 on broken JSON",
        _crash(lambda c: _posts(c) and bool(c.body) and c.json is NO_JSON),
        "100",
    ),
    (
        "crash-null-item",
        "500 on null among the items",
        _crash(lambda c: _posts(c) and isinstance(c.json, list) and None in c.json),
        "100",
    ),
    (
        "crash-empty-name",
        "500 on an empty name",
        _crash(lambda c: any(i.get("name") == "" for i in sent_items(c))),
        "100",
    ),
    (
        "crash-wrong-type",
        "500 on an array as name",
        _crash(lambda c: any(isinstance(i.get("name"), list) for i in sent_items(c))),
        "100",
    ),
    (
        "crash-big-number",
        "500 on numbers beyond 32 bits",
        _crash(
            lambda c: any(
                isinstance(i.get("sort"), int) and abs(i["sort"]) >= 2**31 - 1 for i in sent_items(c)
            )
        ),
        "100",
    ),
    (
        "crash-empty-options",
        "500 on empty options",
        _crash(lambda c: any(i.get("enums") == [] for i in sent_items(c))),
        "100",
    ),
    (
        "crash-page-text",
        "500 on a page that is no number",
        _crash(lambda c: c.method == "GET" and not c.parameters.get("page", "1").isdigit()),
        "100",
    ),
    (
        "crash-page-behind",
        "500 past the end of a list",
        answer(
            lambda c, r: (
                lists(c, r)
                and c.parameters.get("page", "1").isdigit()
                and int(c.parameters.get("page", "1")) > 900
            ),
            lambda r: problem(500),
            parsed=False,
        ),
        "100",
    ),
    (
        "crash-id-text",
        "500 on an id that is no number",
        _crash(lambda c: c.fields and c.one and not c.path.rpartition("/")[2].isdigit()),
        "100",
    ),
    ("crash-unknown-id", "500 on unknown ids", _unknown_500, "100"),
    ("crash-deleted", "500 on the list after a deletion", _after_delete, "100"),
    ("crash-batches", "500 on batches of three", _many, "100"),
    ("unhandled-exception", "an exception instead of a refused change", _raise, "100"),
    ("crash-now-and-then", "every 97th request fails", _now_and_then, "100"),
    (
        "crash-v2-unknown-key",
        "500 on unknown keys in v2",
        _crash(lambda c: c.version == 2 and b"kc_unknown" in c.body),
        "100",
    ),
    (
        "crash-v2-form",
        "500 on forms",
        _crash(lambda c: c.headers.get("content-type", "").startswith("application/x-www")),
        "100",
    ),
    (
        "v2-body-cut-off",
        "long v2 lists are cut off",
        answer(
            lambda c, r: c.version == 2 and len(r.body) > 9000,
            lambda r: evolve(r, body=r.body[:9000]),
            parsed=False,
        ),
        "200",
    ),
)

FAULTS: Final = tuple(Fault(id_, "robustness", summary, effect, code) for id_, summary, effect, code in _SPEC)
