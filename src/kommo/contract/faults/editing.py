"""What effects are made of: ways to edit requests and answers, and the kinds of calls to edit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kommo.contract.exchange import NO_JSON
from kommo.contract.faults.base import Effect, Forward, Memory
from kommo.contract.faults.messages import Reply, Request


def answer(
    when: Callable[[Request, Reply], bool], edit: Callable[[Any], Any], *, parsed: bool = True
) -> Effect:
    """An effect that edits some answers: their JSON in place (or replaced), or the whole `Reply`."""

    async def effect(memory: Memory, request: Request, forward: Forward) -> Reply:
        reply = await forward(request)
        if not when(request, reply):
            return reply
        if not parsed:
            found: Reply = edit(reply)
            return found
        value = reply.json
        if value is NO_JSON:
            return reply
        edited = edit(value)
        return reply.with_json(value if edited is None else edited)

    return effect


def request(when: Callable[[Request], bool], edit: Callable[[Request], Request]) -> Effect:
    """An effect that edits some requests before the server sees them."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        return await forward(edit(call) if when(call) else call)

    return effect


def instead(when: Callable[[Request], bool], reply: Callable[[Request], Reply]) -> Effect:
    """An effect that answers some requests itself."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        return reply(call) if when(call) else await forward(call)

    return effect


def items(value: Any) -> list[dict[str, Any]]:
    """The objects an answer is about: the members of its collection, else itself."""
    if isinstance(value, dict):
        embedded = value.get("_embedded")
        if isinstance(embedded, dict):
            for inner in embedded.values():
                if isinstance(inner, list):
                    return [item for item in inner if isinstance(item, dict)]
        return [value] if "id" in value else []
    return []


def each(edit: Callable[[dict[str, Any]], object]) -> Callable[[Any], None]:
    """Edit every object of an answer in place."""

    def run(value: Any) -> None:
        for item in items(value):
            edit(item)

    return run


def sent_items(call: Request) -> list[dict[str, Any]]:
    """The objects of a request's body."""
    value = call.json
    if isinstance(value, dict):
        blocks = [value[name] for name in ("add", "update") if isinstance(value.get(name), list)]
        value = [item for block in blocks for item in block] if call.version == 2 else [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def edit_sent(edit: Callable[[dict[str, Any]], object]) -> Callable[[Request], Request]:
    """Edit every object of a request's body."""

    def run(call: Request) -> Request:
        value = call.json
        if value is NO_JSON:
            return call
        holder = value
        if isinstance(value, dict):
            blocks = [value[name] for name in ("add", "update") if isinstance(value.get(name), list)]
            holder = [item for block in blocks for item in block] if call.version == 2 else [value]
        for item in holder if isinstance(holder, list) else []:
            if isinstance(item, dict):
                edit(item)
        return call.with_json(value)

    return run


def gets(call: Request, reply: Reply) -> bool:
    """Successful reads of v4 fields."""
    return call.method == "GET" and call.fields and reply.ok


def lists(call: Request, reply: Reply) -> bool:
    """Successful reads of lists of v4 fields."""
    return gets(call, reply) and not call.one


def writes(call: Request, reply: Reply) -> bool:
    """Successful writes of v4 fields."""
    return call.method in ("POST", "PATCH") and call.fields and reply.ok


def v2_reads(call: Request, reply: Reply) -> bool:
    """Successful reads of v2."""
    return call.method == "GET" and call.version == 2 and reply.ok


def v2_writes(call: Request, reply: Reply) -> bool:
    """Successful writes of v2."""
    return call.method == "POST" and call.version == 2 and reply.ok


def errors(call: Request, reply: Reply) -> bool:
    """Errors of any kind."""
    return reply.status >= 400
