"""Code of a user of a module that `kommo models` made. Type checkers must find exactly these types; it is never run."""

from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from decimal import Decimal
from typing import assert_type

from my_crm import InvoiceElement, InvoiceElementPaid, Lead, LeadColour, LeadExtras

from kommo import AsyncKommo, Kommo, models
from kommo import values as v


def sync(crm: Kommo) -> None:
    lead = Lead.load(crm, 1)
    assert_type(lead, Lead)
    assert_type(lead.id, int | None)
    assert_type(lead.name, str | None)
    assert_type(lead.byudzhet, Decimal | None)
    assert_type(lead.colour, LeadColour | None)
    assert_type(lead.extras, list[LeadExtras] | None)
    assert_type(lead.deadline, datetime | None)
    assert_type(lead.file, v.File | None)
    assert_type(lead.answer, models.Lead)
    assert_type(lead.save(crm), bool)
    assert_type(lead.refresh(crm), Lead)
    assert_type(Lead.iterate(crm, query="oak"), Iterator[Lead])
    assert_type(Lead.create(crm, [Lead(name="Oak", byudzhet=Decimal(1))]), list[Lead])
    assert_type(LeadColour.RED.id, int)
    assert_type(LeadColour.RED.text, str)
    assert_type(LeadColour.RED.code, str | None)
    assert_type(LeadColour(17), LeadColour)
    lead.colour = LeadColour.BLUE
    lead.byudzhet = None
    element = InvoiceElement(name="1", paid=InvoiceElementPaid.RED, lines=[v.Item(sku="T")])
    assert_type(element.lines, list[v.Item] | None)
    assert_type(element.payer, v.Payer | None)
    assert_type(element.answer, models.CatalogElement)


async def asynchronous(crm: AsyncKommo) -> None:
    lead = await Lead.load(crm, 1)
    assert_type(lead, Lead)
    assert_type(await lead.save(crm), bool)
    assert_type(await lead.refresh(crm), Lead)
    assert_type(Lead.iterate(crm), AsyncIterator[Lead])
    assert_type(await Lead.create(crm, [lead]), list[Lead])


def wrong(crm: Kommo, lead: Lead) -> None:
    lead.byudzhet = "5"  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    lead.colour = LeadExtras.RED  # type: ignore[assignment]  # pyright: ignore[reportAttributeAccessIssue]
    lead.bugdet = 5  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    Lead(nam="Oak")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    Lead(colour="Red")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
