"""Every example of a value that the vendor's documents show comes out of the helpers, key by key."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kommo import values as v

MOSCOW = ZoneInfo("Europe/Moscow")
OOO = {
    "name": "ООО Рога и копыта",
    "entity_type": 1,
    "vat_id": "123123123",
    "tax_registration_reason_code": 213,
    "address": "Moscow",
    "kpp": "23123123",
    "external_uid": "uuid",
}
LINE = {
    "sku": "34N4124",
    "description": "Описание товара",
    "unit_price": 10,
    "quantity": 2,
    "unit_type": "шт.",
    "discount": {"type": "amount", "value": 25},
    "vat_rate_id": 18,
    "external_uid": "uid",
}


def entry(field_id: int, *values: dict[str, Any]) -> dict[str, Any]:
    return {"field_id": field_id, "values": list(values)}


V4 = {
    # custom-fields-v4:1213-1258
    "text": (v.text(3, "Значение поля"), entry(3, {"value": "Значение поля"})),
    "numeric": (v.numeric(103, Decimal("1.5")), entry(103, {"value": "1.5"})),
    "numeric from float": (v.numeric(103, 1.5), entry(103, {"value": "1.5"})),
    "textarea": (v.textarea(203, "Строка1\nСтрока2"), entry(203, {"value": "Строка1\nСтрока2"})),
    "price": (v.price(303, 100), entry(303, {"value": "100"})),
    "streetaddress": (
        v.streetaddress(403, "г. Москва, Николоямская улица 28/60 стр. 1"),
        entry(403, {"value": "г. Москва, Николоямская улица 28/60 стр. 1"}),
    ),
    # custom-fields-v4:1262-1302
    "checkbox": (v.checkbox(5, True), entry(5, {"value": True})),
    "url": (v.url(7, "https://www.amocrm.ru/"), entry(7, {"value": "https://www.amocrm.ru/"})),
    # custom-fields-v4:1306-1340
    "date": (v.date(9, dt.date(2020, 1, 1), tz=dt.UTC), entry(9, {"value": 1577836800})),
    "date_time": (
        v.date_time(109, dt.datetime(2020, 6, 12, 15, 34, 56, tzinfo=MOSCOW)),
        entry(109, {"value": 1591965296}),
    ),
    "birthday": (v.birthday(209, dt.date(2020, 4, 10), tz=dt.UTC), entry(209, {"value": 1586476800})),
    # custom-fields-v4:1344-1382
    "select": (v.select(11, value="Значение 1"), entry(11, {"value": "Значение 1"})),
    "multiselect": (v.multiselect(111, enum_ids=[17, 19]), entry(111, {"enum_id": 17}, {"enum_id": 19})),
    "radiobutton": (v.radiobutton(211, "Значение 4"), entry(211, {"value": "Значение 4"})),
    # custom-fields-v4:1386-1424
    "smart_address": (
        v.smart_address(
            13,
            v.AddressPart("Николоямская улица 28/60", enum_id=1),
            v.AddressPart("Москва", "city"),
            v.AddressPart("Москва", "state"),
            v.AddressPart("109004", enum_id=5),
            v.AddressPart("RU", "country"),
        ),
        entry(
            13,
            {"value": "Николоямская улица 28/60", "enum_id": 1},
            {"value": "Москва", "enum_code": "city"},
            {"value": "Москва", "enum_code": "state"},
            {"value": "109004", "enum_id": 5},
            {"value": "RU", "enum_code": "country"},
        ),
    ),
    # custom-fields-v4:1427-1456
    "multitext": (
        v.multitext(31, v.Multitext("+79121234567", enum_id=48224), v.phone("+74991234567", "HOME")),
        entry(
            31,
            {"value": "+79121234567", "enum_id": 48224},
            {"value": "+74991234567", "enum_code": "HOME"},
        ),
    ),
    # custom-fields-v4:1458-1492
    "legal_entity": (v.legal_entity(25, v.LegalEntity(**OOO)), entry(25, {"value": OOO})),
    "legal_entity from dict": (v.legal_entity(25, OOO), entry(25, {"value": OOO})),
    # custom-fields-v4:1495-1534
    "items": (
        v.items(25, v.Item(**(LINE | {"discount": v.Discount(type="amount", value=25)}))),
        entry(25, {"value": LINE}),
    ),
    "items from dict": (v.items(25, LINE), entry(25, {"value": LINE})),
}
NEWER = {
    # DOC-CF
    "category by code": (v.category(11, enum_code="phones"), entry(11, {"enum_code": "phones"})),
    "linked_entity, contact": (
        v.linked_entity(
            1150977, v.LinkedEntity(name="Ivan Ivanov", entity_id=24833339, entity_type="contacts")
        ),
        entry(
            1150977,
            {
                "value": {
                    "name": "Ivan Ivanov",
                    "entity_id": 24833339,
                    "entity_type": "contacts",
                    "catalog_id": None,
                }
            },
        ),
    ),
    "linked_entity, element": (
        v.linked_entity(
            1150979,
            {"name": "Товар 1", "entity_id": 527597, "entity_type": "catalog_elements", "catalog_id": 6319},
        ),
        entry(
            1150979,
            {
                "value": {
                    "name": "Товар 1",
                    "entity_id": 527597,
                    "entity_type": "catalog_elements",
                    "catalog_id": 6319,
                }
            },
        ),
    ),
    "chained_list": (
        v.chained_list(1150985, (1001, 12235), v.ChainedItem(catalog_id=1007, catalog_element_id=12243)),
        entry(
            1150985,
            {"catalog_id": 1001, "catalog_element_id": 12235},
            {"catalog_id": 1007, "catalog_element_id": 12243},
        ),
    ),
    "file": (
        v.file(
            1150985,
            v.File(
                file_uuid="3b454645-5c7f-4539-9ef9-0dd1b3638dad",
                version_uuid="13db6652-b3ed-4fff-aed8-0c6f3c43b887",
                file_name="wiki.odt",
                file_size=20763,
            ),
        ),
        entry(
            1150985,
            {
                "value": {
                    "file_uuid": "3b454645-5c7f-4539-9ef9-0dd1b3638dad",
                    "version_uuid": "13db6652-b3ed-4fff-aed8-0c6f3c43b887",
                    "file_name": "wiki.odt",
                    "file_size": 20763,
                }
            },
        ),
    ),
    "payer, a contact": (
        v.payer(1164361, v.Payer(name="Василий", entity_type="contacts", entity_id=17615543)),
        entry(1164361, {"value": {"name": "Василий", "entity_type": "contacts", "entity_id": 17615543}}),
    ),
    "payer, free text": (
        v.payer(1164361, {"name": "ООО Рога и копыта", "address": "Москва", "type": "legal"}),
        entry(1164361, {"value": {"name": "ООО Рога и копыта", "address": "Москва", "type": "legal"}}),
    ),
    "supplier": (v.supplier(1042517, 521717), entry(1042517, {"value": {"entity_id": 521717}})),
    "date as RFC 3339": (
        v.date(9, dt.date(2020, 1, 1), tz=MOSCOW, form="rfc3339"),
        entry(9, {"value": "2020-01-01T00:00:00+03:00"}),
    ),
    "tracking_data": (v.tracking_data(3, "utm"), entry(3, {"value": "utm"})),
    "monetary": (v.monetary(3, Decimal("999.12")), entry(3, {"value": "999.12"})),
}


@pytest.mark.parametrize("example", V4 | NEWER)
def test_v4(example: str) -> None:
    built, documented = (V4 | NEWER)[example]
    assert built == documented


def test_every_type_has_an_example() -> None:
    shown = {name.split()[0].rstrip(",") for name in V4 | NEWER}
    assert shown == set(v.FIELD_TYPES)


def test_v2_write() -> None:
    """list-elements-v2:46-66."""
    built = [v.v2.numeric(4400050, 100), v.v2.multiselect(4400062, enum_ids=[3692539, 3692540])]
    assert built == [
        {"id": 4400050, "values": [{"value": "100"}]},
        {"id": 4400062, "values": ["3692539", "3692540"]},
    ]


def test_v2_read() -> None:
    """list-elements-v2:366-412."""
    answer = [
        {"id": 4400049, "name": "Vendor code", "values": [{"value": "416"}], "is_system": True},
        {"id": 4400051, "name": "Price", "values": [{"value": "80"}], "is_system": True},
        {
            "id": 4400062,
            "name": "Multilist",
            "values": [{"value": "2", "enum": "3692540"}, {"value": "3", "enum": "3692541"}],
            "is_system": False,
        },
    ]
    types = v.types_of(
        [
            {"id": 4400049, "type": "text", "code": "SKU"},
            {"id": 4400051, "type": "price", "code": "PRICE"},
            {"id": 4400062, "type": "multiselect", "code": None},
        ]
    )
    filled = v.v2.Values(answer, types=types)
    assert [filled[key].value for key in filled] == [
        "416",
        Decimal(80),
        [v.Choice("2", 3692540), v.Choice("3", 3692541)],
    ]
    assert filled[4400049].name == "Vendor code"
    assert filled.entries() == [
        {"id": 4400049, "values": [{"value": "416"}]},
        {"id": 4400051, "values": [{"value": "80"}]},
        {"id": 4400062, "values": ["3692540", "3692541"]},
    ]
    # Without types: read with a type, or send back as it came.
    untyped = v.v2.Values(answer)
    assert untyped.value(4400051, v.v2.price) == Decimal(80)
    assert untyped.value(4400051, v.price) == Decimal(80)
    assert isinstance(untyped.value(4400051), v.Raw)
    assert untyped.entries()[2] == {"id": 4400062, "values": answer[2]["values"]}


def test_v2_spellings() -> None:
    """Parts of an address are `subtype` (list-elements-v2:34), kinds of phones `enum` (list-elements-v2:33); UFEE."""
    assert v.v2.smart_address(13, city="Москва", country="RU")["values"] == [
        {"value": "Москва", "subtype": "city"},
        {"value": "RU", "subtype": "country"},
    ]
    assert v.v2.multitext("PHONE", v.phone("+7"), v.Multitext("+8", enum_id=48224)) == {
        "code": "PHONE",
        "values": [{"value": "+7", "enum": "WORK"}, {"value": "+8", "enum": "48224"}],
    }
    assert v.v2.select(4, v.Choice("A", 5))["values"] == [{"value": "A", "enum": "5"}]
    assert v.v2.checkbox(3, True)["values"] == [{"value": "1"}]
    assert v.v2.date(6, dt.date(2020, 1, 1))["values"] == [{"value": "2020-01-01 00:00:00"}]
    moment = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
    assert v.v2.date_time(19, moment, tz=MOSCOW)["values"] == [{"value": "2020-01-01 15:00:00"}]
    assert v.v2.clear(13) == {"id": 13, "values": []}


def test_a_day_comes_back_as_midnight_of_the_account() -> None:
    """Recorded in LIB-ISSUES #402: midnight UTC went out, midnight in Moscow came back."""
    sent = v.date(704617, dt.date(2021, 10, 19), tz=MOSCOW)
    assert sent["values"] == [{"value": 1634590800}]
    answer = {"field_id": 704617, "field_type": "date", "values": [{"value": 1634590800}]}
    read = v.Values([answer], tz=MOSCOW).value(704617, v.date)
    assert read is not None
    assert read.date() == dt.date(2021, 10, 19)
    assert v.date.read(answer) == dt.datetime(2021, 10, 18, 21, tzinfo=dt.UTC)
