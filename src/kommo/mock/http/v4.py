"""Custom fields and their groups. One set of handlers serves all six entities; the scope says which."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock import field_types, fields, groups
from kommo.mock.batches import Written
from kommo.mock.model import Field, Scope
from kommo.mock.platforms import KOMMO
from kommo.mock.views import field_view, keyed_enums
from kommo.mock.violations import REQUIRED_FILLED

from .context import Context
from .query import Page, invalid
from .reply import HAL, NO_CONTENT, HttpError, Reply, dumps, hal, shown
from .views import collection_path, group_view, with_link

DEFAULT_LIMIT: Final = 50
MAX_LIMIT: Final = 250
_SHORT: Final = 256
_DIRECTIONS: Final = ("asc", "desc")


def list_fields(context: Context, scope: Scope) -> Reply:
    """GET of the fields of an entity, page by page."""
    key = (scope, context.base, context.raw_query, context.quirks)
    reply = context.cache.kept_page(key)
    if reply is None:
        reply = _list_fields(context, scope)
        if len(context.raw_query) <= _SHORT:
            context.cache.keep_page(key, reply)
    return reply


def _list_fields(context: Context, scope: Scope) -> Reply:
    ids = _selected(context, scope)
    page = _page(context, len(ids))
    chosen = ids[page.start : page.start + page.limit]
    if not chosen and "v4-list-empty-204" in context.quirks:
        return NO_CONTENT
    rows = context.cache.page(scope, chosen, context.base, code_null="v4-code-null" in context.quirks)
    links = dumps(page.links(context.base + collection_path(scope), context.query))
    body = (
        b'{"_total_items":%d,"_page":%d,"_page_count":%d,"_links":%b,"_embedded":{"custom_fields":[%b]}}'
        % (
            page.total,
            page.number,
            page.pages,
            links,
            rows,
        )
    )
    return Reply(200, body, HAL)


def get_field(context: Context, scope: Scope, id_: int) -> Reply:
    """GET of one field."""
    field = context.store.field(scope, id_)
    if field is None or _hides(context, field):
        if "v4-field-get-unknown-204" in context.quirks:
            return NO_CONTENT
        raise HttpError(404, f"Cannot GET {shown(context.path)}")
    code_null = "v4-code-null" in context.quirks
    return Reply(200, context.cache.page(scope, [id_], context.base, code_null=code_null), HAL)


def create_fields(context: Context, scope: Scope) -> Reply:
    """POST of a batch of fields, or of one."""
    status = 200 if "v4-create-fields-200" in context.quirks else 201
    if isinstance(context.body, dict) and "v4-create-single-object" in context.quirks:
        written = fields.create_field(context.store, scope, context.body, context.rules)
        return hal(_written_field(context, written), status)
    created = fields.create_fields(context.store, scope, context.body, context.rules)
    return hal(_collection("custom_fields", [_written_field(context, item) for item in created]), status)


def update_fields(context: Context, scope: Scope) -> Reply:
    """PATCH of a batch of fields."""
    before = _before(context, scope, context.body if isinstance(context.body, list) else [])
    updated = fields.update_fields(context.store, scope, context.body, context.rules)
    views = [_written_field(context, item, before) for item in updated]
    return hal(_collection("custom_fields", views), _update_status(context))


def update_field(context: Context, scope: Scope, id_: int) -> Reply:
    """PATCH of one field."""
    before = _before(context, scope, [{"id": id_}])
    written = fields.update_field(context.store, scope, id_, context.body, context.rules)
    return hal(_written_field(context, written, before), _update_status(context))


def delete_field(context: Context, scope: Scope, id_: int) -> Reply:
    """DELETE of one field."""
    fields.delete_field(context.store, scope, id_)
    return NO_CONTENT


def list_groups(context: Context, scope: Scope) -> Reply:
    """GET of all groups of an entity."""
    found = context.store.groups(scope)
    views = [group_view(context.store, group, context.base) for group in found]
    return hal(_collection("custom_field_groups", views))


def get_group(context: Context, scope: Scope, id_: str) -> Reply:
    """GET of one group."""
    return hal(group_view(context.store, groups.get_group(context.store, scope, id_), context.base))


def create_groups(context: Context, scope: Scope) -> Reply:
    """POST of a batch of groups."""
    created = groups.create_groups(context.store, scope, context.body, context.rules)
    return hal(_collection("custom_field_groups", [_written_group(context, item) for item in created]), 201)


def update_group(context: Context, scope: Scope, id_: str) -> Reply:
    """PATCH of one group."""
    return hal(_written_group(context, groups.update_group(context.store, scope, id_, context.body)))


def delete_group(context: Context, scope: Scope, id_: str) -> Reply:
    """DELETE of one group."""
    groups.delete_group(context.store, scope, id_)
    return NO_CONTENT


def _collection(key: str, views: list[dict[str, Any]]) -> dict[str, Any]:
    return {"_total_items": len(views), "_embedded": {key: views}}


def _update_status(context: Context) -> int:
    kommo = context.platform == KOMMO
    return 200 if kommo or "v4-update-fields-200" in context.quirks else 201


def _written_field(
    context: Context, written: Written, before: dict[int, Field] | None = None
) -> dict[str, Any]:
    field: Field = written.record
    view = field_view(field, code_null="v4-code-null" in context.quirks)
    if before and "v4-enums-keyed-object" in context.quirks:
        keyed = keyed_enums(before[field.id], field)
        if keyed is not None:
            view["enums"] = keyed
    view["request_id"] = written.request_id
    return with_link(view, f"{context.base}{collection_path(field.scope)}/{field.id}")


def _written_group(context: Context, written: Written) -> dict[str, Any]:
    view = group_view(context.store, written.record, context.base)
    view["request_id"] = written.request_id
    return view


def _before(context: Context, scope: Scope, items: list[Any]) -> dict[int, Field]:
    """The fields a request addresses, as they are before it."""
    found: dict[int, Field] = {}
    for data in items:
        id_ = data.get("id") if isinstance(data, dict) else None
        if isinstance(id_, int | float) and (field := context.store.field(scope, int(id_))) is not None:
            found[field.id] = field
    return found


def _page(context: Context, total: int) -> Page:
    number, limit = page_window(context)
    return Page(number, limit, total, -(-total // limit))


def page_window(context: Context) -> tuple[int, int]:
    """The number of the page that is asked for, from 1, and its size."""
    number = context.query.integer("page", minimum=1) or 1
    limit = context.query.integer("limit", minimum=1) or DEFAULT_LIMIT
    if limit > MAX_LIMIT:
        raise HttpError(422, f"Limit {MAX_LIMIT} per page")
    return number, limit


def _shown(context: Context, scope: Scope) -> list[int]:
    """The ids of the fields that there are, as far as the documents know of their types."""
    ids = context.store.field_ids(scope)
    if "v4-newer-field-types" in context.quirks:
        return ids
    fields = (context.store.field(scope, id_) for id_ in ids)
    return [field.id for field in fields if field is not None and not _hides(context, field)]


def _hides(context: Context, field: Field) -> bool:
    return field.type in field_types.UNDOCUMENTED and "v4-newer-field-types" not in context.quirks


def _selected(context: Context, scope: Scope) -> list[int]:
    """The ids of the fields that pass the filters, in the order that was asked for."""
    store, query = context.store, context.query
    ids = _shown(context, scope)
    if not query.selects:
        return ids
    types = set(query.many("filter[type]"))
    if "" in types:
        raise invalid("filter.type", "This value should not be blank.", REQUIRED_FILLED)
    wanted = set(query.ids("filter[id]"))
    by_sort = query.choice("order[sort]", _DIRECTIONS)
    by_id = query.choice("order[id]", _DIRECTIONS)
    if wanted:
        ids = [id_ for id_ in ids if id_ in wanted]
    if not types and by_sort is None:
        return ids if by_id != "desc" else ids[::-1]
    found = [field for id_ in ids if (field := store.field(scope, id_)) is not None]
    if types:
        found = [field for field in found if field.type in types]
    if by_id == "desc":
        found.reverse()
    if by_sort is not None:
        found.sort(key=lambda field: field.sort, reverse=by_sort == "desc")
    return [field.id for field in found]
