"""More items than a request takes: sent in chunks, paired with their results, resumed after a failure.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/batches.py

Needs a user who may change lists: it creates a list with 120 elements and deletes it at the end.
"""

import os

from kommo import Kommo, batches, models
from kommo.errors import BatchFailed

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")


def report(progress: batches.Progress) -> None:
    print(f"{progress.done} of {progress.total} done")


with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    shop = crm.v2_catalogs.add([models.V2CatalogAdd(name="Example shop")]).items[0].id
    articles = [
        models.V2CatalogElementAdd(catalog_id=shop, name=f"Article {number:03}") for number in range(120)
    ]

    try:
        made = batches.send(crm.v2_catalog_elements.add, articles, size=50, progress=report)
    except BatchFailed as failure:
        print(f"{len(failure.done)} are on the server, {len(failure.not_done)} are not: {failure.cause}")
        made = failure.resume()

    first, last = made[0], made[-1]
    print(f"{first[0].name} is {first[1].id}, {last[0].name} is {last[1].id}")
    crm.v2_catalogs.delete([shop])
