"""Records of generated classes, on the mock: every type on every entity, and what is sent."""

from __future__ import annotations

import asyncio
import copy
import pickle
from decimal import Decimal
from typing import ClassVar

import httpx
import pytest
from attrs import define

from kommo import AsyncKommo, Kommo, models
from kommo import values as v
from kommo.account_models import Option, Record, Source, field
from kommo.account_models.marks import marks_of
from kommo.errors import BatchFailed, ConfigurationError, KommoError, NotFound, ValidationFailed
from tests.values.exercise_types import OPTIONS, ROWS, Place, pairs

ENTITIES = ("leads", "contacts", "companies", "customers", "customers_segments", "catalogs")
CLASSES = dict(
    zip(ENTITIES, ("Lead", "Contact", "Company", "Customer", "CustomersSegment", "ListElement"), strict=True)
)


def as_attribute(mark, value):
    """A value as the attribute of a class holds it: options are members."""
    if mark.options is None:
        return value
    return [mark.options.of(each) for each in value] if isinstance(value, list) else mark.options.of(value)


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_type_is_loaded_changed_and_cleared(crm, server, module, entity):
    of = {"customers_segments": "segments"}.get(entity, entity)
    if entity == "contacts":
        server.control.reset("demo")
    place = Place(crm, of, list_type="invoices")
    defined = {}
    for name, allowed in pairs():
        if allowed == of and name != "multitext":
            defined[name] = place.define(type=name, **ROWS[name].definition(crm))
    if entity == "contacts":
        defined["multitext"] = next(each for each in place.fields.iterate() if each.code == "PHONE")
    made = module("--entity", f"{entity}:{place.path[0]}" if place.path else entity, "--tz", "Europe/Moscow")
    of_class = getattr(made, CLASSES[entity])
    by_id = {getattr(mark, "id", None): (name, mark) for name, mark in marks_of(of_class).items()}
    values = {name: ROWS[name].value(each, crm) for name, each in defined.items()}
    others = {name: ROWS[name].other(each, crm)[1] for name, each in defined.items() if name != "items"}

    record = of_class.load(crm, place.create(*(entry for entry, _ in values.values())))
    assert record.name == "Record"
    for name, definition in defined.items():
        attribute, mark = by_id[definition.id]
        assert mark.kind is v.FIELD_TYPES[name]
        if name != "items":
            assert getattr(record, attribute) == as_attribute(mark, values[name][1])
        else:
            assert getattr(record, attribute)[0].sku == "T-1"
    assert record.changes() == {}
    assert record.save(crm) is False

    # A new record with the same values is the same record.
    fields = {
        attribute: getattr(record, attribute) for attribute, mark in by_id.values() if hasattr(mark, "kind")
    }
    twin = of_class(name="Twin", **fields)
    assert twin.save(crm) is True
    again = of_class.load(crm, twin.id)
    assert {name: getattr(again, name) for name in fields} == fields

    for name, other in others.items():
        attribute, mark = by_id[defined[name].id]
        setattr(record, attribute, as_attribute(mark, other))
        changed = record.changes()
        assert [entry["field_id"] for entry in changed["custom_fields_values"]] == [mark.id]
        assert record.save(crm) is True
        read = of_class.load(crm, record.id)
        assert getattr(read, attribute) == as_attribute(mark, other)
        setattr(record, attribute, None)
        assert record.changes() == {"custom_fields_values": [v.clear(mark.id)]}
        assert record.save(crm) is True
        assert getattr(of_class.load(crm, record.id), attribute) is None
    # What was not touched is as it was.
    assert of_class.load(crm, record.id).name == "Record"


@pytest.fixture
def crm_of_leads(crm, module):
    """Leads with a number, a colour, some extras and a note, on the mock."""
    crm.leads_custom_fields.create(
        [
            models.CustomFieldCreate(name="Бюджет", type="numeric", code="BUDGET"),
            models.CustomFieldCreate(name="Colour", type="select", enums=OPTIONS),
            models.CustomFieldCreate(name="Extras", type="multiselect", enums=OPTIONS),
            models.CustomFieldCreate(name="Note", type="textarea"),
        ]
    )
    return module("--entity", "leads")


