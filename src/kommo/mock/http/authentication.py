"""Who is asking: tokens and sessions, the account that is addressed, and who may write."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kommo.mock.model import Account, Token
from kommo.mock.store import Store

from .reply import HttpError
from .resources import Writers

_MAX_KNOWN: Final = 64


class Callers:
    """The callers of the API, remembered until something is written.

    Args:
        store: where accounts and tokens are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._known: dict[tuple[Any, ...], tuple[Account, Token]] = {}
        self._revision = -1

    def of(self, headers: Mapping[bytes, bytes], version: int) -> tuple[Account, Token]:
        """The account that a request is about, and the token that opens it.

        Args:
            headers: those of the request.
            version: that of the API; only v2 takes sessions.

        Raises:
            HttpError: 401 without a valid token of this account.
        """
        store = self._store
        key = (headers.get(b"authorization"), headers.get(b"host"), headers.get(b"cookie"), version)
        revision = store.revision
        if self._revision != revision or len(self._known) >= _MAX_KNOWN:
            self._known.clear()
            self._revision = revision
        known = self._known.get(key)
        if known is None or (known[1].expires_at is not None and known[1].expires_at <= store.now()):
            known = self._known[key] = self._authenticate(headers, version)
        return known

    def _authenticate(self, headers: Mapping[bytes, bytes], version: int) -> tuple[Account, Token]:
        store = self._store
        token: Token | None = None
        scheme, _, value = headers.get(b"authorization", b"").partition(b" ")
        if scheme.lower() == b"bearer":
            token = store.get(Token, value.strip().decode("latin-1"))
            if token is not None and token.kind != "access":
                token = None
        elif not scheme and version == 2:
            session = _cookie(headers.get(b"cookie", b""), b"session_id")
            token = None if session is None else store.get(Token, session)
            if token is not None and token.kind != "session":
                token = None
        if token is None or (token.expires_at is not None and token.expires_at <= store.now()):
            raise _unauthorized()
        account = store.get(Account, token.account_id)
        if account is None or self.addressed(headers) not in (None, account.subdomain):
            raise _unauthorized()
        return account, token

    def addressed(self, headers: Mapping[bytes, bytes]) -> str | None:
        """The subdomain of the account that the Host header names; None when it names none of the accounts."""
        label, dot, _ = headers.get(b"host", b"").partition(b".")
        if not dot:
            return None
        subdomain = label.decode("latin-1").lower()
        known = any(account.subdomain == subdomain for account in self._store.all(Account))
        return subdomain if known else None


def authorise(token: Token, writers: Writers) -> None:
    """Fields are changed by administrators, lists also by users with the right to, cards by everybody.

    Raises:
        HttpError: 403 when this one may not.
    """
    allowed = token.admin or writers == "users" or (writers == "lists" and token.lists)
    if not allowed:
        raise HttpError(403, "You have no rights for this action", legacy_code=244)


def _unauthorized() -> HttpError:
    return HttpError(
        401, "Invalid user name or password", headers=[(b"www-authenticate", b"Bearer")], legacy_code=110
    )


def _cookie(header: bytes, name: bytes) -> str | None:
    for part in header.split(b";"):
        key, _, value = part.strip().partition(b"=")
        if key == name:
            return value.decode("latin-1")
    return None
