"""How stored things look in answers, whatever carries the answers."""

from __future__ import annotations

from typing import Any

from .model import CARDS, EnumValue, Field, Record, RequiredStatus
from .moments import Zone
from .store import Store
from .values import show


def field_view(field: Field, *, code_null: bool) -> dict[str, Any]:
    """A field without its links. Which keys there are depends on the entity (`custom-fields-v4:52`).

    Args:
        code_null: a field without a code has `code: null` instead of no such key.
    """
    view: dict[str, Any] = {
        "id": field.id,
        "name": field.name,
        "type": field.type,
        "account_id": field.account_id,
    }
    if field.code is not None or code_null:
        view["code"] = field.code
    view |= {
        "sort": field.sort,
        "is_api_only": field.is_api_only,
        "enums": None if field.enums is None else [_enum_view(option) for option in field.enums],
    }
    if field.entity in CARDS:
        view |= {
            "group_id": field.group_id,
            "required_statuses": _statuses_view(field.required_statuses),
            "is_deletable": field.is_deletable,
            "is_predefined": field.is_predefined,
            "entity_type": field.entity,
            "remind": field.remind,
            "triggers": [],
            "currency": field.currency,
            "hidden_statuses": _statuses_view(field.hidden_statuses),
        }
        if field.entity in ("leads", "customers"):
            view["chained_lists"] = field.chained_lists
        if field.entity == "leads":
            view["tracking_callback"] = field.tracking_callback
    elif field.entity == "catalogs":
        view |= {
            "catalog_id": field.catalog_id,
            "group_id": field.group_id,
            "is_visible": field.is_visible,
            "triggers": [],
            "is_deletable": field.is_deletable,
            "is_required": field.is_required,
            "settings": field.settings,
            "search_in": field.search_in,
            "nested": None if field.nested is None else [_nested_view(node) for node in field.nested],
            "entity_type": field.entity,
        }
        if field.type == "monetary":
            view["currency"] = field.currency
    else:
        view |= {
            "is_deletable": field.is_deletable,
            "is_predefined": field.is_predefined,
            "entity_type": field.entity,
            "triggers": [],
        }
    return view


def _statuses_view(statuses: tuple[RequiredStatus, ...] | None) -> list[dict[str, Any]]:
    return [{"status_id": status.status_id, "pipeline_id": status.pipeline_id} for status in statuses or ()]


def _enum_view(option: EnumValue) -> dict[str, Any]:
    view: dict[str, Any] = {"id": option.id, "value": option.value, "sort": option.sort}
    if option.code is not None:
        view["code"] = option.code
    return view


def _nested_view(node: Any) -> dict[str, Any]:
    return {"id": node.id, "parent_id": node.parent_id, "value": node.value, "sort": node.sort}


def keyed_enums(before: Field, after: Field) -> dict[str, Any] | None:
    """The options after an update that dropped some, keyed by position.

    The vendor's server keeps options in an array that is not renumbered when entries leave it, and such an array is an
    object in JSON. None when the positions have no gap, so that the answer is a list as always.
    """
    old = {option.id: index for index, option in enumerate(before.enums or ())}
    new = after.enums or ()
    end = len(old)
    positions: list[int] = []
    for option in new:
        position = old.get(option.id)
        if position is None:
            position, end = end, end + 1
        positions.append(position)
    if positions == list(range(len(new))) or len(old.keys() - {option.id for option in new}) == 0:
        return None
    return {str(position): _enum_view(option) for position, option in zip(positions, new, strict=True)}


def values_view(store: Store, record: Record, zone: Zone) -> list[dict[str, Any]]:
    """The values of a record, one entry for each field that has any (`custom-fields-v4:1196`).

    Args:
        store: where the fields are.
        record: the record.
        zone: the time zone of its account.
    """
    return [
        {
            "field_id": field.id,
            "field_name": field.name,
            "field_code": field.code,
            "field_type": field.type,
            "values": values,
        }
        for field, values in show(store, record, zone)
    ]
