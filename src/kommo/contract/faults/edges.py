"""Servers whose mistakes show at edges only: on a last page, with two filters, for a key that is rarely set."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from kommo.contract.faults.base import Effect, Fault, Forward, Kind, Memory
from kommo.contract.faults.editing import answer, each, edit_sent, items, request, sent_items, v2_reads
from kommo.contract.faults.messages import Reply, Request

_VALUES: Final = "custom_fields_values"
_OFFSET: Final = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)[+-]\d\d:\d\d")


def _lists(call: Request, reply: Reply) -> bool:
    return call.version == 4 and call.method == "GET" and reply.status == 200 and not call.one


def _reads(call: Request, reply: Reply) -> bool:
    return call.version == 4 and call.method == "GET" and reply.status == 200


def _created(call: Request, reply: Reply) -> bool:
    return call.version == 4 and call.method == "POST" and reply.ok


def _changes(call: Request) -> bool:
    return call.version == 4 and call.method == "PATCH"


def _next_after_last(value: Any) -> None:
    links = value.get("_links", {})
    found = re.fullmatch(r"(.*limit=(\d+)&page=)(\d+)", links.get("self", {}).get("href", ""))
    if found is not None and "next" not in links and len(items(value)) == int(found[2]):
        links["next"] = {"href": f"{found[1]}{int(found[3]) + 1}"}


def _prev_first(value: Any) -> None:
    links = value.get("_links", {})
    if "prev" in links and "first" in links:
        links["prev"] = links["first"]


def _first_filter(call: Request) -> Request:
    names = [name for name in call.parameters if name.startswith("filter[") or name == "query"]
    return call.with_parameters(**dict.fromkeys(names[1:])) if len(names) > 1 else call


def _without_bounds(call: Request) -> Request:
    names = [name for name in call.parameters if name.endswith(("[from]", "[to]"))]
    return call.with_parameters(**dict.fromkeys(names)) if names else call


async def _by_name(memory: Memory, call: Request, forward: Forward) -> Reply:
    """A search looks at names alone."""
    reply = await forward(call)
    term = call.parameters.get("query", "").casefold()
    value = reply.json
    if term and _lists(call, reply):
        for key, inner in value["_embedded"].items():
            value["_embedded"][key] = [one for one in inner if term in str(one.get("name")).casefold()]
        return reply.with_json(value)
    return reply


def _without_nulls(item: dict[str, Any]) -> None:
    for key in [key for key, value in item.items() if value is None]:
        del item[key]
    item.setdefault("request_id", "1")


def _never_changed(item: dict[str, Any]) -> None:
    if "updated_at" in item and "created_at" in item:
        item["updated_at"] = min(item["updated_at"], item["created_at"])


def _cut_mark(item: dict[str, Any]) -> None:
    if isinstance(item.get("request_id"), str):
        item["request_id"] = item["request_id"][:12]


async def _namesakes(memory: Memory, call: Request, forward: Forward) -> Reply:
    """New things of one name are answered as one."""
    reply = await forward(call)
    value = reply.json
    if _created(call, reply) and isinstance(call.json, list):
        first: dict[Any, Any] = {}
        for sent, got in zip(sent_items(call), items(value), strict=False):
            got["id"] = first.setdefault(sent.get("name"), got.get("id"))
        return reply.with_json(value)
    return reply


def _values(kind: str, edit: Callable[[dict[str, Any]], object]) -> Callable[[dict[str, Any]], None]:
    """Edit the values that a thing is read with, of fields of one type."""

    def run(item: dict[str, Any]) -> None:
        for entry in item.get(_VALUES) or ():
            for value in entry["values"] if kind in ("", entry["field_type"]) else ():
                edit(value)

    return run


def _without_offset(item: dict[str, Any]) -> None:
    for entry in item.get(_VALUES) or ():
        for value in (entry.get("values") or ()) if isinstance(entry, dict) else ():
            if isinstance(value, dict) and isinstance(value.get("value"), str):
                value["value"] = _OFFSET.sub(r"\1Z", value["value"])


def _codeless(item: dict[str, Any]) -> None:
    for entry in item.get(_VALUES) or ():
        entry["field_code"] = None


def _one_field(item: dict[str, Any]) -> None:
    if isinstance(item.get("fields"), list):
        del item["fields"][1:]


def _swapped_switches(item: dict[str, Any]) -> None:
    if "can_link_multiple" in item:
        item["can_link_multiple"], item["can_add_elements"] = (
            item["can_add_elements"],
            item["can_link_multiple"],
        )


def _any_colour(item: dict[str, Any]) -> None:
    # What comes after six digits is cut off, not refused.
    if isinstance(item.get("color"), str):
        item["color"] = item["color"][:6]


def _euros(item: dict[str, Any]) -> None:
    if isinstance(item.get("currency"), str):
        item["currency"] = "USD"


_SPEC: Final[tuple[tuple[str, Kind, str, Effect, str], ...]] = (
    (
        "next-after-last",
        "semantics",
        "a full last page links to a next one",
        answer(_lists, _next_after_last),
        "",
    ),
    ("prev-is-first", "semantics", "the previous page is always the first", answer(_lists, _prev_first), ""),
    (
        "one-filter-only",
        "semantics",
        "of several filters the first counts",
        request(lambda c: c.method == "GET" and c.version == 4, _first_filter),
        "",
    ),
    (
        "bounds-ignored",
        "semantics",
        "the bounds of filters are read over",
        request(lambda c: c.method == "GET" and c.version == 4, _without_bounds),
        "",
    ),
    ("query-names-only", "semantics", "searches look at names alone", _by_name, ""),
    (
        "null-ignored",
        "semantics",
        "null takes no value away",
        request(_changes, edit_sent(_without_nulls)),
        "",
    ),
    (
        "never-changed",
        "semantics",
        "a changed thing says it was never",
        answer(_reads, each(_never_changed)),
        "",
    ),
    ("request-ids-cut", "semantics", "long request ids are cut", answer(_created, each(_cut_mark)), ""),
    ("namesakes-one", "semantics", "new things of one name are answered as one", _namesakes, ""),
    (
        "responsible-ignored",
        "semantics",
        "a new thing is always its creator's",
        request(
            lambda c: c.version == 4 and c.method == "POST",
            edit_sent(lambda item: item.pop("responsible_user_id", None)),
        ),
        "",
    ),
    (
        "kinds-lost",
        "semantics",
        "every phone number is one of the first kind",
        answer(_reads, each(_values("multitext", lambda value: value.update(enum_code="WORK")))),
        "",
    ),
    (
        "legal-part-lost",
        "semantics",
        "the number of a legal entity is not read",
        answer(_reads, each(_values("legal_entity", lambda value: value["value"].pop("vat_id", None)))),
        "",
    ),
    (
        "quantities-rounded",
        "semantics",
        "quantities of invoice lines are whole",
        answer(
            _reads,
            each(
                _values(
                    "items",
                    lambda value: value["value"].update(quantity=int(value["value"].get("quantity", 0))),
                )
            ),
        ),
        "",
    ),
    (
        "offsets-ignored",
        "semantics",
        "moments are taken as if in UTC",
        request(lambda c: c.version == 4 and c.method in ("POST", "PATCH"), edit_sent(_without_offset)),
        "",
    ),
    (
        "values-codeless",
        "semantics",
        "values do not name their field's code",
        answer(_reads, each(_codeless)),
        "",
    ),
    (
        "group-takes-one",
        "semantics",
        "of several fields a group takes the first",
        request(lambda c: _changes(c) and c.groups, edit_sent(_one_field)),
        "",
    ),
    (
        "v2-switches-swapped",
        "semantics",
        "v2 mixes up two switches of a list",
        answer(v2_reads, each(_swapped_switches)),
        "",
    ),
    (
        "colours-cut",
        "semantics",
        "colours that are too long are cut, not refused",
        request(lambda c: c.version == 4 and c.method in ("POST", "PATCH"), edit_sent(_any_colour)),
        "",
    ),
    (
        "one-currency",
        "semantics",
        "every amount of money is in dollars",
        answer(_reads, each(_euros)),
        "",
    ),
    (
        "cents-lost",
        "semantics",
        "amounts of money are whole",
        answer(
            _reads,
            each(_values("monetary", lambda value: value.update(value=str(int(float(value["value"])))))),
        ),
        "",
    ),
    (
        "file-version-lost",
        "semantics",
        "the version of a file is not read",
        answer(_reads, each(_values("file", lambda value: value["value"].pop("version_uuid", None)))),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, kind, summary, effect, code) for id_, kind, summary, effect, code in _SPEC)
