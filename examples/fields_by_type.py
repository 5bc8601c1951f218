"""Create one field of every type, on an entity that allows it, look at it, and delete it again.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/fields_by_type.py

Needs an administrator's token: it writes to the account. It deletes only what it has created.
"""

import os

from kommo import Kommo, models
from kommo import values as v

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")

OPTIONS = [models.EnumValueWrite(value="small", sort=1), models.EnumValueWrite(value="large", sort=2)]
# The phone and e-mail fields of contacts are there already; more of this type cannot be made.
NOT_CREATABLE = {"multitext"}


def definition(row: v.TypeRow) -> models.CustomFieldCreate:
    """A field of this type with what the type needs besides a name."""
    field = models.CustomFieldCreate(name=f"Example: {row.title}", type=models.FieldType(row.type))
    if row.type in ("select", "multiselect", "radiobutton"):
        field.enums = OPTIONS
    if row.type == "category":
        field.nested = [models.NestedValueWrite(value="Phones"), models.NestedValueWrite(value="Cases")]
    return field


with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    rows = [row for row in v.table() if row.documented and row.type not in NOT_CREATABLE]

    leads = [definition(row) for row in rows if "leads" in row.entities]
    for field in crm.leads_custom_fields.create(leads).items:
        print(f"leads     {field.type:<14} {field.id}  is filled with {v.FIELD_TYPES[field.type].shape.wire}")
        crm.leads_custom_fields.delete(field.id)

    # Some types exist in lists only.
    shop = crm.v2_catalogs.add([models.V2CatalogAdd(name="Example shop")]).items[0].id
    in_lists = [definition(row) for row in rows if "leads" not in row.entities]
    for field in crm.catalogs_custom_fields.create(shop, in_lists).items:
        print(f"catalogs  {field.type:<14} {field.id}  is filled with {v.FIELD_TYPES[field.type].shape.wire}")
    crm.v2_catalogs.delete([shop])
