"""Groups of custom fields."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from .batches import Rules, Written, apply_batch, check_request_id, request_id_of
from .checks import Item, Unset, as_integer
from .model import DEFAULT_GROUP, EntityName, Field, Group, Scope
from .store import Store
from .violations import (
    INVALID_TYPE,
    NOT_SUPPORTED_CHOICE,
    UNKNOWN_CHOICE,
    Invalid,
    Malformed,
    NotFound,
    Refused,
)


def create_groups(store: Store, scope: Scope, items: Any, rules: Rules) -> list[Written]:
    """Create every group of a batch, or none.

    Raises:
        Malformed, TooMany, Invalid: see `apply_batch`.
    """
    with store.transaction(tick=True):
        return apply_batch(items, lambda item: _create(store, scope, item, rules))


def get_group(store: Store, scope: Scope, id_: str) -> Group:
    """The group with this id.

    Raises:
        NotFound: the entity has no such group.
    """
    group = store.group(scope, id_)
    if group is None:
        raise NotFound(f"group {id_}")
    return group


def update_group(store: Store, scope: Scope, id_: str, data: Any) -> Written:
    """Change the name, the sort or the fields of a group; at least one of them (`custom-fields-v4:1056`).

    Raises:
        NotFound: the entity has no such group.
        Malformed: the body is not an object, or changes nothing.
        Invalid: with the violations.
    """
    with store.transaction(tick=True):
        group = get_group(store, scope, id_)
        if not isinstance(data, dict):
            raise Malformed("Request body should be an object")
        item = Item(data)
        check_request_id(item)
        name = item.text("name", minimum=1)
        sort = item.integer("sort")
        fields = _fields(store, scope, item)
        request_id = request_id_of(data, 0)
        if not any(item.has(key) for key in ("name", "sort", "fields")):
            raise Malformed("Request data can not be empty")
        if item.found:
            raise Invalid([(request_id, item.found)])
        changes: dict[str, Any] = {"name": name, "sort": sort}
        changed = replace(
            group, **{key: value for key, value in changes.items() if not isinstance(value, Unset)}
        )
        store.put_group(changed)
        _move(store, fields, id_)
        return Written(request_id, changed)


def delete_group(store: Store, scope: Scope, id_: str) -> None:
    """Delete a group; its fields stay, in the default group.

    Raises:
        NotFound: the entity has no such group.
        Refused: the group is predefined (`custom-fields-v4:1129`).
    """
    with store.transaction(tick=True):
        group = get_group(store, scope, id_)
        if group.is_predefined:
            raise Refused("The group is predefined and can not be deleted")
        _move(store, fields_of(store, scope, id_), DEFAULT_GROUP)
        store.remove(Group, *group.scope, group.id)


def fields_of(store: Store, scope: Scope, id_: str) -> list[Field]:
    """The fields of a group, by id."""
    group_id = None if id_ == DEFAULT_GROUP else id_
    found = (store.get(Field, scope.account_id, field_id) for field_id in store.field_ids(scope))
    return [field for field in found if field is not None and field.group_id == group_id]


def _create(store: Store, scope: Scope, item: Item, rules: Rules) -> Group | None:
    name = item.text("name", required=True, minimum=1)
    sort = item.integer("sort", required=not rules.group_sort_optional)
    fields = _fields(store, scope, item)
    if item.found or not isinstance(name, str):
        return None
    last = max((group.sort for group in store.groups(scope)), default=-1)
    group = Group(
        id=_new_id(store, scope.account_id, scope.entity),
        account_id=scope.account_id,
        entity=scope.entity,
        catalog_id=scope.catalog_id,
        name=name,
        sort=sort if isinstance(sort, int) else last + 1,
    )
    store.put_group(group)
    _move(store, fields, group.id)
    return group


def _new_id(store: Store, account_id: int, entity: EntityName) -> str:
    return f"{entity}_{store.next_id(account_id, 'group')}"


def _fields(store: Store, scope: Scope, item: Item) -> list[Field]:
    """The fields that a request moves into a group."""
    sent = item.data.get("fields", [])
    if not isinstance(sent, list):
        item.note(INVALID_TYPE, "fields", "This value should be of type array.")
        return []
    found: list[Field] = []
    for index, value in enumerate(sent):
        id_ = as_integer(value)
        field = None if id_ is None else store.field(scope, id_)
        if id_ is None or id_ < 1:
            item.note(INVALID_TYPE, f"fields.{index}", "This value should be a positive integer.")
        elif field is None:
            item.note(NOT_SUPPORTED_CHOICE, f"fields.{index}", UNKNOWN_CHOICE)
        else:
            found.append(field)
    return found


def _move(store: Store, fields: list[Field], group_id: str) -> None:
    for field in fields:
        store.put_field(replace(field, group_id=None if group_id == DEFAULT_GROUP else group_id))
