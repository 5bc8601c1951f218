"""The same types in the spelling of v2: `custom_fields` of list elements (`list-elements-v2:27-34`).

What v2 does otherwise: entries have `id` or `code`; a multiselect is a list of bare option ids; the kind of a
phone is `enum`, the part of an address `subtype`; a checkbox is "1" or "0"; moments are local text without a
zone, so that writing and reading them needs `tz=`, the time zone of the account (UFEE); an empty list of values
clears a field.

Answers do not name the types of fields. Tell them, or read with a type:

    types = types_of(crm.catalogs_custom_fields.iterate(catalog_id))
    filled = v2.Values(element["custom_fields"], types=types)
    v2.Values(element["custom_fields"]).value(4400050, v2.numeric)
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from kommo.values import registry
from kommo.values.dialects import V2
from kommo.values.entries import AnyEntry, Entry, FieldRef, make_entry
from kommo.values.reading import Field, Types
from kommo.values.reading import Values as _Values
from kommo.values.reading import read as _read

__all__ = [
    "Field",
    "Values",
    "birthday",
    "category",
    "checkbox",
    "clear",
    "date",
    "date_time",
    "items",
    "legal_entity",
    "multiselect",
    "multitext",
    "numeric",
    "price",
    "radiobutton",
    "read",
    "select",
    "smart_address",
    "streetaddress",
    "text",
    "textarea",
    "url",
]

text: Final = registry.text.under(V2)
numeric: Final = registry.numeric.under(V2)
checkbox: Final = registry.checkbox.under(V2)
select: Final = registry.select.under(V2)
multiselect: Final = registry.multiselect.under(V2)
date: Final = registry.date.under(V2)
url: Final = registry.url.under(V2)
multitext: Final = registry.multitext.under(V2)
textarea: Final = registry.textarea.under(V2)
radiobutton: Final = registry.radiobutton.under(V2)
streetaddress: Final = registry.streetaddress.under(V2)
smart_address: Final = registry.smart_address.under(V2)
birthday: Final = registry.birthday.under(V2)
legal_entity: Final = registry.legal_entity.under(V2)
date_time: Final = registry.date_time.under(V2)
price: Final = registry.price.under(V2)
category: Final = registry.category.under(V2)
items: Final = registry.items.under(V2)


class Values(_Values):
    """The filled fields of a v2 list element; otherwise as `kommo.values.Values`."""

    _dialect = V2


def read(entry: AnyEntry, *, types: Types | None = None, tz: dt.tzinfo | None = None) -> Field:
    """One entry of `custom_fields`; otherwise as `kommo.values.read`."""
    return _read(entry, types=types, tz=tz, dialect=V2)


def clear(field: FieldRef) -> Entry:
    """An entry that empties the field.

    Args:
        field: id or code of the field.

    Raises:
        FieldValueError: neither an id nor a code.
    """
    return make_entry(field, V2.cleared(), V2)
