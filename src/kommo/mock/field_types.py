"""The field types and the entities that can have them.

The vendor's own availability table lost its marks (`custom-fields-v4:1180`), so the matrix is the one of the current
vendor page, restricted to the eighteen types of the documents; `NEWER` holds the types that page adds. Both are the
union of the platforms; `platforms` says what each lacks.
"""

from __future__ import annotations

from typing import Final

from .model import ENTITIES, EntityName
from .platforms import ANY, Platform, has_type

_EVERYWHERE: Final = frozenset(ENTITIES)
_CARDS: Final = frozenset({"contacts", "leads", "companies"})
_LISTS: Final = frozenset({"catalogs"})

DOCUMENTED: Final[dict[str, frozenset[str]]] = {
    **dict.fromkeys(
        (
            "text",
            "numeric",
            "checkbox",
            "select",
            "multiselect",
            "date",
            "url",
            "date_time",
            "textarea",
            "radiobutton",
            "streetaddress",
        ),
        _EVERYWHERE,
    ),
    "multitext": frozenset({"contacts"}),
    **dict.fromkeys(("smart_address", "birthday", "legal_entity"), _CARDS),
    **dict.fromkeys(("price", "category", "items"), _LISTS),
}

NEWER: Final[dict[str, frozenset[str]]] = {
    "tracking_data": frozenset({"leads"}),
    "chained_list": frozenset({"leads", "customers"}),
    "monetary": _CARDS | {"customers", "catalogs"},
    "file": _CARDS | {"customers", "catalogs"},
    **dict.fromkeys(("linked_entity", "supplier", "payer"), _LISTS),
}

TYPES: Final[dict[str, frozenset[str]]] = DOCUMENTED | NEWER

UNDOCUMENTED: Final[frozenset[str]] = frozenset({"org_legal_name"})
"""Types that accounts still hold fields of, and no document knows: the vendor's PHP library calls it retired."""

WITH_OPTIONS: Final[frozenset[str]] = frozenset({"select", "multiselect", "radiobutton"})
"""Types whose options a request may set (`custom-fields-v4:335`)."""

REMINDERS: Final[tuple[str, ...]] = ("never", "day", "week", "month")

SMART_ADDRESS_PARTS: Final[tuple[str, ...]] = (
    "address_line_1",
    "address_line_2",
    "city",
    "state",
    "zip",
    "country",
)
"""Parts of an address; the option ids 1..6 are the same in every account (`custom-fields-v4:1376`)."""

MULTITEXT_CODES: Final[dict[str, tuple[str, ...]]] = {
    "PHONE": ("WORK", "WORKDD", "MOB", "FAX", "HOME", "OTHER"),
    "EMAIL": ("WORK", "PRIV", "OTHER"),
}
"""The options of the predefined multitext fields, by the code of the field (`custom-fields-v4:1425`)."""


def available(type_: str, entity: EntityName, platform: Platform = ANY) -> bool:
    """Whether a field of this type can be created on this kind of entity.

    Args:
        type_: name of the type.
        entity: `entity_type` of the field.
        platform: whose rules.
    """
    return entity in TYPES.get(type_, ()) and has_type(platform, type_, entity)
