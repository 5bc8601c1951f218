"""Requests that are nearly right: small, deterministic departures from a good body."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, Final

from attrs import Factory, field, frozen

#: One more than a batch may hold (vendor's limits page).
OVERLONG: Final = 251
_DEPTH: Final = 4
#: More levels than any body has.
_DEEP: Final = 60


@frozen
class Mutant:
    """A body and what was done to it.

    Attributes:
        what: e.g. `without [0].name` or `[0].sort: '12'`.
        body: the result.
        kind: the same for all that do the same to the same place, e.g. `[0].sort: text in place of a number`.
    """

    what: str
    body: Any
    kind: str = field(default=Factory(lambda self: self.what, takes_self=True))


def mutants(body: Any) -> Iterator[Mutant]:
    """Yield the mutants of a good body; the same ones in the same order every time."""
    yield from _whole(body)
    yield from _inside(body, body, [], "")


def _whole(body: Any) -> Iterator[Mutant]:
    for value in (None, "text", 7, True):
        yield Mutant(f"the body is {value!r}", value)
    yield Mutant(f"{_DEEP} arrays in each other", _nested(_DEEP))
    if isinstance(body, list):
        yield Mutant("an empty array", [])
        yield Mutant("an object in place of the array", copy.deepcopy(body[0]) if body else {})
        yield Mutant("an array in the array", [copy.deepcopy(body)])
        yield Mutant("null in the array", [*copy.deepcopy(body), None])
        yield Mutant("a number in the array", [*copy.deepcopy(body), 5])
        if body:
            yield Mutant(f"{OVERLONG} items", [_renumbered(body[0], index) for index in range(OVERLONG)])
    elif isinstance(body, dict):
        yield Mutant("an empty object", {})
        yield Mutant("an array around the object", [copy.deepcopy(body)])
        for key, value in body.items():
            if key in ("add", "update") and isinstance(value, list) and value:
                overlong = [_renumbered(value[0], index) for index in range(OVERLONG)]
                yield Mutant(f"{OVERLONG} items in {key}", {**copy.deepcopy(body), key: overlong})


def _renumbered(item: Any, index: int) -> Any:
    item = copy.deepcopy(item)
    if isinstance(item, dict):
        item.pop("request_id", None)
        item.pop("code", None)
    return item


def _numbered(entry: dict[str, Any], index: int) -> dict[str, Any]:
    """One of many entries of a list inside a thing: new, and not the same as the others."""
    own = {key: value for key, value in entry.items() if not key.endswith("id")}
    return {key: f"{value} {index}" if key == "value" else value for key, value in own.items()}


def _nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


def _inside(whole: Any, node: Any, path: list[str | int], label: str) -> Iterator[Mutant]:
    if len(path) > _DEPTH:
        return
    if isinstance(node, dict):
        for key in node:
            where = f"{label}.{key}" if label else str(key)
            yield Mutant(
                f"without {where}", _replaced(whole, path, {k: v for k, v in node.items() if k != key})
            )
            for value in _others(node[key]):
                yield _put(whole, [*path, key], where, node[key], value)
            yield from _inside(whole, node[key], [*path, key], where)
        for what, value in (("an unknown key", {"a": [1]}), ("a deep unknown key", _nested(_DEEP))):
            if what == "an unknown key" or len(path) < 2:
                yield Mutant(
                    f"{what} in {label or 'the body'}", _replaced(whole, path, {**node, "kc_unknown": value})
                )
    elif isinstance(node, list) and node:
        # The first entry stands for all: they have one schema.
        where = f"{label}[0]"
        if path:
            for value in (None, "text", 7, []):
                yield _put(whole, [*path, 0], where, node[0], value)
            if isinstance(node[0], dict) and len(path) < _DEPTH:
                many = [_numbered(node[0], index) for index in range(OVERLONG)]
                yield Mutant(f"{OVERLONG} entries in {label}", _replaced(whole, path, many))
        yield from _inside(whole, node[0], [*path, 0], where)


def _put(whole: Any, path: list[str | int], where: str, before: Any, value: Any) -> Mutant:
    """Put a value in place of another; of another type, it stands for all values of that type."""
    what, old, new = f"{where}: {_shown(value)}", _type(before), _type(value)
    return Mutant(
        what, _replaced(whole, path, value), what if new == old else f"{where}: {new} in place of {old}"
    )


def _type(value: Any) -> str:
    """Return the JSON type of a value."""
    if isinstance(value, bool):
        return "boolean"
    names = ((int, "integer"), (float, "number"), (str, "text"), (list, "array"), (dict, "object"))
    return next((name for kind, name in names if isinstance(value, kind)), "null")


def _others(value: Any) -> Iterator[Any]:
    """Yield values near a good one: other types, digit strings, null, bounds."""
    yield None
    if isinstance(value, bool):
        yield from (str(value).lower(), int(value), [value], 1.0)
    elif isinstance(value, int):
        yield from (
            str(value),
            "x",
            value + 0.5,
            float(value),
            True,
            [value],
            {"id": value},
            -1,
            0,
            2**31,
            2**53 + 1,
            2**63,
            -(2**63),
        )
    elif isinstance(value, float):
        yield from (str(value), True, [value])
    elif isinstance(value, str):
        yield from (7, 1.5, True, [value], {"value": value}, "", " ", f"{value}0", "x" * 256, "\u0000", "😀")
        if value.isdigit():
            yield int(value)
    elif isinstance(value, list):
        yield from ({}, "text", 7, [], {str(i): entry for i, entry in enumerate(value)})
        if value:
            yield copy.deepcopy(value[0])
    elif isinstance(value, dict):
        yield from ([], "text", 7, {}, [copy.deepcopy(value)])
    else:
        yield from ("text", 7, [], {}, True)


def _replaced(whole: Any, path: list[str | int], value: Any) -> Any:
    result = copy.deepcopy(whole)
    if not path:
        return value
    node = result
    for part in path[:-1]:
        node = node[part]
    node[path[-1]] = value
    return result


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:30]}... ({len(text)} characters)"
