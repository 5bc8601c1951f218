"""How a mock behaves: what is set of quirks, faults and limits, in the terms of who obeys it."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from .config import MockConfig
from .gateway import Fault, Limits, parse_fault, parse_limits
from .model import Setting
from .quirks import resolve
from .store import Store

QUIRKS_SETTING: Final = "quirks"
FAULTS_SETTING: Final = "faults"
LIMITS_SETTING: Final = "limits"


class QuirkChoice(NamedTuple):
    """A profile, and the switches that differ from it."""

    profile: str
    overrides: dict[str, bool]


class Switches(NamedTuple):
    """How the mock behaves now.

    Attributes:
        settings: what they were parsed from.
        choice: the profile of quirks, and the switches that differ from it.
        quirks: the ids of the quirks that are on.
        faults: the faults that are set, oldest first.
        limits: how many requests a token may make.
    """

    settings: tuple[Setting | None, ...]
    choice: QuirkChoice
    quirks: frozenset[str]
    faults: tuple[Fault, ...]
    limits: Limits


def read_switches(store: Store, config: MockConfig, known: Switches | None = None) -> Switches:
    """The switches that are set in a store, and what they are by default.

    Args:
        store: where they are set.
        config: what they are until they are set.
        known: those that were read last, which are not parsed again when they are still the same.
    """
    settings = tuple(store.get(Setting, name) for name in (QUIRKS_SETTING, FAULTS_SETTING, LIMITS_SETTING))
    if known is not None and known.settings == settings:
        return known
    quirks, faults, limits = (None if setting is None else setting.value for setting in settings)
    choice = _choice(quirks, config)
    return Switches(
        settings,
        choice,
        resolve(*choice),
        tuple(parse_fault(data) for data in faults or ()),
        Limits(rate=config.rate_limit) if limits is None else parse_limits(limits),
    )


def _choice(chosen: Any, config: MockConfig) -> QuirkChoice:
    if chosen is None:
        return QuirkChoice(config.profile, dict(config.quirks))
    return QuirkChoice(chosen["profile"], dict(chosen["overrides"]))
