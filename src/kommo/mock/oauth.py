"""OAuth2: authorization codes and single-use refresh tokens become access tokens; the legacy login, sessions.

Everything expires by the clock of the mock (vendor's OAuth pages: code 20 minutes, access a day, refresh three months).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from .model import Account, Grant, Token
from .store import Store

CODE_LIFE: Final = 20 * 60
ACCESS_LIFE: Final = 24 * 60 * 60
REFRESH_LIFE: Final = 90 * 24 * 60 * 60
SESSION_LIFE: Final = 15 * 60
_KEY: Final = b"kommo mock"


class GrantRefused(Exception):
    """The request for tokens is refused. `hint` says why."""

    def __init__(self, hint: str) -> None:
        super().__init__(hint)
        self.hint = hint


class Tokens(NamedTuple):
    """An answer of the token endpoint."""

    access_token: str
    refresh_token: str
    expires_in: int
    server_time: int


class Client(NamedTuple):
    """The integration that may ask for tokens; None for any."""

    id: str | None
    secret: str | None


def exchange(store: Store, client: Client, data: Any, subdomain: str | None = None) -> Tokens:
    """Exchange an authorization code or a refresh token for new tokens; the old one is used up.

    Args:
        store: where grants and tokens are.
        client: who may ask.
        data: the decoded request.
        subdomain: the account that was addressed; None for any.

    Raises:
        GrantRefused: something is missing, wrong, expired or used already. Nothing was changed.
    """
    if not isinstance(data, dict):
        raise GrantRefused("The request should be an object")
    client_id, secret = _text(data, "client_id"), _text(data, "client_secret")
    if (client.id not in (None, client_id)) or (client.secret not in (None, secret)):
        raise GrantRefused("Client authentication failed")
    kind = _text(data, "grant_type")
    if kind not in ("authorization_code", "refresh_token"):
        raise GrantRefused("Check the `grant_type` parameter")
    value = _text(data, "code" if kind == "authorization_code" else "refresh_token")
    _text(data, "redirect_uri")
    with store.transaction(tick=True):
        grant = store.get(Grant, value)
        now = store.now()
        account = None if grant is None else store.get(Account, grant.account_id)
        if (
            grant is None
            or account is None
            or grant.kind != kind
            or subdomain not in (None, account.subdomain)
        ):
            raise GrantRefused("Check the token or code: it is not known here")
        if grant.used:
            raise GrantRefused("Token has been revoked: it was used already")
        if grant.expires_at <= now:
            raise GrantRefused("Token has expired")
        if grant.client_id not in (None, client_id):
            raise GrantRefused("Token was issued to another client")
        store.put(replace(grant, used=True), value)
        number = store.next_id(account.id, "grant")
        access = _jwt(account, client_id, number, now)
        refresh = "def502" + _digest(f"refresh {account.id} {number}")
        store.put(
            Token(access, account.id, admin=grant.admin, lists=grant.admin, expires_at=now + ACCESS_LIFE),
            access,
        )
        store.put(
            Grant(refresh, account.id, "refresh_token", client_id, now + REFRESH_LIFE, grant.admin), refresh
        )
        return Tokens(access, refresh, ACCESS_LIFE, now)


def put_code(
    store: Store, account: Account, value: str, client_id: str | None, *, admin: bool = True
) -> Grant:
    """Put an authorization code into an account, inside a transaction.

    Args:
        store, account: where it goes.
        value: the code.
        client_id: the integration that may exchange it; None for any.
        admin: administrator rights for the token that it is exchanged for.
    """
    grant = Grant(value, account.id, "authorization_code", client_id, store.now() + CODE_LIFE, admin)
    store.put(grant, value)
    return grant


def login(store: Store, data: Any) -> str | None:
    """Start a session for a login whose USER_HASH is an access token; the session's id, or None when it is not."""
    key = data.get("USER_HASH") if isinstance(data, dict) else None
    token = store.get(Token, key) if isinstance(key, str) else None
    if token is None or token.kind != "access" or not isinstance(data.get("USER_LOGIN"), str):
        return None
    with store.transaction(tick=True):
        value = _digest(f"session {token.account_id} {store.next_id(token.account_id, 'session')}")[:26]
        session = replace(token, value=value, kind="session", expires_at=store.now() + SESSION_LIFE)
        store.put(session, value)
    return value


def _text(data: dict[str, Any], key: str) -> str:
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise GrantRefused(f"Check the `{key}` parameter")
    return value


def _jwt(account: Account, client_id: str, number: int, now: int) -> str:
    """An access token in the vendor's form: a signed JSON web token. The same requests give the same tokens."""
    claims = {
        "aud": client_id,
        "jti": _digest(f"access {account.id} {number}"),
        "iat": now,
        "nbf": now,
        "exp": now + ACCESS_LIFE,
        "sub": str(account.user_id),
        "account_id": account.id,
        "base_domain": "kommo.com",
        "api_domain": "api-mock.kommo.com",
        "scopes": ["crm"],
    }
    head = _base64(json.dumps({"typ": "JWT", "alg": "HS256"}).encode())
    body = _base64(json.dumps(claims).encode())
    signature = _base64(hmac.digest(_KEY, f"{head}.{body}".encode(), "sha256"))
    return f"{head}.{body}.{signature}"


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _digest(text: str) -> str:
    return hashlib.sha256(_KEY + text.encode()).hexdigest()
