"""Keys of a field's definition that only one type has."""

from __future__ import annotations

import re
from typing import Any, Final

from .checks import Item, Unset, as_id
from .model import Field
from .violations import MISSING, NOT_SUPPORTED_CHOICE, REQUIRED_FILLED, UNKNOWN_CHOICE

_CURRENCY: Final = re.compile("[A-Z]{3}")
_ENTITIES: Final = ("contacts", "companies", "contacts_and_companies")


def definition_extras(field: Field, item: Item) -> dict[str, Any]:
    """The attributes that a request sets of those that only the type of the field has (DOC-CF).

    The form of the keys is checked for every type. Null and an empty list change nothing.

    Args:
        field: the field as it is; one with the id 0 is being created.
        item: the field of the request.
    """
    readers = {
        "currency": ("monetary", _currency(item)),
        "search_in": ("linked_entity", _search_in(item, applies=field.type == "linked_entity")),
        "chained_lists": ("chained_list", _chained_lists(item)),
        "tracking_callback": ("tracking_data", item.text("tracking_callback", nullable=True)),
    }
    found: dict[str, Any] = {}
    for key, (type_, value) in readers.items():
        if field.type != type_:
            continue
        if value or key == "tracking_callback":
            found[key] = value
        elif field.id == 0 and item.data.get(key) in (None, "", []):
            item.note(REQUIRED_FILLED, key, MISSING)
    return found


def _currency(item: Item) -> str | Unset | None:
    currency = item.text("currency", nullable=True)
    if isinstance(currency, str) and not _CURRENCY.fullmatch(currency):
        return item.note(
            NOT_SUPPORTED_CHOICE, "currency", "This value should be a code of ISO 4217 such as EUR."
        )
    return currency


def _search_in(item: Item, *, applies: bool) -> str | Unset | None:
    """Contacts, companies, both of them, or the id of a list as a string."""
    place = item.text("search_in", nullable=True, minimum=1)
    if applies and isinstance(place, str) and place not in _ENTITIES and as_id(place) is None:
        return item.note(NOT_SUPPORTED_CHOICE, "search_in", UNKNOWN_CHOICE)
    return place


def _chained_lists(item: Item) -> list[dict[str, Any]] | Unset | None:
    entries = item.objects("chained_lists", nullable=True)
    if not isinstance(entries, list):
        return entries
    chain: list[dict[str, Any]] = []
    for entry in entries:
        title = entry.text("title", nullable=True)
        catalog_id = entry.integer("catalog_id", required=True, minimum=1)
        parent_id = entry.integer("parent_catalog_id", nullable=True, minimum=0)
        chain.append(
            {
                "title": title if isinstance(title, str) else None,
                "catalog_id": catalog_id,
                "parent_catalog_id": parent_id if isinstance(parent_id, int) else None,
            }
        )
    return chain
