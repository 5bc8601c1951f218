"""Values that are the details of a company: its legal entity, and the sides of an invoice."""

from __future__ import annotations

from typing import Final

from .objects import Check, check_id, check_one_of, check_text, check_text_or_number, object_type

_LEGAL_TEXTS: Final = (
    "name",
    "address",
    "real_address",
    "bank_account_number",
    "director",
    "vat_id",
    "kpp",
    "bank_code",
    "unp",
    "bin",
    "egrpou",
    "mfo",
    "oked",
    "external_uid",
)
_LEGAL: Final[dict[str, Check]] = {
    **dict.fromkeys(_LEGAL_TEXTS, check_text),
    "tax_registration_reason_code": check_text_or_number,
}

LEGAL_ENTITY: Final = object_type({**_LEGAL, "entity_type": check_one_of(1, 2)}, "name")
PAYER: Final = object_type(
    {
        **_LEGAL,
        "type": check_one_of("legal", "individual"),
        "entity_id": check_id,
        "entity_type": check_one_of("contacts", "companies"),
    }
)
SUPPLIER: Final = object_type({"entity_id": check_id}, "entity_id", read_only=_LEGAL_TEXTS)
