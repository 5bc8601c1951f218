"""What is stored, in a form for the page."""

from __future__ import annotations

from typing import Any, Final

from .model import ENTITIES, Account, Field, Scope
from .store import Store
from .values import account_zone
from .views import field_view, values_view

SHOWN: Final = 200
"""Fields and records of an entity or a list that are shown at most; the counts are always whole."""


def contents(store: Store) -> dict[str, Any]:
    """Every account with the fields, groups and records of each entity and of each list."""
    return {"accounts": [_account(store, account) for account in store.all(Account)]}


def _account(store: Store, account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "subdomain": account.subdomain,
        "entities": [
            {"entity": entity, **_scope(store, Scope(account.id, entity))}
            for entity in ENTITIES
            if entity != "catalogs"
        ],
        "catalogs": [
            {
                "id": catalog.id,
                "name": catalog.name,
                "type": catalog.type,
                **_scope(store, Scope(account.id, "catalogs", catalog.id)),
            }
            for catalog in store.catalogs(account.id)
        ],
    }


def _scope(store: Store, scope: Scope) -> dict[str, Any]:
    """The groups, fields and records of an entity or of a list."""
    zone = account_zone(store, scope.account_id)
    field_ids, record_ids = store.field_ids(scope), store.records.ids(scope)
    fields = (store.get(Field, scope.account_id, id_) for id_ in field_ids[:SHOWN])
    newest = (store.record(scope, id_) for id_ in record_ids[-SHOWN:][::-1])
    return {
        "groups": [
            {"id": group.id, "name": group.name, "is_predefined": group.is_predefined}
            for group in store.groups(scope)
        ],
        "field_count": len(field_ids),
        "fields": [field_view(field, code_null=True) for field in fields if field is not None],
        "record_count": len(record_ids),
        "records": [
            {"id": record.id, "name": record.name, "custom_fields_values": values_view(store, record, zone)}
            for record in newest
            if record is not None
        ],
    }
