"""One running mock: its accounts, its switches, and what a person or a test can do to it from outside the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import to_builtins
from msgspec.structs import replace

from .accounts import open_account
from .clock import changed_clock
from .config import SEEDS, MockConfig, check_token
from .contents import contents
from .gateway import Fault, Limiter, Limits, count_request, parse_fault, parse_limits
from .health import health
from .journal import Journal
from .model import Account, Clock, Grant, Setting, Token
from .oauth import put_code
from .quirks import quirk_states, resolve
from .seeds.sowing import sow
from .snapshots import Snapshots
from .store import FIRST_ID, Store
from .switches import FAULTS_SETTING, LIMITS_SETTING, QUIRKS_SETTING, Switches, read_switches


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
        self._snapshots = Snapshots(self.store)
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
                opened = open_account(fresh, account, index)
                sow(fresh, opened, seed or self.config.seed, self.config.platform)
            if self.config.authorization_code is not None:
                put_code(fresh, fresh.all(Account)[0], self.config.authorization_code, self.config.client_id)
            if self.config.faults:
                faults = [
                    parse_fault({**fault, "id": id_}) for id_, fault in enumerate(self.config.faults, 1)
                ]
                fresh.reserve_id(0, "fault", FIRST_ID + len(faults) - 1)
                fresh.put(Setting([to_builtins(fault) for fault in faults]), FAULTS_SETTING)
        self.store.replace_all(fresh.tables())
        self.limiter.forget()
        self.journal.clear()

    def _open_accounts(self) -> None:
        with self.store.transaction():
            for index, account in enumerate(self.config.all_accounts()):
                known = any(found.subdomain == account.subdomain for found in self.store.all(Account))
                opened = open_account(self.store, account, index)
                if not known:
                    sow(self.store, opened, self.config.seed, self.config.platform)

    def snapshot(self, name: str) -> None:
        """Remember the contents under a name. With a data file, the snapshot is kept there."""
        self._snapshots.save(name)

    def restore(self, name: str) -> bool:
        """Go back to a snapshot. False when there is none of this name."""
        return self._snapshots.restore(name)

    def forget_snapshot(self, name: str) -> bool:
        """Forget a snapshot. False when there is none of this name."""
        return self._snapshots.forget(name)

    @property
    def snapshots(self) -> list[str]:
        """The names of the snapshots."""
        return self._snapshots.names()

    # Switches

    @property
    def switches(self) -> Switches:
        """The quirks, faults and limits that are set, parsed again only when something was written."""
        known, revision = self._switches, self.store.revision
        if known is None or self._switches_of != revision:
            known = self._switches = read_switches(self.store, self.config, known)
            self._switches_of = revision
        return known

    def _set_switch(self, name: str, value: Any) -> None:
        with self.store.transaction():
            self.store.put(Setting(value), name)

    @property
    def quirks(self) -> frozenset[str]:
        """The ids of the quirks that are on."""
        return self.switches.quirks

    def set_quirks(self, profile: str | None = None, overrides: Mapping[str, bool] | None = None) -> None:
        """Choose a profile, which forgets all single switches, or turn single quirks on or off.

        Raises:
            UnknownQuirk: there is no such profile or quirk; nothing was changed.
        """
        current, switches = self.switches.choice if profile is None else (profile, {})
        switches = {**switches, **(overrides or {})}
        resolve(current, switches)
        self._set_switch(QUIRKS_SETTING, {"profile": current, "overrides": switches})

    def describe_quirks(self) -> dict[str, Any]:
        """The profile and every quirk with its state."""
        switches = self.switches
        return {"profile": switches.choice.profile, "quirks": quirk_states(switches.quirks)}

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
            found, faults = count_request(self.faults, method, path)
            self._put_faults(faults)
        return found

    def _put_faults(self, faults: tuple[Fault, ...]) -> None:
        self._set_switch(FAULTS_SETTING, [to_builtins(fault) for fault in faults])

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
        self._set_switch(LIMITS_SETTING, to_builtins(limits))
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
            changed = changed_clock(self.store.clock, mode, now, step, advance)
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
        return contents(self.store)

    def health(self) -> dict[str, Any]:
        """That the mock is up, how it is set, and how much it holds."""
        return health(self.store, self.config, self.switches.choice.profile)

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
            ValueError: there is no such account, or the token is none that a request can carry.
        """
        account = self.account(subdomain)
        check_token(value)
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
            return put_code(self.store, self.account(subdomain), value, self.config.client_id, admin=admin)
