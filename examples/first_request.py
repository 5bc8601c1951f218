"""The fields of leads, one line each.

KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/first_request.py
"""

import os

from kommo import Kommo

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")

with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    for field in crm.leads_custom_fields.iterate():
        print(f"{field.id:>12}  {field.type:<14}  {field.name}")
