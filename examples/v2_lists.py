"""A list of products: its fields by v4, its elements and their values by v2.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/v2_lists.py

Needs an administrator's token: it creates a list and deletes it at the end.
"""

import os
import time
from decimal import Decimal

from kommo import Kommo, models
from kommo import values as v

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")


def filled(*entries: v.Entry) -> list[models.V2CustomFieldWrite]:
    return [models.V2CustomFieldWrite.from_dict(entry) for entry in entries]


with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    shop = crm.v2_catalogs.add([models.V2CatalogAdd(name="Example shop")]).items[0].id
    fields = crm.catalogs_custom_fields.create(
        shop,
        [
            models.CustomFieldCreate(name="Article", type=models.FieldType.TEXT, code="EXAMPLE_ARTICLE"),
            models.CustomFieldCreate(name="Price", type=models.FieldType.PRICE),
            models.CustomFieldCreate(
                name="Sizes",
                type=models.FieldType.MULTISELECT,
                enums=[models.EnumValueWrite(value="S", sort=1), models.EnumValueWrite(value="M", sort=2)],
            ),
        ],
    ).items
    article, price, sizes = (field.id for field in fields)

    shirt = crm.v2_catalog_elements.add(
        [
            models.V2CatalogElementAdd(
                catalog_id=shop,
                name="Shirt",
                custom_fields=filled(
                    v.v2.text("EXAMPLE_ARTICLE", "SH-1"),
                    v.v2.price(price, Decimal("19.90")),
                    v.v2.multiselect(sizes, "S", "M"),
                ),
            )
        ]
    ).items[0]

    # Answers of v2 do not name the types of fields: tell them, and every value has its Python type.
    types = v.types_of(crm.catalogs_custom_fields.iterate(shop))
    element = crm.v2_catalog_elements.list(catalog_id=shop, id=shirt.id).items[0]
    read = v.v2.Values(element.custom_fields, types=types)
    print(read.value(article), read.value(price), [choice.value for choice in read[sizes].value])

    # Fields that are not sent keep their values; a value is taken away only on request.
    crm.v2_catalog_elements.update(
        [
            models.V2CatalogElementUpdate(
                id=shirt.id,
                updated_at=max(int(time.time()), element.updated_at + 1),
                custom_fields=filled(
                    v.v2.price(price, read.value(price, v.v2.price) or 0), v.v2.clear(sizes)
                ),
            )
        ]
    )
    element = crm.v2_catalog_elements.list(catalog_id=shop, id=shirt.id).items[0]
    read = v.v2.Values(element.custom_fields, types=types)
    print(read.value(article), read.value(price), read.value(sizes))

    crm.v2_catalogs.delete([shop])
