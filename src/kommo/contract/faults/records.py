"""Servers that spoil what has values: leads and their like, lists and their elements."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Kind, Memory
from kommo.contract.faults.editing import answer, each, edit_sent, items, request
from kommo.contract.faults.messages import Reply, Request

_VALUES: Final = "custom_fields_values"


def _about(call: Request) -> bool:
    return call.version == 4 and "/custom_fields" not in call.path


def _reads(call: Request, reply: Reply) -> bool:
    return _about(call) and call.method == "GET" and reply.status == 200


def _lists(call: Request, reply: Reply) -> bool:
    return _reads(call, reply) and not call.one


def _writes(call: Request) -> bool:
    return _about(call) and call.method in ("POST", "PATCH")


def _embedded(edit: Callable[[list[Any]], list[Any]]) -> Callable[[Any], None]:
    def run(value: Any) -> None:
        for key, inner in value["_embedded"].items():
            if isinstance(inner, list):
                value["_embedded"][key] = edit(inner)

    return run


def _without_first(item: dict[str, Any]) -> None:
    if isinstance(item.get(_VALUES), list):
        del item[_VALUES][:1]


def _without_clearing(item: dict[str, Any]) -> None:
    entries = item.get(_VALUES)
    if isinstance(entries, list):
        item[_VALUES] = [one for one in entries if not (isinstance(one, dict) and one.get("values") is None)]


def _first_value(item: dict[str, Any]) -> None:
    for entry in item.get(_VALUES) or ():
        entry["values"] = entry["values"][:1]


def _trimmed(item: dict[str, Any]) -> None:
    for entry in item.get(_VALUES) or ():
        for value in entry["values"]:
            if isinstance(value.get("value"), str):
                value["value"] = value["value"].strip()


async def _others_cleared(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A change of one value clears the others."""
    body = call.json
    if _writes(call) and call.method == "PATCH" and call.one and isinstance(body.get(_VALUES), list):
        read = (await forward(evolve(call, method="GET", body=b""))).json
        sent = {entry.get("field_id") for entry in body[_VALUES]}
        others = [one["field_id"] for one in read.get(_VALUES) or () if one["field_id"] not in sent]
        body[_VALUES] += [{"field_id": id_, "values": None} for id_ in others]
        return await forward(call.with_json(body))
    return await forward(call)


async def _values_stay(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A read shows the values that a thing first had."""
    reply = await forward(call)
    value = reply.json
    if _reads(call, reply) and call.one and isinstance(value, dict) and value.get(_VALUES):
        return reply.with_json({**value, _VALUES: memory.kept.setdefault(call.path, value[_VALUES])})
    return reply


def _touched(call: Request) -> Request:
    body = call.json
    return (
        call.with_json({"price": 1, "sort": 1, "color": "10599d", **body}) if isinstance(body, dict) else call
    )


def _without(*names: str) -> Callable[[Request], Request]:
    def run(call: Request) -> Request:
        kept = [part for part in call.query.split("&") if not part.startswith(names)]
        return evolve(call, query="&".join(kept))

    return run


def _swapped(value: Any) -> None:
    found = items(value)
    if len(found) > 1 and "request_id" in found[0]:
        found[0]["request_id"], found[1]["request_id"] = found[1]["request_id"], found[0]["request_id"]


async def _any_parent(memory: Memory, call: Request, forward: Forward) -> Reply:
    """What is in one list is found through every other one."""
    found = re.match(r"(/api/v4/[a-z]+/)(\d+)(/[a-z]+/\d+)$", call.path)
    reply = await forward(call)
    if found is None or call.method != "GET" or not _about(call):
        return reply
    known: list[str] = memory.kept.setdefault("known", [])
    if found[2] not in known:
        known.append(found[2])
    if reply.status in (204, 404):
        for other in known:
            read = await forward(evolve(call, path=f"{found[1]}{other}{found[3]}"))
            if read.status == 200:
                return read
    return reply


async def _half(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The good things of a refused batch are made."""
    reply = await forward(call)
    body = call.json
    if reply.status == 400 and _writes(call) and call.method == "POST" and isinstance(body, list):
        await forward(call.with_json(body[:1]))
    return reply


_SPEC: Final[tuple[tuple[str, Kind, str, Effect, str], ...]] = (
    (
        "record-list-forgets",
        "semantics",
        "lists of records lack the newest",
        answer(_lists, _embedded(lambda found: found[:-1] if len(found) > 1 else found)),
        "",
    ),
    (
        "value-lost",
        "semantics",
        "the first value is not stored",
        request(_writes, edit_sent(_without_first)),
        "",
    ),
    (
        "value-clearing-ignored",
        "semantics",
        "null clears nothing",
        request(_writes, edit_sent(_without_clearing)),
        "",
    ),
    (
        "values-first-only",
        "semantics",
        "of several values the first is stored",
        request(_writes, edit_sent(_first_value)),
        "",
    ),
    (
        "values-trimmed",
        "semantics",
        "texts of values lose their blanks",
        request(_writes, edit_sent(_trimmed)),
        "",
    ),
    ("values-others-cleared", "semantics", "a change of one value clears the others", _others_cleared, "119"),
    ("values-stale", "semantics", "values are read as they first were", _values_stay, ""),
    (
        "values-unlisted",
        "semantics",
        "lists show no values",
        answer(_lists, each(lambda item: item.update({_VALUES: None}) if item.get(_VALUES) else None)),
        "",
    ),
    (
        "record-change-touches",
        "semantics",
        "a change of a record sets its other numbers",
        request(lambda c: _writes(c) and c.method == "PATCH" and c.one, _touched),
        "119",
    ),
    (
        "record-request-ids-swapped",
        "semantics",
        "request ids of two records are swapped",
        answer(lambda c, r: _writes(c) and r.ok, _swapped),
        "",
    ),
    ("record-query-ignored", "semantics", "searches are read over", request(_about, _without("query")), ""),
    (
        "record-filter-ignored",
        "semantics",
        "filters of records are read over",
        request(_about, _without("filter")),
        "",
    ),
    (
        "record-order-ignored",
        "semantics",
        "the order of records is read over",
        request(_about, _without("order")),
        "",
    ),
    ("record-any-parent", "semantics", "elements are found through other lists", _any_parent, "306"),
    ("record-half-batch", "semantics", "good records of a refused batch are made", _half, "114"),
    (
        "record-204-as-200",
        "protocol",
        "an unknown record is answered 200 and null",
        answer(
            lambda c, r: _about(c) and c.one and c.method == "GET" and r.status in (204, 404),
            lambda r: Reply(200, {"content-type": "application/hal+json"}, b"null"),
            parsed=False,
        ),
        "200",
    ),
)

FAULTS: Final = tuple(Fault(id_, kind, summary, effect, code) for id_, kind, summary, effect, code in _SPEC)
