"""Batches through the real client against the mock."""

import asyncio
from collections.abc import Iterator

import pytest

from kommo import AsyncKommo, Kommo, batches, models
from kommo.errors import BatchFailed, PartialFailure, ValidationFailed
from kommo.mock import MockConfig, MockServer


@pytest.fixture
def url() -> Iterator[str]:
    with MockServer(MockConfig(token="demo")) as server:
        yield server.url


@pytest.fixture
def crm(url: str) -> Iterator[Kommo]:
    with Kommo(base_url=url, token="demo", limiter=None) as client:
        yield client


def fields(count: int) -> Iterator[models.CustomFieldCreate]:
    for number in range(count):
        yield models.CustomFieldCreate(name=f"field {number}", type=models.FieldType("text"))


def test_create_and_update_many_fields(crm: Kommo) -> None:
    made = batches.send(crm.leads_custom_fields.create, fields(120))

    assert [(item.name, result.name) for item, result in made] == [
        (f"field {n}", f"field {n}") for n in range(120)
    ]

    changes = [models.CustomFieldBatchUpdate(id=result.id, name=f"new {result.name}") for _, result in made]
    changed = batches.send(crm.leads_custom_fields.update_batch, changes, size=250)

    assert [(item.id, result.name) for item, result in changed] == [
        (change.id, change.name) for change in changes
    ]
    names = {field.id: field.name for field in crm.leads_custom_fields.iterate(limit=7)}
    assert all(names[change.id] == change.name for change in changes)


def test_async_batches(url: str) -> None:
    async def main() -> list[tuple[models.CustomFieldCreate, models.CustomField]]:
        async with AsyncKommo(base_url=url, token="demo", limiter=None) as crm:
            return await batches.send_async(crm.contacts_custom_fields.create, fields(12), size=5)

    made = asyncio.run(main())

    assert [item.name for item, _ in made] == [result.name for _, result in made]
    assert len({result.id for _, result in made}) == 12


def test_an_invalid_item_is_named_corrected_and_the_batch_resumed(crm: Kommo) -> None:
    items = list(fields(9))
    items[4].type = models.FieldType("no such type")

    with pytest.raises(BatchFailed) as raised:
        batches.send(crm.leads_custom_fields.create, items, size=3)

    failed = raised.value
    assert isinstance(failed.cause, ValidationFailed)
    assert [item for item, _ in failed.done] == items[:3]
    assert failed.invalid[0][0] is items[4]
    failed.invalid[0][0].type = models.FieldType("text")
    assert [item for item, _ in failed.resume()] == items


def test_v2_lists_and_elements(crm: Kommo) -> None:
    made = batches.send(
        crm.v2_catalogs.add, [models.V2CatalogAdd(name=f"list {n}") for n in range(4)], size=3
    )
    ids = [result.id for _, result in made]
    assert len(set(ids)) == 4

    with pytest.raises(BatchFailed) as raised:
        batches.send(
            crm.v2_catalogs.update,
            [models.V2CatalogUpdate(id=id_, name="x") for id_ in [ids[0], 999_999, ids[1]]],
        )

    assert isinstance(raised.value.cause, PartialFailure)
    assert [item.id for item, _ in raised.value.done] == ids[:2]
    assert [item.id for item in raised.value.not_done] == [999_999]
    assert [item for item, _ in batches.send(crm.v2_catalogs.delete, ids)] == ids
