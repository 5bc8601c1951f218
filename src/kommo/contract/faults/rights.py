"""Servers that let users do what they may not, or forbid what they may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.messages import Reply, Request, problem

_AUTHORIZATION: Final = "authorization"
_Matches = Callable[[Request], bool]
_Of = Callable[[Reply, Reply], Reply]


def _remember(memory: Memory, call: Request, reply: Reply) -> None:
    """Keep the header of somebody who may do everything: who changed a field."""
    if call.fields and call.method == "POST" and reply.ok:
        memory.kept["mighty"] = call.headers.get(_AUTHORIZATION, "")


def _promoted(refusal: int, when: _Matches, shown: _Of = lambda refused, done: done) -> Effect:
    """Do what was refused all the same; `shown` makes the answer of the refusal and of what was done."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        reply = await forward(call)
        _remember(memory, call, reply)
        mighty = memory.kept.get("mighty")
        if reply.status != refusal or mighty is None or not when(call):
            return reply
        done = await forward(evolve(call, headers={**call.headers, _AUTHORIZATION: mighty}))
        return shown(reply, done)

    return effect


def _of_others(when: Callable[[Request, Reply], bool], shown: Callable[[Reply], Reply]) -> Effect:
    """Answer those otherwise who hold another token than who changes fields, and one that is good."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        reply = await forward(call)
        _remember(memory, call, reply)
        own = call.headers.get(_AUTHORIZATION, "")
        other = "mighty" in memory.kept and own != memory.kept["mighty"] and reply.status != 401
        return shown(reply) if other and when(call, reply) else reply

    return effect


def _fewer(reply: Reply) -> Reply:
    value = reply.json
    for inner in value.get("_embedded", {}).values():
        del inner[:1]
    return reply.with_json(value)


def _fields_read(call: Request, reply: Reply) -> bool:
    return call.method == "GET" and call.fields and reply.status == 200


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("users-write", "every user may write everything", _promoted(403, lambda c: True), "308"),
    ("users-create", "every user may create fields", _promoted(403, lambda c: c.method == "POST"), "308"),
    ("users-change-one", "every user may change one thing", _promoted(403, lambda c: c.one), "308"),
    ("users-delete", "every user may delete", _promoted(403, lambda c: c.method == "DELETE"), "308"),
    ("users-write-groups", "every user may write groups", _promoted(403, lambda c: c.groups), "308"),
    ("users-write-v2", "every user may write lists in v2", _promoted(403, lambda c: c.version == 2), "308"),
    (
        "users-do-refused",
        "what users may not is refused and done all the same",
        _promoted(403, lambda c: True, lambda refused, done: refused),
        "308",
    ),
    (
        "strangers-do-refused",
        "what needs a token is refused without one and done all the same",
        _promoted(401, lambda c: _AUTHORIZATION not in c.headers, lambda refused, done: refused),
        "308",
    ),
    (
        "strangers-delete-refused",
        "deletions need a token to be confirmed, not to be done",
        _promoted(401, lambda c: c.method == "DELETE", lambda refused, done: refused),
        "308",
    ),
    (
        "users-unknown",
        "users without rights are asked who they are",
        _of_others(lambda c, r: r.status == 403, lambda reply: problem(401)),
        "",
    ),
    (
        "rights-hidden",
        "what users may not is not found",
        _of_others(lambda c, r: r.status == 403, lambda reply: problem(404)),
        "",
    ),
    ("users-blind", "users may not read fields", _of_others(_fields_read, lambda reply: problem(403)), ""),
    (
        "users-see-less",
        "users are not shown the first field",
        _of_others(lambda c, r: _fields_read(c, r) and not c.one, _fewer),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, "protocol", summary, effect, code) for id_, summary, effect, code in _SPEC)
