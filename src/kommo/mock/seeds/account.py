"""An account while a seed is put into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from kommo.mock.catalogs import open_catalog
from kommo.mock.entities import ENTITIES
from kommo.mock.model import (
    CARDS,
    DEFAULT_GROUP,
    Account,
    Catalog,
    EntityName,
    EnumValue,
    Field,
    Group,
    NestedValue,
    Record,
    StoredValue,
)
from kommo.mock.platforms import Platform, has_entity, has_field
from kommo.mock.store import Store


class SeededAccount:
    """Puts records with known ids into one account, and keeps the id sequences ahead of them.

    Args:
        store, account: where they go.
        platform: what it does not have is left out.
    """

    def __init__(self, store: Store, account: Account, platform: Platform) -> None:
        self.store = store
        self.account = account
        self.platform: Platform = platform

    def predefined_groups(self) -> None:
        """Put the groups that every account has."""
        for entity in ENTITIES:
            if entity in CARDS and has_entity(self.platform, entity):
                self.group(entity, DEFAULT_GROUP, "Main", 0, predefined=True)
        self.group("leads", "statistic", "Statistics", 2, type="linked_group", predefined=True)

    def group(
        self,
        entity: EntityName,
        id_: str,
        name: str,
        sort: int,
        *,
        type: str = "custom_field_group",
        predefined: bool = False,
        catalog_id: int = 0,
    ) -> None:
        """Put a group of fields."""
        self.store.put_group(Group(id_, self.account.id, entity, name, sort, predefined, type, catalog_id))

    def field(self, id_: int, entity: EntityName, type: str, name: str, **attributes: Any) -> None:
        """Put a custom field; an enum value and a nested value is a tuple of its attributes."""
        if not has_field(self.platform, type, entity):
            return
        for key, record, sequence in (("enums", EnumValue, "options"), ("nested", NestedValue, "nested")):
            if key in attributes:
                attributes[key] = tuple(record(*row) for row in attributes[key])
                for option in attributes[key]:
                    self.store.reserve_id(self.account.id, sequence, option.id)
        if attributes.get("is_predefined"):
            attributes.setdefault("is_deletable", False)
        if type == "birthday":
            attributes.setdefault("remind", "never")
        attributes.setdefault("sort", 500)
        field = Field(id=id_, account_id=self.account.id, entity=entity, name=name, type=type, **attributes)
        self.store.put_field(field)
        self.store.reserve_id(self.account.id, "field", id_)

    def catalog(self, id_: int, name: str, sort: int, created_at: int, type: str = "regular") -> None:
        """Put a list."""
        catalog = Catalog(id_, self.account.id, name, created_at, self.account.user_id, sort, type)
        open_catalog(self.store, catalog)
        self.store.reserve_id(self.account.id, "catalog", id_)

    def record(
        self,
        entity: EntityName,
        id_: int,
        name: str,
        at: int,
        values: Mapping[int, Iterable[Any]] | None = None,
        *,
        catalog_id: int = 0,
        **attributes: Any,
    ) -> None:
        """Put a record; a value is a `StoredValue`, the id of an option, or what is to be stored."""
        if not has_entity(self.platform, entity):
            return
        user = self.account.user_id
        stored = {
            field_id: tuple(map(_stored, entries))
            for field_id, entries in (values or {}).items()
            if self.store.get(Field, self.account.id, field_id) is not None
        }
        self.store.put_record(
            Record(
                id=id_,
                account_id=self.account.id,
                entity=entity,
                name=name,
                created_at=at,
                updated_at=at,
                created_by=user,
                updated_by=user,
                catalog_id=catalog_id,
                values=stored,
                attributes=attributes,
            )
        )
        self.store.reserve_id(self.account.id, ENTITIES[entity].sequence, id_)

    def element(
        self, id_: int, catalog_id: int, name: str, at: int, values: Mapping[int, Iterable[Any]] | None = None
    ) -> None:
        """Put an element of a list; values as of `record`."""
        self.record("catalogs", id_, name, at, values, catalog_id=catalog_id)


def _stored(value: Any) -> StoredValue:
    """A value to store: an integer is the id of an option."""
    if isinstance(value, StoredValue):
        return value
    is_option = isinstance(value, int) and not isinstance(value, bool)
    return StoredValue(enum=value) if is_option else StoredValue(value=value)
