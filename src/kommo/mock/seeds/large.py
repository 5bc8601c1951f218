"""The seed `large`: many fields on leads, and one list with many elements."""

from __future__ import annotations

from typing import Final

from kommo.mock.model import Record, StoredValue

from .account import SeededAccount

ELEMENTS: Final = 20_000
"""Elements that the list has when nobody says how many."""
_FIELDS: Final = 300


def sow_large(account: SeededAccount, size: int) -> None:
    """Put the fields, the list and its elements into an account.

    Args:
        account: where they go.
        size: how many elements.
    """
    for index in range(_FIELDS):
        account.field(500_001 + index, "leads", "text", f"Field {index + 1}", sort=index)
    account.catalog(5001, "Stock", 10, 1_700_000_000)
    account.field(600_001, "catalogs", "text", "SKU", catalog_id=5001, code="SKU")
    store, owner = account.store, account.account
    for index in range(size):
        values: dict[int, tuple[StoredValue, ...]] = {600_001: (StoredValue(value=f"S-{index}"),)}
        store.put_record(
            Record(
                800_001 + index,
                owner.id,
                "catalogs",
                f"Item {index}",
                1_700_000_000,
                1_700_000_000,
                owner.user_id,
                owner.user_id,
                5001,
                values,
            )
        )
    store.reserve_id(owner.id, "element", 800_001 + size)
