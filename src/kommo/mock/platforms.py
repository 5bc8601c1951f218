"""Where the two platforms differ: which entities and which types of fields the one has and the other lacks.

`amocrm` is amocrm.ru, `kommo` is kommo.com; `any` has what either of them has.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from .model import EntityName

Platform = Literal["any", "kommo", "amocrm"]

ANY: Final[Platform] = "any"
KOMMO: Final[Platform] = "kommo"
AMOCRM: Final[Platform] = "amocrm"
PLATFORMS: Final[tuple[Platform, ...]] = ("any", "kommo", "amocrm")

LACKING_ENTITIES: Final[Mapping[str, frozenset[EntityName]]] = {
    # Kommo's reference (K-CF) has lost customers and their segments.
    "kommo": frozenset({"customers", "segments"}),
}

LACKING_TYPES: Final[Mapping[str, frozenset[tuple[str, EntityName]]]] = {
    "kommo": frozenset({("chained_list", "customers"), ("supplier", "catalogs"), ("payer", "catalogs")}),
    "amocrm": frozenset({("monetary", "catalogs")}),
}
"""Types of fields, each with an entity, that a platform does not have although the other one does (K-CF, DOC-CF)."""


def has_field(platform: Platform, type_: str, entity: EntityName) -> bool:
    """Whether there can be a field of a type on a kind of entity, where either platform has it."""
    return has_entity(platform, entity) and has_type(platform, type_, entity)


def has_entity(platform: Platform, entity: EntityName) -> bool:
    """Whether a platform knows a kind of entity."""
    return entity not in LACKING_ENTITIES.get(platform, frozenset())


def has_type(platform: Platform, type_: str, entity: EntityName) -> bool:
    """Whether a platform has a type of field where either of them has it."""
    return (type_, entity) not in LACKING_TYPES.get(platform, frozenset())
