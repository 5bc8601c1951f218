"""The seed `documented`: everything that the requests of the vendor's examples refer to, under the ids they use."""

from __future__ import annotations

from kommo.mock import field_types
from kommo.mock.model import DEFAULT_GROUP, RequiredStatus, StoredValue

from .account import SeededAccount


def sow_documented(account: SeededAccount) -> None:
    """Put the contents of the vendor's examples into an account."""
    account.group("leads", DEFAULT_GROUP, "Основное", 0, predefined=True)
    account.group("leads", "4521", "Товары", 1, type="linked_group", predefined=True)
    account.group("leads", "statistic", "Статистика", 2, type="linked_group", predefined=True)
    account.group("leads", "leads_29741591099841", "Группа полей", 3)
    account.group("leads", "leads_2745", "group 1", 4)
    statuses = (RequiredStatus(41221, 3142),)
    account.field(4439091, "leads", "text", "Пример текстового поля", sort=504, required_statuses=statuses)
    account.field(4440043, "leads", "date", "Пример поля с типом 'data'", sort=505)
    phone = [
        (2 * index + 1, code, 2 * index + 2, code)
        for index, code in enumerate(field_types.MULTITEXT_CODES["PHONE"])
    ]
    account.field(
        3, "contacts", "multitext", "Телефон", code="PHONE", sort=4, is_predefined=True, enums=phone
    )
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
        account.catalog(id_, name, 10 * sort, 1_508_930_391 if id_ == 4223 else 1_508_930_288)
    account.field(
        1278898087, "catalogs", "textarea", "Описание", catalog_id=1095, code="DESCRIPTION", sort=540
    )
    account.field(
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
    _stationery(account)
    at = 1_509_003_163
    account.element(35159, 2534, "Nokia 3310", at)
    account.element(35164, 2534, "Nokia 3410", at)
    # Older than the `updated_at` of the example that changes it (list-elements-v2:191-202).
    account.element(35431, 2534, "Galaxy Note 7", at - 3_600)
    account.element(47856, 2634, "запрос", at)
    _cards(account)


def _cards(account: SeededAccount) -> None:
    """Two records of each kind, and the fields that they have values in."""
    at = 1_590_742_040
    text, day, phone, web, points, letters = 4439091, 4440043, 3, 5101, 5201, 5301
    account.field(web, "companies", "url", "Web", code="WEB")
    account.field(points, "customers", "numeric", "Loyalty points")
    account.field(letters, "segments", "checkbox", "Newsletter")
    moment = StoredValue(1_593_561_600)
    account.record("leads", 5001, "Kitchen", at, {text: ["Oak, oiled"], day: [moment]}, price=12_000)
    account.record("leads", 5002, "Wardrobe", at)
    number = StoredValue("+15550100", enum=1)
    account.record("contacts", 6001, "Ann Lee", at, {phone: [number]}, first_name="Ann", last_name="Lee")
    account.record("contacts", 6002, "Bo Berg", at)
    account.record("companies", 7001, "Oak Ltd", at, {web: ["https://oak.example"]})
    account.record("companies", 7002, "Pine Ltd", at)
    account.record(
        "customers", 8001, "Ann Lee", at, {points: ["120"]}, next_price=900, next_date=1_593_561_600
    )
    account.record("customers", 8002, "Bo Berg", at)
    account.record("segments", 51, "Regulars", at, {letters: [True]}, color="6610f2")


def _stationery(account: SeededAccount) -> None:
    for id_, name, code in (
        (4400049, "Vendor code", "SKU"),
        (4400050, "Amount", "AMOUNT"),
        (4400051, "Price", "PRICE"),
    ):
        type_ = "text" if code == "SKU" else "numeric"
        group_id = "catalogs_2745" if code == "AMOUNT" else None
        account.field(
            id_, "catalogs", type_, name, catalog_id=4220, code=code, is_predefined=True, group_id=group_id
        )
    account.group("catalogs", "catalogs_2745", "Measures", 4, catalog_id=4220)
    options = [(3692539, "1", 1), (3692540, "2", 2), (3692541, "3", 3)]
    account.field(4400062, "catalogs", "multiselect", "Multilist", catalog_id=4220, enums=options)
    account.element(
        41872,
        4220,
        "Pencils",
        1_509_003_145,
        {4400049: ["415"], 4400050: ["300"], 4400051: ["75"], 4400062: [3692539, 3692540]},
    )
    account.element(
        41873,
        4220,
        "Markers",
        1_509_003_163,
        {4400049: ["416"], 4400050: ["250"], 4400051: ["80"], 4400062: [3692540, 3692541]},
    )
