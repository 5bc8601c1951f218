"""That a mock is up, how it is set, and how much it holds."""

from __future__ import annotations

import os
from typing import Any

from kommo.version import __version__

from .config import MockConfig
from .entities import ENTITIES
from .model import Account, Catalog, Field, Group, Scope
from .store import Store


def health(store: Store, config: MockConfig, profile: str) -> dict[str, Any]:
    """The state of a mock.

    Args:
        store: its contents.
        config: how it was set up.
        profile: the profile of quirks that is on.
    """
    clock = store.clock
    return {
        "status": "ok",
        "version": __version__,
        "process": os.getpid(),
        "seed": config.seed,
        "profile": profile,
        "clock": {"mode": clock.mode, "now": store.now(), "step": clock.step},
        "accounts": [account.subdomain for account in store.all(Account)],
        "stored": {
            "fields": len(store.all(Field)),
            "groups": len(store.all(Group)),
            "catalogs": len(store.all(Catalog)),
            **_record_counts(store),
        },
        "durable": store.backend is not None,
    }


def _record_counts(store: Store) -> dict[str, int]:
    """How many records of each kind there are, over all accounts."""
    accounts = store.all(Account)
    return {
        "elements" if entity == "catalogs" else entity: sum(
            len(store.records.ids(Scope(account.id, entity))) for account in accounts
        )
        for entity in ENTITIES
    }
