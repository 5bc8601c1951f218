"""Values that are the lines of an invoice."""

from __future__ import annotations

from typing import Any, Final

from kommo.mock.checks import Item
from kommo.mock.model import Field, StoredValue
from kommo.mock.moments import Zone
from kommo.mock.violations import INVALID_TYPE

from .base import MANY
from .objects import (
    Check,
    check_amount,
    check_count,
    check_id,
    check_members,
    check_nothing,
    check_one_of,
    check_text,
    object_type,
)


def _check_discount(inner: Item, key: str) -> object:
    value = inner.data[key]
    if value is None:
        return None
    if not isinstance(value, dict):
        return inner.note(INVALID_TYPE, key, "This value should be of type object.")
    part = Item(value, f"{inner.path}.{key}", inner.found)
    check_members(
        part, {"type": check_one_of("percentage", "amount"), "value": check_amount}, ("type", "value")
    )
    return None


_MEMBERS: Final[dict[str, Check]] = {
    **dict.fromkeys(("sku", "description", "unit_type", "external_uid"), check_text),
    **dict.fromkeys(("unit_price", "quantity", "bonus_points_per_purchase"), check_amount),
    "discount": _check_discount,
    # The table of tax rates ends at 5, the vendor's example sends 18.
    "vat_rate_id": check_count,
    "product_id": check_id,
    "metadata": check_nothing,
}
_READ_ONLY: Final = ("vat_rate_value", "is_discount_recalculated", "is_total_sum_recalculated", "total_sum")


def _show_item(stored: StoredValue, field: Field, zone: Zone) -> dict[str, Any]:
    """A line of an invoice with what the vendor's server adds: numbers as floats, and the total."""
    item: dict[str, Any] = {"sku": "", "external_uid": "", "metadata": [], **stored.value}
    price, quantity = (float(item.get(key) or 0) for key in ("unit_price", "quantity"))
    total = price * quantity
    discount = item.get("discount")
    if discount:
        off = float(discount["value"])
        item["discount"] = {**discount, "value": off}
        total -= off if discount["type"] == "amount" else total * off / 100
    for key in ("unit_price", "quantity", "bonus_points_per_purchase"):
        if item.get(key) is not None:
            item[key] = float(item[key])
    item |= {
        "vat_rate_value": 0,
        "is_discount_recalculated": False,
        "is_total_sum_recalculated": False,
        "total_sum": total,
    }
    return {"value": item}


ITEM: Final = object_type(_MEMBERS, read_only=_READ_ONLY, show=_show_item, many=MANY)
