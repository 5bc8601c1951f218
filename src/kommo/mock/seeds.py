"""What an account holds at first.

Ids are fixed, so that the same requests get the same answers on every run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from . import field_types
from .catalogs import open_catalog
from .config import check_seed
from .entities import ENTITIES
from .model import (
    CARDS,
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
from .platforms import ANY, Platform, has_entity, has_field
from .store import Store

_LARGE: Final = 20_000
_LARGE_FIELDS: Final = 300


def sow(store: Store, account: Account, seed: str, platform: Platform = ANY) -> None:
    """Put what a seed says into an account that has nothing yet.

    Args:
        store, account: where it goes.
        seed: `empty`, `documented`, `demo`, `large` or `large:N`.
        platform: what it does not have is left out.

    Raises:
        ConfigError: there is no such seed.
    """
    name, size = check_seed(seed)
    with store.transaction():
        garden = _Garden(store, account, platform)
        garden.predefined_groups()
        if name == "documented":
            _documented(garden)
        elif name == "demo":
            _demo(garden)
        elif name == "large":
            _large(garden, _LARGE if size is None else size)


class _Garden:
    """Puts records with known ids into one account, and keeps the id sequences ahead of them."""

    def __init__(self, store: Store, account: Account, platform: Platform) -> None:
        self.store = store
        self.account = account
        self.platform: Platform = platform

    def predefined_groups(self) -> None:
        for entity in ENTITIES:
            if entity in CARDS and has_entity(self.platform, entity):
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
        catalog_id: int = 0,
    ) -> None:
        self.store.put_group(Group(id_, self.account.id, entity, name, sort, predefined, type, catalog_id))

    def field(self, id_: int, entity: EntityName, type: str, name: str, **attributes: Any) -> None:
        if not has_field(self.platform, type, entity):
            return
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

    def catalog(self, id_: int, name: str, sort: int, created_at: int, type: str = "regular") -> None:
        catalog = Catalog(id_, self.account.id, name, created_at, self.account.user_id, sort, type)
        open_catalog(self.store, catalog)
        self.store.reserve_id(self.account.id, "catalog", id_)

    def record(
        self,
        entity: EntityName,
        id_: int,
        name: str,
        at: int,
        values: Mapping[int, Iterable[Any]] | None = None,
        *,
        catalog_id: int = 0,
        **attributes: Any,
    ) -> None:
        """Put a record; a value is a `StoredValue`, the id of an option, or what is to be stored."""
        if not has_entity(self.platform, entity):
            return
        user = self.account.user_id
        stored = {
            field_id: tuple(map(_stored, entries))
            for field_id, entries in (values or {}).items()
            if self.store.get(Field, self.account.id, field_id) is not None
        }
        self.store.put_record(
            Record(
                id=id_,
                account_id=self.account.id,
                entity=entity,
                name=name,
                created_at=at,
                updated_at=at,
                created_by=user,
                updated_by=user,
                catalog_id=catalog_id,
                values=stored,
                attributes=attributes,
            )
        )
        self.store.reserve_id(self.account.id, ENTITIES[entity].sequence, id_)

    def element(
        self, id_: int, catalog_id: int, name: str, at: int, values: Mapping[int, Iterable[Any]] | None = None
    ) -> None:
        self.record("catalogs", id_, name, at, values, catalog_id=catalog_id)


def _stored(value: Any) -> StoredValue:
    """A value to store: an integer is the id of an option."""
    if isinstance(value, StoredValue):
        return value
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
    _documented_cards(garden)


def _documented_cards(garden: _Garden) -> None:
    """Two records of each kind, and the fields that they have values in."""
    at = 1_590_742_040
    text, day, phone, web, points, letters = 4439091, 4440043, 3, 5101, 5201, 5301
    garden.field(web, "companies", "url", "Web", code="WEB")
    garden.field(points, "customers", "numeric", "Loyalty points")
    garden.field(letters, "segments", "checkbox", "Newsletter")
    moment = StoredValue(1_593_561_600)
    garden.record("leads", 5001, "Kitchen", at, {text: ["Oak, oiled"], day: [moment]}, price=12_000)
    garden.record("leads", 5002, "Wardrobe", at)
    number = StoredValue("+15550100", enum=1)
    garden.record("contacts", 6001, "Ann Lee", at, {phone: [number]}, first_name="Ann", last_name="Lee")
    garden.record("contacts", 6002, "Bo Berg", at)
    garden.record("companies", 7001, "Oak Ltd", at, {web: ["https://oak.example"]})
    garden.record("companies", 7002, "Pine Ltd", at)
    garden.record(
        "customers", 8001, "Ann Lee", at, {points: ["120"]}, next_price=900, next_date=1_593_561_600
    )
    garden.record("customers", 8002, "Bo Berg", at)
    garden.record("segments", 51, "Regulars", at, {letters: [True]}, color="6610f2")


def _stationery(garden: _Garden) -> None:
    for id_, name, code in (
        (4400049, "Vendor code", "SKU"),
        (4400050, "Amount", "AMOUNT"),
        (4400051, "Price", "PRICE"),
    ):
        type_ = "text" if code == "SKU" else "numeric"
        group_id = "catalogs_2745" if code == "AMOUNT" else None
        garden.field(
            id_, "catalogs", type_, name, catalog_id=4220, code=code, is_predefined=True, group_id=group_id
        )
    garden.group("catalogs", "catalogs_2745", "Measures", 4, catalog_id=4220)
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
    garden.field(
        430304, "catalogs", "supplier", "Supplier", catalog_id=4103, code="SUPPLIER", is_predefined=True
    )
    garden.catalog(4104, "My companies", 40, 1_700_000_000, "suppliers")
    garden.element(730401, 4104, "Oak Ltd", 1_700_000_000)
    line = {
        "sku": "T-1",
        "description": "Oak table",
        "unit_price": 420,
        "quantity": 2,
        "unit_type": "pieces",
        "discount": {"type": "percentage", "value": 5},
        "vat_rate_id": 0,
    }
    garden.element(
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
    _demo_records(garden)


def _demo_records(garden: _Garden) -> None:
    """Some of everything that the shop knows of its customers, in fields of every type."""
    at = 1_700_000_000
    drawing = {
        "file_uuid": "3f0c8a52-6c1e-4d3a-9b53-0e9b8c1d2a10",
        "version_uuid": "9d1f0b7e-2a44-4c58-8f0a-5f1f2f3d4c21",
        "file_name": "table.pdf",
        "file_size": 20_480,
    }
    garden.record(
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
    garden.record("leads", 710102, "Lamps", at + 60, {410011: [510001], 410013: ["40.5"]}, price=240)
    garden.record("leads", 710103, "Lead #710103", at + 120)
    garden.record(
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
    garden.record("contacts", 711102, "Bo Berg", at + 60, first_name="Bo", last_name="Berg")
    garden.record(
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
    garden.record("customers", 713101, "Ann Lee", at, {412101: ["120"]}, next_price=900)
    garden.record("segments", 714101, "Hotels", at, {413101: [True]}, color="ae003f")


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
    rooms = [(510021, "Lobby", 1, "lobby"), (510022, "Bar", 2, "bar"), (510023, "Rooms", 3, "rooms")]
    garden.field(410016, "leads", "multiselect", "For", sort=60, enums=rooms)
    paid = [(510031, "No", 1), (510032, "In part", 2), (510033, "Yes", 3)]
    garden.field(410017, "leads", "radiobutton", "Paid", sort=70, enums=paid)
    chain = [{"title": "Warehouse", "catalog_id": 4102, "parent_catalog_id": None}]
    garden.field(410018, "leads", "chained_list", "From", sort=80, chained_lists=chain)
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
    garden.field(410105, "contacts", "date", "Last visit", sort=5)
    garden.field(411104, "companies", "url", "Web", code="WEB", sort=4, is_predefined=True)
    garden.field(411105, "companies", "textarea", "Address", code="ADDRESS", sort=5, is_predefined=True)
    garden.field(411106, "companies", "legal_entity", "Legal entity", sort=6)
    garden.field(411107, "companies", "smart_address", "Showroom", sort=7)
    # No document knows this type; accounts have it from earlier times.
    garden.field(411108, "companies", "org_legal_name", "Legal name", sort=8, is_predefined=True)
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
            {
                430101: [sku],
                430103: [price],
                430104: [group],
                430111: [
                    {"name": "Oak Ltd", "entity_id": 712101, "entity_type": "companies", "catalog_id": None}
                ],
            },
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
