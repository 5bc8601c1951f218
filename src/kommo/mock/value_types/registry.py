"""Every type of field with what its values may be; the newer ones are those of the current vendor page (DOC-CF)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .base import MANY, ValueType
from .invoice_items import ITEM
from .legal_entities import LEGAL_ENTITY, PAYER, SUPPLIER
from .links import CHAINED_LIST, FILE, LINKED_ENTITY
from .options import KIND, OPTION
from .scalars import DATE, FLAG, MOMENT, NUMBER, TEXT

VALUE_TYPES: Final[Mapping[str, ValueType]] = {
    **dict.fromkeys(("text", "textarea", "streetaddress", "url", "tracking_data", "org_legal_name"), TEXT),
    **dict.fromkeys(("numeric", "price", "monetary"), NUMBER),
    "checkbox": FLAG,
    **dict.fromkeys(("date", "birthday"), DATE),
    "date_time": MOMENT,
    **dict.fromkeys(("select", "radiobutton", "category"), OPTION),
    "multiselect": OPTION._replace(many=MANY),
    **dict.fromkeys(("multitext", "smart_address"), KIND),
    "legal_entity": LEGAL_ENTITY,
    "items": ITEM,
    "linked_entity": LINKED_ENTITY,
    "chained_list": CHAINED_LIST,
    "file": FILE,
    "payer": PAYER,
    "supplier": SUPPLIER,
}
"""Every type of field; see `field_types` for the entities that have it."""
