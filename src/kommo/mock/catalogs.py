"""Lists: what v2 (`lists-v2`) and v4 (DOC-CAT) do to them. Only v2 deletes."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from .batches import Written, apply_batch, apply_one
from .checks import Item, Unset
from .model import DEFAULT_GROUP, Account, Catalog, Field, Group, Scope
from .store import Store
from .violations import NOT_SUPPORTED_CHOICE, UNKNOWN_CHOICE, NotFound
from .writes import NOT_FOUND, Done, Outcome, Refusal, V2Rules, Write, read_blocks, read_items

TYPES: Final = ("regular", "invoices")
"""The types of lists that the documents of v2 know."""
OPEN_TYPES: Final = (*TYPES, "products", "suppliers")
"""The types that there are."""
SORT_STEP: Final = 10


class _Wish(NamedTuple):
    id: int
    attributes: dict[str, Any]


def write_catalogs(
    store: Store, account: Account, body: Any, rules: V2Rules, *, form: bool = False
) -> Outcome:
    """Carry out a write of lists.

    Args:
        store, account: where the lists are, and whose.
        body: the decoded request.
        rules: how v2 behaves, by the quirks.
        form: the body was form-encoded.

    Raises:
        Malformed, TooMany, Invalid: nothing of the request was readable enough to start.
        Failed: an item was refused and `rules.partial` is off.
    """
    blocks = read_blocks(body, form=form)
    types = OPEN_TYPES if rules.open_types else TYPES
    added = read_items(blocks.add, lambda item: _read(item, types, new=True))
    updated = read_items(blocks.update, lambda item: _read(item, types, new=False))
    with store.transaction(tick=True):
        write = Write(store, rules)
        for index, (request_id, wish) in enumerate(added):
            write.item("add", index, request_id, _add, store, account, wish, request_id)
        for request_id, wish in updated:
            write.item("update", wish.id, request_id, _update, store, account, wish, request_id)
        for index, id_ in enumerate(blocks.delete):
            write.item("delete", id_, index, _delete, store, account, id_, index)
        return write.finish()


def create_catalogs(store: Store, account: Account, items: Any) -> list[Written]:
    """Create every list of a v4 batch, or none.

    Raises:
        Malformed, TooMany, Invalid: see `apply_batch`.
    """

    def create(item: Item) -> Catalog | None:
        attributes = _attributes(item, OPEN_TYPES, new=True) | _sort(item)
        return None if item.found else _create(store, account, attributes)

    with store.transaction(tick=True):
        return apply_batch(items, create)


def update_catalogs(store: Store, account: Account, items: Any) -> list[Written]:
    """Change every list of a v4 batch, or none.

    Raises:
        Malformed, TooMany, Invalid: see `apply_batch`.
    """

    def update(item: Item) -> Catalog | None:
        id_ = item.integer("id", required=True, minimum=1)
        catalog = store.get(Catalog, account.id, id_) if isinstance(id_, int) else None
        if isinstance(id_, int) and catalog is None:
            item.note(NOT_SUPPORTED_CHOICE, "id", UNKNOWN_CHOICE)
        return None if catalog is None else _change(store, account, catalog, item)

    with store.transaction(tick=True):
        return apply_batch(items, update)


def update_catalog(store: Store, account: Account, id_: int, data: Any) -> Written:
    """Change one list.

    Raises:
        NotFound: there is no such list.
        Malformed, Invalid: see `apply_one`.
    """
    with store.transaction(tick=True):
        catalog = get_catalog(store, account, id_)
        return apply_one(data, lambda item: _change(store, account, catalog, item), id_=id_)


def get_catalog(store: Store, account: Account, id_: int) -> Catalog:
    """The list with this id.

    Raises:
        NotFound: there is no such list.
    """
    catalog = store.get(Catalog, account.id, id_)
    if catalog is None:
        raise NotFound(f"catalog {id_}")
    return catalog


def open_catalog(store: Store, catalog: Catalog) -> None:
    """Store a new list, with the group that its fields are in until they are moved."""
    store.put(catalog, catalog.account_id, catalog.id)
    store.put_group(
        Group(
            id=DEFAULT_GROUP,
            account_id=catalog.account_id,
            entity="catalogs",
            catalog_id=catalog.id,
            name="Main",
            sort=0,
            is_predefined=True,
        )
    )


def _read(item: Item, types: tuple[str, ...], *, new: bool) -> _Wish:
    id_ = 0 if new else item.identifier("id", required=True)
    return _Wish(id_ if isinstance(id_, int) else 0, _attributes(item, types, new=new))


def _attributes(item: Item, types: tuple[str, ...], *, new: bool) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "name": item.text("name", required=new, minimum=1),
        "type": item.choice("type", types),
        "can_add_elements": item.boolean("can_add_elements"),
        "can_show_in_cards": item.boolean("can_show_in_cards"),
        "can_link_multiple": item.boolean("can_link_multiple"),
    }
    return {key: value for key, value in attributes.items() if not isinstance(value, Unset)}


def _sort(item: Item) -> dict[str, Any]:
    sort = item.integer("sort")
    return {} if isinstance(sort, Unset) else {"sort": sort}


def _known(store: Store, account: Account, id_: int) -> Catalog:
    catalog = store.get(Catalog, account.id, id_)
    if catalog is None:
        raise Refusal(NOT_FOUND, "id", "Catalog not found")
    return catalog


def _create(store: Store, account: Account, attributes: dict[str, Any]) -> Catalog:
    last = max((catalog.sort for catalog in store.catalogs(account.id)), default=0)
    now = store.now()
    catalog = Catalog(
        id=store.next_id(account.id, "catalog"),
        account_id=account.id,
        created_at=now,
        created_by=account.user_id,
        updated_at=now,
        updated_by=account.user_id,
        **{"sort": last + SORT_STEP, **attributes},
    )
    open_catalog(store, catalog)
    return catalog


def _change(store: Store, account: Account, catalog: Catalog, item: Item) -> Catalog | None:
    attributes = _attributes(item, OPEN_TYPES, new=False) | _sort(item)
    if attributes.pop("type", catalog.type) != catalog.type:
        item.note(NOT_SUPPORTED_CHOICE, "type", "The type of a list can not be changed.")
    return None if item.found else _save(store, account, catalog, attributes)


def _save(store: Store, account: Account, catalog: Catalog, attributes: dict[str, Any]) -> Catalog:
    changed = replace(
        catalog,
        updated_at=max(store.now(), catalog.updated_at),
        updated_by=account.user_id,
        **attributes,
    )
    store.put(changed, account.id, changed.id)
    return changed


def _add(store: Store, account: Account, wish: _Wish, request_id: int) -> Done:
    return Done("add", _create(store, account, wish.attributes).id, request_id)


def _update(store: Store, account: Account, wish: _Wish, request_id: int) -> Done:
    catalog = _save(store, account, _known(store, account, wish.id), wish.attributes)
    return Done("update", catalog.id, request_id)


def _delete(store: Store, account: Account, id_: int, index: int) -> Done:
    """A list goes away with its elements, its fields and their groups."""
    _known(store, account, id_)
    scope = Scope(account.id, "catalogs", id_)
    for record in list(store.records.records(scope)):
        store.remove_record(record)
    for field_id in list(store.field_ids(scope)):
        store.remove(Field, account.id, field_id)
    for group in store.groups(scope):
        store.remove(Group, *scope, group.id)
    store.remove(Catalog, account.id, id_)
    return Done("delete", id_, index)
