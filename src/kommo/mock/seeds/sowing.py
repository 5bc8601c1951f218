"""From the name of a seed to the contents of an account."""

from __future__ import annotations

from kommo.mock.config import check_seed
from kommo.mock.model import Account
from kommo.mock.platforms import ANY, Platform
from kommo.mock.store import Store

from .account import SeededAccount
from .demo import sow_demo
from .documented import sow_documented
from .large import ELEMENTS, sow_large


def sow(store: Store, account: Account, seed: str, platform: Platform = ANY) -> None:
    """Put what a seed says into an account that has nothing yet.

    Args:
        store, account: where it goes.
        seed: `empty`, `documented`, `demo`, `large` or `large:N`.
        platform: what it does not have is left out.

    Raises:
        ConfigError: there is no such seed.
    """
    name, size = check_seed(seed)
    with store.transaction():
        seeded = SeededAccount(store, account, platform)
        seeded.predefined_groups()
        if name == "documented":
            sow_documented(seeded)
        elif name == "demo":
            sow_demo(seeded)
        elif name == "large":
            sow_large(seeded, ELEMENTS if size is None else size)
