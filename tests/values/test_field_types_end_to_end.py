"""Each type of field on each entity that allows it, through the client against the mock, as the reference tells."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from kommo import Kommo
from kommo import values as v
from kommo.mock import MockServer
from tests.values.exercise_types import CONFIG, FILE, ROWS, Place, exercise, pairs, seed

PAIRS = list(pairs())
RECORD = json.loads(FILE.read_text(encoding="utf-8"))
MEND = "the reference tells otherwise; run: python -m tests.values.exercise_types && make reference"


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer(CONFIG) as running:
        yield running


@pytest.fixture(scope="module")
def crm(server: MockServer) -> Iterator[Kommo]:
    with Kommo(base_url=server.url, token="demo", limiter=None) as client:
        yield client


@pytest.mark.parametrize(("name", "entity"), PAIRS)
def test_define_fill_read_send_back_change_clear(
    server: MockServer, crm: Kommo, name: str, entity: str
) -> None:
    server.control.reset(seed(name))
    seen = exercise(crm, name, entity)
    assert seen["steps"] == RECORD[name]["entities"][entity], MEND
    if entity == next(iter(RECORD[name]["entities"])):
        assert seen["example"] == RECORD[name]["example"], MEND


def test_the_record_has_every_type_and_entity_and_no_other() -> None:
    recorded = [(name, entity) for name, seen in RECORD.items() for entity in seen["entities"]]
    assert recorded == PAIRS, MEND
    assert RECORD.keys() == ROWS.keys() == v.FIELD_TYPES.keys()


@pytest.mark.parametrize("entity", ["leads", "contacts", "companies", "customers", "catalogs", "segments"])
def test_all_types_of_an_entity_in_one_record(server: MockServer, crm: Kommo, entity: str) -> None:
    """Fields do not disturb each other: one that is written leaves the others as they are."""
    server.control.reset()
    place = Place(crm, entity, list_type="invoices")
    filled: dict[int, v.Entry] = {}
    for name, of in PAIRS:
        if of == entity and name != "multitext":
            field = place.define(type=name, **ROWS[name].definition(crm))
            filled[field.id], _ = ROWS[name].value(field, crm)
    id_ = place.create(*filled.values())
    before = {field.id: field.raw for field in place.read(id_).fields()}
    assert before.keys() == filled.keys()
    place.update(id_, *place.read(id_).entries())
    assert {field.id: field.raw for field in place.read(id_).fields()} == before
    for cleared in list(filled):
        place.update(id_, v.clear(cleared))
        del before[cleared]
        assert {field.id: field.raw for field in place.read(id_).fields()} == before


def test_what_was_read_goes_straight_back_only_through_entries(server: MockServer, crm: Kommo) -> None:
    """Options without a code are answered with `enum_code: null`, which requests must not have."""
    from kommo.errors import ValidationFailed

    server.control.reset()
    place = Place(crm, "leads")
    field = place.define(type="select", **ROWS["select"].definition(crm))
    id_ = place.create(v.select(field.id, "Red"))
    read = crm.leads.get(id_)
    with pytest.raises(ValidationFailed, match="enum_code"):
        crm.leads.update(id_, {"custom_fields_values": read.custom_fields_values})  # type: ignore[arg-type]
    place.update(id_, *v.Values(read.custom_fields_values).entries())


@pytest.mark.parametrize("name", ["text", "textarea", "url", "numeric"])
def test_an_empty_text_changes_nothing(server: MockServer, crm: Kommo, name: str) -> None:
    """The vendor's server reads it over; who wants to empty a field says so."""
    server.control.reset()
    place = Place(crm, "leads")
    field = place.define(type=name)
    entry, value = ROWS[name].value(field, crm)
    id_ = place.create(entry)
    place.update(id_, {"field_id": field.id, "values": [{"value": ""}]})
    assert place.read(id_)[field.id].value == value
    place.update(id_, v.clear(field.id))
    assert list(place.read(id_)) == []
