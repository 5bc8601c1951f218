"""An accepted write answers what was sent: every item once, paired by its request id, key by key.

Only what the documents promise is compared: keys that the answer carries, of items that can be paired for certain.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from attrs import frozen

from kommo.contract.document import Contract
from kommo.contract.exchange import Exchange
from kommo.contract.resources import plain_keys, resource, split
from kommo.contract.violations import Violation

#: Keys of a field whose value comes back as it was sent (custom-fields-v4:326-380).
_FIELD: Final = ("name", "type", "code", "sort")
#: Keys that only some entities or types have; the others read over them (custom-fields-v4:326, 330-340).
_ONLY_CARDS: Final = ("is_api_only",)
_ONLY_BIRTHDAYS: Final = ("remind",)
_ONLY_LISTS: Final = ("is_required", "is_visible", "is_deletable")
_OPTION: Final = ("value", "sort", "code")
#: Types whose options are the server's own: those of a request are read over (custom-fields-v4:335, 1425).
FIXED_OPTIONS: Final = frozenset({"multitext"})


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


def check(contract: Contract, exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation for every sent thing that the answer of a write changes, loses or mixes up."""
    verb, tag = split(exchange.operation or "")
    sent, answer = exchange.sent, exchange.answer
    if verb not in ("create", "update", "update_batch") or not exchange.accepted:
        return
    if not isinstance(sent, dict | list) or not isinstance(answer, dict):
        return
    echo = _Echo(contract, exchange.operation or "", resource(contract, tag).key)
    got = embedded(answer, echo.key)
    if isinstance(sent, list):
        yield from echo.collection(sent, got, answer)
    else:
        yield from echo.thing(sent, got[0] if len(got) == 1 and "id" not in answer else answer, "")


def request_id(item: Any, index: int) -> str:
    """Return the id that pairs an item with its answer: the one sent, else its place in the batch."""
    sent = item.get("request_id") if isinstance(item, dict) else None
    if isinstance(sent, float) and sent.is_integer():
        sent = int(sent)
    return str(index) if sent is None or isinstance(sent, bool) else str(sent)


