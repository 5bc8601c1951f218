"""Custom fields: what may be created, changed and deleted, and what that does to the rest of the account."""

from __future__ import annotations

from typing import Any, Final

from msgspec.structs import replace

from . import field_types
from .batches import Rules, Written, apply_batch, apply_one
from .checks import UNSET, Item, Unset
from .extras import definition_extras
from .model import CARDS, DEFAULT_GROUP, ENTITIES_WITH_GROUPS, EnumValue, Field, RequiredStatus, Scope
from .options import read_enums, read_nested
from .store import Store
from .values import forget
from .violations import INVALID_TYPE, NOT_SUPPORTED_CHOICE, UNKNOWN_CHOICE, NotFound, Refused

DEFAULT_SORT: Final = 500
_TAKEN: Final = "A field with this code exists already."
_OPTIONS: Final = "options"
_NESTED: Final = "nested"
_SUPPLIER: Final = "SUPPLIER"


def create_fields(store: Store, scope: Scope, items: Any, rules: Rules) -> list[Written]:
    """Create every field of a batch, or none.

    Raises:
        Malformed, TooMany, Invalid: see `apply_batch`.
    """
    with store.transaction(tick=True):
        return apply_batch(items, lambda item: _create(store, scope, item, rules))


def create_field(store: Store, scope: Scope, data: Any, rules: Rules) -> Written:
    """Create the one field that a bare object describes."""
    with store.transaction(tick=True):
        return apply_one(data, lambda item: _create(store, scope, item, rules))


def update_fields(store: Store, scope: Scope, items: Any, rules: Rules) -> list[Written]:
    """Change every field of a batch, or none. The same field twice is changed twice, in the order of the batch."""
    with store.transaction(tick=True):
        return apply_batch(items, lambda item: _update_in_batch(store, scope, item, rules))


def update_field(store: Store, scope: Scope, id_: int, data: Any, rules: Rules) -> Written:
    """Change one field.

    Raises:
        NotFound: no such field in this scope.
        Malformed: the body is not an object, or an empty one.
        Invalid: with the violations.
    """
    with store.transaction(tick=True):
        field = store.field(scope, id_)
        if field is None:
            raise NotFound(f"field {id_}")
        return apply_one(data, lambda item: _update(store, field, item, rules), id_=id_)


def delete_field(store: Store, scope: Scope, id_: int) -> None:
    """Delete a field together with the values that records have in it (`custom-fields-v4:727`).

    Raises:
        NotFound: no such field in this scope.
        Refused: the field is predefined.
    """
    with store.transaction(tick=True):
        field = store.field(scope, id_)
        if field is None:
            raise NotFound(f"field {id_}")
        if field.is_predefined:
            raise Refused("The field is predefined and can not be deleted")
        store.remove(Field, scope.account_id, id_)
        forget(store, scope, id_)


def _create(store: Store, scope: Scope, item: Item, rules: Rules) -> Field | None:
    type_ = item.text("type", required=True)
    name = item.text("name", required=True, minimum=1)
    if isinstance(type_, str) and not field_types.available(type_, scope.entity, rules.platform):
        item.note(NOT_SUPPORTED_CHOICE, "type", UNKNOWN_CHOICE)
    if not isinstance(type_, str) or not isinstance(name, str) or item.found:
        return None
    blank = _blank(store, scope, type_, item.data.get("code"))
    changes = _changes(store, blank, item)
    if item.found:
        return None
    field = replace(
        blank, **{"sort": DEFAULT_SORT, **changes, "id": store.next_id(scope.account_id, "field")}
    )
    store.put_field(field)
    return field


def _blank(store: Store, scope: Scope, type_: str, code: Any) -> Field:
    """A field that has nothing but its place and its type."""
    enums: tuple[EnumValue, ...] | None = () if type_ in field_types.WITH_OPTIONS else None
    if type_ == "multitext":
        # Its kinds are those of e-mail addresses or of phones; requests do not set them.
        kinds = field_types.MULTITEXT_CODES["EMAIL" if code == "EMAIL" else "PHONE"]
        enums = tuple(
            EnumValue(store.next_id(scope.account_id, _OPTIONS), kind, sort, kind)
            for sort, kind in enumerate(kinds)
        )
    return Field(
        id=0,
        account_id=scope.account_id,
        entity=scope.entity,
        catalog_id=scope.catalog_id,
        name="",
        type=type_,
        sort=DEFAULT_SORT,
        # The field that says who sells has this code always (DOC-CF).
        code=_SUPPLIER if type_ == "supplier" and store.field_by_code(scope, _SUPPLIER) is None else None,
        remind="never" if type_ == "birthday" else None,
        enums=enums,
        nested=() if type_ == "category" else None,
    )