def test_only_what_changed_is_sent(crm, crm_of_leads):
    lead = crm_of_leads.Lead(name="Oak", byudzhet=Decimal("1.50"), note="old")
    lead.save(crm)
    mine, theirs = crm_of_leads.Lead.load(crm, lead.id), crm_of_leads.Lead.load(crm, lead.id)
    theirs.note = "theirs"
    theirs.price = 5
    theirs.save(crm)
    mine.byudzhet = Decimal("2")
    assert mine.changes() == {"custom_fields_values": [{"field_id": 1001, "values": [{"value": "2"}]}]}
    mine.save(crm)
    read = mine.refresh(crm)
    assert read is mine
    assert (mine.byudzhet, mine.note, mine.price) == (Decimal("2"), "theirs", 5)
    mine.byudzhet = Decimal("2.00")  # the same number
    assert mine.changes() == {}


def test_a_record_that_was_not_loaded_changes_what_was_said(crm, crm_of_leads):
    lead = crm_of_leads.Lead(name="Oak", byudzhet=Decimal(1), note="n", colour=crm_of_leads.LeadColour.RED)
    lead.save(crm)
    blind = crm_of_leads.Lead(id=lead.id, note="new")
    blind.byudzhet = None
    assert [each["field_id"] for each in blind.changes()["custom_fields_values"]] == [1001, 1004]
    blind.save(crm)
    read = crm_of_leads.Lead.load(crm, lead.id)
    assert (read.byudzhet, read.note, read.colour) == (None, "new", crm_of_leads.LeadColour.RED)


def test_lists_are_watched(crm, crm_of_leads):
    extras = crm_of_leads.LeadExtras
    lead = crm_of_leads.Lead(name="Oak", extras=[extras.RED])
    lead.save(crm)
    lead.extras.append(extras.BLUE)
    assert lead.save(crm) is True
    assert crm_of_leads.Lead.load(crm, lead.id).extras == [extras.RED, extras.BLUE]
    lead.extras.clear()
    assert lead.save(crm) is True
    assert crm_of_leads.Lead.load(crm, lead.id).extras is None
    assert lead.save(crm) is False


def test_options_come_in_any_collection(crm, crm_of_leads):
    extras, colour = crm_of_leads.LeadExtras, crm_of_leads.LeadColour
    for several in ({extras.BLUE, extras.RED}, (extras.RED, extras.BLUE), frozenset(extras)):
        lead = crm_of_leads.Lead(name="Oak", extras=several)
        lead.save(crm)
        assert set(crm_of_leads.Lead.load(crm, lead.id).extras) == set(several)
        lead.extras = set()
        lead.save(crm)
        assert crm_of_leads.Lead.load(crm, lead.id).extras is None
    # Those of another field are refused before they are sent.
    for lead in (crm_of_leads.Lead(colour=extras.RED), crm_of_leads.Lead(extras=[extras.RED, colour.RED])):
        with pytest.raises(v.FieldValueError, match="is an option of another field; give one of Lead"):
            lead.save(crm)


def test_an_empty_text_clears(crm, crm_of_leads):
    lead = crm_of_leads.Lead(name="Oak", note="old", byudzhet=Decimal(1))
    lead.save(crm)
    lead.note = ""
    assert lead.changes() == {"custom_fields_values": [v.clear(1004)]}
    lead.save(crm)
    assert crm_of_leads.Lead.load(crm, lead.id).note is None


def test_options_added_later_survive(crm, crm_of_leads):
    colour = crm.leads_custom_fields.get(1002)
    options = [{"id": each.id, "value": each.value, "sort": each.sort} for each in colour.enums]
    changed = crm.leads_custom_fields.update(
        1002, models.CustomFieldUpdate.from_dict({"enums": [*options, {"value": "Green", "sort": 9}]})
    )
    green = next(each for each in changed.enums if each.value == "Green")
    id_ = crm.leads.create([{"name": "n", "custom_fields_values": [v.select(1002, "Green")]}]).items[0].id
    lead = crm_of_leads.Lead.load(crm, id_)
    assert (lead.colour.id, lead.colour.text, lead.colour.is_known) == (green.id, "Green", False)
    assert str(lead.colour) == "Green"
    twin = crm_of_leads.Lead(name="twin", colour=lead.colour)
    twin.save(crm)
    assert crm_of_leads.Lead.load(crm, twin.id).colour == green.id
    assert crm_of_leads.Lead.load(crm, twin.id).colour.text == "Green"


