"""Servers whose mistakes are easily overlooked: a key among many, a boundary, a header, one more deletion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Kind, Memory
from kommo.contract.faults.editing import (
    answer,
    each,
    edit_sent,
    gets,
    instead,
    items,
    lists,
    request,
    sent_items,
    v2_reads,
)
from kommo.contract.faults.messages import HAL, Reply, Request, problem


def _writes(call: Request) -> bool:
    return call.method in ("POST", "PATCH")


def _forget(key: str, when: Callable[[Request], bool]) -> Effect:
    return request(when, edit_sent(lambda item: item.pop(key, None)))


def _parts(key: str, edit: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    def run(item: dict[str, Any]) -> None:
        for part in item.get(key) or ():
            if isinstance(part, dict):
                edit(part)

    return run


def _merge_options(item: dict[str, Any]) -> None:
    options = item.get("enums")
    if isinstance(options, list) and all(isinstance(one, dict) for one in options):
        item["enums"] = list({one.get("value"): one for one in reversed(options)}.values())[::-1]


def _refuse(when: Callable[[Request], bool], detail: str) -> Effect:
    return instead(when, lambda call: problem(400, detail))


async def _default_limit(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    value = reply.json
    if lists(call, reply) and "limit" not in call.parameters and isinstance(value, dict):
        embedded = value.get("_embedded", {})
        if len(embedded.get("custom_fields", ())) > 10:
            embedded["custom_fields"] = embedded["custom_fields"][:10]
            return reply.with_json(value)
    return reply


def _capped(call: Request) -> Request:
    limit = call.parameters.get("limit", "")
    return call.with_parameters(limit="100") if limit.isdigit() and int(limit) > 100 else call


async def _neighbour(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Deleting a field takes the one before it along."""
    if not (call.method == "DELETE" and call.fields):
        return await forward(call)
    base, _, own = call.path.rpartition("/")
    listed = items((await forward(evolve(call, method="GET", path=base, query="limit=250", body=b""))).json)
    reply = await forward(call)
    ids = [str(item["id"]) for item in listed]
    if reply.ok and own in ids and ids.index(own) > 0:
        await forward(evolve(call, path=f"{base}/{ids[ids.index(own) - 1]}"))
    return reply


async def _long_batch(memory: Memory, call: Request, forward: Forward) -> Reply:
    """Batches over fifty are refused."""
    body = call.json
    if call.version == 4 and isinstance(body, list) and 50 < len(body) <= 250:
        return problem(400, "Too many entities")
    return await forward(call)


