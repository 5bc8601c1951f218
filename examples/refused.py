"""What a refused request says: which item of the list, which key, and why.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/refused.py

Needs an administrator's token. The request is refused as a whole: nothing is created.
"""

import os

from kommo import Kommo, models
from kommo.errors import ValidationFailed

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")

wanted = [
    models.CustomFieldCreate(name="Fine", type=models.FieldType.TEXT),
    # Lines of an invoice exist in lists, not on leads.
    models.CustomFieldCreate(name="Not here", type=models.FieldType.ITEMS),
]
with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    try:
        crm.leads_custom_fields.create(wanted)
    except ValidationFailed as refused:
        for violation in refused.violations:
            item = wanted[violation.index].name if violation.index is not None else "request"
            print(f"{item}: {violation.path}: {violation.detail} ({violation.code})")
