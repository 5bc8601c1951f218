"""The same mistakes in the second version of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from kommo.contract.faults.base import Effect, Fault, Forward, Memory
from kommo.contract.faults.editing import answer, edit_sent, items, request, v2_reads, v2_writes
from kommo.contract.faults.messages import Reply, Request


def _v2_ignore(*names: str) -> Effect:
    return request(
        lambda c: c.method == "GET" and c.version == 2, lambda c: c.with_parameters(**dict.fromkeys(names))
    )


def _v2_items(edit: Callable[[list[Any]], list[Any]], when: Callable[[Request, Reply], bool]) -> Effect:
    def run(value: Any) -> None:
        inner = value.get("_embedded") if isinstance(value, dict) else None
        if isinstance(inner, dict) and isinstance(inner.get("items"), list):
            inner["items"] = edit(inner["items"])

    return answer(when, run)


def _silent(value: Any) -> None:
    inner = value.get("_embedded") if isinstance(value, dict) else None
    if isinstance(inner, dict):
        inner.pop("errors", None)


def _stale_taken(item: dict[str, Any]) -> None:
    if "updated_at" in item and isinstance(item["updated_at"], int):
        item["updated_at"] = 4_000_000_000 + item["updated_at"] % 1000


async def _v2_forgets_values(memory: Memory, call: Request, forward: Forward) -> Reply:
    """An update of one value clears the others."""
    body = call.json
    if call.version == 2 and isinstance(body, dict) and isinstance(body.get("update"), list):
        for item in body["update"]:
            if isinstance(item, dict) and item.get("custom_fields") and item.get("id"):
                read = await forward(
                    evolve(
                        call,
                        method="GET",
                        query=f"id={item['id']}",
                        body=b"",
                    )
                )
                known = items(read.json)
                sent = {entry.get("id") for entry in item["custom_fields"]}
                for model in known[:1]:
                    for entry in model.get("custom_fields") or ():
                        if entry.get("id") not in sent:
                            item["custom_fields"].append({"id": entry["id"], "values": []})
        return await forward(call.with_json(body))
    return await forward(call)


def _first_value(item: dict[str, Any]) -> None:
    for entry in item.get("custom_fields") or ():
        if isinstance(entry, dict) and isinstance(entry.get("values"), list):
            entry["values"] = entry["values"][:1]


def _v2_posts(call: Request) -> bool:
    return call.method == "POST" and call.version == 2


_SPEC: Final[tuple[tuple[str, str, Effect, str], ...]] = (
    (
        "v2-request-ids-counted",
        "v2 request ids are replaced by positions",
        answer(
            v2_writes,
            lambda v: [i.update(request_id=n) for n, i in enumerate(items(v)) if "request_id" in i] and None,
        ),
        "",
    ),
    (
        "v2-order-reversed",
        "v2 answers in the reverse order",
        _v2_items(lambda found: found[::-1], v2_writes),
        "",
    ),
    (
        "v2-last-item-lost",
        "v2 answers lack the last item",
        _v2_items(lambda found: found[:-1] if len(found) > 1 else found, v2_writes),
        "",
    ),
    (
        "v2-stale-taken",
        "v2 updates older than the stored one are done",
        request(_v2_posts, edit_sent(_stale_taken)),
        "",
    ),
    ("v2-term-ignored", "`term` is read over", _v2_ignore("term"), ""),
    ("v2-id-ignored", "`id` of v2 reads is read over", _v2_ignore("id"), ""),
    (
        "v2-lists-mixed",
        "elements of all lists are shown",
        request(
            lambda c: c.method == "GET" and c.path.endswith("elements"),
            lambda c: c.with_parameters(catalog_id=None) if "id" not in c.parameters else c,
        ),
        "",
    ),
    ("v2-failures-hidden", "failed v2 items are not reported", answer(v2_writes, _silent), ""),
    ("v2-values-forgotten", "an update of one value clears the others", _v2_forgets_values, "119"),
    (
        "v2-first-value-only",
        "of several values the first is stored",
        request(_v2_posts, edit_sent(_first_value)),
        "",
    ),
    (
        "v2-values-lost",
        "values are not stored",
        request(_v2_posts, edit_sent(lambda item: item.pop("custom_fields", None))),
        "",
    ),
    (
        "v2-switch-forgotten",
        "`can_add_elements` is not stored",
        request(_v2_posts, edit_sent(lambda item: item.pop("can_add_elements", None))),
        "",
    ),
    (
        "v2-page-two-empty",
        "the second page of v2 is empty",
        _v2_items(lambda found: found[:40], v2_reads),
        "",
    ),
)

FAULTS: Final = tuple(Fault(id_, "semantics", summary, effect, code) for id_, summary, effect, code in _SPEC)