async def _done_and_denied(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    return problem(404, "Not found") if call.method == "DELETE" and reply.ok and call.fields else reply


async def _refused_and_done(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A refused change of one field is carried out as far as its name goes."""
    reply = await forward(call)
    body = call.json
    name = body.get("name") if call.method == "PATCH" and call.fields and isinstance(body, dict) else None
    if reply.status == 400 and call.one and isinstance(name, str):
        await forward(call.with_json({"name": name}))
    return reply


async def _body_wins(memory: Memory, call: Request, forward: Forward) -> Reply:
    """The id in the body of a change wins over the one in the path."""
    body = call.json
    own = body.get("id") if call.method == "PATCH" and call.fields and isinstance(body, dict) else None
    if call.one and isinstance(own, int):
        return await forward(evolve(call, path=f"{call.path.rpartition('/')[0]}/{own}"))
    return await forward(call)


async def _head_open(memory: Memory, call: Request, forward: Forward) -> Reply:
    """HEAD needs no token."""
    reply = await forward(call)
    if reply.status != 401:
        memory.kept["good"] = call.headers.get("authorization", "")
    elif call.method == "HEAD" and memory.kept.get("good"):
        return await forward(evolve(call, headers={**call.headers, "authorization": memory.kept["good"]}))
    return reply


async def _many_fields(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    return problem(500) if lists(call, reply) and len(items(reply.json)) > 60 else reply


async def _error_200(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    return evolve(reply, status=200) if reply.status == 400 and call.method == "PATCH" else reply


async def _first_word(memory: Memory, call: Request, forward: Forward) -> Reply:
    term = call.parameters.get("term")
    if call.version == 2 and term and " " in term.strip():
        return await forward(call.with_parameters(term=term.split()[0]))
    return await forward(call)


async def _updated_frozen(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    value = reply.json
    if v2_reads(call, reply) and call.path.endswith("elements") and isinstance(value, dict):
        for item in items(value):
            item["updated_at"] = memory.kept.setdefault(item.get("id"), item.get("updated_at"))
        return reply.with_json(value)
    return reply


async def _created_moves(memory: Memory, call: Request, forward: Forward) -> Reply:
    reply = await forward(call)
    value = reply.json
    if v2_reads(call, reply) and call.path.endswith("elements") and isinstance(value, dict):
        for item in items(value):
            if isinstance(item.get("updated_at"), int):
                item["created_at"] = item["updated_at"]
        return reply.with_json(value)
    return reply


async def _ghost_page(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A page past the end is the last one again."""
    reply = await forward(call)
    number = call.parameters.get("page", "1")
    behind = call.method == "GET" and call.fields and not call.one and number.isdigit() and int(number) > 1
    if behind and reply.ok and not items(reply.json):
        return await forward(call.with_parameters(page="1"))
    return reply


def _contact_as_lead(call: Request, reply: Reply) -> bool:
    return gets(call, reply) and "/contacts/" in call.path


_SPEC: Final[tuple[tuple[str, Kind, str, Effect, str], ...]] = (
    (
        "group-sort-ignored",
        "semantics",
        "a new sort of a group is not stored",
        _forget("sort", lambda c: c.groups and c.method == "PATCH"),
        "",
    ),
    (
        "group-create-fields-ignored",
        "semantics",
        "`fields` of a new group is read over",
        _forget("fields", lambda c: c.groups and c.method == "POST"),
        "",
    ),
    (
        "option-codes-lost",
        "semantics",
        "codes of options are not stored",
        request(_writes, edit_sent(_parts("enums", lambda part: part.pop("code", None)))),
        "",
    ),
    (
        "options-merged",
        "semantics",
        "options of the same text become one",
        request(_writes, edit_sent(_merge_options)),
        "",
    ),
    (
        "tree-sort-lost",
        "semantics",
        "sort of nested values is not stored",
        request(_writes, edit_sent(_parts("nested", lambda part: part.pop("sort", None)))),
        "",
    ),
    (
        "stages-lost",
        "semantics",
        "`required_statuses` is not stored",
        _forget("required_statuses", lambda c: c.version == 4),
        "",
    ),
    ("required-lost", "semantics", "`is_required` is not stored", _forget("is_required", _writes), ""),
    ("v2-updated-at-frozen", "semantics", "`updated_at` of v2 elements never moves", _updated_frozen, ""),
    ("v2-created-at-moves", "semantics", "`created_at` of v2 elements moves", _created_moves, ""),
    ("default-limit-10", "semantics", "a page without limit holds 10", _default_limit, ""),
    (
        "limit-capped",
        "semantics",
        "limits over 100 are cut to 100",
        request(lambda c: c.method == "GET" and c.version == 4, _capped),
        "",
    ),
    ("deletes-neighbour", "semantics", "a deletion takes another field along", _neighbour, "119"),
    ("batch-of-51-refused", "semantics", "batches over fifty are refused", _long_batch, ""),
    ("done-and-denied", "semantics", "a deletion is done and answered 404", _done_and_denied, ""),
    ("refused-and-done", "semantics", "a refused change is half done", _refused_and_done, "114"),
    ("body-id-wins", "semantics", "the id in the body wins over the path", _body_wins, "306"),
    ("past-the-end-is-first", "semantics", "a page past the end is page 1", _ghost_page, ""),
    (
        "entity-of-another",
        "semantics",
        "fields of contacts say they are of leads",
        answer(_contact_as_lead, each(lambda item: item.update(entity_type="leads"))),
        "",
    ),
    ("v2-term-first-word", "semantics", "of a search term the first word counts", _first_word, ""),
    (
        "v2-limit-ignored",
        "semantics",
        "`limit` of v2 is read over",
        request(
            lambda c: c.method == "GET" and c.version == 2,
            lambda c: c.with_parameters(limit=None),
        ),
        "",
    ),
    ("head-without-token", "protocol", "HEAD needs no token", _head_open, "307"),
    ("error-as-200", "protocol", "a refused change is answered 200", _error_200, "200"),
    (
        "options-open",
        "protocol",
        "OPTIONS is answered 200 with data",
        instead(
            lambda c: c.method == "OPTIONS", lambda c: Reply(200, {"content-type": HAL}, b'{"account":7}')
        ),
        "310",
    ),
    (
        "negative-sort-refused",
        "robustness",
        "a negative sort is refused",
        _refuse(
            lambda c: any(isinstance(i.get("sort"), int) and i["sort"] < 0 for i in sent_items(c)),
            "sort must be positive",
        ),
        "",
    ),
    (
        "emoji-refused",
        "robustness",
        "emoji in names are refused",
        _refuse(
            lambda c: (
                _writes(c) and any(ord(ch) > 0xFFFF for i in sent_items(c) for ch in str(i.get("name", "")))
            ),
            "bad character",
        ),
        "",
    ),
    (
        "same-name-refused",
        "robustness",
        "two fields of one name are refused",
        _refuse(
            lambda c: (
                c.method == "POST"
                and c.fields
                and len({str(i.get("name")) for i in sent_items(c)}) < len(sent_items(c)) <= 250
            ),
            "duplicate name",
        ),
        "",
    ),
    (
        "crash-null-code",
        "robustness",
        "500 on a code of null",
        instead(
            lambda c: c.version == 4 and any("code" in i and i["code"] is None for i in sent_items(c)),
            lambda c: problem(500),
        ),
        "100",
    ),
    ("crash-many-fields", "robustness", "500 on lists of more than sixty", _many_fields, "100"),
)

FAULTS: Final = tuple(Fault(id_, kind, summary, effect, code) for id_, kind, summary, effect, code in _SPEC)
