"""The seed `demo`: a small furniture shop that sells to companies."""

from __future__ import annotations

from typing import Any

from kommo.mock import field_types
from kommo.mock.model import RequiredStatus, StoredValue

from .account import SeededAccount


def sow_demo(account: SeededAccount) -> None:
    """Put the fields, lists and customers of the shop into an account."""
    _fields_of_cards(account)
    _products(account)
    _warehouses(account)
    _invoices(account)
    _records(account)


def _fields_of_cards(account: SeededAccount) -> None:
    account.group("leads", "4101", "Products", 1, type="linked_group", predefined=True)
    account.group("leads", "leads_100101", "Delivery", 3)
    account.group("contacts", "contacts_100201", "Personal", 1)
    for index, name in enumerate(("utm_content", "utm_medium", "utm_campaign", "utm_source", "utm_term")):
        account.field(
            410001 + index,
            "leads",
            "tracking_data",
            name,
            code=name.upper(),
            sort=index,
            group_id="statistic",
            is_predefined=True,
        )
    account.field(
        410011,
        "leads",
        "select",
        "Delivery",
        group_id="leads_100101",
        sort=10,
        enums=[(510001, "Courier", 1), (510002, "Collected", 2), (510003, "Carrier", 3)],
    )
    account.field(
        410012,
        "leads",
        "date_time",
        "Delivery date",
        group_id="leads_100101",
        sort=20,
        required_statuses=(RequiredStatus(142, 3142),),
    )
    account.field(410013, "leads", "monetary", "Deposit", sort=30, currency="EUR")
    account.field(410014, "leads", "file", "Drawing", sort=40)
    account.field(410015, "leads", "textarea", "Remarks", sort=50)
    rooms = [(510021, "Lobby", 1, "lobby"), (510022, "Bar", 2, "bar"), (510023, "Rooms", 3, "rooms")]
    account.field(410016, "leads", "multiselect", "For", sort=60, enums=rooms)
    paid = [(510031, "No", 1), (510032, "In part", 2), (510033, "Yes", 3)]
    account.field(410017, "leads", "radiobutton", "Paid", sort=70, enums=paid)
    chain = [{"title": "Warehouse", "catalog_id": 4102, "parent_catalog_id": None}]
    account.field(410018, "leads", "chained_list", "From", sort=80, chained_lists=chain)
    account.field(410101, "contacts", "text", "Position", code="POSITION", sort=1, is_predefined=True)
    for id_, name, code, sort, first in (
        (410102, "Phone", "PHONE", 2, 510101),
        (410103, "Email", "EMAIL", 3, 510111),
    ):
        for entity in ("contacts", "companies"):
            offset = 0 if entity == "contacts" else 1_000
            options = [
                (first + offset + i, kind, i, kind)
                for i, kind in enumerate(field_types.MULTITEXT_CODES[code])
            ]
            account.field(
                id_ + offset,
                entity,
                "multitext",
                name,
                code=code,
                sort=sort,
                is_predefined=True,
                enums=options,
            )
    account.field(
        410104, "contacts", "birthday", "Birthday", group_id="contacts_100201", sort=4, remind="week"
    )
    account.field(410105, "contacts", "date", "Last visit", sort=5)
    account.field(411104, "companies", "url", "Web", code="WEB", sort=4, is_predefined=True)
    account.field(411105, "companies", "textarea", "Address", code="ADDRESS", sort=5, is_predefined=True)
    account.field(411106, "companies", "legal_entity", "Legal entity", sort=6)
    account.field(411107, "companies", "smart_address", "Showroom", sort=7)
    # No document knows this type; accounts have it from earlier times.
    account.field(411108, "companies", "org_legal_name", "Legal name", sort=8, is_predefined=True)
    account.field(412101, "customers", "numeric", "Loyalty points")
    account.field(413101, "segments", "checkbox", "Newsletter")


def _products(account: SeededAccount) -> None:
    account.catalog(4101, "Products", 10, 1_700_000_000, "products")
    rows = [
        ("text", "SKU", "SKU"),
        ("textarea", "Description", "DESCRIPTION"),
        ("price", "Price", "PRICE"),
        ("category", "Group", "GROUP"),
        ("text", "External ID", "EXTERNAL_ID"),
    ]
    for index, (type_, name, code) in enumerate(rows):
        extra: dict[str, Any] = {}
        if type_ == "category":
            extra["nested"] = [
                (610001, None, "Furniture", 0),
                (610002, 610001, "Tables", 0),
                (610003, 610001, "Chairs", 1),
                (610004, None, "Lamps", 1),
            ]
        account.field(
            430101 + index,
            "catalogs",
            type_,
            name,
            catalog_id=4101,
            code=code,
            is_predefined=True,
            sort=500 + index,
            **extra,
        )
    account.field(430111, "catalogs", "linked_entity", "Maker", catalog_id=4101, search_in="companies")
    products = [
        ("Oak table", "T-1", "420", 610002),
        ("Pine table", "T-2", "260", 610002),
        ("Oak chair", "C-1", "95", 610003),
        ("Desk lamp", "L-1", "39.9", 610004),
    ]
    for index, (name, sku, price, group) in enumerate(products):
        account.element(
            730101 + index,
            4101,
            name,
            1_700_000_000 + index,
            {
                430101: [sku],
                430103: [price],
                430104: [group],
                430111: [
                    {"name": "Oak Ltd", "entity_id": 712101, "entity_type": "companies", "catalog_id": None}
                ],
            },
        )


