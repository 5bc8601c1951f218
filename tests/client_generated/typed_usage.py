"""Code of a user. Type checkers must find exactly these types; it is never run."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import assert_type

from kommo_client.models import (
    CardWritten,
    Catalog,
    CatalogCreate,
    CatalogElement,
    CatalogElementCollection,
    CatalogElementCreate,
    CustomersSegment,
    CustomersSegmentCreate,
    CustomField,
    CustomFieldCollection,
    CustomFieldCreate,
    CustomFieldGroup,
    CustomFieldPage,
    CustomFieldUpdate,
    CustomFieldValues,
    CustomFieldValuesRead,
    EnumValue,
    FieldType,
    FieldValue,
    Lead,
    LeadBatchUpdate,
    LeadCreate,
    LeadsWritten,
    LeadUpdate,
    Remind,
    V2Catalog,
    V2CatalogAdd,
    V2CatalogElement,
    V2CatalogPage,
    V2CatalogsWritten,
    V2CatalogWritten,
)

from kommo import UNSET, Answer, AsyncKommo, Kommo, Unset, batches, models, values


def sync(crm: Kommo) -> None:
    page = crm.leads_custom_fields.list(limit=250, filter_type=[FieldType.TEXT])
    assert_type(page, CustomFieldPage)
    assert_type(page.items, list[CustomField])
    assert_type(page.embedded.custom_fields[0].type, FieldType)
    assert_type(page.items[0].enums, list[EnumValue] | None | Unset)
    assert_type(page.items[0].code, str | None | Unset)
    assert_type(crm.leads_custom_fields.iterate(), Iterator[CustomField])
    assert_type([field.id for field in crm.catalogs_custom_fields.iterate(4101)], list[int])
    assert_type(list(crm.leads_custom_field_groups.iterate()), list[CustomFieldGroup])
    assert_type(list(crm.v2_catalog_elements.iterate(catalog_id=1)), list[V2CatalogElement])
    assert_type(list(crm.v2_catalog_elements.iterate(term="Oak")), list[V2CatalogElement])
    leads = crm.leads.iterate(query="Oak", filter_custom_fields_values={5: ["Oak"], 7: {"from": 1, "to": 9}})
    assert_type(list(leads), list[models.Lead])
    assert_type(crm.catalog_elements.get(1, 2, with_="invoice_link"), models.CatalogElement)
    new = [CustomFieldCreate(name="Budget", type=FieldType.NUMERIC)]
    assert_type(crm.contacts_custom_fields.create(new), CustomFieldCollection)
    by_value = CustomFieldCreate(name="Birthday", type="birthday", remind="week")
    assert_type(by_value.type, FieldType)
    assert_type(by_value.remind, Remind | None | Unset)
    assert_type(crm.leads_custom_fields.list(filter_type=["text"], order_sort="desc"), CustomFieldPage)
    CustomFieldCreate(name="n", type=FieldType("newer"), remind=None)
    pairs = batches.send(crm.contacts_custom_fields.create, new, progress=True)
    assert_type(pairs, list[tuple[CustomFieldCreate, CustomField]])
    pairs = batches.send(partial(crm.catalogs_custom_fields.create, 4101), new)
    assert_type(batches.send(crm.v2_catalogs.delete, [1, 2]), list[tuple[int, V2CatalogWritten]])
    assert_type(crm.contacts_custom_fields.update(1, CustomFieldUpdate(name="n")), CustomField)
    assert_type(crm.contacts_custom_fields.delete(1), None)
    assert_type(crm.v2_catalogs.list(id=1), V2CatalogPage)
    assert_type(crm.v2_catalogs.add([V2CatalogAdd(name="n")]), V2CatalogsWritten)
    assert_type(crm.v2_catalogs.delete([1, "2"]).items, list[V2CatalogWritten])
    answer = crm.raw(crm.v2_catalogs.list, id=1)
    assert_type(answer, Answer[V2CatalogPage])
    assert_type(answer.data.items, list[V2Catalog])
    assert_type(models.CustomField.from_dict({}), CustomField)

    field = page.items[0]
    if field.code is not UNSET and field.code is not None:
        assert_type(field.code, str)
    if field.enums:
        assert_type(field.enums, list[EnumValue])


def records(crm: Kommo) -> None:
    page = crm.leads.list(filter_custom_fields_values={5: ["a", 1], 7: {"from": 1, "to": 2}}, order_id="asc")
    assert_type(page.items, list[Lead])
    assert_type(page.items[0].custom_fields_values, list[CustomFieldValuesRead] | None | Unset)
    assert_type(list(crm.leads.iterate(query="x")), list[Lead])
    lead = crm.leads.get(1)
    assert_type(lead.name, str)
    if lead.custom_fields_values:
        assert_type(lead.custom_fields_values[0].values, list[FieldValue])
        assert_type(lead.custom_fields_values[0].values[0].enum_id, int | Unset | None)
    # Values to write: what kommo.values builds, models, and what was read.
    entries = [values.text(1, "a"), values.clear(2)]
    new = LeadCreate(name="n", custom_fields_values=entries)
    assert_type(crm.leads.create([new]), LeadsWritten)
    assert_type(crm.leads.create([new]).items, list[CardWritten])
    assert_type(crm.leads.update(1, LeadUpdate(custom_fields_values=lead.custom_fields_values)), CardWritten)
    LeadUpdate(custom_fields_values=[CustomFieldValues(field_id=1, values=[FieldValue(value="a")])])
    LeadUpdate(custom_fields_values=values.Values(lead.custom_fields_values).entries())
    assert_type(batches.send(crm.leads.create, [new]), list[tuple[LeadCreate, CardWritten]])
    crm.leads.update_batch([LeadBatchUpdate(id=1, custom_fields_values=None)])
    assert_type(crm.catalogs.get(4220), Catalog)
    assert_type(crm.catalogs.create([CatalogCreate(name="n", type="products")]).items, list[Catalog])
    elements = crm.catalog_elements.create(
        4220, [CatalogElementCreate(name="n", custom_fields_values=entries)]
    )
    assert_type(elements, CatalogElementCollection)
    assert_type(elements.items, list[CatalogElement])
    assert_type(crm.catalog_elements.get(4220, 1, with_="invoice_link"), CatalogElement)
    assert_type(crm.customers_segments.create(CustomersSegmentCreate(name="n")), CustomersSegment)


async def asynchronous(crm: AsyncKommo) -> None:
    assert_type(await crm.leads_custom_fields.list(limit=250), CustomFieldPage)
    assert_type(crm.leads_custom_fields.iterate(), AsyncIterator[CustomField])
    assert_type([field.id async for field in crm.leads_custom_fields.iterate()], list[int])
    new = [CustomFieldCreate(name="Budget", type="numeric")]
    pairs = await batches.send_async(crm.contacts_custom_fields.create, new)
    assert_type(pairs, list[tuple[CustomFieldCreate, CustomField]])
    answer = await crm.raw(crm.leads_custom_fields.get, 1)
    assert_type(answer, Answer[CustomField])


def wrong(crm: Kommo) -> None:
    crm.leads_custom_fields.list(limit="250")  # type: ignore[arg-type]
    crm.leads_custom_fields.get("x")  # type: ignore[arg-type]
    crm.catalogs_custom_fields.list()  # type: ignore[call-arg]
    CustomFieldCreate(name="n")  # type: ignore[call-arg]
    CustomFieldCreate(name="n", type="txet")  # type: ignore[arg-type]
    CustomFieldCreate(name="n", type=None)  # type: ignore[arg-type]
    crm.leads_custom_fields.list(order_sort="down")  # type: ignore[arg-type]
    crm.raw(crm.v2_catalogs.list, id="x")  # type: ignore[arg-type]
    crm.leads.list(filter_custom_fields_values={5: 1.5})  # type: ignore[dict-item]
    crm.customers_segments.create([])  # type: ignore[arg-type]
    LeadCreate(custom_fields_values=[1])  # type: ignore[list-item]