def stored(contract: Contract, operation: str, key: str, got: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the plain keys that an operation stores in a thing: what the contract lets be sent.

    Fields read over some of them, by type and entity.
    """
    if key != "custom_fields":
        return plain_keys(contract, operation)
    names: tuple[str, ...] = _FIELD
    if got.get("type") == "birthday":
        names += _ONLY_BIRTHDAYS
    match got.get("entity_type"):
        case "catalogs":
            names += _ONLY_LISTS
            if got.get("is_predefined") is True:  # such a field stays what it is
                names = tuple(name for name in names if name != "is_deletable")
        case "leads" | "contacts" | "companies" | "customers":
            names += _ONLY_CARDS
    return names


@frozen
class _Echo:
    """The comparison of one write with its answer."""

    contract: Contract
    operation: str
    key: str

    def collection(self, sent: list[Any], got: list[dict[str, Any]], answer: Any) -> Iterator[Violation]:
        """Compare a batch; things to change are paired by id, new ones by request id."""
        if len(sent) != len(got):
            message = f"{len(sent)} items were sent, {len(got)} are answered"
            yield _violation("count", message, f"_embedded.{self.key}")
            return
        total = answer.get("_total_items") if isinstance(answer, dict) else None
        if isinstance(total, int) and total != len(got):
            message = f"_total_items is {total}, {len(got)} items are answered"
            yield _violation("_total_items", message, "_total_items")
        if self.operation.startswith("update"):
            yield from self._changes(sent, got)
        else:
            yield from self._news(sent, got)

    def _changes(self, sent: list[Any], got: list[dict[str, Any]]) -> Iterator[Violation]:
        answered = {str(item.get("id")): item for item in got}
        wanted = [str(_whole(item.get("id"))) if isinstance(item, dict) else "" for item in sent]
        if len(set(wanted)) < len(wanted) or "" in wanted:
            return  # the caller's own ids are ambiguous
        for index, (name, item) in enumerate(zip(wanted, sent, strict=True)):
            match = answered.get(name)
            if match is None:
                message = f"no item of the answer has the id {name} of item {index}"
                yield _violation("id", message, f"_embedded.{self.key}")
                continue
            mark = match.get("request_id")
            # Some answers to changes name the thing itself instead of the caller's mark.
            if mark is not None and str(mark) not in (request_id(item, index), name):
                message = (
                    f"request_id of item {index} was sent as {item.get('request_id')!r}, answered as {mark!r}"
                )
                yield _violation("request_id", message, f"_embedded.{self.key}[{index}].request_id")
            yield from self.thing(item, match, f"_embedded.{self.key}[{index}].")

    def _news(self, sent: list[Any], got: list[dict[str, Any]]) -> Iterator[Violation]:
        wanted = [request_id(item, index) for index, item in enumerate(sent)]
        if len(set(wanted)) < len(wanted):
            return
        answered: dict[str, dict[str, Any]] = {}
        for item in got:
            if "request_id" in item:
                answered.setdefault(str(item["request_id"]), item)
        for index, (name, item) in enumerate(zip(wanted, sent, strict=True)):
            if answered and name not in answered:
                if isinstance(item, dict) and item.get("request_id") is not None:
                    message = f"no item of the answer has the request_id {name!r} of item {index}"
                    yield _violation("request_id", message, "request_id")
                continue
            # request_id is in no table of the documents; without it only keys of a kind pair, by position.
            if not answered and self.key == "custom_fields":
                return
            match = answered[name] if answered else got[index]
            if isinstance(item, dict):
                yield from self.thing(item, match, f"_embedded.{self.key}[{index}].")

    def thing(self, sent: Mapping[str, Any], got: Mapping[str, Any], place: str) -> Iterator[Violation]:
        """Compare one thing, key by key, as far as the answer tells of it."""
        for name in stored(self.contract, self.operation, self.key, got):
            if sent.get(name) is not None and name in got and not same(sent[name], got[name]):
                if name == "code" and sent[name] == "":
                    continue  # an empty code is none
                message = f"{name} was sent as {sent[name]!r} and is answered as {got[name]!r}"
                yield _violation(name, message, f"{place}{name}")
        if self.key == "custom_fields":
            yield from _field(sent, got, place)


def _field(sent: Mapping[str, Any], got: Mapping[str, Any], place: str) -> Iterator[Violation]:
    group = sent.get("group_id")
    if isinstance(group, str) and "group_id" in got and got["group_id"] != group and group != "default":
        yield _violation(
            "group_id", f"group_id was sent as {group!r}, answered as {got['group_id']!r}", place + "group_id"
        )
    fixed = got.get("type") in FIXED_OPTIONS
    if entries(sent.get("enums")) and got.get("enums") is not None and not fixed:
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
            # Only a text that is sent may not be kept from the answer: a code of another type is read over.
            told = name in match or isinstance(item.get(name), str)
            if item.get(name) not in (None, "") and told and not same(item[name], match.get(name)):
                got_it = f"answered as {match.get(name)!r}"
                message = f"{name} of option {item.get('value')!r} was sent as {item[name]!r}, {got_it}"
                yield _violation(f"enums {name}", message, place + "enums")


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
    yield from _siblings(sent, got, place)
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


def _siblings(sent: list[dict[str, Any]], got: list[dict[str, Any]], place: str) -> Iterator[Violation]:
    """Values under one parent stand in the order of their `sort`, which the server may number anew."""
    wanted = {item.get("value"): item.get("sort") for item in sent}
    families: dict[Any, list[dict[str, Any]]] = {}
    for node in got:
        families.setdefault(node.get("parent_id") or None, []).append(node)
    for nodes in families.values():
        asked = [wanted[node.get("value")] for node in nodes]
        told = [node.get("sort") for node in nodes]
        if not all(isinstance(sort, int) for sort in [*asked, *told]) or len(set(asked)) < len(asked):
            continue
        order = [
            node.get("value")
            for _, node in sorted(zip(asked, nodes, strict=True), key=lambda one: one[0] or 0)
        ]
        answered = [node.get("value") for node in sorted(nodes, key=lambda node: node["sort"])]
        if order != answered:
            message = f"by sort the values were sent as {order} and are answered as {answered}"
            yield _violation("nested order", message, place + "nested")


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
