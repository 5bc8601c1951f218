"""Lists and their elements in the second version of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeVar
from urllib.parse import quote

from kommo.mock.catalogs import TYPES, write_catalogs
from kommo.mock.elements import write_elements
from kommo.mock.model import Record, Scope
from kommo.mock.search import Selection, find
from kommo.mock.values import account_zone
from kommo.mock.writes import Done, Outcome

from .context import Context
from .query import invalid
from .reply import NO_CONTENT, Reply, hal
from .views import catalog_view, element_view, v2_link

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 250
MAX_ROWS: Final = 500
MAX_START: Final = 2**31
CATALOGS: Final = "/api/v2/catalogs"
ELEMENTS: Final = "/api/v2/catalog_elements"

T = TypeVar("T")


def list_catalogs(context: Context) -> Reply:
    """GET of lists (`lists-v2:277`)."""
    wanted = _ids(context)
    found = context.store.catalogs(context.account.id)
    if "v2-catalog-types" not in context.quirks:
        # What the documents do not know of is not answered, whichever version made it.
        found = [catalog for catalog in found if catalog.type in TYPES]
    if wanted:
        found = [catalog for catalog in found if catalog.id in wanted]
    return _listed(context, CATALOGS, [catalog_view(catalog) for catalog in _cut(found, *_window(context))])


def list_elements(context: Context) -> Reply:
    """GET of the elements of a list, newest first (`list-elements-v2:309`)."""
    query, store = context.query, context.store
    catalog_id = query.integer("catalog_id", minimum=1)
    if catalog_id is None and "v2-elements-catalog-id-optional" not in context.quirks:
        raise invalid("catalog_id", "This parameter is required.")
    wanted = _ids(context)
    selection = Selection(
        ids=frozenset(wanted) if wanted else None, term=query.text("term") or "", descending=True
    )
    start, size = _window(context)
    scope = Scope(context.account.id, "catalogs", catalog_id or 0)
    rows = (
        store.get(Record, context.account.id, scope.entity, id_)
        for id_ in find(store, scope, selection, start, size)
    )
    enum_integer = "v2-enum-integer" in context.quirks
    zone = account_zone(store, context.account.id)
    views = [
        element_view(store, element, zone, enum_integer=enum_integer)
        for element in rows
        if element is not None
    ]
    return _listed(context, ELEMENTS, views)


def post_catalogs(context: Context) -> Reply:
    """POST of lists: add, update, delete."""
    outcome = write_catalogs(
        context.store, context.account, context.body, context.v2_rules, form=context.is_form
    )
    return _written(context, CATALOGS, outcome)


def post_elements(context: Context) -> Reply:
    """POST of list elements: add, update, delete."""
    outcome = write_elements(
        context.store, context.account, context.body, context.v2_rules, form=context.is_form
    )
    return _written(context, ELEMENTS, outcome)


def _window(context: Context) -> tuple[int, int | None]:
    """Which part of a list was asked for: records to pass over, and how many to answer (None for all).

    The documents do not mention paging, yet every client relies on it, in one of two notations: page and limit (or
    PAGEN_1), limit_rows and limit_offset.
    """
    if "v2-paging" not in context.quirks:
        return 0, None
    query = context.query
    rows = query.integer("limit_rows", minimum=1, maximum=MAX_ROWS)
    offset = query.integer("limit_offset")
    page = query.integer("page", minimum=1) or query.integer("PAGEN_1", minimum=1) or 1
    limit = query.integer("limit", minimum=1, maximum=MAX_LIMIT)
    if rows is not None or offset is not None:
        start, size = offset or 0, rows or MAX_ROWS
    else:
        size = limit or DEFAULT_LIMIT
        start = (page - 1) * size
    return min(start, MAX_START), size


def _cut(records: Sequence[T], start: int, size: int | None) -> Sequence[T]:
    return records[start:] if size is None else records[start : start + size]


def _ids(context: Context) -> set[int]:
    """The ids of the `id` parameter: one, or several as `id[]`."""
    if context.query.text("id") is not None:
        context.query.integer("id", minimum=1)
    return set(context.query.ids("id"))


def _listed(context: Context, path: str, views: list[dict[str, Any]]) -> Reply:
    if not views:
        return NO_CONTENT
    # The query goes back as it came, except for bytes that a URL cannot hold as they are.
    query = quote(context.raw_query, safe="%/:?@!$&'()*+,;=-._~[]")
    links = v2_link(f"{path}?{query}" if query else path, "get")
    return _stamped(context, {"_links": links, "_embedded": {"items": views}})


def _written(context: Context, path: str, outcome: Outcome) -> Reply:
    links = "_link" if "v2-write-link-singular" in context.quirks else "_links"
    hide_deleted = "v2-delete-empty-items" in context.quirks
    items = [
        _item(path, links, done) for done in outcome.done if not (hide_deleted and done.block == "delete")
    ]
    embedded: dict[str, Any] = {"items": items}
    if outcome.failures:
        errors: dict[str, dict[str, str]] = {}
        for failure in outcome.failures:
            errors.setdefault(failure.block, {})[failure.key] = failure.message
        embedded["errors"] = errors
    return _stamped(context, {links: v2_link(path, "post"), "_embedded": embedded})


def _stamped(context: Context, body: dict[str, Any]) -> Reply:
    """An answer with the header that tells clients the time of the account, as v2 has it."""
    reply = hal(body)
    reply.headers = [(b"runtime-timestamp", b"%d" % context.store.now())]
    return reply


def _item(path: str, links: str, done: Done) -> dict[str, Any]:
    item: dict[str, Any] = {"id": done.id}
    if done.block == "add":
        item["request_id"] = done.request_id
    if done.updated_at is not None:
        item["updated_at"] = done.updated_at
    item[links] = v2_link(f"{path}?id={done.id}", "get")
    return item
