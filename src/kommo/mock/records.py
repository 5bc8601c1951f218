"""Records of every kind as v4 writes them. One set of functions serves all; the scope says which."""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from .batches import Written, apply_batch, apply_one
from .checks import Item, Unset
from .entities import ENTITIES, RESPONSIBLE, TIMES, USERS, Attribute, Entity
from .model import Account, Record, Scope, Values
from .store import Store
from .values import KEY, merge, missing, read_values
from .violations import NOT_SUPPORTED_CHOICE, REQUIRED_FILLED, UNKNOWN_CHOICE, NotFound

_COLOUR: Final = re.compile("[0-9a-f]{6}")


class _Wish(NamedTuple):
    """What a request says of one record."""

    name: str | None
    common: dict[str, int]
    attributes: dict[str, Any]
    values: Values


def create_records(store: Store, account: Account, scope: Scope, items: Any) -> list[Written]:
    """Create every record of a batch, or none.

    Raises:
        Malformed, TooMany, Invalid: see `apply_batch`.
    """
    with store.transaction(tick=True):
        return apply_batch(items, lambda item: _create(store, account, scope, item))


def create_record(store: Store, account: Account, scope: Scope, data: Any) -> Written:
    """Create the one record that a bare object describes.

    Raises:
        Malformed, Invalid: see `apply_one`.
    """
    with store.transaction(tick=True):
        return apply_one(data, lambda item: _create(store, account, scope, item))


def update_records(store: Store, account: Account, scope: Scope, items: Any) -> list[Written]:
    """Change every record of a batch, or none. The same record twice is changed twice, in the order of the batch.

    Raises:
        Malformed, TooMany, Invalid: see `apply_batch`.
    """
    with store.transaction(tick=True):
        return apply_batch(items, lambda item: _update_in_batch(store, account, scope, item))


def update_record(store: Store, account: Account, scope: Scope, id_: int, data: Any) -> Written:
    """Change one record.

    Raises:
        NotFound: no such record in this scope.
        Malformed, Invalid: see `apply_one`.
    """
    with store.transaction(tick=True):
        record = get_record(store, scope, id_)
        return apply_one(data, lambda item: _update(store, account, record, item), id_=id_)


def get_record(store: Store, scope: Scope, id_: int) -> Record:
    """The record with this id.

    Raises:
        NotFound: there is no such record in this scope.
    """
    record = store.record(scope, id_)
    if record is None:
        raise NotFound(f"{scope.entity} {id_}")
    return record


def _create(store: Store, account: Account, scope: Scope, item: Item) -> Record | None:
    entity = ENTITIES[scope.entity]
    wish = _read(store, scope, item, entity, new=True)
    _require(store, scope, item, merge({}, wish.values))
    if item.found:
        return None
    id_ = store.next_id(account.id, entity.sequence)
    now = store.now()
    common = dict.fromkeys(TIMES, now) | dict.fromkeys(USERS, account.user_id) | wish.common
    attributes = dict(wish.attributes)
    attributes.setdefault(RESPONSIBLE.name, account.user_id)
    record = Record(
        id=id_,
        account_id=account.id,
        entity=scope.entity,
        catalog_id=scope.catalog_id,
        name=wish.name or _full_name(entity, wish.attributes) or entity.default_name.format(id=id_),
        values=merge({}, wish.values),
        attributes=_kept(entity, attributes),
        **common,
    )
    store.put_record(record)
    return record


def _update_in_batch(store: Store, account: Account, scope: Scope, item: Item) -> Record | None:
    id_ = item.integer("id", required=True, minimum=1)
    record = store.record(scope, id_) if isinstance(id_, int) else None
    if isinstance(id_, int) and record is None:
        item.note(NOT_SUPPORTED_CHOICE, "id", UNKNOWN_CHOICE)
    return None if record is None else _update(store, account, record, item)


def _update(store: Store, account: Account, record: Record, item: Item) -> Record | None:
    entity, scope = ENTITIES[record.entity], record.scope
    wish = _read(store, scope, item, entity, new=False)
    values = merge(record.values, wish.values)
    _require(store, scope, item, values)
    if item.found:
        return None
    attributes = {**record.attributes, **wish.attributes}
    common = {
        "updated_at": max(store.now(), record.updated_at),
        "updated_by": account.user_id,
        **wish.common,
    }
    name = wish.name
    if name is None and wish.attributes:
        name = _full_name(entity, wish.attributes) and _full_name(entity, attributes)
    changed = replace(
        record,
        name=name or record.name,
        values=values,
        attributes=_kept(entity, attributes),
        **common,
    )
    store.put_record(changed)
    return changed


def _read(store: Store, scope: Scope, item: Item, entity: Entity, *, new: bool) -> _Wish:
    name = item.text("name", required=new and entity.name_required, minimum=1)
    times = {key: item.integer(key) for key in TIMES} if entity.stamped else {}
    users = {key: item.integer(key, minimum=0) for key in USERS} if entity.stamped else {}
    attributes: dict[str, Any] = {}
    for attribute in entity.attributes:
        if attribute.writable and item.has(attribute.name):
            value = _attribute(item, attribute)
            if not isinstance(value, Unset):
                attributes[attribute.name] = value
    return _Wish(
        name if isinstance(name, str) else None,
        {key: value for key, value in (times | users).items() if isinstance(value, int)},
        attributes,
        read_values(store, scope, item),
    )


def _attribute(item: Item, attribute: Attribute) -> Any:
    nullable = attribute.nullable or attribute.default is None
    match attribute.kind:
        case "text":
            return item.text(attribute.name, nullable=nullable)
        case "colour":
            colour = item.text(attribute.name, nullable=nullable)
            if isinstance(colour, str) and not _COLOUR.fullmatch(colour):
                return item.note(NOT_SUPPORTED_CHOICE, attribute.name, UNKNOWN_CHOICE)
            return colour
        case "ids":
            return item.ids(attribute.name, nullable=nullable)
        case "flag":
            return item.boolean(attribute.name)
        case "integer" | "id":
            minimum = 1 if attribute.kind == "id" else None
            return item.integer(attribute.name, nullable=nullable, minimum=minimum)


def _full_name(entity: Entity, attributes: dict[str, Any]) -> str:
    """The name that is put together of its parts; empty when there are none."""
    if not entity.full_name:
        return ""
    parts = (attributes.get(key) for key in ("first_name", "last_name"))
    return " ".join(part for part in parts if part)


def _kept(entity: Entity, attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that differ from what they are by default."""
    defaults = {attribute.name: attribute.default for attribute in entity.attributes}
    return {key: value for key, value in attributes.items() if key in defaults and value != defaults[key]}


def _require(store: Store, scope: Scope, item: Item, values: Values) -> None:
    """An element cannot be saved without a value of a field that is required (DOC-CAP)."""
    field = missing(store, scope, values)
    if field is not None:
        item.note(REQUIRED_FILLED, KEY, f"Field {field.id} is required.")
