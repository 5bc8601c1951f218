"""Answers that are not what the schema says."""

from __future__ import annotations

from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault
from kommo.contract.faults.editing import answer, each, errors, gets, lists, v2_reads, v2_writes, writes
from kommo.contract.faults.messages import Reply, Request


def _set(key: str, value: Any) -> Effect:
    return answer(gets, each(lambda item: item.update({key: value}) if key in item else None))


def _drop(key: str, when: Any = gets) -> Effect:
    return answer(when, each(lambda item: item.pop(key, None)))


def _rename(old: str, new: str) -> Any:
    def run(value: Any) -> None:
        if isinstance(value, dict) and isinstance(value.get("_embedded"), dict) and old in value["_embedded"]:
            value["_embedded"][new] = value["_embedded"].pop(old)

    return run


def _every(count: int, key: str) -> Any:
    return each(
        lambda item: (
            item.pop(key, None) if isinstance(item.get("id"), int) and item["id"] % count == 0 else None
        )
    )


def _option_sort(item: dict[str, Any]) -> None:
    for option in item.get("enums") or ():
        if isinstance(option, dict):
            option["sort"] = str(option.get("sort"))


def _top(key: str, value: Any = None, *, drop: bool = False) -> Any:
    def run(body: Any) -> None:
        if isinstance(body, dict) and key in body:
            if drop:
                del body[key]
            else:
                body[key] = value

    return run


def _keyed(value: Any) -> None:
    if isinstance(value, dict) and isinstance(value.get("_embedded"), dict):
        for key, inner in value["_embedded"].items():
            if isinstance(inner, list):
                value["_embedded"][key] = {str(index): item for index, item in enumerate(inner)}


def _group_reads(call: Request, reply: Reply) -> bool:
    return call.groups and call.method == "GET" and reply.ok


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("field-without-name", "reads of fields lack `name`", _drop("name"), "200"),
    ("field-without-entity-type", "reads of fields lack `entity_type`", _drop("entity_type"), "200"),
    (
        "field-id-string",
        "`id` of a field is a string",
        answer(gets, each(lambda i: i.update(id=str(i["id"])))),
        "200",
    ),
    ("field-name-null", "`name` of a field is null", _set("name", None), "200"),
    (
        "field-sort-string",
        "`sort` of a field is a string",
        answer(gets, each(lambda i: i.update(sort=str(i.get("sort"))))),
        "200",
    ),
    (
        "field-sort-missing-now-and-then",
        "every seventh field lacks `sort`",
        answer(gets, _every(7, "sort")),
        "200",
    ),
    ("entity-type-singular", "`entity_type` says `lead`", _set("entity_type", "lead"), "200"),
    (
        "deletable-as-number",
        "`is_deletable` is 1 or 0",
        answer(gets, each(lambda i: i.update(is_deletable=1))),
        "200",
    ),
    ("options-sort-string", "`sort` of an option is a string", answer(gets, each(_option_sort)), "200"),
    ("statuses-as-text", "`required_statuses` is a string", _set("required_statuses", "[]"), "200"),
    (
        "collection-renamed",
        "the list says `fields` for `custom_fields`",
        answer(lists, _rename("custom_fields", "fields")),
        "200",
    ),
    ("collection-keyed", "the list is an object keyed by position", answer(lists, _keyed), "200"),
    ("page-without-links", "a page lacks `_links`", answer(lists, _top("_links", drop=True)), "200"),
    ("page-total-string", "`_total_items` is a string", answer(lists, _top("_total_items", "7")), "200"),
    ("created-without-id", "the answer to a creation lacks `id`", _drop("id", writes), "200"),
    (
        "one-field-as-array",
        "one field comes in an array",
        answer(lambda c, r: gets(c, r) and c.one, lambda v: [v]),
        "200",
    ),
    (
        "group-id-number",
        "`id` of a group is a number",
        answer(_group_reads, each(lambda i: i.update(id=77))),
        "200",
    ),
    (
        "v2-item-id-string",
        "`id` of a written v2 item is a string",
        answer(v2_writes, each(lambda i: i.update(id=str(i["id"])))),
        "200",
    ),
    ("v2-items-keyed", "`items` of a v2 list is an object", answer(v2_reads, _keyed), "200"),
    (
        "v2-time-as-text",
        "`created_at` of v2 is an ISO date",
        answer(v2_reads, each(lambda i: i.update(created_at="2026-01-01T00:00:00Z"))),
        "200",
    ),
    ("problem-without-title", "errors lack `title`", answer(errors, _top("title", drop=True)), "200"),
    ("problem-status-text", "`status` of an error is a string", answer(errors, _top("status", "400")), "200"),
    (
        "problem-as-json",
        "errors come as application/json",
        answer(errors, lambda r: r.typed("application/json"), parsed=False),
        "",
    ),
    (
        "hal-as-text",
        "reads come as text/plain",
        answer(gets, lambda r: r.typed("text/plain"), parsed=False),
        "",
    ),
    (
        "body-cut-off",
        "the last bytes of a list are missing",
        answer(lists, lambda r: evolve(r, body=r.body[:-3]), parsed=False),
        "200",
    ),
    (
        "empty-200",
        "one field is answered 200 without a body",
        answer(lambda c, r: gets(c, r) and c.one, lambda r: Reply(200, r.headers), parsed=False),
        "200",
    ),
)

FAULTS: Final = tuple(Fault(id_, "shape", summary, effect, code) for id_, summary, effect, code in _SPEC)
