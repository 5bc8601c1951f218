"""How a mock is set up."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from .clock import MAX_TIME
from .gateway import parse_fault
from .model import Clock
from .moments import zone_of
from .platforms import ANY, PLATFORMS, Platform
from .quirks import OBSERVED, PROFILES, resolve

SEEDS: Final = ("empty", "documented", "demo", "large")
MIB: Final = 1024 * 1024


class ConfigError(ValueError):
    """A setting that cannot be. The message names the setting and what it may be."""


def _path(value: str | PathLike[str] | None) -> Path | None:
    return None if value is None else Path(value)


@frozen
class AccountConfig:
    """One account: the host name that leads to it and the tokens that open it.

    Args:
        subdomain: first label of its host, as in `acme.kommo.com`. A request to that host needs a token of
            this account.
        token: access token of an administrator.
        user_token: access token of a user who may read but not write; None for none.
        id: `account_id` in answers.
        timezone: IANA name of the zone that its dates are of.
    """

    subdomain: str
    token: str = field(repr=False)
    user_token: str | None = field(default=None, repr=False)
    id: int = 28_805_383
    timezone: str = "UTC"


@frozen
class MockConfig:
    """Everything about a mock. The defaults are an empty account that opens to the token `demo`.

    Args:
        token: access token of the administrator of the first account.
        user_token: access token of a user of it without administrator rights; None for none.
        subdomain: host label of the first account.
        timezone: IANA name of the time zone of the first account.
        accounts: further accounts.
        seed: what the accounts hold at first: `empty`, `documented`, `demo` or `large`; `large:N` for N list elements.
        profile: `documented`, `observed` or `lenient`; see `quirks`.
        platform: `kommo` or `amocrm` for what only kommo.com or amocrm.ru has, `any` for both.
        quirks: single quirks, by id, that are on or off whatever the profile says.
        data: file to keep everything in; None keeps it in memory.
        clock: how time passes.
        rate_limit: requests a second that one token may make before it is answered 429; None for any number.
        max_body: bytes of a request body, before and after decompression.
        journal_size: requests the journal remembers.
        compress: answer with gzip to clients that accept it.
        client_id: the integration that may use the OAuth2 token endpoint; None takes any.
        client_secret: its secret; None takes any.
        faults: what goes wrong from the start; each is the attributes of a `gateway.Fault`.
        authorization_code: a code that the token endpoint exchanges once; None for none.

    Raises:
        ConfigError: a value that cannot be.
    """

    token: str = field(default="demo", repr=False)
    user_token: str | None = field(default="demo-user", repr=False)
    subdomain: str = "demo"
    timezone: str = "UTC"
    accounts: tuple[AccountConfig, ...] = ()
    seed: str = "empty"
    profile: str = OBSERVED
    platform: Platform = ANY
    quirks: Mapping[str, bool] = field(factory=dict)
    data: Path | None = field(default=None, converter=_path)
    clock: Clock = field(factory=Clock)
    rate_limit: float | None = None
    max_body: int = 8 * MIB
    journal_size: int = 1_000
    compress: bool = False
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    authorization_code: str | None = field(default=None, repr=False)
    faults: tuple[Mapping[str, Any], ...] = ()

    def __attrs_post_init__(self) -> None:
        check_seed(self.seed)
        if self.profile not in PROFILES:
            raise ConfigError(f"profile {self.profile!r}: use one of {', '.join(PROFILES)}")
        if self.platform not in PLATFORMS:
            raise ConfigError(f"platform {self.platform!r}: use one of {', '.join(PLATFORMS)}")
        try:
            for account in self.all_accounts():
                zone_of(account.timezone)
            resolve(self.profile, self.quirks)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        try:
            for fault in self.faults:
                parse_fault(dict(fault))
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if self.rate_limit is not None and not self.rate_limit > 0:
            raise ConfigError(f"rate_limit {self.rate_limit!r}: use a number of requests a second above 0")
        for name in ("max_body", "journal_size"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} {getattr(self, name)!r}: use a number above 0")
        _check_clock(self.clock)
        _check_access(self.all_accounts())

    def all_accounts(self) -> list[AccountConfig]:
        """The first account and the further ones."""
        return [
            AccountConfig(self.subdomain, self.token, self.user_token, timezone=self.timezone),
            *self.accounts,
        ]


def check_token(token: str) -> None:
    """Raise ConfigError for a token that no request can carry."""
    if not re.fullmatch(r"[\x21-\x7e]+", token):
        # Not shown: it may be one that is in use elsewhere.
        raise ConfigError("token: use printable ASCII characters without blanks, at least one")


def _check_clock(clock: Clock) -> None:
    # That of a clock that runs is by how much it is ahead.
    now = abs(clock.now) if clock.mode == "real" else clock.now
    if not all(0 <= number <= MAX_TIME for number in (now, clock.step)):
        raise ConfigError(f"clock: times and steps are 0 to {MAX_TIME} seconds")


def _check_access(accounts: Sequence[AccountConfig]) -> None:
    """Raise ConfigError for an account that no request could reach, or two that one would."""
    tokens = [
        token for account in accounts for token in (account.token, account.user_token) if token is not None
    ]
    for token in tokens:
        check_token(token)
    if len(set(tokens)) != len(tokens):
        raise ConfigError("token: every account and user needs a token of its own")
    subdomains = [account.subdomain.lower() for account in accounts]
    for subdomain in subdomains:
        if not re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", subdomain):
            raise ConfigError(
                f"subdomain {subdomain!r}: use letters, digits and hyphens, such as acme of acme.kommo.com"
            )
    if len(set(subdomains)) != len(subdomains):
        raise ConfigError("accounts: two accounts have the same subdomain")


def check_seed(name: str) -> tuple[str, int | None]:
    """The name of a seed and its size.

    Raises:
        ConfigError: there is no such seed.
    """
    base, colon, size = name.partition(":") if isinstance(name, str) else ("", "", "")
    if base not in SEEDS or (colon and (base != "large" or not size.isascii() or not size.isdigit())):
        raise ConfigError(f"seed {name!r}: use one of {', '.join(SEEDS)}, or large:N for N list elements")
    return base, int(size) if colon else None
