"""Keys of a field's definition that only one type has."""

from __future__ import annotations

import re
from typing import Any, Final

from .checks import Item, as_id
from .model import Field
from .violations import NOT_SUPPORTED_CHOICE, REQUIRED_FILLED

_CURRENCY: Final = re.compile("[A-Z]{3}")
_ENTITIES: Final = ("contacts", "companies", "contacts_and_companies")
_MISSING: Final = "This field is missing."


def definition_extras(field: Field, item: Item) -> dict[str, Any]:
    """The attributes that a request sets of those that only the type of the field has (DOC-CF).

    Args:
        field: the field as it is; one with the id 0 is being created.
        item: the field of the request.
    """
    match field.type:
        case "monetary":
            return {"currency": _currency(item, new=field.id == 0)}
        case "tracking_data":
            return {"tracking_callback": item.text("tracking_callback", nullable=True)}
        case "linked_entity":
            return {"search_in": _search_in(item, new=field.id == 0)}
        case "chained_list":
            return {"chained_lists": _chained_lists(item, new=field.id == 0)}
        case _:
            return {}


def _currency(item: Item, *, new: bool) -> Any:
    currency = item.text("currency", required=new)
    if isinstance(currency, str) and not _CURRENCY.fullmatch(currency):
        item.note(NOT_SUPPORTED_CHOICE, "currency", "This value should be a code of ISO 4217 such as EUR.")
    return currency


def _search_in(item: Item, *, new: bool) -> Any:
    """Contacts, companies, both of them, or the id of a list as a string."""
    place = item.text("search_in", required=new)
    if isinstance(place, str) and place not in _ENTITIES and as_id(place) is None:
        item.note(NOT_SUPPORTED_CHOICE, "search_in", "The value you selected is not a valid choice.")
    return place


def _chained_lists(item: Item, *, new: bool) -> Any:
    entries = item.objects("chained_lists")
    if not isinstance(entries, list):
        if new and not item.has("chained_lists"):
            item.note(REQUIRED_FILLED, "chained_lists", _MISSING)
        return entries
    if not entries:
        return item.note(
            REQUIRED_FILLED, "chained_lists", "This collection should contain 1 element or more."
        )
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
