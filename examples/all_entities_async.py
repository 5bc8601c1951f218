"""How many fields each kind of entity has: all lists at once, within one rate limit.

KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/all_entities_async.py
"""

import asyncio
import os
from collections import Counter

from kommo import AsyncKommo

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")

ENTITIES = ("leads", "contacts", "companies", "customers", "segments")


async def main() -> None:
    async with AsyncKommo(base_url=BASE_URL, token=TOKEN) as crm:
        pages = await asyncio.gather(
            crm.leads_custom_fields.list(limit=250),
            crm.contacts_custom_fields.list(limit=250),
            crm.companies_custom_fields.list(limit=250),
            crm.customers_custom_fields.list(limit=250),
            crm.customers_segments_custom_fields.list(limit=250),
        )
    for entity, page in zip(ENTITIES, pages, strict=True):
        types = Counter(str(field.type) for field in page.items)
        print(f"{entity}: {len(page.items)} fields", dict(types))


asyncio.run(main())
