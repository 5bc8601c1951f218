"""A state machine with a model of the whole domain, driving the server through the client.

After every write the lists it could have touched are read in full and compared with the model: what was asked for
happened, and nothing else did.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kommo.contract.layers.model.base import Base, Broken
from kommo.contract.layers.model.driver import Driver
from kommo.contract.layers.model.rules_lists import ListRules


def machine(
    open_driver: Callable[[], Driver],
    entities: Sequence[str],
    known: set[tuple[str, str, str]],
    shown: list[Broken],
) -> type[Base]:
    """Return a state machine class; `open_driver` makes the way to the server, the rest is as in `Base`."""
    attributes = {
        "new_driver": staticmethod(open_driver),
        "entities": tuple(entities),
        "known": known,
        "shown": shown,
    }
    return type("Domain", (ListRules,), attributes)
