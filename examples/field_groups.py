"""A group of fields on the card of a contact, and a field in it.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/field_groups.py

Needs an administrator's token. It deletes only what it has created.
"""

import os

from kommo import Kommo, models

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")

with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    group = crm.contacts_custom_field_groups.create(
        [models.CustomFieldGroupCreate(name="Example", sort=9)]
    ).items[0]
    birthday = models.CustomFieldCreate(name="Born", type=models.FieldType.BIRTHDAY, group_id=group.id)
    field = crm.contacts_custom_fields.create([birthday]).items[0]
    crm.contacts_custom_field_groups.update(group.id, models.CustomFieldGroupUpdate(name="Family"))

    for each in crm.contacts_custom_field_groups.list().items:
        members = [f.name for f in crm.contacts_custom_fields.iterate() if f.group_id == each.id]
        print(f"{each.name}: {', '.join(members) or '-'}")

    crm.contacts_custom_fields.delete(field.id)
    crm.contacts_custom_field_groups.delete(group.id)
