"""One running mock: its accounts, its switches, and what a person or a test can do to it from outside the API."""

from __future__ import annotations

import time as time_module
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from .config import AccountConfig, MockConfig
from .model import Account, Clock, Grant, Setting, Token
from .quirks import QUIRKS, resolve
from .seeds import sow
from .store import Store, Tables

_QUIRKS: Final = "quirks"
_CODE_LIFE: Final = 20 * 60


class Engine:
    """The contents of a mock and its controls.

    Args:
        config: how to set it up. A store that has accounts already (a data file of an earlier run) keeps its contents.
        store: where to keep it; in memory by default.
    """

    def __init__(self, config: MockConfig, store: Store | None = None) -> None:
        self.config = config
        self.store = Store() if store is None else store
        self._snapshots: dict[str, Tables] = {}
        self._quirks: tuple[Any, frozenset[str]] | None = None
        if self.store.all(Account):
            self._open_accounts()
        else:
            self.reset()

    # Contents

    def reset(self, seed: str | None = None) -> None:
        """Make every account what a seed says, by default the configured one. Clock, quirks and tokens start over too.

        Raises:
            ConfigError: there is no such seed.
        """
        fresh = Store()
        with fresh.transaction():
            fresh.put(self.config.clock, "clock")
            for index, account in enumerate(self.config.all_accounts()):
                sow(fresh, _open(fresh, account, index), seed or self.config.seed)
            if self.config.authorization_code is not None:
                self._put_code(fresh, self.config.authorization_code, fresh.all(Account)[0])
        self.store.replace_all(fresh.tables())

    def _open_accounts(self) -> None:
        with self.store.transaction():
            for index, account in enumerate(self.config.all_accounts()):
                known = any(found.subdomain == account.subdomain for found in self.store.all(Account))
                opened = _open(self.store, account, index)
                if not known:
                    sow(self.store, opened, self.config.seed)

    def snapshot(self, name: str) -> None:
        """Remember the contents under a name."""
        with self.store.lock:
            self._snapshots[name] = self.store.tables()

    def restore(self, name: str) -> bool:
        """Go back to a snapshot. False when there is none of this name."""
        with self.store.lock:
            tables = self._snapshots.get(name)
            if tables is None:
                return False
            self.store.replace_all(tables)
            return True

    @property
    def snapshots(self) -> list[str]:
        """The names of the snapshots."""
        return list(self._snapshots)

    # Switches

    @property
    def quirks(self) -> frozenset[str]:
        """The ids of the quirks that are on."""
        setting = self.store.get(Setting, _QUIRKS)
        if self._quirks is None or self._quirks[0] is not setting:
            profile, overrides = self.quirk_choice()
            self._quirks = (setting, resolve(profile, overrides))
        return self._quirks[1]

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
        with self.store.transaction():
            self.store.put(Setting({"profile": current, "overrides": switches}), _QUIRKS)

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
            time = self.store.now() if now is None else now
            changed = replace(clock, mode=wanted, step=clock.step if step is None else step)
            if wanted == "real":
                offset = 0 if now is None and clock.mode != "real" else time - int(time_module.time())
                changed = replace(changed, now=offset + advance)
            else:
                changed = replace(changed, now=time + advance)
            self.store.put(changed, "clock")
            return changed

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
        account = Account(config.id + index, config.subdomain)
        store.put(account, account.id)
    for value, admin in ((config.token, True), (config.user_token, False)):
        token = None if value is None else Token(value, account.id, admin=admin, lists=admin)
        if token is not None and store.get(Token, token.value) != token:
            store.put(token, token.value)
    return account
