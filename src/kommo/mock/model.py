"""The records an account is made of.

Every record is immutable: a change stores a new record under the same key. That makes a snapshot a shallow copy, lets
the HTTP layer cache the bytes of a record by its identity, and keeps a half-applied change impossible to observe.
Nothing here knows about HTTP.
"""

from __future__ import annotations

from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct

EntityName = Literal["leads", "contacts", "companies", "customers", "segments", "catalogs"]

ENTITIES: Final[tuple[EntityName, ...]] = (
    "leads",
    "contacts",
    "companies",
    "customers",
    "segments",
    "catalogs",
)
"""The six kinds of entity that have custom fields, by the name `entity_type` gives them (`custom-fields-v4:62`)."""

CARDS: Final[frozenset[str]] = frozenset({"leads", "contacts", "companies", "customers"})
"""The entities that have a card: their fields have stages where they are required, and reminders."""

ENTITIES_WITH_GROUPS: Final[frozenset[str]] = CARDS | {"catalogs"}
"""The entities whose fields are arranged in groups (`custom-fields-v4:741`; lists by the newer page, DOC-CF)."""

DEFAULT_GROUP: Final = "default"
"""The group of every field whose `group_id` is null."""


class Scope(NamedTuple):
    """Where fields, their groups and records live: an account, a kind of entity and, for list elements, the list.

    The scope of `catalogs` without a list is that of the elements of every list.
    """

    account_id: int
    entity: EntityName
    catalog_id: int = 0


class Account(Struct, frozen=True):
    """One account: its address, the person its requests act for, and the time zone its dates are of."""

    id: int
    subdomain: str
    user_id: int = 504141
    timezone: str = "UTC"


class Token(Struct, frozen=True):
    """An access token (or a legacy session) and what its bearer may do.

    `expires_at` is in seconds of the mock's clock; None never expires. `lists` is the right to change lists that a
    user without administrator rights may still hold.
    """

    value: str
    account_id: int
    admin: bool = True
    lists: bool = True
    expires_at: int | None = None
    kind: Literal["access", "session"] = "access"


class Grant(Struct, frozen=True):
    """A single-use OAuth2 grant: an authorization code or a refresh token."""

    value: str
    account_id: int
    kind: Literal["authorization_code", "refresh_token"]
    client_id: str | None
    expires_at: int
    admin: bool = True
    used: bool = False


class EnumValue(Struct, frozen=True, omit_defaults=True):
    """One option of a select, multiselect, radiobutton, multitext, ... field."""

    id: int
    value: str
    sort: int
    code: str | None = None


class NestedValue(Struct, frozen=True):
    """One node of the tree of a category field."""

    id: int
    parent_id: int | None
    value: str
    sort: int


class RequiredStatus(Struct, frozen=True):
    """A pipeline stage that cannot be entered while the field is empty, or where the field is hidden."""

    status_id: int
    pipeline_id: int


class Field(Struct, frozen=True, omit_defaults=True):
    """One custom field."""

    id: int
    account_id: int
    entity: EntityName
    name: str
    type: str
    sort: int
    catalog_id: int = 0
    code: str | None = None
    group_id: str | None = None
    is_api_only: bool = False
    is_deletable: bool = True
    is_predefined: bool = False
    is_visible: bool = True
    is_required: bool = False
    settings: Any = None
    remind: str | None = None
    enums: tuple[EnumValue, ...] | None = None
    nested: tuple[NestedValue, ...] | None = None
    required_statuses: tuple[RequiredStatus, ...] | None = None
    hidden_statuses: tuple[RequiredStatus, ...] | None = None
    currency: str | None = None
    chained_lists: Any = None
    tracking_callback: str | None = None
    search_in: str | None = None

    @property
    def scope(self) -> Scope:
        """Where the field lives."""
        return Scope(self.account_id, self.entity, self.catalog_id)


class Group(Struct, frozen=True):
    """A group of fields: a tab of the card of an entity, or of the elements of a list."""

    id: str
    account_id: int
    entity: EntityName
    name: str
    sort: int
    is_predefined: bool = False
    type: str = "custom_field_group"
    catalog_id: int = 0

    @property
    def scope(self) -> Scope:
        """Whose fields it arranges."""
        return Scope(self.account_id, self.entity, self.catalog_id)


class Catalog(Struct, frozen=True):
    """A list."""

    id: int
    account_id: int
    name: str
    created_at: int
    created_by: int
    sort: int
    type: str = "regular"
    can_add_elements: bool = True
    can_show_in_cards: bool = False
    can_link_multiple: bool = True
    updated_at: int = 0
    updated_by: int = 0


class StoredValue(Struct, frozen=True, omit_defaults=True):
    """One value of a field of a record, in the one form that both versions of the API are views of.

    `value` is a string, a boolean (checkbox), Unix seconds (dates) or an object, by the type of the field; `enum` is
    the id of an option, of a kind of phone or of a part of an address. A chosen option has no `value`: its text is
    the field's. `subtype` is what v2 calls the part of an address.
    """

    value: Any = None
    enum: int | None = None
    subtype: str | None = None


Values = dict[int, tuple[StoredValue, ...]]
"""The values of a record by the id of their field, in the order they were first set. No entry is empty."""


class Record(Struct, frozen=True):
    """One lead, contact, company, customer, segment, or element of a list, with the values of its fields.

    `attributes` holds what only its kind of entity has, as far as it differs from the default; see `entities`.
    """

    id: int
    account_id: int
    entity: EntityName
    name: str
    created_at: int
    updated_at: int
    created_by: int
    updated_by: int
    catalog_id: int = 0
    values: Values = {}
    attributes: dict[str, Any] = {}

    @property
    def scope(self) -> Scope:
        """Where the record lives."""
        return Scope(self.account_id, self.entity, self.catalog_id)


class Clock(Struct, frozen=True):
    """The clock of the mock.

    `fixed` stands still, `stepped` moves on by `step` seconds with every write, `real` follows the computer's clock,
    shifted by `now` seconds. For the first two `now` is the time itself, in Unix seconds.
    """

    mode: Literal["fixed", "stepped", "real"] = "stepped"
    now: int = 1_767_225_600
    step: int = 1


class Counter(Struct, frozen=True):
    """The last id that was given out for one kind of record."""

    last: int


class Setting(Struct, frozen=True):
    """A switch of the mock itself (quirks, faults, limits) as JSON data."""

    value: Any = None
