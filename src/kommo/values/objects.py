"""The Python types of values that are an object on the wire: organisations, lines of invoices, links and files.

All are immutable; `attrs.evolve(value, key=...)` makes a changed copy. Names of attributes are the names on
the wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import IntEnum
from typing import Any, ClassVar, Final

from attrs import field, fields, frozen

from kommo.values.errors import Unfit
from kommo.values.numbers import to_decimal

# What the attribute of an object holds on the wire; shapes.records.Record reads these marks.
_TEXT: Final = {"holds": "text"}
_INTEGER: Final = {"holds": "integer"}
_NUMBER: Final = {"holds": "number"}
_TEXT_OR_INTEGER: Final = {"holds": "text or integer"}
_ANYTHING: Final = {"holds": "anything"}
_SERVER_TEXT: Final = {"holds": "text", "read_only": True}
_SERVER_NUMBER: Final = {"holds": "number", "read_only": True}
_SERVER_FLAG: Final = {"holds": "flag", "read_only": True}


def _decimal(value: Decimal | int | float | None) -> Decimal | None:
    if value is None:
        return None
    try:
        return to_decimal(value)
    except Unfit:
        # Not a number: kept as it is, so that writing it names the field it was meant for.
        return value  # type: ignore[return-value]


@frozen(kw_only=True, repr=False)
class Record:
    """Base of values that are an object on the wire. An attribute that is None is not sent, nor shown.

    Attributes:
        extra: keys of the wire that this library does not know; written back as they came.
    """

    required: ClassVar[tuple[str, ...]] = ()

    extra: Mapping[str, Any] = field(factory=dict)

    def __repr__(self) -> str:
        shown = ((each.name, getattr(self, each.name)) for each in fields(type(self)) if each.name != "extra")
        parts = [f"{name}={value!r}" for name, value in shown if value is not None]
        parts += [f"extra={dict(self.extra)!r}"] if self.extra else []
        return f"{type(self).__name__}({', '.join(parts)})"


class LegalEntityType(IntEnum):
    """`entity_type` of a legal entity (`custom-fields-v4:1465`)."""

    SOLE_PROPRIETOR = 1
    LEGAL_PERSON = 2


@frozen(kw_only=True, repr=False)
class _Organisation(Record):
    """What a legal entity and a payer have in common."""

    name: str | None = field(default=None, metadata=_TEXT)
    address: str | None = field(default=None, metadata=_TEXT)
    real_address: str | None = field(default=None, metadata=_TEXT)
    bank_account_number: str | None = field(default=None, metadata=_TEXT)
    director: str | None = field(default=None, metadata=_TEXT)
    vat_id: str | None = field(default=None, metadata=_TEXT)
    tax_registration_reason_code: str | int | None = field(default=None, metadata=_TEXT_OR_INTEGER)
    kpp: str | None = field(default=None, metadata=_TEXT)
    bank_code: str | None = field(default=None, metadata=_TEXT)
    unp: str | None = field(default=None, metadata=_TEXT)
    bin: str | None = field(default=None, metadata=_TEXT)
    egrpou: str | None = field(default=None, metadata=_TEXT)
    mfo: str | None = field(default=None, metadata=_TEXT)
    oked: str | None = field(default=None, metadata=_TEXT)


@frozen(kw_only=True, repr=False)
class LegalEntity(_Organisation):
    """A legal entity (`custom-fields-v4:1458`, further keys DOC-CF).

    The older document wants name, vat_id and kpp, the newer one only name; only name is required here.

    Attributes:
        name: name of the organisation, required.
        entity_type: 1 sole proprietor, 2 legal person (`LegalEntityType`).
        address, real_address: registered and actual address.
        bank_account_number, director: account with the bank, name of the director.
        vat_id, tax_registration_reason_code, kpp, bank_code: INN, OGRN or OGRNIP (also as int), KPP, BIK
            (Russia).
        unp: UNP (Belarus).
        bin: BIN (Kazakhstan).
        egrpou: EGRPOU (Ukraine).
        mfo: MFO (Ukraine, Uzbekistan).
        oked: OKED (Uzbekistan).
        external_uid: id in a system of yours.
    """

    required: ClassVar[tuple[str, ...]] = ("name",)

    entity_type: int | None = field(default=None, metadata=_INTEGER)
    external_uid: str | None = field(default=None, metadata=_TEXT)


@frozen(kw_only=True, repr=False)
class Payer(_Organisation):
    """Who pays an invoice (DOC-CF): either free text, or a link to a contact or company.

    Attributes:
        name: name shown in the invoice. The other attributes of an organisation are those of `LegalEntity`.
        entity_type: `contacts` or `companies`, with `entity_id`, for a link.
        entity_id: id of the contact or company.
        type: `legal` or `individual`, when the other keys leave it open.
    """

    entity_type: str | None = field(default=None, metadata=_TEXT)
    entity_id: int | None = field(default=None, metadata=_INTEGER)
    type: str | None = field(default=None, metadata=_TEXT)


@frozen(kw_only=True, repr=False)
class Discount(Record):
    """Discount on an item (`custom-fields-v4:1506-1508`).

    Attributes:
        type: `percentage` or `amount`.
        value: how much; an int or float becomes a Decimal.
    """

    type: str | None = field(default=None, metadata=_TEXT)
    value: Decimal | None = field(default=None, converter=_decimal, metadata=_NUMBER)


@frozen(kw_only=True, repr=False)
class Item(Record):
    """One line of an invoice (`custom-fields-v4:1495`, further keys DOC-CF and LIB). Numbers become Decimal.

    Attributes:
        sku, description, unit_type: article code, text, unit of measure.
        unit_price, quantity: price of one, and how many.
        discount: discount on the line.
        vat_rate_id: id of a tax rate. The document lists 0 to 5 but its own example has 18: any int goes.
        vat_rate_value: VAT in per cent.
        external_uid: id in a system of yours.
        product_id: id of the element of the products list.
        bonus_points_per_purchase: points the customer gets when the invoice is paid.
        metadata: anything about the product within the order; empty comes as [].
        is_discount_recalculated, is_total_sum_recalculated, total_sum: computed by the server; never sent.
    """

    sku: str | None = field(default=None, metadata=_TEXT)
    description: str | None = field(default=None, metadata=_TEXT)
    unit_price: Decimal | None = field(default=None, converter=_decimal, metadata=_NUMBER)
    quantity: Decimal | None = field(default=None, converter=_decimal, metadata=_NUMBER)
    unit_type: str | None = field(default=None, metadata=_TEXT)
    discount: Discount | None = field(default=None, metadata={"holds": Discount})
    vat_rate_id: int | None = field(default=None, metadata=_INTEGER)
    vat_rate_value: Decimal | None = field(default=None, converter=_decimal, metadata=_NUMBER)
    external_uid: str | None = field(default=None, metadata=_TEXT)
    product_id: int | None = field(default=None, metadata=_INTEGER)
    bonus_points_per_purchase: Decimal | None = field(default=None, converter=_decimal, metadata=_NUMBER)
    metadata: Any = field(default=None, metadata=_ANYTHING)
    is_discount_recalculated: bool | None = field(default=None, metadata=_SERVER_FLAG)
    is_total_sum_recalculated: bool | None = field(default=None, metadata=_SERVER_FLAG)
    total_sum: Decimal | None = field(default=None, converter=_decimal, metadata=_SERVER_NUMBER)


@frozen(kw_only=True, repr=False)
class LinkedEntity(Record):
    """A link to an element of a list, a contact or a company (DOC-CF).

    Attributes:
        entity_id: id of what is linked, required.
        entity_type: `catalog_elements`, `contacts` or `companies`.
        catalog_id: id of the list; None, and sent as null, unless the link is to an element of a list.
        name: text shown until the server has looked up the name.
    """

    required: ClassVar[tuple[str, ...]] = ("entity_id",)

    name: str | None = field(default=None, metadata=_TEXT)
    entity_id: int | None = field(default=None, metadata=_INTEGER)
    entity_type: str | None = field(default=None, metadata=_TEXT)
    catalog_id: int | None = field(default=None, metadata={"holds": "integer", "null": True})


@frozen(kw_only=True, repr=False)
class ChainedItem(Record):
    """One element of a chained list (DOC-CF). It stands in the value itself, not under its key `value`.

    Attributes:
        catalog_id: id of the list.
        catalog_element_id: id of the element.
    """

    required: ClassVar[tuple[str, ...]] = ("catalog_id", "catalog_element_id")

    catalog_id: int | None = field(default=None, metadata=_INTEGER)
    catalog_element_id: int | None = field(default=None, metadata=_INTEGER)


@frozen(kw_only=True, repr=False)
class File(Record):
    """A file of the account's file service (DOC-CF).

    Attributes:
        file_uuid: id of the file, required.
        version_uuid: id of its version.
        file_name: name; may be left out.
        file_size: bytes.
    """

    required: ClassVar[tuple[str, ...]] = ("file_uuid",)

    file_uuid: str | None = field(default=None, metadata=_TEXT)
    version_uuid: str | None = field(default=None, metadata=_TEXT)
    file_name: str | None = field(default=None, metadata=_TEXT)
    file_size: int | None = field(default=None, metadata=_INTEGER)


@frozen(kw_only=True, repr=False)
class Supplier(Record):
    """Which of the account's own legal entities issues an invoice (DOC-CF, LIB).

    Attributes:
        entity_id: id of the element of that list, required.
        name, vat_id, kpp, tax_registration_reason_code, bank_code, address: filled by the server on request;
            never sent.
    """

    required: ClassVar[tuple[str, ...]] = ("entity_id",)

    entity_id: int | None = field(default=None, metadata=_INTEGER)
    name: str | None = field(default=None, metadata=_SERVER_TEXT)
    vat_id: str | None = field(default=None, metadata=_SERVER_TEXT)
    kpp: str | None = field(default=None, metadata=_SERVER_TEXT)
    tax_registration_reason_code: str | None = field(default=None, metadata=_SERVER_TEXT)
    bank_code: str | None = field(default=None, metadata=_SERVER_TEXT)
    address: str | None = field(default=None, metadata=_SERVER_TEXT)