def _warehouses(account: SeededAccount) -> None:
    account.catalog(4102, "Warehouses", 20, 1_700_000_000)
    account.field(430201, "catalogs", "streetaddress", "Address", catalog_id=4102)
    account.field(430202, "catalogs", "checkbox", "Heated", catalog_id=4102)
    account.element(730201, 4102, "Harbour", 1_700_000_100, {430201: ["Quay 4"], 430202: [True]})
    account.element(730202, 4102, "Airport", 1_700_000_200, {430201: ["Terminal Road 1"], 430202: [False]})


def _invoices(account: SeededAccount) -> None:
    account.catalog(4103, "Invoices", 30, 1_700_000_000, "invoices")
    account.field(430301, "catalogs", "items", "Items", catalog_id=4103, code="ITEMS", is_predefined=True)
    account.field(
        430302,
        "catalogs",
        "select",
        "Status",
        catalog_id=4103,
        code="BILL_STATUS",
        is_predefined=True,
        enums=[(530301, "Created", 1), (530302, "Paid", 2)],
    )
    account.field(430303, "catalogs", "payer", "Payer", catalog_id=4103, code="PAYER", is_predefined=True)
    account.field(
        430304, "catalogs", "supplier", "Supplier", catalog_id=4103, code="SUPPLIER", is_predefined=True
    )
    account.catalog(4104, "My companies", 40, 1_700_000_000, "suppliers")
    account.element(730401, 4104, "Oak Ltd", 1_700_000_000)
    line = {
        "sku": "T-1",
        "description": "Oak table",
        "unit_price": 420,
        "quantity": 2,
        "unit_type": "pieces",
        "discount": {"type": "percentage", "value": 5},
        "vat_rate_id": 0,
    }
    account.element(
        730301,
        4103,
        "Invoice 1",
        1_700_100_000,
        {
            430301: [line],
            430302: [530301],
            430303: [{"name": "Harbour Hotel", "type": "legal", "vat_id": "12345678"}],
            430304: [{"entity_id": 730401}],
        },
    )


def _records(account: SeededAccount) -> None:
    """Some of everything that the shop knows of its customers, in fields of every type."""
    at = 1_700_000_000
    drawing = {
        "file_uuid": "3f0c8a52-6c1e-4d3a-9b53-0e9b8c1d2a10",
        "version_uuid": "9d1f0b7e-2a44-4c58-8f0a-5f1f2f3d4c21",
        "file_name": "table.pdf",
        "file_size": 20_480,
    }
    account.record(
        "leads",
        710101,
        "Table for the lobby",
        at,
        {
            410001: ["tables"],
            410004: ["newsletter"],
            410011: [510003],
            410012: [StoredValue(at + 864_000)],
            410013: ["150"],
            410014: [drawing],
            410015: ["Deliver in the morning"],
            410016: [510021, 510023],
            410017: [510032],
            410018: [{"catalog_id": 4102, "catalog_element_id": 730201}],
        },
        price=840,
    )
    account.record("leads", 710102, "Lamps", at + 60, {410011: [510001], 410013: ["40.5"]}, price=240)
    account.record("leads", 710103, "Lead #710103", at + 120)
    account.record(
        "contacts",
        711101,
        "Ann Lee",
        at,
        {
            410101: ["Manager"],
            410102: [StoredValue("+15550100", enum=510101), StoredValue("+15550101", enum=510103)],
            410103: [StoredValue("ann@harbour.example", enum=510111)],
            410104: [StoredValue(643_507_200)],
            410105: [StoredValue(1_699_920_000)],
        },
        first_name="Ann",
        last_name="Lee",
    )
    account.record("contacts", 711102, "Bo Berg", at + 60, first_name="Bo", last_name="Berg")
    account.record(
        "companies",
        712101,
        "Harbour Hotel",
        at,
        {
            411104: ["https://harbour.example"],
            411105: ["Quay 1"],
            411106: [{"name": "Harbour Hotel Ltd", "entity_type": 2, "vat_id": "12345678", "kpp": "123"}],
            411107: [StoredValue("Quay 1", enum=1), StoredValue("Seaside", enum=3)],
        },
    )
    account.record("customers", 713101, "Ann Lee", at, {412101: ["120"]}, next_price=900)
    account.record("segments", 714101, "Hotels", at, {413101: [True]}, color="ae003f")
