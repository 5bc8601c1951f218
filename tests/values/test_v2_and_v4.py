"""One store seen through two versions: what v2 writes v4 reads, and the reverse, for every type that both know."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from kommo import Kommo, models
from kommo import values as v
from kommo.mock import MockServer
from tests.values.exercise_types import CONFIG, OPTIONS, Place

TZ = ZoneInfo("Europe/Moscow")
DAY = dt.datetime(2026, 5, 1, tzinfo=TZ)
NODES = [models.NestedValueWrite(value=name, sort=0) for name in ("Red", "Blue")]
VALUES: dict[str, tuple[Any, Any]] = {
    **dict.fromkeys(("text", "textarea", "streetaddress", "url"), ("Oak", "Ash")),
    **dict.fromkeys(("numeric", "price"), (Decimal("1.50"), Decimal(-3))),
    "checkbox": (True, False),
    **dict.fromkeys(("date", "date_time"), (DAY, DAY + dt.timedelta(days=1))),
    **dict.fromkeys(("select", "radiobutton", "category"), ("Red", "Blue")),
    "multiselect": (["Red"], ["Red", "Blue"]),
}


@pytest.fixture(scope="module")
def crm() -> Iterator[Kommo]:
    with (
        MockServer(CONFIG) as server,
        Kommo(base_url=server.url, token="demo", limiter=None) as client,
    ):
        yield client


def chosen(value: Any) -> Any:
    """Options by their text."""
    if isinstance(value, list):
        return [choice.value for choice in value]
    return value.value if isinstance(value, v.Choice) else value


def options(field: models.CustomField, value: Any) -> Any:
    """The value as v2 takes it: a multiselect by the ids of options."""
    if not isinstance(value, list):
        return value
    ids = {option.value: option.id for option in field.enums or []}
    return [v.Choice(enum_id=ids[text]) for text in value]


@pytest.mark.parametrize("name", VALUES)
def test_what_one_version_writes_the_other_reads(crm: Kommo, name: str) -> None:
    extra: dict[str, Any] = {"enums": OPTIONS} if name in ("select", "radiobutton", "multiselect") else {}
    place = Place(crm, "catalogs")
    (list_id,) = place.path
    field = place.define(type=name, **(extra or ({"nested": NODES} if name == "category" else {})))
    first, second = VALUES[name]
    v2, v4 = getattr(v.v2, name), v.FIELD_TYPES[name]

    entry = v2.write(field.id, options(field, first), tz=TZ)
    new = models.V2CatalogElementAdd(
        catalog_id=list_id, name="Stairs", custom_fields=[models.V2CustomFieldWrite.from_dict(entry)]
    )
    id_ = crm.v2_catalog_elements.add([new]).items[0].id
    assert isinstance(id_, int)

    element = crm.catalog_elements.get(list_id, id_)
    assert element.name == "Stairs"
    filled = v.Values(element.custom_fields_values, tz=TZ)
    assert chosen(filled.value(field.id, v4)) == first

    change = models.CatalogElementUpdate(custom_fields_values=[v4.write(field.id, second, tz=TZ)])
    crm.catalog_elements.update(list_id, id_, change)
    old = crm.v2_catalog_elements.list(catalog_id=list_id, id=id_).items[0]
    read = v.v2.Values(old.custom_fields, types=v.types_of([field]), tz=TZ)
    assert chosen(read.value(field.id, v2)) == second

    # What v2 read v4 may write, with the definition alone.
    back = v.write(field, read.value(field.id, v2), tz=TZ)
    crm.catalog_elements.update(list_id, id_, models.CatalogElementUpdate(custom_fields_values=[back]))
    assert chosen(place.read(id_).value(field.id, v4)) == second

    crm.catalog_elements.update(
        list_id, id_, models.CatalogElementUpdate(custom_fields_values=[v.clear(field.id)])
    )
    cleared = crm.v2_catalog_elements.list(catalog_id=list_id, id=id_).items[0]
    assert v.v2.Values(cleared.custom_fields).value(field.id, v2) is None
    crm.v2_catalog_elements.delete([id_])
    crm.v2_catalogs.delete([list_id])
    assert [each.id for each in crm.catalogs.iterate()] == []


def test_an_option_is_chosen_once_however_often_it_is_sent(crm: Kommo) -> None:
    place = Place(crm, "catalogs")
    field = place.define(type="multiselect", enums=OPTIONS)
    red, blue = (option.id for option in field.enums or [])
    id_ = place.create(v.multiselect(field.id, enum_ids=[blue, red, blue]))
    assert [choice.enum_id for choice in place.read(id_).value(field.id, v.multiselect)] == [blue, red]
    entry = v.v2.multiselect(field.id, enum_ids=[red, blue, red])
    change = models.V2CatalogElementUpdate(id=id_, custom_fields=[models.V2CustomFieldWrite.from_dict(entry)])
    crm.v2_catalog_elements.update([change])
    assert [choice.enum_id for choice in place.read(id_).value(field.id, v.multiselect)] == [red, blue]


def test_types_that_v2_does_not_know_are_only_in_v4() -> None:
    lists = {name for name, kind in v.FIELD_TYPES.items() if "catalogs" in kind.entities}
    assert lists - VALUES.keys() == {"items", "linked_entity", "file", "payer", "supplier"}
