"""Lists in v4. There is no DELETE; only v2 deletes lists and elements."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock import catalogs
from kommo.mock.batches import Written
from kommo.mock.violations import REQUIRED_FILLED

from .context import Context
from .query import invalid, page_links
from .reply import NO_CONTENT, Reply, hal
from .resources import catalog_view
from .v4 import page_window

PATH: Final = "/api/v4/catalogs"


def list_catalogs(context: Context) -> Reply:
    """GET of lists, page by page; `type` chooses those of a type."""
    number, limit = page_window(context)
    found = context.store.catalogs(context.account.id)
    wanted = context.query.many("type") + context.query.many("filter[type]")
    if "" in wanted:
        raise invalid("type", "This value should not be blank.", REQUIRED_FILLED)
    if wanted:
        found = [catalog for catalog in found if catalog.type in wanted]
    ids = context.query.ids("filter[id]")
    if ids:
        found = [catalog for catalog in found if catalog.id in ids]
    start = (number - 1) * limit
    page = found[start : start + limit]
    if not page and "v4-list-empty-204" in context.quirks:
        return NO_CONTENT
    more = len(found) > start + limit
    return hal(
        {
            "_page": number,
            "_links": page_links(context.base + PATH, context.query, number, limit, more=more),
            "_embedded": {"catalogs": [catalog_view(catalog, context.base) for catalog in page]},
        }
    )


def get_catalog(context: Context, id_: int) -> Reply:
    """GET of one list."""
    return hal(catalog_view(catalogs.get_catalog(context.store, context.account, id_), context.base))


def create_catalogs(context: Context) -> Reply:
    """POST of a batch of lists."""
    batch = catalogs.create_catalogs(context.store, context.account, context.body)
    return _collection(context, [_written(context, item, item.request_id) for item in batch])


def update_catalogs(context: Context) -> Reply:
    """PATCH of a batch of lists."""
    batch = catalogs.update_catalogs(context.store, context.account, context.body)
    return _collection(context, [_written(context, item, str(item.record.id)) for item in batch])


def update_catalog(context: Context, id_: int) -> Reply:
    """PATCH of one list."""
    written = catalogs.update_catalog(context.store, context.account, id_, context.body)
    return hal(_written(context, written, str(id_)))


def _written(context: Context, written: Written, request_id: str) -> dict[str, Any]:
    view = catalog_view(written.record, context.base)
    links = view.pop("_links")
    return {**view, "request_id": request_id, "_links": links}


def _collection(context: Context, views: list[dict[str, Any]]) -> Reply:
    return hal({"_links": {"self": {"href": context.base + PATH}}, "_embedded": {"catalogs": views}})
