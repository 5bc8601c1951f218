"""Ids of requests, options and trees are mixed up."""

from __future__ import annotations

from typing import Any, Final

from kommo.contract.faults.base import Effect, Fault
from kommo.contract.faults.editing import answer, each, edit_sent, gets, items, request, writes
from kommo.contract.faults.messages import Request


def _patches(call: Request) -> bool:
    return call.method == "PATCH" and call.version == 4


def _swap(value: Any) -> None:
    found = items(value)
    if len(found) > 1 and "request_id" in found[0] and "request_id" in found[1]:
        found[0]["request_id"], found[1]["request_id"] = found[1]["request_id"], found[0]["request_id"]


def _count_ids(value: Any) -> None:
    for index, item in enumerate(items(value)):
        if "request_id" in item:
            item["request_id"] = str(index)


def _without_option_ids(item: dict[str, Any]) -> None:
    for option in item.get("enums") or ():
        if isinstance(option, dict):
            option.pop("id", None)


def _without_parents(item: dict[str, Any]) -> None:
    for node in item.get("nested") or ():
        if isinstance(node, dict):
            node.pop("parent_request_id", None)
            node.pop("parent_id", None)


def _flat(item: dict[str, Any]) -> None:
    nodes = [node for node in item.get("nested") or () if isinstance(node, dict)]
    roots = {int(node["id"]) for node in nodes if not node.get("parent_id")}
    for node in nodes:
        if node.get("parent_id") and node["parent_id"] not in roots:
            node["parent_id"] = min(roots, default=0)


def _reversed_options(item: dict[str, Any]) -> None:
    options = item.get("enums")
    if isinstance(options, list) and len(options) > 1:
        values = [option.get("value") for option in options][::-1]
        for option, value in zip(options, values, strict=True):
            option["value"] = value


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    ("request-ids-swapped", "request ids of two items are swapped", answer(writes, _swap), ""),
    ("request-ids-counted", "request ids are replaced by positions", answer(writes, _count_ids), ""),
    (
        "option-ids-renewed",
        "options get new ids with every change",
        request(_patches, edit_sent(_without_option_ids)),
        "",
    ),
    (
        "option-values-mixed",
        "texts and ids of options are mixed up",
        answer(gets, each(_reversed_options)),
        "",
    ),
    (
        "tree-without-parents",
        "parents of a tree are lost",
        request(lambda c: c.version == 4, edit_sent(_without_parents)),
        "",
    ),
    (
        "tree-flattened",
        "a tree is cut to two levels",
        answer(lambda c, r: c.version == 4 and r.ok, each(_flat)),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
