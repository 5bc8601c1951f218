"""What is done to one thing, or through one entity, shows in another one."""

from __future__ import annotations

import json
from typing import Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.editing import items, lists
from kommo.contract.faults.messages import Reply, Request
from kommo.contract.faults.semantics.effects import creates

_CARDS: Final = ("leads", "contacts", "companies", "customers")


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
    if creates(call) and reply.ok:
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


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("entities-mixed", "a list shows a field of another entity", _mixed_lists, "306"),
    ("open-door", "fields are read and changed through another entity", _open_door, "306"),
    ("deletes-elsewhere", "a deletion through another entity is done", _deletes_elsewhere, "306"),
    ("group-takes-fields", "deleting a group deletes its fields", _group_takes_fields, ""),
    ("half-batch", "good items of a refused batch are stored", _half_batch, "114"),
    ("created-twice", "a creation is done twice", _twice, ""),
    ("collateral-rename", "a change renames another field", _collateral, "119"),
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
