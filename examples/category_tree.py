"""A tree of categories in one request, then printed, extended and printed again.

    KOMMO_BASE_URL=http://127.0.0.1:8080 KOMMO_TOKEN=demo python examples/category_tree.py

Needs an administrator's token: it creates a list and deletes it at the end.
"""

import os
from collections import defaultdict
from collections.abc import Iterable

from kommo import Kommo, models

BASE_URL = os.environ.get("KOMMO_BASE_URL", "http://127.0.0.1:8080")
TOKEN = os.environ.get("KOMMO_TOKEN", "demo")


def show(nodes: Iterable[models.NestedValue]) -> None:
    """Print nodes as a tree; a node names its parent by id."""
    children: dict[int | None, list[models.NestedValue]] = defaultdict(list)
    for node in nodes:
        children[node.parent_id or None].append(node)

    def branch(parent: int | None, indent: str) -> None:
        for node in sorted(children[parent], key=lambda node: node.sort or 0):
            print(f"{indent}{node.value}")
            branch(node.id, indent + "    ")

    branch(None, "")


with Kommo(base_url=BASE_URL, token=TOKEN) as crm:
    shop = crm.v2_catalogs.add([models.V2CatalogAdd(name="Example shop")]).items[0].id

    # New nodes have no ids yet: inside one request, request_id and parent_request_id tie them together.
    tree = [
        models.NestedValueWrite(value="Phones", request_id="phones"),
        models.NestedValueWrite(value="Android", parent_request_id="phones"),
        models.NestedValueWrite(value="iPhone", parent_request_id="phones"),
        models.NestedValueWrite(value="Cases"),
    ]
    category = models.CustomFieldCreate(name="Category", type=models.FieldType.CATEGORY, nested=tree)
    field = crm.catalogs_custom_fields.create(shop, [category]).items[0]
    show(field.nested or [])

    # An update replaces the whole tree: nodes sent with their id stay, the others are new.
    kept = [models.NestedValueWrite.from_dict(node.to_dict()) for node in field.nested or []]
    cases = next(node for node in field.nested or [] if node.value == "Cases")
    grown = [*kept, models.NestedValueWrite(value="Leather", parent_id=cases.id)]
    print("---")
    show(
        crm.catalogs_custom_fields.update(shop, field.id, models.CustomFieldUpdate(nested=grown)).nested or []
    )

    crm.v2_catalogs.delete([shop])
