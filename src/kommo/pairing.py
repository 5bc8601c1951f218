"""Which result, or which failure, belongs to which submitted item.

The server names an item by the request_id that was sent with it, by its position in the request where none
was sent, or by the id of the entity (V2-05, V4-30).
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import attrs

from kommo.errors import ConfigurationError, ItemFailure, PartialFailure
from kommo.redaction import one_line

_ACTIONS: Final = ("add", "update", "delete")


def with_request_ids(items: Sequence[Any]) -> list[Any]:
    """Return the items, those that are to be created each with a request_id of its own.

    The given ones are not changed.

    Raises:
        ConfigurationError: two items have the same request_id.
    """
    given = [_key(_value(item, "request_id")) for item in items]
    taken = {key for key in given if key is not None}
    if len(taken) < sum(key is not None for key in given):
        double = next(key for index, key in enumerate(given) if key is not None and key in given[:index])
        raise ConfigurationError(
            f"request_id {one_line(double)!r} is on two items; give each its own, or leave them out"
        )
    free = (number for number in range(2 * len(items) + 1) if str(number) not in taken)
    return [
        item if key is not None or not _takes_request_id(item) else _with_request_id(item, next(free))
        for item, key in zip(items, given, strict=True)
    ]


def positions(sent: Sequence[Any], results: Sequence[Any]) -> list[int | None]:
    """Return for each result the position of the submitted item that it belongs to, None where there is none.

    Args:
        sent: models, JSON objects, or ids.
        results: models or JSON objects.
    """
    by_request = {
        key: index for index, item in enumerate(sent) if (key := _key(_value(item, "request_id"))) is not None
    }
    by_id: dict[str, list[int]] = {}
    for index, item in enumerate(sent):
        if (key := _key(_id(item))) is not None:
            by_id.setdefault(key, []).append(index)
    found = [_position(result, by_request, by_id) for result in results]
    if len(results) == len(sent) and all(index is None for index in found):
        # A server that names nothing keeps the order.
        return list(range(len(sent)))
    return found


def partial_failure(
    operation: str, sent: Mapping[str, Sequence[Any]], answer: object, result: Any = None
) -> PartialFailure | None:
    """Return the exception for an answer of a v2 write that lists errors, None for one that does not.

    Args:
        operation: operationId of the call.
        sent: the submitted items by action: `{"add": [...], "update": [...], "delete": [ids]}`.
        answer: parsed JSON of the answer.
        result: the answer as a model with `items`; then those stand in the pairs of `succeeded`.
    """
    embedded = answer.get("_embedded") if isinstance(answer, Mapping) else None
    errors = embedded.get("errors") if isinstance(embedded, Mapping) else None
    if not errors:
        return None
    failures = list(_failures(errors, sent))
    raw = embedded.get("items") if isinstance(embedded, Mapping) else None
    raw = raw if isinstance(raw, list) else []
    shown = getattr(result, "items", None)
    shown = shown if isinstance(shown, list) and len(shown) == len(raw) else raw
    refused = {(failure.action, failure.index) for failure in failures}
    flat = [
        item
        for action in _ACTIONS
        for index, item in enumerate(sent.get(action, ()))
        if (action, index) not in refused
    ]
    pairs = sorted(
        (index, item)
        for index, item in zip(positions(flat, raw), range(len(raw)), strict=True)
        if index is not None
    )
    return PartialFailure(
        operation,
        failures=failures,
        succeeded=[(flat[index], shown[item]) for index, item in pairs],
        result=result,
    )


def _failures(errors: object, sent: Mapping[str, Sequence[Any]]) -> Iterable[ItemFailure]:
    if isinstance(errors, Mapping) and any(action in errors for action in _ACTIONS):
        for action, entries in errors.items():
            yield from _of_action(str(action), entries, sent.get(action, ()))
        return
    # A bare list: the action is plain only when one was sent.
    actions = [action for action in _ACTIONS if sent.get(action)]
    action = actions[0] if len(actions) == 1 else ""
    yield from _of_action(action, errors, sent.get(action, ()))


def _of_action(action: str, entries: object, items: Sequence[Any]) -> Iterable[ItemFailure]:
    if isinstance(entries, Mapping):
        pairs: list[tuple[Any, Any]] = list(entries.items())
    elif isinstance(entries, list):
        pairs = [(_value(entry, "id") or _value(entry, "request_id"), entry) for entry in entries]
    else:
        pairs = [(None, entries)]
    for name, entry in pairs:
        index = _named(name, action, items)
        text = _value(entry, "msg") or _value(entry, "message") or _value(entry, "error") or entry
        code = _value(entry, "code") or _value(entry, "error_code")
        number = str(name)
        yield ItemFailure(
            action,
            one_line(str(text)),
            code=None if code is None else one_line(str(code)),
            id=int(number) if action != "add" and number.isdecimal() and number.isascii() else None,
            index=index,
            item=None if index is None else items[index],
        )


def _named(name: object, action: str, items: Sequence[Any]) -> int | None:
    """Position of the item that an error names: by id; of an added one by request_id, else by position."""
    key = _key(name)
    if key is None:
        return 0 if len(items) == 1 else None
    own = [_key(_value(item, "request_id") if action == "add" else _id(item)) for item in items]
    if key in own:
        return own.index(key)
    if (
        action == "add"
        and key.isdecimal()
        and key.isascii()
        and int(key) < len(items)
        and own[int(key)] is None
    ):
        return int(key)
    return None


def _position(result: Any, by_request: Mapping[str, int], by_id: Mapping[str, list[int]]) -> int | None:
    request = _key(_value(result, "request_id"))
    if request is not None and request in by_request:
        return by_request[request]
    waiting = by_id.get(_key(_id(result)) or "")
    # The same entity twice in a request: in the order of the answer.
    return (waiting.pop(0) if len(waiting) > 1 else waiting[0]) if waiting else None


def _takes_request_id(item: Any) -> bool:
    if _id(item) is not None:
        return False
    return isinstance(item, dict) or (attrs.has(type(item)) and hasattr(item, "request_id"))


def _with_request_id(item: Any, number: int) -> Any:
    if isinstance(item, dict):
        return {**item, "request_id": str(number)}
    item = copy.copy(item)
    kind = str(attrs.fields_dict(type(item))["request_id"].type)
    # v2 has integers there, v4 strings; an annotation is text because the models postpone theirs.
    item.request_id = number if "int" in kind and "str" not in kind else str(number)
    return item


def _id(item: Any) -> Any:
    return item if isinstance(item, int) and not isinstance(item, bool) else _value(item, "id")


def _value(item: Any, name: str) -> Any:
    """A key of a JSON object or an attribute of a model; None when absent or unset."""
    value = item.get(name) if isinstance(item, Mapping) else getattr(item, name, None)
    return value if isinstance(value, str | int | float | Mapping) and not isinstance(value, bool) else None


def _key(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None
