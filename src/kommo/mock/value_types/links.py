"""Values that are other records, or files."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock.checks import Item
from kommo.mock.model import Field, StoredValue
from kommo.mock.moments import Zone

from .base import ValueType
from .objects import check_count, check_id, check_one_of, check_text, object_type

CHAINED: Final = 5
"""Entries of a chained list at most (DOC-CF)."""


def _read_link(entry: Item, field: Field, zone: Zone) -> StoredValue | None:
    """An entry of a chained list; it has no `value`."""
    catalog_id = entry.integer("catalog_id", required=True, minimum=1)
    element_id = entry.integer("catalog_element_id", required=True, minimum=1)
    if not isinstance(catalog_id, int) or not isinstance(element_id, int):
        return None
    return StoredValue({"catalog_id": catalog_id, "catalog_element_id": element_id})


def _show_link(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    return dict(stored.value)


CHAINED_LIST: Final = ValueType(
    frozenset({"catalog_id", "catalog_element_id"}), _read_link, _show_link, many=CHAINED
)
LINKED_ENTITY: Final = object_type(
    {
        "name": check_text,
        "entity_id": check_id,
        "entity_type": check_one_of("catalog_elements", "contacts", "companies"),
        "catalog_id": check_id,
    },
    "entity_id",
    "entity_type",
)
FILE: Final = object_type(
    {"file_uuid": check_text, "version_uuid": check_text, "file_name": check_text, "file_size": check_count},
    "file_uuid",
    read_only=("is_deleted",),
)
