"""What each type of field goes through on each entity: define, fill, read, send back, change, clear.

    python -m tests.values.exercise_types      writes docs/reference/data/field-types.json; then run make reference

The page docs/reference/field-types.md is made of that file; test_field_types_end_to_end.py holds the file to what
happens.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import yaml

from kommo import Kommo, models
from kommo import values as v
from kommo.mock import MockConfig, MockServer

ROOT = Path(__file__).parents[2]
FILE = ROOT / "docs/reference/data/field-types.json"
TZ = ZoneInfo("Europe/Moscow")
CONFIG = MockConfig(token="demo", seed="empty", timezone="Europe/Moscow")
OPTIONS = [
    models.EnumValueWrite(value="Red", sort=1),
    models.EnumValueWrite(value="Blue", sort=2, code="BLUE"),
]


def pairs() -> Iterator[tuple[str, str]]:
    """Each type with each entity that can have it, on either platform."""
    evidence = yaml.safe_load((ROOT / "openapi/evidence/field-types.yaml").read_text(encoding="utf-8"))
    for name, facts in evidence["types"].items():
        more = evidence["kommo"].get(name, {}).get("entities", ())
        yield from (
            (name, entity) for entity in evidence["entities"] if entity in {*facts["entities"], *more}
        )


class Place:
    """The records of one entity, whatever their requests look like."""

    def __init__(self, crm: Kommo, entity: str, *, list_type: str = "regular") -> None:
        name = {"segments": "customers_segments"}.get(entity, entity)
        self.path: tuple[int, ...] = ()
        self.fields: Any = getattr(crm, f"{name}_custom_fields")
        self.records: Any = getattr(crm, name)
        if entity == "catalogs":
            made = crm.catalogs.create([models.CatalogCreate(name="List", type=list_type)])
            self.path = (made.items[0].id,)
            self.records = crm.catalog_elements
        self.creates_one = entity == "segments"

    def define(self, **definition: Any) -> models.CustomField:
        made = self.fields.create(*self.path, [models.CustomFieldCreate(name="Field", **definition)])
        field: models.CustomField = made.items[0]
        return field

    def create(self, *entries: v.Entry) -> int:
        body = {"name": "Record", "custom_fields_values": list(entries)}
        made = self.records.create(*self.path, body if self.creates_one else [body])
        return int(made.id if self.creates_one else made.items[0].id)

    def update(self, id: int, *entries: v.Entry) -> None:
        self.records.update(*self.path, id, {"custom_fields_values": list(entries)})

    def read(self, id: int) -> v.Values:
        return v.Values(self.records.get(*self.path, id).custom_fields_values, tz=TZ)


class Row(NamedTuple):
    """How a type is exercised.

    Attributes:
        value, other: make two values of the type for a field; what is written and what is read.
        definition: keys of the definition besides name and type, from a client.
        list_type: type of the list that has such a field.
    """

    value: Callable[[models.CustomField, Kommo], tuple[v.Entry, Any]]
    other: Callable[[models.CustomField, Kommo], tuple[v.Entry, Any]]
    definition: Callable[[Kommo], dict[str, Any]] = lambda crm: {}
    list_type: str = "regular"


def _plain(kind: Any, value: Any, other: Any, **more: Any) -> Row:
    return Row(
        lambda field, crm: (kind(field.id, value), value),
        lambda field, crm: (kind(field.id, other), other),
        **more,
    )


def _moment(kind: Any, value: Any, other: Any) -> Row:
    def made(what: Any) -> tuple[Callable[[models.CustomField, Kommo], tuple[v.Entry, Any]]]:
        read = what if isinstance(what, dt.datetime) else dt.datetime.combine(what, dt.time.min, TZ)
        return (lambda field, crm: (kind(field.id, what, tz=TZ), read),)

    return Row(made(value)[0], made(other)[0])


def _option(field: models.CustomField, index: int) -> v.Choice:
    option = (field.enums or [])[index]
    return v.Choice(option.value, option.id, option.code or None)


def _node(field: models.CustomField, index: int) -> v.Choice:
    node = (field.nested or [])[index]
    return v.Choice(node.value, node.id)


def _contact(crm: Kommo, name: str) -> int:
    return crm.contacts.create([models.ContactCreate(name=name)]).items[0].id


def _element(crm: Kommo, catalog_id: int, name: str) -> int:
    return crm.catalog_elements.create(catalog_id, [models.CatalogElementCreate(name=name)]).items[0].id


def _links(crm: Kommo, *names: str) -> list[v.ChainedItem]:
    first = crm.catalogs.list().items[0].id
    return [v.ChainedItem(catalog_id=first, catalog_element_id=_element(crm, first, name)) for name in names]


def _chain(crm: Kommo) -> dict[str, Any]:
    made = crm.catalogs.create([models.CatalogCreate(name="Makes")]).items[0]
    return {"chained_lists": [models.ChainedList(title="Make", catalog_id=made.id)]}


def _phones(*numbers: tuple[str, v.PhoneCode]) -> Callable[[models.CustomField, Kommo], tuple[v.Entry, Any]]:
    def made(field: models.CustomField, crm: Kommo) -> tuple[v.Entry, Any]:
        ids = {option.value: option.id for option in field.enums or []}
        entry = v.multitext("PHONE", *(v.phone(number, code) for number, code in numbers))
        return entry, [v.Multitext(number, code, ids[code]) for number, code in numbers]

    return made


def _address(**parts: str) -> Callable[[models.CustomField, Kommo], tuple[v.Entry, Any]]:
    read = tuple(v.AddressPart(text, code, v.ADDRESS_PARTS[code]) for code, text in parts.items())
    return lambda field, crm: (v.smart_address(field.id, v.SmartAddress.of(**parts)), v.SmartAddress(read))


def _linked(name: str) -> Callable[[models.CustomField, Kommo], tuple[v.Entry, Any]]:
    def made(field: models.CustomField, crm: Kommo) -> tuple[v.Entry, Any]:
        link = v.LinkedEntity(name=name, entity_id=_contact(crm, name), entity_type="contacts")
        return v.linked_entity(field.id, link), link

    return made


ROWS: dict[str, Row] = {
    "text": _plain(v.text, "Oak", "Ash"),
    "numeric": _plain(v.numeric, Decimal("1.50"), Decimal("-3")),
    "checkbox": _plain(v.checkbox, True, False),
    "select": Row(
        lambda field, crm: (v.select(field.id, "Red"), _option(field, 0)),
        lambda field, crm: (v.select(field.id, enum_code="BLUE"), _option(field, 1)),
        lambda crm: {"enums": OPTIONS},
    ),
    "multiselect": Row(
        lambda field, crm: (v.multiselect(field.id, "Red", "Blue"), [_option(field, 0), _option(field, 1)]),
        lambda field, crm: (
            v.multiselect(field.id, enum_ids=[_option(field, 0).enum_id]),
            [_option(field, 0)],
        ),
        lambda crm: {"enums": OPTIONS},
    ),
    "date": _moment(v.date, dt.date(2026, 5, 1), dt.date(1969, 12, 31)),
    "url": _plain(v.url, "https://example.com/oak", "https://example.com/ash"),
    "textarea": _plain(v.textarea, "Ring twice.\nMind the dog.", "Ring."),
    "radiobutton": Row(
        lambda field, crm: (v.radiobutton(field.id, enum_id=_option(field, 0).enum_id), _option(field, 0)),
        lambda field, crm: (v.radiobutton(field.id, _option(field, 1)), _option(field, 1)),
        lambda crm: {"enums": OPTIONS},
    ),
    "streetaddress": _plain(v.streetaddress, "Quay 4, Hamburg", "Quay 5, Hamburg"),
    "date_time": _moment(
        v.date_time, dt.datetime(2026, 5, 1, 9, 30, tzinfo=TZ), dt.datetime(2026, 5, 2, 8, tzinfo=TZ)
    ),
    "smart_address": Row(
        _address(city="Hamburg", zip="20457", country="DE"), _address(address_line_1="Quay 4")
    ),
    "birthday": _moment(v.birthday, dt.date(1990, 2, 3), dt.date(1990, 2, 4))._replace(
        definition=lambda crm: {"remind": "week"}
    ),
    "legal_entity": _plain(
        v.legal_entity,
        v.LegalEntity(name="Oak Ltd", vat_id="DE123", kpp="77", entity_type=2),
        v.LegalEntity(name="Ash Ltd", tax_registration_reason_code=213),
    ),
    "multitext": Row(_phones(("+4940123", "WORK"), ("+4940124", "HOME")), _phones(("+4940125", "MOB"))),
    "price": _plain(v.price, Decimal("4.20"), Decimal("0")),
    "category": Row(
        lambda field, crm: (v.category(field.id, enum_id=_node(field, 0).enum_id), _node(field, 0)),
        lambda field, crm: (v.category(field.id, "Leather"), _node(field, 1)),
        lambda crm: {
            "nested": [models.NestedValueWrite(value=name, sort=0) for name in ("Fittings", "Leather")]
        },
    ),
    "items": Row(
        lambda field, crm: (
            v.items(field.id, v.Item(sku="T-1", unit_price=Decimal("1.5"), quantity=2)),
            {"sku": "T-1", "unit_price": Decimal("1.5"), "quantity": Decimal(2)},
        ),
        lambda field, crm: (
            v.items(field.id, v.Item(sku="T-2", unit_price=3, discount=v.Discount(type="amount", value=1))),
            {"sku": "T-2", "unit_price": Decimal(3), "discount": v.Discount(type="amount", value=1)},
        ),
        list_type="invoices",
    ),
    "tracking_data": _plain(v.tracking_data, "utm_source=oak", "utm_source=ash"),
    "linked_entity": Row(_linked("Anna"), _linked("Boris"), lambda crm: {"search_in": "contacts"}),
    "chained_list": Row(
        lambda field, crm: (lambda links: (v.chained_list(field.id, *links), links))(
            _links(crm, "Oak", "Ash")
        ),
        lambda field, crm: (lambda links: (v.chained_list(field.id, *links), links))(_links(crm, "Elm")),
        _chain,
    ),
    "monetary": _plain(
        v.monetary, Decimal("420.50"), Decimal("0.01"), definition=lambda crm: {"currency": "EUR"}
    ),
    "file": _plain(
        v.file,
        v.File(file_uuid="9b1f", version_uuid="77aa", file_name="oak.pdf", file_size=1024),
        v.File(file_uuid="9b20"),
    ),
    "supplier": _plain(
        v.supplier,
        v.Supplier(entity_id=12),
        v.Supplier(entity_id=13),
        definition=lambda crm: {"code": "SUPPLIER"},
        list_type="invoices",
    ),
    "payer": _plain(
        v.payer,
        v.Payer(name="Oak Ltd", vat_id="DE123", type="legal"),
        v.Payer(name="Anna", type="individual"),
        list_type="invoices",
    ),
}


def exercise(crm: Kommo, name: str, entity: str) -> dict[str, Any]:
    """Everything that can be done with a field of a type on an entity; what was done and seen on the way.

    The mock is new: everything that is made has the ids that come first.
    """
    row, kind = ROWS[name], v.FIELD_TYPES[name]
    place = Place(crm, entity, list_type=row.list_type)
    steps = []
    if name == "multitext":
        # The two fields of this type come with the account.
        field = next(each for each in place.fields.iterate() if each.code == "PHONE")
    else:
        field = place.define(type=name, **row.definition(crm))
        steps.append("define")
    assert field.type == name

    entry, value = row.value(field, crm)
    id_ = place.create(entry)
    steps.append("fill")
    filled = place.read(id_)
    assert list(filled) == [field.id]
    _same(filled.value(field.id, kind), value)
    _same(filled[field.id].value, value)
    steps.append("read")
    raw = filled[field.id].raw

    place.update(id_, *filled.entries())
    again = place.read(id_)
    assert again[field.id].raw == raw, "sending back what was read changed it"
    # Another record filled with what was read of the first is like the first.
    twin = place.read(place.create(*filled.entries()))
    assert twin[field.id].raw == raw
    # So is one filled with the Python value.
    place.update(id_, kind.write(field.id, filled.value(field.id, kind), tz=TZ))
    assert place.read(id_)[field.id].raw == raw
    steps.append("send back")

    other, changed = row.other(field, crm)
    place.update(id_, other)
    _same(place.read(id_).value(field.id, kind), changed)
    steps.append("change")

    place.update(id_)
    _same(place.read(id_).value(field.id, kind), changed)
    place.update(id_, v.clear(field.id))
    cleared = place.read(id_)
    assert cleared.value(field.id, kind) is None
    assert list(cleared) == []
    place.update(id_, other)
    place.update(id_, kind.write(field.id, v.CLEAR))
    assert list(place.read(id_)) == []
    steps.append("clear")
    return {
        "steps": steps,
        "example": {
            "sent": entry["values"],
            "answered": list(raw["values"]),
            "python": repr(filled.value(field.id)),
        },
    }


def _same(read: Any, expected: Any) -> None:
    if isinstance(expected, dict):
        # Of a line of an invoice the server fills in more than was sent.
        (line,) = read
        read = {key: getattr(line, key) for key in expected}
    assert read == expected
    assert type(read) is type(expected)


def seed(name: str) -> str:
    """What the mock holds at first: only an account with something in it has phones and e-mail addresses."""
    return "demo" if name == "multitext" else "empty"


def record() -> str:
    """The text of the file."""
    types: dict[str, Any] = {}
    with MockServer(CONFIG) as server, Kommo(base_url=server.url, token="demo", limiter=None) as crm:
        for name, entity in pairs():
            server.control.reset(seed(name))
            seen = exercise(crm, name, entity)
            of_type = types.setdefault(name, {"example": seen["example"], "entities": {}})
            of_type["entities"][entity] = seen["steps"]
    return json.dumps(types, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.parent.mkdir(parents=True, exist_ok=True)
    FILE.write_text(record(), encoding="utf-8")
    print(f"{FILE.relative_to(ROOT)} written; now run: make reference")
