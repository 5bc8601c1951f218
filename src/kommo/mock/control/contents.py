"""What is stored, in a form for the page."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock.engine import Engine
from kommo.mock.http.views import element_view, field_view
from kommo.mock.model import ENTITIES, ENTITIES_WITH_GROUPS, Account, Element, Field, Scope

SHOWN: Final = 200
"""Fields of an entity, and elements of a list, that are shown at most; the counts are always whole."""


def contents(engine: Engine) -> dict[str, Any]:
    """Every account with its fields by entity, its groups, its lists and their elements."""
    return {"accounts": [_account(engine, account) for account in engine.store.all(Account)]}


def _account(engine: Engine, account: Account) -> dict[str, Any]:
    store = engine.store
    return {
        "id": account.id,
        "subdomain": account.subdomain,
        "entities": [
            {
                "entity": entity,
                "groups": [
                    {"id": group.id, "name": group.name, "is_predefined": group.is_predefined}
                    for group in store.groups(account.id, entity)
                ]
                if entity in ENTITIES_WITH_GROUPS
                else [],
                **_fields(engine, Scope(account.id, entity)),
            }
            for entity in ENTITIES
            if entity != "catalogs"
        ],
        "catalogs": [
            {
                "id": catalog.id,
                "name": catalog.name,
                "type": catalog.type,
                **_fields(engine, Scope(account.id, "catalogs", catalog.id)),
                **_elements(engine, account, catalog.id),
            }
            for catalog in store.catalogs(account.id)
        ],
    }


def _fields(engine: Engine, scope: Scope) -> dict[str, Any]:
    ids = engine.store.field_ids(scope)
    found = (engine.store.get(Field, scope.account_id, id_) for id_ in ids[:SHOWN])
    return {
        "field_count": len(ids),
        "fields": [field_view(field, code_null=True) for field in found if field is not None],
    }


def _elements(engine: Engine, account: Account, catalog_id: int) -> dict[str, Any]:
    ids = engine.store.element_ids(account.id, catalog_id)
    found = (engine.store.get(Element, account.id, id_) for id_ in ids[-SHOWN:][::-1])
    return {
        "element_count": len(ids),
        "elements": [
            element_view(engine.store, element, enum_integer=False)
            for element in found
            if element is not None
        ],
    }
