"""An accepted write answers what was sent: every item once, paired by its request id, key by key.

Only what the documents promise is compared: keys that the answer carries, of items that can be paired for certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kommo.contract.document import Violation
from kommo.contract.exchange import NO_JSON, Exchange

#: Keys whose value comes back as it was sent (custom-fields-v4:326-380).
_PLAIN: Final = {"custom_fields": ("name", "type", "code", "sort"), "custom_field_groups": ("name", "sort")}
#: Keys that only some entities or types have; the others read over them (custom-fields-v4:326, 330-340).
_ONLY_CARDS: Final = ("is_api_only",)
_ONLY_BIRTHDAYS: Final = ("remind",)
_ONLY_LISTS: Final = ("is_required", "is_visible", "is_deletable")
_OPTION: Final = ("value", "sort", "code")


def embedded(answer: Any, key: str) -> list[dict[str, Any]]:
    """Return the objects of a collection's `_embedded`, [] when the answer is none."""
    inner = answer.get("_embedded") if isinstance(answer, dict) else None
    items = inner.get(key) if isinstance(inner, dict) else None
    return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def entries(value: Any) -> list[dict[str, Any]]:
    """Return the entries of `enums` or `nested`, which the wire may give as an object keyed by position."""
    if isinstance(value, dict):
        value = list(value.values())
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def check(exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation for every sent thing that the answer of a write changes, loses or mixes up."""
    operation = exchange.operation or ""
    if not exchange.accepted or exchange.sent is NO_JSON or exchange.answer is NO_JSON:
        return
    verb, _, tag = operation.partition("_")
    if tag.startswith("batch_"):
        tag = tag.removeprefix("batch_")
    if verb not in ("create", "update") or not isinstance(exchange.sent, dict | list):
        return
    key = "custom_field_groups" if tag.endswith("_groups") else "custom_fields"
    if isinstance(exchange.sent, list):
        yield from _collection(exchange.sent, embedded(exchange.answer, key), exchange.answer, key)
    elif isinstance(exchange.answer, dict):
        yield from _item(exchange.sent, exchange.answer, key, "")


def _collection(sent: list[Any], got: list[dict[str, Any]], answer: Any, key: str) -> Iterator[Violation]:
    if len(sent) != len(got):
        yield _violation("count", f"{len(sent)} items were sent, {len(got)} are answered", f"_embedded.{key}")
        return
    total = answer.get("_total_items") if isinstance(answer, dict) else None
    if isinstance(total, int) and total != len(got):
        yield _violation(
            "_total_items", f"_total_items is {total}, {len(got)} items are answered", "_total_items"
        )
    wanted = [request_id(item, index) for index, item in enumerate(sent)]
    if len(set(wanted)) < len(wanted):
        return  # the caller's own ids are ambiguous
    answered: dict[str, dict[str, Any]] = {}
    for item in got:
        if "request_id" in item:
            answered.setdefault(str(item["request_id"]), item)
    if key == "custom_fields" and not answered:
        return  # request_id is in no table of the documents; without it nothing pairs for certain
    for index, (name, item) in enumerate(zip(wanted, sent, strict=True)):
        if answered and name not in answered:
            named = isinstance(item, dict) and item.get("request_id") is not None
            if named:
                yield _violation(
                    "request_id",
                    f"no item of the answer has the request_id {name!r} of item {index}",
                    "request_id",
                )
            continue
        match = answered[name] if answered else got[index]
        if isinstance(item, dict):
            yield from _item(item, match, key, f"_embedded.{key}[{index}].")


def request_id(item: Any, index: int) -> str:
    """Return the id that pairs an item with its answer: the one sent, else its place in the batch."""
    sent = item.get("request_id") if isinstance(item, dict) else None
    if isinstance(sent, float) and sent.is_integer():
        sent = int(sent)
    return str(index) if sent is None or isinstance(sent, bool) else str(sent)


def _plain(key: str, got: Mapping[str, Any]) -> tuple[str, ...]:
    if key != "custom_fields":
        return _PLAIN[key]
    names = _PLAIN[key]
    if got.get("type") == "birthday":
        names += _ONLY_BIRTHDAYS
    match got.get("entity_type"):
        case "catalogs":
            names += _ONLY_LISTS
        case "leads" | "contacts" | "companies" | "customers":
            names += _ONLY_CARDS
    return names


def _item(sent: Mapping[str, Any], got: Mapping[str, Any], key: str, place: str) -> Iterator[Violation]:
    for name in _plain(key, got):
        if sent.get(name) is not None and name in got and not same(sent[name], got[name]):
            if name == "code" and sent[name] == "":
                continue  # an empty code is none
            yield _violation(
                name, f"{name} was sent as {sent[name]!r} and is answered as {got[name]!r}", f"{place}{name}"
            )
    if key != "custom_fields":
        return
    group = sent.get("group_id")
    if isinstance(group, str) and "group_id" in got and got["group_id"] != group and group != "default":
        yield _violation(
            "group_id", f"group_id was sent as {group!r}, answered as {got['group_id']!r}", place + "group_id"
        )
    if entries(sent.get("enums")) and got.get("enums") is not None:
        yield from _enums(entries(sent["enums"]), entries(got["enums"]), place)
    if entries(sent.get("nested")) and got.get("nested") is not None:
        yield from _nested(entries(sent["nested"]), entries(got["nested"]), place)
    statuses = sent.get("required_statuses")
    if isinstance(statuses, list) and "required_statuses" in got:
        pairs, kept = _stages(statuses), _stages(got["required_statuses"])
        if pairs != kept:
            yield _violation(
                "required_statuses", f"required_statuses was sent as {pairs}, answered as {kept}", place
            )


def _enums(sent: list[dict[str, Any]], got: list[dict[str, Any]], place: str) -> Iterator[Violation]:
    if len(sent) != len(got):
        yield _violation("enums", f"{len(sent)} options were sent, {len(got)} are answered", place + "enums")
        return
    by_id = {item.get("id"): item for item in got}
    if len(by_id) < len(got):
        yield _violation("enums", "two options of the answer share an id", place + "enums")
    values = sorted(str(item.get("value")) for item in sent)
    kept = sorted(str(item.get("value")) for item in got)
    if values != kept:
        yield _violation(
            "enums", f"options were sent as {values} and are answered as {kept}", place + "enums"
        )
        return
    if len(set(values)) < len(values):
        return
    answered = {item.get("value"): item for item in got}
    for item in sent:
        match = answered[item.get("value")]
        for name in _OPTION:
            if item.get(name) is not None and name in match and not same(item[name], match[name]):
                yield _violation(
                    f"enums {name}",
                    f"{name} of option {item.get('value')!r} was sent as {item[name]!r}, answered as {match[name]!r}",
                    place + "enums",
                )


def _nested(sent: list[dict[str, Any]], got: list[dict[str, Any]], place: str) -> Iterator[Violation]:
    values = sorted(str(item.get("value")) for item in sent)
    kept = sorted(str(item.get("value")) for item in got)
    if values != kept:
        yield _violation(
            "nested", f"values were sent as {values} and are answered as {kept}", place + "nested"
        )
        return
    ids = {item.get("id") for item in got}
    if len(ids) < len(got):
        yield _violation("nested", "two values of the answer share an id", place + "nested")
    lost = [item for item in got if item.get("parent_id") and item["parent_id"] not in ids]
    if lost:
        yield _violation(
            "nested parent", f"{lost[0]} names a parent that is not in the answer", place + "nested"
        )
    if len(set(values)) < len(values):
        return
    answered = {item.get("value"): item for item in got}
    by_request = {str(item["request_id"]): item for item in sent if item.get("request_id") is not None}
    for item in sent:
        wanted = item.get("parent_request_id")
        if wanted is None or item.get("parent_id") or str(wanted) not in by_request:
            continue
        parent = answered[by_request[str(wanted)].get("value")]
        found = answered[item.get("value")].get("parent_id")
        if found != parent.get("id"):
            yield _violation(
                "nested parent",
                f"{item.get('value')!r} was sent under {parent.get('value')!r} (id {parent.get('id')}), "
                f"its parent_id is answered as {found!r}",
                place + "nested",
            )


def _stages(value: Any) -> list[tuple[str, str]]:
    """Return the stages of `required_statuses` in one order and one notation: 5.0 is 5."""
    found = [
        (str(_whole(one.get("status_id"))), str(_whole(one.get("pipeline_id")))) for one in entries(value)
    ]
    return sorted(found)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def same(sent: Any, got: Any) -> bool:
    """Compare values as the wire does: 5 and 5.0 are equal, 1 and true are not, and a digit string is its number."""
    if isinstance(sent, bool) or isinstance(got, bool):
        return sent is got
    if isinstance(sent, str) and isinstance(got, int):
        return sent == str(got)
    return bool(sent == got)


def _violation(cause: str, message: str, place: str) -> Violation:
    return Violation("echo", cause, message, "", place)
