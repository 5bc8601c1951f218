"""Checked by mypy --strict and pyright, never run: what user code gets from the value helpers."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, assert_type

from kommo import UNSET, Kommo, Unset, models
from kommo import values as v


def reading(entries: list[dict[str, Any]], read: list[models.CustomFieldValuesRead] | Unset | None) -> None:
    filled = v.Values(entries, tz=dt.UTC)
    v.Values(read)
    v.Values(UNSET)
    assert_type(filled.value(1, v.text), str | None)
    assert_type(filled.value("PRICE", v.price), Decimal | None)
    assert_type(filled.value(1, v.checkbox), bool | None)
    assert_type(filled.value(1, v.birthday), dt.datetime | None)
    assert_type(filled.value(1, v.category), v.Choice | None)
    assert_type(filled.value(1, v.multiselect), list[v.Choice] | None)
    assert_type(filled.value("PHONE", v.multitext), list[v.Multitext] | None)
    assert_type(filled.value(1, v.smart_address), v.SmartAddress | None)
    assert_type(filled.value(1, v.legal_entity), v.LegalEntity | None)
    assert_type(filled.value(1, v.items), list[v.Item] | None)
    assert_type(filled.value(1, v.linked_entity), v.LinkedEntity | None)
    assert_type(filled.value(1, v.chained_list), list[v.ChainedItem] | None)
    assert_type(filled.value(1, v.file), v.File | None)
    assert_type(filled.value(1, v.payer), v.Payer | None)
    assert_type(filled.value(1, v.supplier), v.Supplier | None)
    assert_type(v.numeric.read(entries[0]), Decimal | None)
    assert_type(v.v2.numeric.read(entries[0]), Decimal | None)
    assert_type(v.v2.Values(entries)[1], v.Field)
    assert_type(filled.get(1), v.Field | None)
    assert_type(filled.entries(), list[dict[str, Any]])
    assert_type(v.Item(unit_price=10).unit_price, Decimal | None)


def writing() -> list[dict[str, Any]]:
    v.text(1, 5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    v.checkbox(1, "yes")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    v.select(1, enum_id="5")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    v.multitext("PHONE", "+7")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    v.phone("+7", "PRIV")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    v.legal_entity(1, v.Payer())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    v.smart_address(1, town="M")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    return [
        v.text("SKU", v.CLEAR),
        v.numeric(2, 0.5),
        v.date(3, dt.date(2020, 1, 1), tz=dt.UTC, form="rfc3339"),
        v.items(4, v.Item(sku="1"), {"sku": "2"}),
        v.chained_list(5, (1, 2), v.ChainedItem(catalog_id=1, catalog_element_id=2)),
        v.v2.select(6, "A"),
    ]


def on_the_endpoints(crm: Kommo) -> None:
    new = models.LeadCreate(name="Oak", custom_fields_values=[v.text(3, "x"), v.numeric(4, 1), v.clear(5)])
    crm.leads.create([new])
    lead = crm.leads.get(1)
    filled = v.Values(lead.custom_fields_values, tz=dt.UTC)
    assert_type(filled.value(4, v.numeric), Decimal | None)
    crm.leads.update(
        1, models.LeadUpdate(custom_fields_values=[*filled.entries(), v.multitext("PHONE", v.CLEAR)])
    )
    crm.contacts.update_batch([models.ContactBatchUpdate(id=1, custom_fields_values=filled.entries())])
    crm.companies.create(
        [models.CompanyCreate(custom_fields_values=[v.write(field, "x") for field in fields(crm)])]
    )
    crm.customers.create([models.CustomerCreate(name="n", custom_fields_values=[v.monetary(1, "1.5")])])
    crm.customers_segments.create(
        models.CustomersSegmentCreate(name="n", custom_fields_values=[v.checkbox(1, True)])
    )
    crm.catalog_elements.create(
        7, [models.CatalogElementCreate(name="n", custom_fields_values=[v.price(1, 2)])]
    )
    models.LeadCreate(custom_fields_values=[5])  # type: ignore[list-item]  # pyright: ignore[reportArgumentType]


def fields(crm: Kommo) -> list[models.CustomField]:
    return list(crm.companies_custom_fields.iterate())
