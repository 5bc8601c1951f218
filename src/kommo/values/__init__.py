"""Values of fields: `custom_fields_values` of v4, and in `kommo.values.v2` `custom_fields` of v2.

Writing: call the type of the field with its id or code and the value. What comes back is a plain dict, one
entry of the list; a model of the generated client takes it with `from_dict`.

    from kommo import values as v

    entries = [
        v.text(3, "Value of the field"),
        v.numeric(103, Decimal("1.5")),
        v.date(9, date(2020, 1, 1), tz=ZoneInfo("Europe/Moscow")),
        v.select(11, value="Option 1"),
        v.multiselect(111, enum_ids=[17, 19]),
        v.multitext("PHONE", v.phone("+79121234567"), v.phone("+74991234567", "HOME")),
        v.smart_address(13, city="Moscow", zip="109004", country="RU"),
        v.clear(404),
    ]

Reading: `Values` over the list of an answer, plain or of models.

    filled = v.Values(lead["custom_fields_values"], tz=ZoneInfo("Europe/Moscow"))
    filled.value(103, v.numeric)        # Decimal("1.5"), None when empty; exact for type checkers
    filled["PHONE"].value               # by the type that the answer names
    filled.entries()                    # all of it in the form that may be sent back

Types that are not known here, and values that are not what their type promises, are read as Raw and go back
unchanged. `table()` lists all types with their entities, shapes and sources.
"""

from kommo.values import v2
from kommo.values.entries import AnyEntry, Entry, FieldRef
from kommo.values.errors import FieldNotFilled, FieldValueError
from kommo.values.field_type import FieldType
from kommo.values.models import (
    ADDRESS_PARTS,
    CLEAR,
    AddressPart,
    Choice,
    Clear,
    EmailCode,
    Multitext,
    PhoneCode,
    Raw,
    SmartAddress,
)
from kommo.values.objects import (
    ChainedItem,
    Discount,
    File,
    Item,
    LegalEntity,
    LegalEntityType,
    LinkedEntity,
    Payer,
    Supplier,
)
from kommo.values.reading import Field, Types, Values, read
from kommo.values.registry import (
    FIELD_TYPES,
    Definition,
    TypeRow,
    birthday,
    category,
    chained_list,
    checkbox,
    date,
    date_time,
    file,
    items,
    legal_entity,
    linked_entity,
    monetary,
    multiselect,
    multitext,
    numeric,
    payer,
    price,
    radiobutton,
    select,
    smart_address,
    streetaddress,
    supplier,
    table,
    text,
    textarea,
    tracking_data,
    types_of,
    url,
    write,
)
from kommo.values.writing import clear, email, phone, raw

__all__ = [
    "ADDRESS_PARTS",
    "CLEAR",
    "FIELD_TYPES",
    "AddressPart",
    "AnyEntry",
    "ChainedItem",
    "Choice",
    "Clear",
    "Definition",
    "Discount",
    "EmailCode",
    "Entry",
    "Field",
    "FieldNotFilled",
    "FieldRef",
    "FieldType",
    "FieldValueError",
    "File",
    "Item",
    "LegalEntity",
    "LegalEntityType",
    "LinkedEntity",
    "Multitext",
    "Payer",
    "PhoneCode",
    "Raw",
    "SmartAddress",
    "Supplier",
    "TypeRow",
    "Types",
    "Values",
    "birthday",
    "category",
    "chained_list",
    "checkbox",
    "clear",
    "date",
    "date_time",
    "email",
    "file",
    "items",
    "legal_entity",
    "linked_entity",
    "monetary",
    "multiselect",
    "multitext",
    "numeric",
    "payer",
    "phone",
    "price",
    "radiobutton",
    "raw",
    "read",
    "select",
    "smart_address",
    "streetaddress",
    "supplier",
    "table",
    "text",
    "textarea",
    "tracking_data",
    "types_of",
    "url",
    "v2",
    "write",
]
