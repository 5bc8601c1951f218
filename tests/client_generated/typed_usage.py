"""Code of a user. Type checkers must find exactly these types; it is never run."""

from collections.abc import AsyncIterator, Iterator
from functools import partial
from typing import assert_type

from kommo_client.models import (
    CustomField,
    CustomFieldCollection,
    CustomFieldCreate,
    CustomFieldGroup,
    CustomFieldPage,
    CustomFieldUpdate,
    EnumValue,
    FieldType,
    Remind,
    V2Catalog,
    V2CatalogAdd,
    V2CatalogElement,
    V2CatalogPage,
    V2CatalogsWritten,
    V2CatalogWritten,
)

from kommo import UNSET, Answer, AsyncKommo, Kommo, Unset, batches, models


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
