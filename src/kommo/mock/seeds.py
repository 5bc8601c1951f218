"""What an account holds at first.

Ids are fixed, so that the same requests get the same answers on every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from . import field_types
from .catalogs import open_catalog
from .config import check_seed
from .model import (
    DEFAULT_GROUP,
    Account,
    Catalog,
    EntityName,
    EnumValue,
    Field,
    Group,
    NestedValue,
    Record,
    RequiredStatus,
    StoredValue,
)
from .store import Store

_LARGE: Final = 20_000
_LARGE_FIELDS: Final = 300


def sow(store: Store, account: Account, seed: str) -> None:
    """Put what a seed says into an account that has nothing yet.

    Args:
        seed: `empty`, `documented`, `demo`, `large` or `large:N`.

    Raises:
        ConfigError: there is no such seed.
    """
    name, size = check_seed(seed)
    with store.transaction():
        garden = _Garden(store, account)
        garden.predefined_groups()
        if name == "documented":
            _documented(garden)
        elif name == "demo":
            _demo(garden)
        elif name == "large":
            _large(garden, _LARGE if size is None else size)


class _Garden:
    """Puts records with known ids into one account, and keeps the id sequences ahead of them."""

    def __init__(self, store: Store, account: Account) -> None:
        self.store = store
        self.account = account

    def predefined_groups(self) -> None:
        for entity in ("leads", "contacts", "companies", "customers"):
            self.group(entity, DEFAULT_GROUP, "Main", 0, predefined=True)
        self.group("leads", "statistic", "Statistics", 2, type="linked_group", predefined=True)

    def group(
        self,
        entity: EntityName,
        id_: str,
        name: str,
        sort: int,
        *,
        type: str = "custom_field_group",
        predefined: bool = False,
    ) -> None:
        self.store.put_group(Group(id_, self.account.id, entity, name, sort, predefined, type))

    def field(self, id_: int, entity: EntityName, type: str, name: str, **attributes: Any) -> Field:
        for key, record, sequence in (("enums", EnumValue, "options"), ("nested", NestedValue, "nested")):
            if key in attributes:
                attributes[key] = tuple(record(*row) for row in attributes[key])
                for option in attributes[key]:
                    self.store.reserve_id(self.account.id, sequence, option.id)
        if attributes.get("is_predefined"):
            attributes.setdefault("is_deletable", False)
        if type == "birthday":
            attributes.setdefault("remind", "never")
        attributes.setdefault("sort", 500)
        field = Field(id=id_, account_id=self.account.id, entity=entity, name=name, type=type, **attributes)
        self.store.put_field(field)
        self.store.reserve_id(self.account.id, "field", id_)
        return field

    def catalog(self, id_: int, name: str, sort: int, created_at: int, type: str = "regular") -> None:
        catalog = Catalog(id_, self.account.id, name, created_at, self.account.user_id, sort, type)
        open_catalog(self.store, catalog)
        self.store.reserve_id(self.account.id, "catalog", id_)

    def element(
        self, id_: int, catalog_id: int, name: str, at: int, values: Mapping[int, Iterable[Any]] | None = None
    ) -> None:
        stored = {field_id: tuple(map(_stored, entries)) for field_id, entries in (values or {}).items()}
        user = self.account.user_id
        self.store.put_record(
            Record(id_, self.account.id, "catalogs", name, at, at, user, user, catalog_id, stored)
        )
        self.store.reserve_id(self.account.id, "element", id_)


def _stored(value: Any) -> StoredValue:
    """A value to store: an integer is the id of an option."""
    is_option = isinstance(value, int) and not isinstance(value, bool)
    return StoredValue(enum=value) if is_option else StoredValue(value=value)


def _documented(garden: _Garden) -> None:
    """Everything that the requests of the vendor's examples refer to, under the ids they use."""
    garden.group("leads", DEFAULT_GROUP, "Основное", 0, predefined=True)
    garden.group("leads", "4521", "Товары", 1, type="linked_group", predefined=True)
    garden.group("leads", "statistic", "Статистика", 2, type="linked_group", predefined=True)
    garden.group("leads", "leads_29741591099841", "Группа полей", 3)
    garden.group("leads", "leads_2745", "group 1", 4)
    statuses = (RequiredStatus(41221, 3142),)
    garden.field(4439091, "leads", "text", "Пример текстового поля", sort=504, required_statuses=statuses)
    garden.field(4440043, "leads", "date", "Пример поля с типом 'data'", sort=505)
    phone = [
        (2 * index + 1, code, 2 * index + 2, code)
        for index, code in enumerate(field_types.MULTITEXT_CODES["PHONE"])
    ]
    garden.field(3, "contacts", "multitext", "Телефон", code="PHONE", sort=4, is_predefined=True, enums=phone)
    for sort, (id_, name) in enumerate(
        [
            (4223, "Products"),
            (4222, "Services"),
            (4220, "Stationery"),
            (1095, "Catalog 1095"),
            (2456, "Products"),
            (2472, "Catalog 2472"),
            (2483, "Catalog 2483"),
            (2534, "Phones"),
            (2561, "Catalog 2561"),
            (2562, "Catalog 2562"),
            (2634, "Catalog 2634"),
        ],
        1,
    ):
        garden.catalog(id_, name, 10 * sort, 1_508_930_391 if id_ == 4223 else 1_508_930_288)
    garden.field(
        1278898087, "catalogs", "textarea", "Описание", catalog_id=1095, code="DESCRIPTION", sort=540
    )
    garden.field(
        1278898091,
        "catalogs",
        "category",
        "Категория",
        catalog_id=1095,
        code="GROUP",
        sort=500,
        is_predefined=True,
        nested=[(197, None, "категория 1", 0)],
    )
    _stationery(garden)
    at = 1_509_003_163
    garden.element(35159, 2534, "Nokia 3310", at)
    garden.element(35164, 2534, "Nokia 3410", at)
    # Older than the `updated_at` of the example that changes it (list-elements-v2:191-202).
    garden.element(35431, 2534, "Galaxy Note 7", at - 3_600)
    garden.element(47856, 2634, "запрос", at)


