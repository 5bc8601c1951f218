"""Leads, contacts, companies, customers, segments and list elements. One set of handlers serves them all."""

from __future__ import annotations

import re
from typing import Any, Final

from kommo.mock import records
from kommo.mock.batches import Written
from kommo.mock.model import Scope
from kommo.mock.record_index import Key
from kommo.mock.search import ORDERS, Condition, Selection, attribute_keys, find, value_keys
from kommo.mock.value_types.registry import VALUE_TYPES
from kommo.mock.violations import NOT_SUPPORTED_CHOICE

from .context import Context
from .query import invalid, page_links, parse_integer
from .reply import NO_CONTENT, HttpError, Reply, hal, shown
from .resources import RESOURCES, RecordViews, Resource, records_path
from .v4 import page_window

_FILTER: Final = re.compile(r"filter\[([a-z_]+)\](?:\[([a-z]+|[0-9]*)\])?")
_VALUE_FILTER: Final = re.compile(r"filter\[custom_fields_values\]\[([^\]]*)\](?:\[(from|to|[0-9]*)\])?")
_ORDER: Final = re.compile(r"order\[([a-z_]+)\]")
_DIRECTIONS: Final = ("asc", "desc")
_BOUNDS: Final = ("from", "to")


def list_records(context: Context, scope: Scope) -> Reply:
    """GET of records, page by page."""
    store, resource = context.store, RESOURCES[scope.entity]
    number, limit = page_window(context)
    selection = _selection(context, scope)
    start = (number - 1) * limit
    # One more than the page holds tells whether there is another one.
    ids = find(store, scope, selection, start, limit + 1)
    if not ids and "v4-list-empty-204" in context.quirks:
        return NO_CONTENT
    address = context.base + records_path(scope)
    body: dict[str, Any] = {"_page": number}
    last = None
    if resource.counted:
        total = len(find(store, scope, selection, 0, None))
        last = -(-total // limit)
        body |= {"_total_items": total, "_page_count": last}
    body["_links"] = page_links(address, context.query, number, limit, more=len(ids) > limit, last=last)
    views = _views(context)
    found = (store.record(scope, id_) for id_ in ids[:limit])
    body["_embedded"] = {resource.key: [views.read(record) for record in found if record is not None]}
    return hal(body)


def get_record(context: Context, scope: Scope, id_: int) -> Reply:
    """GET of one record."""
    record = context.store.record(scope, id_)
    if record is None:
        if RESOURCES[scope.entity].missing == 204:
            return NO_CONTENT
        raise HttpError(404, f"Cannot GET {shown(context.path)}")
    return hal(_views(context).read(record))


def create_records(context: Context, scope: Scope) -> Reply:
    """POST of a batch of records, or of the one that some kinds take."""
    resource = RESOURCES[scope.entity]
    if resource.single:
        written = records.create_record(context.store, context.account, scope, context.body)
        return hal(_views(context).written(written.record, None, resource.created))
    batch = records.create_records(context.store, context.account, scope, context.body)
    views = _views(context)
    rows = [views.written(item.record, item.request_id, resource.created) for item in batch]
    return _collection(context, scope, rows)


def update_records(context: Context, scope: Scope) -> Reply:
    """PATCH of a batch of records."""
    resource = RESOURCES[scope.entity]
    batch = records.update_records(context.store, context.account, scope, context.body)
    views = _views(context)
    rows = [views.written(item.record, _request_id(resource, item), resource.updated) for item in batch]
    return _collection(context, scope, rows)


def update_record(context: Context, scope: Scope, id_: int) -> Reply:
    """PATCH of one record."""
    resource = RESOURCES[scope.entity]
    written = records.update_record(context.store, context.account, scope, id_, context.body)
    return hal(_views(context).written(written.record, _request_id(resource, written), resource.updated))


def _views(context: Context) -> RecordViews:
    asked = context.query.text("with")
    return RecordViews(
        context.store, context.account.id, context.base, frozenset(asked.split(",")) if asked else frozenset()
    )


def _request_id(resource: Resource, written: Written) -> Any:
    """What PATCH answers as the request id."""
    match resource.request_id_after_update:
        case "":
            return None
        case "sent":
            return written.request_id
        case "id":
            return written.record.id


def _collection(context: Context, scope: Scope, rows: list[dict[str, Any]]) -> Reply:
    href = context.base + records_path(scope)
    return hal({"_links": {"self": {"href": href}}, "_embedded": {RESOURCES[scope.entity].key: rows}})


# Filters


def _selection(context: Context, scope: Scope) -> Selection:
    """What the query asks for. Parameters that no document knows are read over, as the vendor's server does."""
    query = context.query
    if not query.pairs:
        return Selection()
    ids: frozenset[int] | None = None
    wanted: dict[str, dict[str, list[str]]] = {}
    by_field: dict[str, dict[str, list[str]]] = {}
    order, descending = "id", False
    for name, value in query.pairs:
        if (match := _VALUE_FILTER.fullmatch(name)) is not None:
            by_field.setdefault(match[1], {}).setdefault(_bound(match[2]), []).append(value)
        elif (match := _FILTER.fullmatch(name)) is not None and match[1] != "id":
            wanted.setdefault(match[1], {}).setdefault(_bound(match[2]), []).append(value)
        elif (match := _ORDER.fullmatch(name)) is not None and match[1] in ORDERS:
            order = match[1]
            descending = query.choice(name, _DIRECTIONS) == "desc"
    if found := query.ids("filter[id]"):
        ids = frozenset(found)
    conditions = [
        condition
        for name, bounds in wanted.items()
        if (condition := _by_attribute(scope, name, bounds)) is not None
    ]
    conditions += [_by_value(context, scope, name, bounds) for name, bounds in by_field.items()]
    return Selection(
        ids=ids,
        conditions=tuple(conditions),
        term=(query.text("query") or "").strip(),
        whole=True,
        order=order,
        descending=descending,
    )


def _bound(text: str | None) -> str:
    """`from` and `to` are bounds; a position, or nothing, stands before one of several values."""
    return text if text in _BOUNDS else ""


def _by_attribute(scope: Scope, name: str, bounds: dict[str, list[str]]) -> Condition | None:
    known = attribute_keys(scope, name)
    if known is None:
        return None
    keys, is_number = known
    path = f"filter[{name}]"

    def key_of(text: str) -> Key:
        number = parse_integer(text) if is_number else None
        if is_number and number is None:
            raise invalid(path, "This value should be of type int.")
        return text if number is None else number

    return Condition(("attribute", name), keys, _spans(path, bounds, key_of, ranges=is_number))


def _by_value(context: Context, scope: Scope, name: str, bounds: dict[str, list[str]]) -> Condition:
    path = f"filter[custom_fields_values][{name[:40]}]"
    id_ = parse_integer(name)
    field = None if id_ is None else context.store.field(scope, id_)
    keys = None if field is None else value_keys(field)
    if field is None or keys is None:
        # Nothing is known of what the vendor says to an unknown field; nothing has a value in it.
        return Condition(("attribute", "name"), lambda record: (), ())
    type_ = VALUE_TYPES[field.type]

    def key_of(text: str) -> Key:
        key = None if type_.to_key is None else type_.to_key(text)
        if key is None:
            raise invalid(path, f"This is no value of a field of type {field.type}.")
        return key

    return Condition(("value", field.id), keys, _spans(path, bounds, key_of, ranges=type_.ranges))


def _spans(
    path: str, bounds: dict[str, list[str]], key_of: Any, *, ranges: bool
) -> tuple[tuple[Key | None, Key | None], ...]:
    spans: list[tuple[Key | None, Key | None]] = [
        (key, key) for key in dict.fromkeys(key_of(text) for text in bounds.get("", []))
    ]
    if bounds.keys() & set(_BOUNDS):
        if not ranges:
            raise invalid(path, "This can not be filtered by bounds.", NOT_SUPPORTED_CHOICE)
        low, high = (key_of(bounds[bound][-1]) if bound in bounds else None for bound in _BOUNDS)
        spans.append((low, high))
    return tuple(spans)
