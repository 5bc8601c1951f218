"""A list by v4: its fields, elements with values, a change, a field emptied. Only deleting is left to v2.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/v4_lists.py

Needs an administrator's token: it creates a list and deletes it at the end.
"""

import os
from decimal import Decimal

from kommo import Kommo, models
from kommo import values as v

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")

with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    timber = crm.catalogs.create([models.CatalogCreate(name="Example timber")]).items[0]
    price, grade = crm.catalogs_custom_fields.create(
        timber.id,
        [
            models.CustomFieldCreate(name="Price", type="price"),
            models.CustomFieldCreate(
                name="Grade",
                type="select",
                enums=[models.EnumValueWrite(value=name, sort=0) for name in "AB"],
            ),
        ],
    ).items

    oak, ash = crm.catalog_elements.create(
        timber.id,
        [
            models.CatalogElementCreate(
                name=name, custom_fields_values=[v.price(price.id, cost), v.select(grade.id, "A")]
            )
            for name, cost in (("Oak", Decimal("4.20")), ("Ash", Decimal("3.50")))
        ],
    ).items
    change = models.CatalogElementUpdate(
        custom_fields_values=[v.price(price.id, Decimal("4.5")), v.clear(grade.id)]
    )
    crm.catalog_elements.update(timber.id, oak.id, change)

    for element in crm.catalog_elements.iterate(timber.id):
        filled = v.Values(element.custom_fields_values)
        chosen = filled.value(grade.id, v.select)
        print(element.name, filled.value(price.id, v.price), chosen.value if chosen else "no grade")

    crm.v2_catalogs.delete([timber.id])
