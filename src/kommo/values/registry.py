"""The table of field types, v4 spelling. `kommo.values.v2` has the same types in the spelling of v2."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from attrs import frozen

from kommo.values.entries import Entry, SupportsToDict, plain
from kommo.values.errors import FieldValueError
from kommo.values.field_type import FieldType
from kommo.values.models import CLEAR, Raw
from kommo.values.moments import Form
from kommo.values.objects import File, LegalEntity, LinkedEntity, Payer
from kommo.values.types import (
    ChainedListType,
    FlagType,
    ItemsType,
    MomentType,
    MultiselectType,
    MultitextType,
    NumberType,
    RecordType,
    SelectType,
    SmartAddressType,
    SupplierType,
    TextType,
)

_EVERYWHERE: Final = ("leads", "contacts", "companies", "customers", "catalogs", "segments")
_CARDS: Final = ("leads", "contacts", "companies")
_LISTS: Final = ("catalogs",)
_PLAIN: Final = "custom-fields-v4:1208-1258"
_MOMENT: Final = "custom-fields-v4:1306-1340"
_OPTION: Final = "custom-fields-v4:1344-1382"

text: Final = TextType("text", "text", entities=_EVERYWHERE, source=_PLAIN, v2_number=1)
numeric: Final = NumberType("numeric", "number", entities=_EVERYWHERE, source=_PLAIN, v2_number=2)
checkbox: Final = FlagType(
    "checkbox", "check box", entities=_EVERYWHERE, source="custom-fields-v4:1262-1280", v2_number=3
)
select: Final = SelectType("select", "one option", entities=_EVERYWHERE, source=_OPTION, v2_number=4)
multiselect: Final = MultiselectType(
    "multiselect", "several options", entities=_EVERYWHERE, source=_OPTION, v2_number=5
)
date: Final = MomentType("date", "day", entities=_EVERYWHERE, source=_MOMENT, v2_number=6)
url: Final = TextType("url", "link", entities=_EVERYWHERE, source="custom-fields-v4:1284-1302", v2_number=7)
multitext: Final = MultitextType(
    "multitext",
    "phones, e-mail addresses",
    entities=("contacts",),
    source="custom-fields-v4:1427-1456",
    v2_number=8,
)
textarea: Final = TextType("textarea", "long text", entities=_EVERYWHERE, source=_PLAIN, v2_number=9)
radiobutton: Final = SelectType(
    "radiobutton", "one option, as a switch", entities=_EVERYWHERE, source=_OPTION, v2_number=10
)
streetaddress: Final = TextType(
    "streetaddress", "short address", entities=_EVERYWHERE, source=_PLAIN, v2_number=11
)
smart_address: Final = SmartAddressType(
    "smart_address",
    "address in parts",
    entities=_CARDS,
    source="custom-fields-v4:1386-1424",
    v2_number=13,
)
birthday: Final = MomentType("birthday", "birthday", entities=_CARDS, source=_MOMENT, v2_number=14)
legal_entity: Final = RecordType(
    LegalEntity,
    "legal_entity",
    "legal entity",
    entities=_CARDS,
    source="custom-fields-v4:1458-1492",
    v2_number=15,
)
date_time: Final = MomentType("date_time", "day and time", entities=_EVERYWHERE, source=_MOMENT, v2_number=19)
price: Final = NumberType("price", "price", entities=_LISTS, source=_PLAIN)
category: Final = SelectType(
    "category", "node of a tree of categories", entities=_LISTS, source=_OPTION, v2_number=18
)
items: Final = ItemsType(
    "items", "lines of an invoice", entities=_LISTS, source="custom-fields-v4:1495-1534", v2_number=16
)

tracking_data: Final = TextType(
    "tracking_data", "tracking data", entities=("leads",), source="DOC-CF", documented=False
)
monetary: Final = NumberType(
    "monetary",
    "sum of money",
    entities=(*_CARDS, "customers"),
    source="DOC-CF",
    documented=False,
)
linked_entity: Final = RecordType(
    LinkedEntity,
    "linked_entity",
    "link to an entity",
    entities=_LISTS,
    source="DOC-CF",
    documented=False,
)
chained_list: Final = ChainedListType(
    "chained_list",
    "elements of dependent lists",
    entities=("leads", "customers"),
    source="DOC-CF",
    documented=False,
    most=5,
)
file: Final = RecordType(
    File,
    "file",
    "file",
    entities=(*_CARDS, "customers", "catalogs"),
    source="DOC-CF",
    documented=False,
)
payer: Final = RecordType(
    Payer, "payer", "payer of an invoice", entities=_LISTS, source="DOC-CF", documented=False
)
supplier: Final = SupplierType(
    "supplier", "issuer of an invoice", entities=_LISTS, source="DOC-CF", documented=False
)

FIELD_TYPES: Final[Mapping[str, FieldType[Any]]] = MappingProxyType(
    {
        each.name: each
        for each in (
            text,
            numeric,
            checkbox,
            select,
            multiselect,
            date,
            url,
            date_time,
            textarea,
            radiobutton,
            streetaddress,
            smart_address,
            birthday,
            legal_entity,
            multitext,
            price,
            category,
            items,
            tracking_data,
            linked_entity,
            chained_list,
            monetary,
            file,
            payer,
            supplier,
        )
    }
)
"""All types by name: the 18 of the document, then the 7 newer ones."""

Definition: TypeAlias = Mapping[str, Any] | SupportsToDict
"""A field as the API describes it: a CustomField model, or a dict with `id` or `code`, and `type`."""


@frozen
class TypeRow:
    """One line of the table of types, for documentation.

    Attributes:
        type, title, entities, source, documented: as of FieldType.
        wire: form of one value on the wire.
        python: Python type that a field of the type is read as.
    """

    type: str
    title: str
    entities: tuple[str, ...]
    wire: str
    python: str
    source: str
    documented: bool


def table() -> list[TypeRow]:
    """The table of types, one row each, in the order of FIELD_TYPES."""
    return [
        TypeRow(
            each.name,
            each.title,
            each.entities,
            each.shape.wire + (" x n" if each.many or each is smart_address else ""),
            each.python,
            each.source,
            each.documented,
        )
        for each in FIELD_TYPES.values()
    ]


def write(definition: Definition, value: Any, *, tz: dt.tzinfo | None = None, form: Form = "unix") -> Entry:
    """An entry for a field that is known by its definition: the type decides what `value` may be.

    Args:
        definition: the field as the API describes it, plain or a model.
        value: what the type takes: anything its `read` gives, CLEAR, or Raw for a type this library does not
            know.
        tz, form: for moments only, see `date`.

    Raises:
        FieldValueError: the type cannot hold the value, or is not known.
    """
    given = plain(definition) or {}
    name = given.get("type")
    field = given.get("id") or given.get("code")
    known = FIELD_TYPES.get(str(name))
    if field is None:
        raise FieldValueError(
            "?", None, definition, "is no field", "give a definition with id or code, and type"
        )
    if known is None and value is not CLEAR and not isinstance(value, Raw):
        raise FieldValueError(
            field, None if name is None else str(name), value, "is for a type not known here", "give a Raw"
        )
    # Clearing, and sending what the caller has spelled out, is the same for every type.
    return (known or text).write(field, value, tz=tz, form=form)


def types_of(definitions: Iterable[Definition]) -> dict[int | str, str]:
    """Names of types by id and by code of the field: what `Values(..., types=)` takes.

    Args:
        definitions: fields as the API describes them, such as
            `crm.catalogs_custom_fields.iterate(catalog_id)`.
    """
    names: dict[int | str, str] = {}
    for definition in definitions:
        given = plain(definition) or {}
        for key in (given.get("id"), given.get("code")):
            if isinstance(key, (int, str)) and given.get("type"):
                names[key] = str(given["type"])
    return names