def _stationery(garden: _Garden) -> None:
    for id_, name, code in (
        (4400049, "Vendor code", "SKU"),
        (4400050, "Amount", "AMOUNT"),
        (4400051, "Price", "PRICE"),
    ):
        type_ = "text" if code == "SKU" else "numeric"
        garden.field(id_, "catalogs", type_, name, catalog_id=4220, code=code, is_predefined=True)
    options = [(3692539, "1", 1), (3692540, "2", 2), (3692541, "3", 3)]
    garden.field(4400062, "catalogs", "multiselect", "Multilist", catalog_id=4220, enums=options)
    garden.element(
        41872,
        4220,
        "Pencils",
        1_509_003_145,
        {4400049: ["415"], 4400050: ["300"], 4400051: ["75"], 4400062: [3692539, 3692540]},
    )
    garden.element(
        41873,
        4220,
        "Markers",
        1_509_003_163,
        {4400049: ["416"], 4400050: ["250"], 4400051: ["80"], 4400062: [3692540, 3692541]},
    )


def _demo(garden: _Garden) -> None:
    """A small furniture shop that sells to companies."""
    _demo_cards(garden)
    _demo_products(garden)
    garden.catalog(4102, "Warehouses", 20, 1_700_000_000)
    garden.field(430201, "catalogs", "streetaddress", "Address", catalog_id=4102)
    garden.field(430202, "catalogs", "checkbox", "Heated", catalog_id=4102)
    garden.element(730201, 4102, "Harbour", 1_700_000_100, {430201: ["Quay 4"], 430202: [True]})
    garden.element(730202, 4102, "Airport", 1_700_000_200, {430201: ["Terminal Road 1"], 430202: [False]})
    garden.catalog(4103, "Invoices", 30, 1_700_000_000, "invoices")
    garden.field(430301, "catalogs", "items", "Items", catalog_id=4103, code="ITEMS", is_predefined=True)
    garden.field(
        430302,
        "catalogs",
        "select",
        "Status",
        catalog_id=4103,
        code="BILL_STATUS",
        is_predefined=True,
        enums=[(530301, "Created", 1), (530302, "Paid", 2)],
    )
    garden.field(430303, "catalogs", "payer", "Payer", catalog_id=4103, code="PAYER", is_predefined=True)
    garden.element(730301, 4103, "Invoice 1", 1_700_100_000, {430302: [530301]})