def _update_in_batch(store: Store, scope: Scope, item: Item, rules: Rules) -> Field | None:
    id_ = item.integer("id", required=True, minimum=1)
    field = store.field(scope, id_) if isinstance(id_, int) else None
    if isinstance(id_, int) and field is None:
        item.note(NOT_SUPPORTED_CHOICE, "id", UNKNOWN_CHOICE)
    if field is None:
        return None
    return _update(store, field, item, rules)


def _update(store: Store, field: Field, item: Item, rules: Rules) -> Field | None:
    type_ = item.data.get("type")
    if isinstance(type_, str) and type_ != field.type:
        item.note(NOT_SUPPORTED_CHOICE, "type", "The type of a field can not be changed.")
    changes = _changes(store, field, item)
    if item.found:
        return None
    changed = replace(field, **changes) if changes else field
    store.put_field(changed)
    gone = _option_ids(field) - _option_ids(changed)
    if gone:
        forget(store, field.scope, field.id, gone)
    return changed


def _option_ids(field: Field) -> frozenset[int]:
    """The options that values can have chosen."""
    enums, nodes = field.enums or (), field.nested or ()
    return frozenset([option.id for option in enums] + [node.id for node in nodes])


def _changes(store: Store, field: Field, item: Item) -> dict[str, Any]:
    """The attributes a request sets. Keys that this entity or this type does not have are read over."""
    changes: dict[str, Any] = {
        "name": item.text("name", minimum=1),
        "sort": item.integer("sort"),
        "code": _code(store, field, item),
        **_of_entity(store, field, item),
        **_of_type(store, field, item),
    }
    return {key: value for key, value in changes.items() if not isinstance(value, Unset)}


def _code(store: Store, field: Field, item: Item) -> str | Unset | None:
    code = item.text("code", nullable=True)
    if isinstance(code, str) and code:
        owner = store.field_by_code(field.scope, code)
        if owner is not None and owner.id != field.id:
            return item.note(NOT_SUPPORTED_CHOICE, "code", _TAKEN)
    if code is None and field.type == "supplier":
        return UNSET
    return None if code == "" else code


def _of_entity(store: Store, field: Field, item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {}
    is_api_only = item.boolean("is_api_only")
    statuses = _statuses(item, "required_statuses")
    hidden = _statuses(item, "hidden_statuses")
    is_visible = item.boolean("is_visible")
    is_required = item.boolean("is_required")
    is_deletable = item.boolean("is_deletable")
    settings = _settings(item)
    group_id = item.text("group_id", nullable=True, minimum=1)
    if field.entity == "catalogs":
        found.update(is_visible=is_visible, is_required=is_required, settings=settings)
        if not field.is_predefined:
            found["is_deletable"] = is_deletable
    if field.entity in CARDS:
        found.update(is_api_only=is_api_only, required_statuses=statuses)
    if field.entity == "leads":
        found.update(hidden_statuses=hidden)
    if field.entity in ENTITIES_WITH_GROUPS:
        if isinstance(group_id, str) and store.group(field.scope, group_id) is None:
            item.note(NOT_SUPPORTED_CHOICE, "group_id", UNKNOWN_CHOICE)
        found["group_id"] = None if group_id == DEFAULT_GROUP else group_id
    return found


def _of_type(store: Store, field: Field, item: Item) -> dict[str, Any]:
    found: dict[str, Any] = {}
    remind = item.choice("remind", field_types.REMINDERS, nullable=True)
    if field.type == "birthday" and remind is not None:
        found["remind"] = remind
    keep_ids = field.id != 0
    has_options = field.type in field_types.WITH_OPTIONS
    enums = read_enums(
        item,
        field.enums or (),
        lambda: store.next_id(field.account_id, _OPTIONS),
        keep_ids=keep_ids,
        applies=has_options,
    )
    if has_options:
        found["enums"] = () if enums is None else enums
    is_category = field.type == "category"
    nested = read_nested(
        item,
        field.nested or (),
        lambda: store.next_id(field.account_id, _NESTED),
        keep_ids=keep_ids,
        applies=is_category,
    )
    if is_category:
        found["nested"] = () if nested is None else nested
    found.update(definition_extras(field, item))
    return found


def _statuses(item: Item, key: str) -> tuple[RequiredStatus, ...] | Unset | None:
    """The stages in which a field is required, or hidden."""
    entries = item.objects(key, nullable=True)
    if entries is None or isinstance(entries, Unset):
        return entries
    statuses: list[RequiredStatus] = []
    for entry in entries:
        status_id = entry.integer("status_id", required=True, minimum=1)
        pipeline_id = entry.integer("pipeline_id", required=True, minimum=1)
        if isinstance(status_id, int) and isinstance(pipeline_id, int):
            statuses.append(RequiredStatus(status_id, pipeline_id))
    return tuple(statuses)


def _settings(item: Item) -> Any:
    if not item.has("settings"):
        return UNSET
    value = item.data["settings"]
    if value is None or isinstance(value, dict | list):
        return value
    return item.note(INVALID_TYPE, "settings", "This value should be of type object.")
