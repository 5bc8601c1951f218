"""Lists: add, update, delete (`lists-v2`)."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from .checks import Item, Unset
from .model import Account, Catalog, Element, Field, Scope
from .store import Store
from .violations import NOT_SUPPORTED_CHOICE
from .writes import NOT_FOUND, Done, Outcome, Refusal, V2Rules, Write, read_blocks, read_items

TYPES: Final = ("regular", "invoices")
OPEN_TYPES: Final = (*TYPES, "products", "suppliers")
SORT_STEP: Final = 10


class _Wish(NamedTuple):
    id: int
    attributes: dict[str, Any]


def write_catalogs(
    store: Store, account: Account, body: Any, rules: V2Rules, *, form: bool = False
) -> Outcome:
    """Carry out a write of lists.

    Args:
        body: the decoded request.
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


def _read(item: Item, types: tuple[str, ...], *, new: bool) -> _Wish:
    id_ = 0 if new else item.identifier("id", required=True)
    attributes: dict[str, Any] = {
        "name": item.text("name", required=new, minimum=1),
        "type": item.text("type"),
        "can_add_elements": item.boolean("can_add_elements"),
        "can_show_in_cards": item.boolean("can_show_in_cards"),
        "can_link_multiple": item.boolean("can_link_multiple"),
    }
    if isinstance(attributes["type"], str) and attributes["type"] not in types:
        item.note(NOT_SUPPORTED_CHOICE, "type", "The value you selected is not a valid choice.")
    set_ = {key: value for key, value in attributes.items() if not isinstance(value, Unset)}
    return _Wish(id_ if isinstance(id_, int) else 0, set_)


def _known(store: Store, account: Account, id_: int) -> Catalog:
    catalog = store.get(Catalog, account.id, id_)
    if catalog is None:
        raise Refusal(NOT_FOUND, "id", "Catalog not found")
    return catalog


def _add(store: Store, account: Account, wish: _Wish, request_id: int) -> Done:
    last = max((catalog.sort for catalog in store.catalogs(account.id)), default=0)
    catalog = Catalog(
        id=store.next_id(account.id, "catalog"),
        account_id=account.id,
        created_at=store.now(),
        created_by=account.user_id,
        sort=last + SORT_STEP,
        **wish.attributes,
    )
    store.put(catalog, account.id, catalog.id)
    return Done("add", catalog.id, request_id)


def _update(store: Store, account: Account, wish: _Wish, request_id: int) -> Done:
    catalog = replace(_known(store, account, wish.id), **wish.attributes)
    store.put(catalog, account.id, catalog.id)
    return Done("update", catalog.id, request_id)


def _delete(store: Store, account: Account, id_: int, index: int) -> Done:
    """A list goes away with its elements and its fields."""
    _known(store, account, id_)
    for element_id in list(store.element_ids(account.id, id_)):
        store.remove(Element, account.id, element_id)
    for field_id in list(store.field_ids(Scope(account.id, "catalogs", id_))):
        store.remove(Field, account.id, field_id)
    store.remove(Catalog, account.id, id_)
    return Done("delete", id_, index)
