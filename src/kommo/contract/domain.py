"""What the suite knows of the domain beyond the document: the types of fields, and the lists of v2."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kommo.contract.checks.echo import embedded
from kommo.contract.collection import Collection
from kommo.contract.resources import resource
from kommo.contract.session import Script
from kommo.contract.shapes import PREFIX as PREFIX
from kommo.contract.shapes import TRICKY

#: Tags of v4 custom fields, without `_custom_fields`.
ENTITIES: Final = ("leads", "contacts", "companies", "customers", "customers_segments", "catalogs")
WITH_GROUPS: Final = ("leads", "contacts", "companies", "customers")

#: The types of the documents (custom-fields-v4:300-320) and the newer ones, with the keys that make a full definition.
#: Of `chained_list` there is none: it stands on lists of the account.
TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {},
    "numeric": {},
    "checkbox": {},
    "select": {
        "enums": [
            {"value": "one", "sort": 1, "code": "KC_ONE"},
            {"value": "two", "sort": 2},
            {"value": "три ☕", "sort": 3},
        ]
    },
    "multiselect": {"enums": [{"value": "a", "sort": 10}, {"value": "b", "sort": 20}]},
    "radiobutton": {"enums": [{"value": "yes", "sort": 0}, {"value": "no", "sort": 1}]},
    "date": {},
    "date_time": {},
    "birthday": {"remind": "week"},
    "url": {},
    "textarea": {},
    "streetaddress": {},
    "smart_address": {},
    "multitext": {},
    "legal_entity": {},
    "price": {},
    "items": {},
    "category": {
        "nested": [
            {"value": "root", "request_id": "r1", "sort": 0},
            {"value": "child", "request_id": "r2", "parent_request_id": "r1", "sort": 1},
            {"value": "leaf", "request_id": "r3", "parent_request_id": "r2", "sort": 0},
            {"value": "twig", "request_id": "r4", "parent_request_id": "r3", "sort": 0},
            {"value": "bud", "parent_request_id": "r4", "sort": 0},
            {"value": "first child", "parent_request_id": "r1", "sort": 0},
        ]
    },
    "tracking_data": {},
    "monetary": {"currency": "EUR"},
    "file": {},
    "linked_entity": {"search_in": "contacts"},
    "supplier": {"code": "SUPPLIER"},
    "payer": {},
}


def fields(script: Script, entity: str, catalog_id: int | None = None) -> Collection:
    """The custom fields of an entity; those of lists need the list's id."""
    parameters: dict[str, str | int] = {} if catalog_id is None else {"catalog_id": catalog_id}
    return Collection(script, resource(script.contract, f"{entity}_custom_fields"), parameters)


def groups(script: Script, entity: str) -> Collection:
    """The field groups of an entity."""
    return Collection(script, resource(script.contract, f"{entity}_custom_field_groups"))


def catalogs(script: Script) -> Collection:
    """The lists."""
    return Collection(script, resource(script.contract, "v2_catalogs"))


def elements(script: Script, catalog_id: int) -> Collection:
    """The elements of a list."""
    tag = resource(script.contract, "v2_catalog_elements")
    return Collection(script, tag, query=(("catalog_id", catalog_id),))


def creatable(collection: Collection) -> list[str]:
    """Return the types that the contract lets a collection of fields create."""
    operation = collection.script.contract.operations[collection.op("create")]
    return [
        name
        for name, extra in TYPES.items()
        if collection.script.contract.valid_request(operation, [{"name": "x", "type": name, **extra}])
    ]


def new_fields(types: Iterable[str], label: str) -> list[dict[str, Any]]:
    """Return one full definition per type, with request ids that are no indexes."""
    return [
        {
            "name": f"{PREFIX} {label} {name} {TRICKY[index % len(TRICKY)]}",
            "type": name,
            "sort": 700 + index,
            "request_id": f"q{index * 7 + 3}",
            **TYPES[name],
        }
        for index, name in enumerate(types)
    ]


def make_catalog(script: Script, label: str) -> int:
    """Create a list and return its id.

    Raises:
        Halted: the server gives none.
    """
    exchange = catalogs(script).write(add=[{"name": f"{PREFIX} {label}", "request_id": 1}])
    items = embedded(exchange.answer, "items")
    id_ = items[0].get("id") if items else None
    script.need(isinstance(id_, int), f"no list could be created: {exchange}")
    assert isinstance(id_, int)
    return id_
