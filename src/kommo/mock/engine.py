"""One running mock: its accounts, its switches, and what a person or a test can do to it from outside the API."""

from __future__ import annotations

import os
import time as time_module
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from msgspec import to_builtins
from msgspec.structs import replace

from kommo.version import __version__

from .config import SEEDS, AccountConfig, MockConfig
from .entities import ENTITIES
from .gateway import Fault, Limiter, Limits, parse_fault, parse_limits
from .journal import Journal
from .model import Account, Catalog, Clock, Field, Grant, Group, Scope, Setting, Token
from .quirks import QUIRKS, resolve
from .seeds.sowing import sow
from .store import FIRST_ID, Store, Tables

_QUIRKS: Final = "quirks"
_FAULTS: Final = "faults"
_LIMITS: Final = "limits"
MAX_TIME: Final = 2**40
_CODE_LIFE: Final = 20 * 60


class Switches(NamedTuple):
    """How the mock behaves now.

    Attributes:
        settings: what they were parsed from.
        quirks: the ids of the quirks that are on.
        faults: the faults that are set, oldest first.
        limits: how many requests a token may make.
    """

    settings: tuple[Setting | None, ...]
    quirks: frozenset[str]
    faults: tuple[Fault, ...]
    limits: Limits


class Engine:
    """The contents of a mock and its controls.

    Args:
        config: how to set it up. A store that has accounts already (a data file of an earlier run) keeps its contents.
        store: where to keep it; in memory by default.
        journal: remembers requests; by default those of this process.
        limiter: counts requests; by default those of this process.
    """

    def __init__(
        self,
        config: MockConfig,
        store: Store | None = None,
        journal: Journal | None = None,
        limiter: Limiter | None = None,
    ) -> None:
        self.config = config
        self.store = Store() if store is None else store
        self.journal = journal or Journal(config.journal_size)
        self.limiter = limiter or Limiter()
        self._snapshots: dict[str, Tables] = {}
        self._switches: Switches | None = None
        self._switches_of = -1
        if self.store.all(Account):
            self._open_accounts()
        else:
            self.reset()

    # Contents

    def reset(self, seed: str | None = None) -> None:
        """Make every account what a seed says, by default the configured one.

        Everything else starts over too: the clock, the tokens, the switches, the journal. Snapshots stay.

        Raises:
            ConfigError: there is no such seed.
        """
        fresh = Store()
        with fresh.transaction():
            fresh.put(self.config.clock, "clock")
            for index, account in enumerate(self.config.all_accounts()):
                opened = _open(fresh, account, index)
                sow(fresh, opened, seed or self.config.seed, self.config.platform)
            if self.config.authorization_code is not None:
                self._put_code(fresh, self.config.authorization_code, fresh.all(Account)[0])
            if self.config.faults:
                faults = [
                    parse_fault({**fault, "id": id_}) for id_, fault in enumerate(self.config.faults, 1)
                ]
                fresh.reserve_id(0, "fault", FIRST_ID + len(faults) - 1)
                fresh.put(Setting([to_builtins(fault) for fault in faults]), _FAULTS)
        self.store.replace_all(fresh.tables())
        self.limiter.forget()
        self.journal.clear()

    def _open_accounts(self) -> None:
        with self.store.transaction():
            for index, account in enumerate(self.config.all_accounts()):
                known = any(found.subdomain == account.subdomain for found in self.store.all(Account))
                opened = _open(self.store, account, index)
                if not known:
                    sow(self.store, opened, self.config.seed, self.config.platform)

    def snapshot(self, name: str) -> None:
        """Remember the contents under a name. With a data file, the snapshot is kept there."""
        with self.store.lock:
            tables = self.store.tables()
            if self.store.backend is not None:
                self.store.backend.save_snapshot(name, tables)
            else:
                self._snapshots[name] = tables

    def restore(self, name: str) -> bool:
        """Go back to a snapshot. False when there is none of this name."""
        with self.store.lock:
            backend = self.store.backend
            tables = self._snapshots.get(name) if backend is None else backend.load_snapshot(name)
            if tables is None:
                return False
            self.store.replace_all(tables)
            return True

    def forget_snapshot(self, name: str) -> bool:
        """Forget a snapshot. False when there is none of this name."""
        with self.store.lock:
            if self.store.backend is not None:
                return self.store.backend.forget_snapshot(name)
            return self._snapshots.pop(name, None) is not None

    @property
    def snapshots(self) -> list[str]:
        """The names of the snapshots."""
        with self.store.lock:
            return list(self._snapshots if self.store.backend is None else self.store.backend.snapshots())

    # Switches

    @property
    def switches(self) -> Switches:
        """The quirks, faults and limits that are set, parsed again only when something was written."""
        known, revision = self._switches, self.store.revision
        if known is None or self._switches_of != revision:
            settings = tuple(self.store.get(Setting, name) for name in (_QUIRKS, _FAULTS, _LIMITS))
            if known is None or known.settings != settings:
                _, faults, limits = (None if setting is None else setting.value for setting in settings)
                known = Switches(
                    settings,
                    resolve(*self.quirk_choice()),
                    tuple(parse_fault(data) for data in faults or ()),
                    Limits(rate=self.config.rate_limit) if limits is None else parse_limits(limits),
                )
            self._switches, self._switches_of = known, revision
        return known

    def _set_switch(self, name: str, value: Any) -> None:
        with self.store.transaction():
            self.store.put(Setting(value), name)

    @property
    def quirks(self) -> frozenset[str]:
        """The ids of the quirks that are on."""
        return self.switches.quirks

    def quirk_choice(self) -> tuple[str, dict[str, bool]]:
        """The profile, and the switches that differ from it."""
        chosen = self.store.setting(_QUIRKS)
        if chosen is None:
            return self.config.profile, dict(self.config.quirks)
        return chosen["profile"], dict(chosen["overrides"])

    def set_quirks(self, profile: str | None = None, overrides: Mapping[str, bool] | None = None) -> None:
        """Choose a profile, which forgets all single switches, or turn single quirks on or off.

        Raises:
            UnknownQuirk: there is no such profile or quirk; nothing was changed.
        """
        current, switches = self.quirk_choice()
        if profile is not None:
            current, switches = profile, {}
        switches |= overrides or {}
        resolve(current, switches)
        self._set_switch(_QUIRKS, {"profile": current, "overrides": switches})

    def describe_quirks(self) -> dict[str, Any]:
        """The profile and every quirk with its state."""
        on = self.quirks
        return {
            "profile": self.quirk_choice()[0],
            "quirks": [
                {
                    "id": quirk.id,
                    "on": quirk.id in on,
                    "summary": quirk.summary,
                    "profiles": list(quirk.profiles),
                }
                for quirk in QUIRKS.values()
            ],
        }

    # Faults and limits

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are set, oldest first."""
        return self.switches.faults

    def add_fault(self, **attributes: Any) -> Fault:
        """Make something go wrong; see `Fault` for the attributes.

        Raises:
            ValueError: an attribute that cannot be.
        """
        parsed = parse_fault(attributes)
        with self.store.transaction():
            fault = replace(parsed, id=self.store.next_id(0, "fault") - FIRST_ID + 1)
            self._put_faults((*self.faults, fault))
        return fault

    def remove_faults(self, id_: int | None = None) -> int:
        """Remove one fault, or all of them; says how many were removed."""
        with self.store.transaction():
            kept = tuple(fault for fault in self.faults if id_ is not None and fault.id != id_)
            removed = len(self.faults) - len(kept)
            self._put_faults(kept)
        return removed

    def take_fault(self, method: str, path: str) -> Fault | None:
        """The fault that happens to a request, if any; it is counted."""
        first = next((fault for fault in self.faults if fault.matches(method, path)), None)
        if first is None or (first.skip == 0 and first.times is None):
            return first
        # Other processes may count at the same moment.
        with self.store.transaction():
            found: Fault | None = None
            faults = list(self.faults)
            for index, fault in enumerate(faults):
                if not fault.matches(method, path):
                    continue
                if fault.skip > 0:
                    faults[index] = replace(fault, skip=fault.skip - 1)
                    continue
                if fault.times is not None:
                    faults[index] = replace(fault, times=fault.times - 1)
                found = fault
                break
            self._put_faults(tuple(faults))
        return found

    def _put_faults(self, faults: tuple[Fault, ...]) -> None:
        self._set_switch(_FAULTS, [to_builtins(fault) for fault in faults])

    @property
    def limits(self) -> Limits:
        """How many requests a token may make."""
        return self.switches.limits

    def set_limits(self, **attributes: Any) -> Limits:
        """Set the limits; see `Limits` for the attributes. What is not named stays.

        Raises:
            ValueError: an attribute that cannot be.
        """
        limits = parse_limits({**to_builtins(self.limits), **attributes})
        self._set_switch(_LIMITS, to_builtins(limits))
        self.limiter.forget()
        return limits

    # Clock

    def set_clock(
        self, *, mode: str | None = None, now: int | None = None, step: int | None = None, advance: int = 0
    ) -> Clock:
        """Set the clock, or move it on.

        Args:
            mode: `fixed`, `stepped` or `real`.
            now: Unix seconds.
            step: seconds for each write, of a stepped clock.
            advance: seconds to move on by.

        Raises:
            ValueError: there is no such mode.
        """
        with self.store.transaction():
            clock = self.store.clock
            wanted = clock.mode if mode is None else mode
            if wanted not in ("fixed", "stepped", "real"):
                raise ValueError(f"clock mode {wanted!r}: use fixed, stepped or real")
            if not all(0 <= number <= MAX_TIME for number in (now or 0, step or 0, advance)):
                raise ValueError(f"clock: times and steps are 0 to {MAX_TIME} seconds")
            time = self.store.now() if now is None else now
            changed = replace(clock, mode=wanted, step=clock.step if step is None else step)
            if wanted == "real":
                offset = 0 if now is None and clock.mode != "real" else time - int(time_module.time())
                changed = replace(changed, now=offset + advance)
            else:
                changed = replace(changed, now=time + advance)
            if abs(changed.now) > MAX_TIME:
                raise ValueError(f"clock: the time would be {changed.now}; the last one is {MAX_TIME}")
            self.store.put(changed, "clock")
            return changed

    # Looking in

    @property
    def clock(self) -> Clock:
        """The clock as it is set."""
        return self.store.clock

    @property
    def seeds(self) -> tuple[str, ...]:
        """The names of what an account can hold at first."""
        return SEEDS

    @property
    def tokens(self) -> list[Token]:
        """The access tokens and sessions of every account, expired ones too."""
        return self.store.all(Token)

    def contents(self) -> dict[str, Any]:
        """What is stored, account by account, as the page shows it."""
        from .control.contents import contents

        return contents(self)

    def health(self) -> dict[str, Any]:
        """That the mock is up, how it is set, and how much it holds."""
        clock = self.store.clock
        return {
            "status": "ok",
            "version": __version__,
            "process": os.getpid(),
            "seed": self.config.seed,
            "profile": self.quirk_choice()[0],
            "clock": {"mode": clock.mode, "now": self.store.now(), "step": clock.step},
            "accounts": [account.subdomain for account in self.store.all(Account)],
            "stored": {
                "fields": len(self.store.all(Field)),
                "groups": len(self.store.all(Group)),
                "catalogs": len(self.store.all(Catalog)),
                **self._record_counts(),
            },
            "durable": self.store.backend is not None,
        }

    def _record_counts(self) -> dict[str, int]:
        """How many records of each kind there are, over all accounts."""
        accounts = self.store.all(Account)
        return {
            "elements" if entity == "catalogs" else entity: sum(
                len(self.store.records.ids(Scope(account.id, entity))) for account in accounts
            )
            for entity in ENTITIES
        }

    # Access

    def add_token(
        self,
        value: str,
        *,
        subdomain: str | None = None,
        admin: bool = True,
        lists: bool | None = None,
        expires_at: int | None = None,
    ) -> Token:
        """Let a token open an account.

        Args:
            value: the token.
            subdomain: the account; the first one by default.
            admin: administrator rights.
            lists: the right to change lists; by default administrators have it.
            expires_at: Unix seconds of the mock's clock; None for never.

        Raises:
            ValueError: there is no such account.
        """
        account = self.account(subdomain)
        token = Token(value, account.id, admin, admin if lists is None else lists, expires_at)
        with self.store.transaction():
            self.store.put(token, value)
        return token

    def account(self, subdomain: str | None = None) -> Account:
        """An account by its subdomain, the first one by default.

        Raises:
            ValueError: there is no such account.
        """
        accounts = self.store.all(Account)
        for account in accounts:
            if subdomain is None or account.subdomain == subdomain:
                return account
        raise ValueError(f"account {subdomain!r}: use one of {', '.join(a.subdomain for a in accounts)}")

    def add_code(self, value: str, *, subdomain: str | None = None, admin: bool = True) -> Grant:
        """Make an authorization code that the token endpoint exchanges once, within twenty minutes."""
        with self.store.transaction():
            return self._put_code(self.store, value, self.account(subdomain), admin=admin)

    def _put_code(self, store: Store, value: str, account: Account, *, admin: bool = True) -> Grant:
        grant = Grant(
            value, account.id, "authorization_code", self.config.client_id, store.now() + _CODE_LIFE, admin
        )
        store.put(grant, value)
        return grant


def _open(store: Store, config: AccountConfig, index: int) -> Account:
    """The account that a configuration describes, with its tokens."""
    account = next((found for found in store.all(Account) if found.subdomain == config.subdomain), None)
    if account is None:
        account = Account(config.id + index, config.subdomain, timezone=config.timezone)
        store.put(account, account.id)
    for value, admin in ((config.token, True), (config.user_token, False)):
        token = None if value is None else Token(value, account.id, admin=admin, lists=admin)
        if token is not None and store.get(Token, token.value) != token:
            store.put(token, token.value)
    return account