def test_many_records(crm, crm_of_leads):
    leads = [crm_of_leads.Lead(name=f"Oak {number}", byudzhet=Decimal(number)) for number in range(120)]
    assert crm_of_leads.Lead.create(crm, leads) == leads
    assert len({lead.id for lead in leads}) == 120
    assert {lead.byudzhet for lead in crm_of_leads.Lead.iterate(crm)} == set(map(Decimal, range(120)))
    assert [lead.name for lead in crm_of_leads.Lead.iterate(crm, query="Oak 119")] == ["Oak 119"]
    with pytest.raises(ConfigurationError, match="has an id already"):
        crm_of_leads.Lead.create(crm, leads[:1])


def test_what_was_created_before_a_failure_has_its_id(crm, crm_of_leads):
    leads = [crm_of_leads.Lead(name=f"Oak {number}") for number in range(70)]
    leads[60].colour = crm_of_leads.LeadColour(5)
    with pytest.raises(BatchFailed) as failed:
        crm_of_leads.Lead.create(crm, leads)
    assert [lead.id is not None for lead in leads] == [True] * 50 + [False] * 20
    assert len(failed.value.done) == 50
    leads[60].colour = None
    crm_of_leads.Lead.create(crm, leads[50:])
    assert sorted(lead.id for lead in leads) == sorted(each.id for each in crm.leads.iterate())


def test_records_of_another_class_are_not_created(crm, crm_of_leads):
    @define(kw_only=True, repr=False)
    class Other(Record[models.Contact]):
        _source: ClassVar[Source] = Source("contacts")

    with pytest.raises(ConfigurationError, match=r"Other\(\) is no Lead"):
        crm_of_leads.Lead.create(crm, [crm_of_leads.Lead(name="Oak"), Other()])
    assert list(crm.leads.iterate()) == []


def test_segments_are_created_one_by_one(crm, module):
    segment = module("--entity", "customers_segments").CustomersSegment
    made = segment.create(crm, [segment(name="A"), segment(name="B")])
    assert [each.name for each in segment.iterate(crm)] == ["A", "B"]
    assert [each.id for each in made] == [each.id for each in crm.customers_segments.iterate()]


def test_async(server, crm, crm_of_leads):
    lead_class, colour = crm_of_leads.Lead, crm_of_leads.LeadColour

    async def work():
        async with AsyncKommo(base_url=server.url, token="demo", limiter=None) as acrm:
            lead = lead_class(name="Oak", colour=colour.RED)
            assert await lead.save(acrm) is True
            await lead_class.create(acrm, [lead_class(name="Ash"), lead_class(name="Elm")])
            again = await lead_class.load(acrm, lead.id)
            assert again.colour is colour.RED
            again.colour = None
            assert await again.save(acrm) is True
            assert await again.save(acrm) is False
            assert (await lead.refresh(acrm)).colour is None
            assert sorted([each.name async for each in lead_class.iterate(acrm)]) == ["Ash", "Elm", "Oak"]

    asyncio.run(work())


def test_what_cannot_be_is_refused_before_anything_is_sent(crm, crm_of_leads):
    lead = crm_of_leads.Lead(name="Oak")
    for attribute, value in (("byudzhet", "a lot"), ("colour", 1.5), ("note", 5), ("extras", ["no", 5])):
        setattr(lead, attribute, value)
        with pytest.raises(v.FieldValueError, match="field 100"):
            lead.save(crm)
        setattr(lead, attribute, None)
    assert list(crm.leads.iterate()) == []
    for refused in (lead.refresh, lambda crm: lead.answer):
        with pytest.raises(ConfigurationError, match=r"Lead\(name='Oak'\)"):
            refused(crm)
    with pytest.raises(NotFound):
        crm_of_leads.Lead.load(crm, 12345)
    with pytest.raises(ValidationFailed, match="NotSupportedChoice"):
        crm_of_leads.Lead(colour=crm_of_leads.LeadColour(5)).save(crm)
    with pytest.raises(AttributeError):
        lead.bugdet = 5


@pytest.mark.parametrize("given", [None, 5, "Oak", {"name": "Oak"}, ...])
def test_what_is_no_collection_of_records_is_named(crm, crm_of_leads, given):
    given = crm_of_leads.Lead(name="Oak") if given is ... else given
    with pytest.raises(ConfigurationError, match=r"Lead.create: items is .*; give a list of records"):
        crm_of_leads.Lead.create(crm, given)
    assert list(crm.leads.iterate()) == []


