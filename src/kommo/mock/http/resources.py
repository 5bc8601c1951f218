"""The kinds of records on the wire: where they are, how answers hold them, who may write them.

A row says all that is peculiar to one kind; `http.records` serves them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, NamedTuple

from kommo.mock.entities import ENTITIES, attribute_of
from kommo.mock.model import Catalog, EntityName, Record, Scope
from kommo.mock.store import Store
from kommo.mock.values import account_zone
from kommo.mock.views import values_view

Writers = Literal["users", "lists", "admins"]
"""Who may write: every user, those with the right to lists, administrators."""


class Resource(NamedTuple):
    """One kind of record on the wire.

    Attributes:
        entity: the kind.
        key: what `_embedded` calls them.
        writers: who may write them.
        single: POST takes one object instead of an array, and answers the record (DOC-SEG).
        missing: the status of a single one that there is not.
        no_values: what `custom_fields_values` is when there are none.
        authored: answers name who created and changed a record.
        embedded: the keys of `_embedded` that are always there.
        counted: pages tell how many records and pages there are.
        created: the keys of an answer to POST beside `request_id`; none means the whole record.
        updated: the keys of an answer to PATCH; none means the whole record.
        request_id_after_update: what PATCH answers as `request_id`: nothing, what was sent or else the position, or the
            id of the record.
    """

    entity: EntityName
    key: str
    writers: Writers = "users"
    single: bool = False
    missing: Literal[204, 404] = 204
    no_values: list[Any] | None = None
    authored: bool = True
    embedded: tuple[str, ...] = ()
    counted: bool = False
    created: tuple[str, ...] = ("id",)
    updated: tuple[str, ...] = ("id", "updated_at")
    request_id_after_update: Literal["", "sent", "id"] = ""


RESOURCES: Final[Mapping[EntityName, Resource]] = {
    resource.entity: resource
    for resource in (
        Resource("leads", "leads", embedded=("tags", "companies")),
        Resource(
            "contacts",
            "contacts",
            embedded=("tags", "companies"),
            created=("id", "is_deleted", "is_unsorted"),
            updated=("id", "name", "updated_at", "is_deleted", "is_unsorted"),
        ),
        Resource("companies", "companies", embedded=("tags",), updated=("id", "name", "updated_at")),
        Resource("customers", "customers", embedded=("segments", "tags"), request_id_after_update="sent"),
        Resource(
            "segments",
            "segments",
            writers="admins",
            single=True,
            missing=404,
            no_values=[],
            authored=False,
            counted=True,
            created=(),
            updated=(),
            request_id_after_update="sent",
        ),
        Resource(
            "catalogs",
            "elements",
            writers="lists",
            missing=404,
            created=(),
            updated=(),
            request_id_after_update="id",
        ),
    )
}
"""Every kind of record; those of `catalogs` are the elements of a list."""

_ON_REQUEST: Final = frozenset(
    {"contacts", "companies", "leads", "customers", "catalog_elements", "loss_reason"}
)
"""What `with` can ask for; there is never any of it, because records are not linked."""

_PATHS: Final = {"segments": "/api/v4/customers/segments"}


def records_path(scope: Scope) -> str:
    """The path of the records of a scope."""
    if scope.entity == "catalogs":
        return f"/api/v4/catalogs/{scope.catalog_id}/elements"
    return _PATHS.get(scope.entity, f"/api/v4/{scope.entity}")


def self_link(record: Record, base: str) -> dict[str, Any]:
    """The link of a record to itself."""
    return {"self": {"href": f"{base}{records_path(record.scope)}/{record.id}"}}


class RecordViews:
    """Records of an account as the answers to one request hold them.

    Args:
        store: where their fields are.
        account_id: whose records.
        base: scheme and authority that links start with.
        asked: what the request asked for by `with`.
    """

    def __init__(self, store: Store, account_id: int, base: str, asked: frozenset[str] = frozenset()) -> None:
        self._store = store
        self._base = base
        self._zone = account_zone(store, account_id)
        self._asked = sorted(asked & _ON_REQUEST)
        self._invoice_link = "invoice_link" in asked

    def read(self, record: Record) -> dict[str, Any]:
        """A record as v4 reads it."""
        resource = RESOURCES[record.entity]
        view: dict[str, Any] = {"id": record.id, "name": record.name}
        for attribute in ENTITIES[record.entity].attributes:
            view[attribute.name] = attribute_of(record, attribute)
        if resource.authored:
            view["created_by"] = record.created_by
            view["updated_by"] = record.updated_by
        view["created_at"] = record.created_at
        view["updated_at"] = record.updated_at
        view["custom_fields_values"] = values_view(self._store, record, self._zone) or resource.no_values
        view["account_id"] = record.account_id
        if record.catalog_id:
            view["catalog_id"] = record.catalog_id
            if self._invoice_link:
                view["invoice_link"] = self._link_of_invoice(record)
        view["_links"] = self_link(record, self._base)
        if resource.embedded:
            view["_embedded"] = {key: [] for key in (*resource.embedded, *self._asked)}
        return view

    def written(self, record: Record, request_id: Any, keys: tuple[str, ...]) -> dict[str, Any]:
        """A record as an answer to a write holds it.

        Args:
            record: the record.
            request_id: what to answer, None for no such key.
            keys: the keys of the answer; none means the whole record.
        """
        whole = self.read(record)
        view = {key: whole[key] for key in keys or whole if key != "_links"}
        if record.catalog_id:
            view["invoice_link"] = self._link_of_invoice(record)
        if request_id is not None:
            view["request_id"] = request_id
        view["_links"] = whole["_links"]
        return view

    def _link_of_invoice(self, record: Record) -> str | None:
        catalog = self._store.get(Catalog, record.account_id, record.catalog_id)
        if catalog is None or catalog.type != "invoices":
            return None
        return f"{self._base}/invoices/{record.id}"


def catalog_view(catalog: Catalog, base: str) -> dict[str, Any]:
    """A list as v4 reads it (DOC-CAT)."""
    return {
        "id": catalog.id,
        "name": catalog.name,
        "created_by": catalog.created_by,
        "updated_by": catalog.updated_by or catalog.created_by,
        "created_at": catalog.created_at,
        "updated_at": max(catalog.updated_at, catalog.created_at),
        "sort": catalog.sort,
        "type": catalog.type,
        "can_add_elements": catalog.can_add_elements,
        "can_show_in_cards": catalog.can_show_in_cards,
        "can_link_multiple": catalog.can_link_multiple,
        "can_be_deleted": catalog.type != "products",
        "sdk_widget_code": None,
        "account_id": catalog.account_id,
        "_links": {"self": {"href": f"{base}/api/v4/catalogs/{catalog.id}"}},
    }