def _demo_cards(garden: _Garden) -> None:
    garden.group("leads", "4101", "Products", 1, type="linked_group", predefined=True)
    garden.group("leads", "leads_100101", "Delivery", 3)
    garden.group("contacts", "contacts_100201", "Personal", 1)
    for index, name in enumerate(("utm_content", "utm_medium", "utm_campaign", "utm_source", "utm_term")):
        garden.field(
            410001 + index,
            "leads",
            "tracking_data",
            name,
            code=name.upper(),
            sort=index,
            group_id="statistic",
            is_predefined=True,
        )
    garden.field(
        410011,
        "leads",
        "select",
        "Delivery",
        group_id="leads_100101",
        sort=10,
        enums=[(510001, "Courier", 1), (510002, "Collected", 2), (510003, "Carrier", 3)],
    )
    garden.field(
        410012,
        "leads",
        "date_time",
        "Delivery date",
        group_id="leads_100101",
        sort=20,
        required_statuses=(RequiredStatus(142, 3142),),
    )
    garden.field(410013, "leads", "monetary", "Deposit", sort=30, currency="EUR")
    garden.field(410014, "leads", "file", "Drawing", sort=40)
    garden.field(410015, "leads", "textarea", "Remarks", sort=50)
    garden.field(410101, "contacts", "text", "Position", code="POSITION", sort=1, is_predefined=True)
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
            garden.field(
                id_ + offset,
                entity,
                "multitext",
                name,
                code=code,
                sort=sort,
                is_predefined=True,
                enums=options,
            )
    garden.field(
        410104, "contacts", "birthday", "Birthday", group_id="contacts_100201", sort=4, remind="week"
    )
    garden.field(411104, "companies", "url", "Web", code="WEB", sort=4, is_predefined=True)
    garden.field(411105, "companies", "textarea", "Address", code="ADDRESS", sort=5, is_predefined=True)
    garden.field(411106, "companies", "legal_entity", "Legal entity", sort=6)
    garden.field(412101, "customers", "numeric", "Loyalty points")
    garden.field(413101, "segments", "checkbox", "Newsletter")


def _demo_products(garden: _Garden) -> None:
    garden.catalog(4101, "Products", 10, 1_700_000_000, "products")
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
        garden.field(
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
    garden.field(430111, "catalogs", "linked_entity", "Maker", catalog_id=4101, search_in="companies")
    products = [
        ("Oak table", "T-1", "420", 610002),
        ("Pine table", "T-2", "260", 610002),
        ("Oak chair", "C-1", "95", 610003),
        ("Desk lamp", "L-1", "39.9", 610004),
    ]
    for index, (name, sku, price, group) in enumerate(products):
        garden.element(
            730101 + index,
            4101,
            name,
            1_700_000_000 + index,
            {430101: [sku], 430103: [price], 430104: [group]},
        )


def _large(garden: _Garden, size: int) -> None:
    """Many fields on leads, and one list with many elements."""
    for index in range(_LARGE_FIELDS):
        garden.field(500_001 + index, "leads", "text", f"Field {index + 1}", sort=index)
    garden.catalog(5001, "Stock", 10, 1_700_000_000)
    garden.field(600_001, "catalogs", "text", "SKU", catalog_id=5001, code="SKU")
    store, account = garden.store, garden.account
    for index in range(size):
        values: dict[int, tuple[StoredValue, ...]] = {600_001: (StoredValue(value=f"S-{index}"),)}
        store.put_record(
            Record(
                800_001 + index,
                account.id,
                "catalogs",
                f"Item {index}",
                1_700_000_000,
                1_700_000_000,
                account.user_id,
                account.user_id,
                5001,
                values,
            )
        )
    store.reserve_id(account.id, "element", 800_001 + size)
