"""Elements of lists as v2 writes them: add, update, delete (`list-elements-v2`)."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from .checks import Item
from .entities import ENTITIES
from .model import Account, Catalog, Record, Scope, Values
from .store import Store
from .v2_values import ValueWish, read_custom_fields, resolve
from .values import merge, missing
from .writes import (
    BAD_DATA,
    BAD_FIELDS,
    NOT_FOUND,
    Done,
    Outcome,
    Refusal,
    V2Rules,
    Write,
    read_blocks,
    read_items,
)

STALE = "Last modified date is older than in database"


class _Wish(NamedTuple):
    id: int
    catalog_id: int | None
    name: str | None
    updated_at: int | None
    values: list[ValueWish]


def write_elements(
    store: Store, account: Account, body: Any, rules: V2Rules, *, form: bool = False
) -> Outcome:
    """Carry out a write of list elements. Arguments and errors as for `write_catalogs`."""
    blocks = read_blocks(body, form=form)
    added = read_items(blocks.add, lambda item: _read(item, rules, new=True))
    updated = read_items(blocks.update, lambda item: _read(item, rules, new=False))
    with store.transaction(tick=True):
        write = Write(store, rules)
        for index, (request_id, wish) in enumerate(added):
            write.item("add", index, request_id, _add, store, account, wish, request_id)
        # An element may stand in a batch twice; each entry is measured against the time before the batch.
        before: dict[int, int] = {}
        for request_id, wish in updated:
            write.item("update", wish.id, request_id, _update, store, account, wish, request_id, before)
        for index, id_ in enumerate(blocks.delete):
            write.item("delete", id_, index, _delete, store, account, id_, index)
        return write.finish()


def _read(item: Item, rules: V2Rules, *, new: bool) -> _Wish:
    id_ = 0 if new else item.identifier("id", required=True)
    catalog_id = item.identifier("catalog_id", required=new)
    name = item.text("name", required=new, minimum=1)
    updated_at = (
        None if new else item.integer("updated_at", required=not rules.updated_at_optional, minimum=1)
    )
    return _Wish(
        id=id_ if isinstance(id_, int) else 0,
        catalog_id=catalog_id if isinstance(catalog_id, int) else None,
        name=name if isinstance(name, str) else None,
        updated_at=updated_at if isinstance(updated_at, int) else None,
        values=read_custom_fields(item),
    )


def _add(store: Store, account: Account, wish: _Wish, request_id: int) -> Done:
    if wish.catalog_id is None or store.get(Catalog, account.id, wish.catalog_id) is None:
        raise Refusal(NOT_FOUND, "catalog_id", "Catalog not found")
    values = _values(store, Scope(account.id, "catalogs", wish.catalog_id), wish, {})
    now = store.now()
    element = Record(
        id=store.next_id(account.id, ENTITIES["catalogs"].sequence),
        account_id=account.id,
        entity="catalogs",
        catalog_id=wish.catalog_id,
        name=wish.name or "",
        created_at=now,
        updated_at=now,
        created_by=account.user_id,
        updated_by=account.user_id,
        values=values,
    )
    store.put_record(element)
    return Done("add", element.id, request_id)


def _update(store: Store, account: Account, wish: _Wish, request_id: int, before: dict[int, int]) -> Done:
    element = _known(store, account, wish.id)
    if wish.catalog_id is not None and wish.catalog_id != element.catalog_id:
        raise Refusal(BAD_DATA, "catalog_id", "Element belongs to another catalog")
    known_since = before.setdefault(element.id, element.updated_at)
    if wish.updated_at is not None and wish.updated_at <= known_since:
        raise Refusal(BAD_DATA, "updated_at", STALE)
    changed = replace(
        element,
        name=element.name if wish.name is None else wish.name,
        updated_at=max(store.now(), element.updated_at) if wish.updated_at is None else wish.updated_at,
        updated_by=account.user_id,
        values=_values(store, element.scope, wish, element.values),
    )
    store.put_record(changed)
    return Done("update", element.id, request_id, changed.updated_at)


def _delete(store: Store, account: Account, id_: int, index: int) -> Done:
    store.remove_record(_known(store, account, id_))
    return Done("delete", id_, index)


def _known(store: Store, account: Account, id_: int) -> Record:
    element = store.record(Scope(account.id, "catalogs"), id_)
    if element is None:
        raise Refusal(NOT_FOUND, "id", "Element not found")
    return element


def _values(store: Store, scope: Scope, wish: _Wish, stored: Values) -> Values:
    """The values after a write."""
    values = merge(stored, resolve(store, scope, wish.values))
    field = missing(store, scope, values)
    if field is not None:
        raise Refusal(BAD_FIELDS, "custom_fields", f"Custom field {field.id} is required")
    return values
