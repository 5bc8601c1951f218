"""A page of 250 custom fields of all 18 types, as the server sends it."""

from __future__ import annotations

import json
from typing import Any

# fmt: off
_TYPES = (
    "text", "numeric", "checkbox", "select", "multiselect", "multitext", "date", "url", "date_time", "textarea",
    "radiobutton", "streetaddress", "smart_address", "birthday", "legal_entity", "price", "category", "items",
)
# fmt: on
_OPTIONS = {"select": 5, "multiselect": 5, "radiobutton": 3, "multitext": 3, "smart_address": 6}


def _field(index: int) -> dict[str, Any]:
    kind = _TYPES[index % len(_TYPES)]
    number = 410_000 + index
    return {
        "id": number,
        "name": f"Поле {index}: what people see",
        "type": kind,
        "account_id": 28805383,
        "code": f"FIELD_{index}" if index % 3 else None,
        "sort": 500 + index,
        "is_api_only": False,
        "enums": [
            {"id": number * 10 + option, "value": f"Option {option}", "sort": option * 10, "code": None}
            for option in range(_OPTIONS[kind])
        ]
        if kind in _OPTIONS
        else None,
        "group_id": "leads_2745158" if index % 4 == 0 else None,
        "required_statuses": [{"status_id": 41221, "pipeline_id": 3142}] if index % 25 == 0 else [],
        "is_deletable": True,
        "is_predefined": False,
        "entity_type": "leads",
        "remind": "week" if kind == "birthday" else None,
        "nested": [
            {
                "id": number * 10 + place,
                "parent_id": number * 10 if place else None,
                "value": f"Part {place}",
                "sort": place,
            }
            for place in range(4)
        ]
        if kind == "category"
        else None,
        "triggers": [],
        "currency": None,
        "hidden_statuses": [],
        "chained_lists": None,
        "tracking_callback": None,
        "_links": {
            "self": {"href": f"https://acme.amocrm.ru/api/v4/leads/custom_fields/{number}?page=1&limit=250"}
        },
    }


def _page() -> dict[str, Any]:
    base = "https://acme.amocrm.ru/api/v4/leads/custom_fields?limit=250&page="
    return {
        "_total_items": 600,
        "_page": 1,
        "_page_count": 3,
        "_links": {"self": {"href": f"{base}1"}, "next": {"href": f"{base}2"}, "last": {"href": f"{base}3"}},
        "_embedded": {"custom_fields": [_field(index) for index in range(250)]},
    }


PAGE_BYTES = json.dumps(_page(), ensure_ascii=False, separators=(",", ":")).encode()