@pytest.mark.parametrize("client", [None, 5, Kommo, "http://127.0.0.1:8080"])
def test_what_is_no_client_is_named(crm_of_leads, client):
    lead = crm_of_leads.Lead(id=5, name="Oak")
    for call in (lead.save, lead.refresh, type(lead).iterate, lambda crm: type(lead).create(crm, [])):
        with pytest.raises(
            ConfigurationError, match=r"leads: the client is of type .*; give a Kommo or an Async"
        ):
            call(client)


def test_the_answer_has_what_the_class_does_not_list(crm, crm_of_leads):
    lead = crm_of_leads.Lead(name="Oak")
    lead.save(crm)
    assert lead.refresh(crm).answer.account_id > 0
    assert isinstance(lead.answer, models.Lead)
    assert repr(lead).startswith(f"Lead(id={lead.id}, name='Oak'")


def test_options():
    class Colour(Option):
        RED = 17, "Red"
        BLUE = 19, "Blue", "BLUE"

    assert Colour.RED == 17
    assert (Colour.RED.id, Colour.RED.text, Colour.RED.code, str(Colour.BLUE)) == (17, "Red", None, "Blue")
    assert Colour.of(v.Choice("Red")) is Colour.of(v.Choice(enum_id=17)) is Colour(17) is Colour.RED
    assert Colour.of(v.Choice(enum_code="BLUE")) is Colour.BLUE
    assert Colour.of(v.Choice("Green")) is None
    unknown = Colour.of(v.Choice("Green", 23, "G"))
    for other in (copy.copy(unknown), copy.deepcopy(unknown), Colour(23)):
        assert other == unknown == 23
        assert not other.is_known
    assert copy.deepcopy(unknown).text == "Green"
    assert pickle.loads(pickle.dumps(Option._unlisted(5, "five", None))).text == "five"
    for wrong in ("17", True, None, 1.5):
        with pytest.raises(ValueError, match="is not a valid"):
            Colour(wrong)


def served(entries):
    """A client of a server that answers one lead with these values and takes everything."""
    sent = []

    def answer(request):
        if request.method != "GET":
            sent.append(request.read())
        links = {"self": {"href": "https://example.com"}}
        lead = {"id": 1, "name": "n", "custom_fields_values": entries, "_links": links}
        return httpx.Response(200, json=lead, headers={"content-type": "application/hal+json"})

    return Kommo("acme", token="t", http=httpx.MockTransport(answer), limiter=None), sent


def test_unknown_and_changed_types_are_raw(crm_of_leads):
    @define(kw_only=True, repr=False)
    class Strange(Record[models.Lead]):
        _source: ClassVar[Source] = Source("leads")
        newer: v.Raw | None = field(1, "newer")  # noqa: RUF009
        number: Decimal | None = field(2, v.numeric)  # noqa: RUF009
        day: Decimal | None = field(3, v.numeric)  # noqa: RUF009
        colour: crm_of_leads.LeadColour | None = field(4, v.select, crm_of_leads.LeadColour)  # noqa: RUF009

    entries = [
        {"field_id": 1, "field_type": "newer", "values": [{"value": {"a": [1]}, "x": None}]},
        {"field_id": 2, "field_type": "text", "values": [{"value": "5"}]},
        {"field_id": 3, "field_type": "numeric", "values": [{"value": "no number"}]},
        {"field_id": 4, "field_type": "select", "values": [{"value": "gone"}]},
        {"field_id": 5, "field_type": "text", "values": [{"value": "not in the class"}]},
    ]
    crm, sent = served([{"field_name": "n", "field_code": None, **each} for each in entries])
    record = Strange.load(crm, 1)
    assert record.newer == v.Raw([{"value": {"a": [1]}, "x": None}])
    assert [record.number, record.day, record.colour] == [v.Raw(each["values"]) for each in entries[1:4]]
    assert record.changes() == {}
    record.newer.wire[0]["value"]["a"].append(2)
    assert record.changes() == {
        "custom_fields_values": [{"field_id": 1, "values": [{"value": {"a": [1, 2]}, "x": None}]}]
    }
    record.number = Decimal(6)
    record.save(crm)
    assert len(sent) == 1
    record.newer = "text"
    with pytest.raises(KommoError, match="not known here; give a Raw"):
        record.changes()
    record.newer = None
    assert record.changes() == {"custom_fields_values": [v.clear(1)]}
