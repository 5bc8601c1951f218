"""How records look in answers."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock.groups import fields_of
from kommo.mock.model import Catalog, Field, Group, Record, Scope
from kommo.mock.moments import Zone
from kommo.mock.store import Store
from kommo.mock.v2_values import show
from kommo.mock.views import field_view

from .reply import Reply, dumps

_PATHS: Final = {"segments": "customers/segments"}
_MAX_BASES: Final = 8
_MAX_PAGES: Final = 32

PageKey = tuple[Scope, str, bytes, frozenset[str]]
"""All that a page of fields depends on beside the fields: scope, base of the links, query, quirks."""


def collection_path(scope: Scope) -> str:
    """The path of the fields of a scope."""
    if scope.entity == "catalogs":
        return f"/api/v4/catalogs/{scope.catalog_id}/custom_fields"
    return f"/api/v4/{_PATHS.get(scope.entity, scope.entity)}/custom_fields"


class FieldCache:
    """The bytes of fields as lists and single reads answer them.

    A field is encoded when it is first read, and again after it was changed: the store says which ones were. A page is
    kept for who asks for it again, until any field changes.

    Args:
        store: whose fields they are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_form: dict[tuple[str, bool, int], dict[int, bytes]] = {}
        self._pages: dict[PageKey, Reply] = {}
        store.watch_fields(self._changed)

    def kept_page(self, key: PageKey) -> Reply | None:
        """A page that was kept since the last change of a field, or None."""
        return self._pages.get(key)

    def keep_page(self, key: PageKey, reply: Reply) -> None:
        """Keep a page until a field changes."""
        if len(self._pages) >= _MAX_PAGES:
            # One by one: all at once would give so much memory back that the system would have to lend it anew.
            del self._pages[next(iter(self._pages))]
        self._pages[key] = reply

    def page(self, scope: Scope, ids: list[int], base: str, *, code_null: bool) -> bytes:
        """The fields of a page, joined by commas.

        Args:
            scope: the scope of the fields.
            ids: ids of fields of the scope.
            base: scheme and authority that links start with.
            code_null: see `field_view`.
        """
        form = (base, code_null, scope.account_id)
        known = self._by_form.get(form)
        if known is None:
            # Addresses come from the Host header, so the number of them is the client's choice: keep a few.
            if len(self._by_form) >= _MAX_BASES:
                self._by_form.clear()
            known = self._by_form[form] = {}
        try:
            return b",".join(map(known.__getitem__, ids))
        except KeyError:
            for id_ in ids:
                field = self._store.get(Field, scope.account_id, id_)
                if field is not None:
                    known[id_] = field_bytes(field, base, code_null=code_null)
            return b",".join(map(known.__getitem__, ids))

    def _changed(self, account_id: int, id_: int) -> None:
        self._pages.clear()
        for form, known in self._by_form.items():
            if form[2] == account_id:
                known.pop(id_, None)


def field_bytes(field: Field, base: str, *, code_null: bool) -> bytes:
    """A field with its links, as JSON."""
    return dumps(
        with_link(field_view(field, code_null=code_null), f"{base}{collection_path(field.scope)}/{field.id}")
    )


def with_link(view: dict[str, Any], href: str) -> dict[str, Any]:
    """A view with the link to itself."""
    view["_links"] = {"self": {"href": href}}
    return view


def group_view(store: Store, group: Group, base: str) -> dict[str, Any]:
    """A group of fields with the ids of its fields."""
    scope = group.scope
    view = {
        "id": group.id,
        "name": group.name,
        "is_predefined": group.is_predefined,
        "type": group.type,
        "entity_type": group.entity,
        "sort": group.sort,
        "fields": [field.id for field in fields_of(store, scope, group.id)],
    }
    return with_link(view, f"{base}{collection_path(scope)}/groups/{group.id}")


def v2_link(href: str, method: str) -> dict[str, Any]:
    """The links of v2: relative, with the method (`lists-v2:66`)."""
    return {"self": {"href": href, "method": method}}


def catalog_view(catalog: Catalog) -> dict[str, Any]:
    """A list as v2 reads it."""
    return {
        "id": catalog.id,
        "name": catalog.name,
        "created_by": catalog.created_by,
        "created_at": catalog.created_at,
        "sort": catalog.sort,
        "type": catalog.type,
        "can_add_elements": catalog.can_add_elements,
        "can_show_in_cards": catalog.can_show_in_cards,
        "can_link_multiple": catalog.can_link_multiple,
        "sdk_widget_code": None,
        "widgets": [],
        "_links": v2_link(f"/api/v2/catalogs?id={catalog.id}", "get"),
    }


def element_view(store: Store, element: Record, zone: Zone, *, enum_integer: bool) -> dict[str, Any]:
    """An element of a list as v2 reads it.

    Args:
        store: where its fields are.
        element: the element.
        zone: the time zone of its account.
        enum_integer: option ids are integers instead of digit strings.
    """
    custom_fields = [
        {"id": field.id, "name": field.name, "values": values, "is_system": field.is_predefined}
        for field, values in show(store, element, zone, enum_integer=enum_integer)
    ]
    return {
        "id": element.id,
        "name": element.name,
        "created_by": element.created_by,
        "created_at": element.created_at,
        "updated_at": element.updated_at,
        "updated_by": element.updated_by,
        "is_deleted": False,
        "custom_fields": custom_fields,
        "catalog_id": element.catalog_id,
        "_links": v2_link(f"/api/v2/catalog_elements?id={element.id}&catalog_id={element.catalog_id}", "get"),
    }
