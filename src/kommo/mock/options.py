"""The options of a field: flat enums and nested categories."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final

from .checks import Item, Unset
from .model import EnumValue, NestedValue
from .violations import INVALID_TYPE, NOT_SUPPORTED_CHOICE, UNKNOWN_CHOICE

_REQUEST_ID: Final = re.compile(r"[a-zA-Z0-9]+")


def read_enums(
    item: Item, current: Iterable[EnumValue], new_id: Callable[[], int], *, keep_ids: bool, applies: bool
) -> tuple[EnumValue, ...] | Unset | None:
    """The options a request asks for.

    A request replaces the whole list: an entry with the id of an existing option keeps that id, an entry without one is
    a new option, and options that are not listed are gone (vendor's note on PATCH, `custom-fields-v4:534`).

    Args:
        item: the field of the request.
        current: the options the field has now.
        new_id: gives out the id of a new option.
        keep_ids: whether an `id` refers to an existing option (PATCH) or is passed over (POST).
        applies: whether the field has options at all; if not, only the shape of the entries is checked.
    """
    entries = item.objects("enums", nullable=True)
    if entries is None or isinstance(entries, Unset):
        return entries
    known = {option.id: option for option in current}
    options: list[EnumValue] = []
    for index, entry in enumerate(entries):
        value = entry.text("value", required=True, minimum=1)
        sort = entry.integer("sort")
        id_ = entry.integer("id", nullable=True, minimum=1)
        code = entry.text("code", nullable=True, minimum=1)
        kept: EnumValue | None = None
        if not applies:
            continue
        if keep_ids and isinstance(id_, int):
            kept = known.pop(id_, None)
            if kept is None:
                entry.note(NOT_SUPPORTED_CHOICE, "id", UNKNOWN_CHOICE)
        if isinstance(value, str):
            options.append(
                EnumValue(
                    id=kept.id if kept else new_id(),
                    value=value,
                    sort=sort if isinstance(sort, int) else (kept.sort if kept else index),
                    code=(kept.code if kept else None) if isinstance(code, Unset) else code,
                )
            )
    return tuple(options)


def read_nested(
    item: Item, current: Iterable[NestedValue], new_id: Callable[[], int], *, keep_ids: bool, applies: bool
) -> tuple[NestedValue, ...] | Unset | None:
    """The tree a request asks for.

    Like enums, the list is the whole tree. A parent is named by its id (`parent_id`) or, when it is created by the same
    request, by the request id it carries there (`parent_request_id`, `custom-fields-v4:373`). An entry whose
    parent is not in the list, or that is its own ancestor, is refused; so a parent goes away only together
    with its children. Siblings are numbered anew from 0 in the order of the sort they were sent with.

    Args: see `read_enums`.
    """
    entries = item.objects("nested", nullable=True)
    if entries is None or isinstance(entries, Unset):
        return entries
    known = {node.id: node for node in current}
    by_request: dict[str, int] = {}
    nodes: list[tuple[Item, int, str, int, int | Unset | None, str | None]] = []
    for index, entry in enumerate(entries):
        value = entry.text("value", required=True, minimum=1)
        sort = entry.integer("sort")
        parent_id = entry.integer("parent_id", nullable=True, minimum=1)
        id_ = entry.integer("id", nullable=True, minimum=1)
        request_id = _request_id(entry, "request_id")
        parent_request_id = _request_id(entry, "parent_request_id")
        kept = None
        if not applies:
            continue
        if keep_ids and isinstance(id_, int):
            kept = known.pop(id_, None)
            if kept is None:
                entry.note(NOT_SUPPORTED_CHOICE, "id", UNKNOWN_CHOICE)
                continue
        if not isinstance(value, str):
            continue
        if kept is not None and not entry.has("parent_id") and parent_request_id is None:
            parent_id = kept.parent_id
        node_id = kept.id if kept else new_id()
        if request_id is not None:
            if request_id in by_request:
                entry.note(
                    NOT_SUPPORTED_CHOICE, "request_id", "This value is used by another entry of the request."
                )
            by_request[request_id] = node_id
        order = sort if isinstance(sort, int) else (kept.sort if kept else index)
        nodes.append((entry, node_id, value, order, parent_id, parent_request_id))
    return _tree(nodes, by_request)


def _tree(
    nodes: list[tuple[Item, int, str, int, int | Unset | None, str | None]], by_request: dict[str, int]
) -> tuple[NestedValue, ...]:
    present = {node_id for _, node_id, *_ in nodes}
    parents: dict[int, int | None] = {}
    for entry, node_id, _, _, parent_id, parent_request_id in nodes:
        parent = parent_id if isinstance(parent_id, int) else None
        if parent is not None and parent not in present:
            entry.note(NOT_SUPPORTED_CHOICE, "parent_id", UNKNOWN_CHOICE)
        elif parent is None and parent_request_id is not None:
            parent = by_request.get(parent_request_id)
            if parent is None:
                entry.note(NOT_SUPPORTED_CHOICE, "parent_request_id", UNKNOWN_CHOICE)
        parents[node_id] = parent
    rooted: set[int] = set()
    for entry, node_id, *_, parent_id, _request in nodes:
        if not _reaches_root(node_id, parents, rooted):
            key = "parent_id" if isinstance(parent_id, int) else "parent_request_id"
            entry.note(NOT_SUPPORTED_CHOICE, key, "A value cannot be its own ancestor.")
    places: dict[int, int] = {}
    counts: dict[int | None, int] = {}
    for _, node_id, _, _, _, _ in sorted(nodes, key=lambda node: node[3]):
        parent = parents[node_id]
        places[node_id] = counts.get(parent, 0)
        counts[parent] = places[node_id] + 1
    return tuple(
        NestedValue(node_id, parents[node_id], value, places[node_id]) for _, node_id, value, _, _, _ in nodes
    )


def _reaches_root(node_id: int, parents: dict[int, int | None], rooted: set[int]) -> bool:
    """Whether the ancestors of a node end; nodes that were found to are added to `rooted`."""
    path: set[int] = set()
    current: int | None = node_id
    while current is not None and current not in rooted:
        if current in path:
            return False
        path.add(current)
        current = parents.get(current)
    rooted |= path
    return True


def _request_id(entry: Item, key: str) -> str | None:
    value = entry.text(key)
    if not isinstance(value, str):
        return None
    if not _REQUEST_ID.fullmatch(value):
        entry.note(INVALID_TYPE, key, "This value may hold the characters a-z, A-Z and 0-9 only.")
    return value
