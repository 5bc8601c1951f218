"""Tokens by OAuth: the first pair for a code, every further one for a refresh token.

A refresh token works once. So one refresh happens at a time: among the threads and tasks of a process by a
lock here, among processes and hosts by the lock of the storage, and whoever waited looks first whether the
work is done already.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

import httpx
from attrs import field, frozen

from kommo.address import Address
from kommo.errors import ConfigurationError, KommoError, TokenError
from kommo.failures import api_error, transport_error, without_frames
from kommo.forks import watch
from kommo.redaction import Secret, as_secret, logger, one_line
from kommo.token_storage import TokenPair, TokenStorage

# A 401 for a pair this young is not a matter of age; another refresh would only burn refresh tokens.
_TOO_YOUNG: Final = 5.0


def _secret(value: str | Secret) -> Secret:
    # What is neither is refused when the rest is there, too.
    return Secret(value) if isinstance(value, str) else value


@frozen(kw_only=True)
class OAuthApp:
    """An integration as registered with the vendor.

    Attributes:
        client_id: of the integration.
        client_secret: of the integration; never shown.
        redirect_uri: exactly as registered.
        leeway: seconds before its end at which an access token counts as ended and is refreshed.
    """

    client_id: str
    client_secret: Secret = field(converter=_secret)
    redirect_uri: str
    leeway: float = 300.0

    def __attrs_post_init__(self) -> None:
        for name, kind in (("client_id", str), ("client_secret", Secret), ("redirect_uri", str)):
            if not isinstance(getattr(self, name), kind):
                raise ConfigurationError(f"OAuthApp: {name} is no text; give it as registered")

    def authorize_url(self, state: str, *, host: str = "www.kommo.com", mode: str = "popup") -> str:
        """Return the page on which a user of the account lets the integration in.

        The vendor then calls `redirect_uri` with `code`, `referer` (the account's host) and `state`; compare
        `state` and give `code` to `authorize` of the client within 20 minutes.

        Args:
            state: unguessable text that comes back with the code.
            host: `www.kommo.com` or `www.amocrm.ru`.
            mode: `popup` or `post_message`.
        """
        return f"https://{host}/oauth?" + urlencode(
            {"client_id": self.client_id, "state": state, "mode": mode}
        )


class OAuthTokens:
    """Keeps a valid access token for one account.

    Args:
        app: the integration.
        address: of the account.
        storage: where the pair lives; its lock spans all processes that share it.
        http: opens an httpx client that may be used for one request; sync also for async callers, who use a
            thread: a cancelled task then cannot lose a pair that is on its way.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        app: OAuthApp,
        address: Address,
        storage: TokenStorage,
        http: Callable[[], httpx.Client],
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._address = address
        self._storage = storage
        self._http = http
        self._clock = clock
        self._mutex = threading.Lock()
        self._pair: TokenPair | None = None
        self._unsaved = False
        watch(self)

    def after_fork(self) -> None:
        """Hold no lock in a forked process."""
        self._mutex = threading.Lock()

    def ready(self) -> Secret | None:
        """Return the access token while it lasts and its pair is stored, else None."""
        pair = self._pair
        return pair.access_token if pair is not None and self._fresh(pair) and not self._unsaved else None

    def obtain(self) -> Secret:
        """Return an access token that lasts, from the storage or bought with the refresh token. Blocks.

        Raises:
            TokenError: there is no pair yet, the server refused to refresh it, or the storage failed.
            TransportError: the server could not be reached.
        """
        return self._current(self._fresh).access_token

    def renew(self, rejected: Secret) -> Secret | None:
        """Return another access token than the rejected one. Blocks, and raises as `obtain`.

        None when the rejected one is so young that a refresh would not help.
        """
        pair = self._current(
            lambda pair: pair.access_token != rejected or self._clock() - pair.issued_at < _TOO_YOUNG
        )
        return pair.access_token if pair.access_token != rejected else None

    def authorize(self, code: str | Secret) -> None:
        """Buy the first pair with the code that the vendor sent to `redirect_uri`, and store it.

        Raises:
            TokenError: the server refused the code, or the storage failed.
            TransportError: the server could not be reached.
        """
        code = as_secret(code)
        if not isinstance(code, Secret):
            raise ConfigurationError(
                f"code is {type(code).__name__}, not text; give what came with the redirect"
            )
        with self._mutex, self._storage.lock():
            self._keep(self._buy("authorization_code", code=Secret(code.reveal().strip())))
            self._save()

    def _fresh(self, pair: TokenPair) -> bool:
        return pair.expires_at - self._app.leeway > self._clock()

    def _current(self, acceptable: Callable[[TokenPair], bool]) -> TokenPair:
        """Return an acceptable pair: the one at hand, else the one stored, else a new one."""
        with self._mutex:
            if self._pair is not None and acceptable(self._pair) and not self._unsaved:
                return self._pair
            with self._storage.lock():
                if self._unsaved:
                    self._try_save()
                else:
                    self._pair = self._storage.load()
                if self._pair is None:
                    raise TokenError(
                        f"no tokens are stored for {self._address}; authorise the integration: open "
                        "authorize_url() and give the code to authorize()"
                    )
                if not acceptable(self._pair):
                    self._keep(self._buy("refresh_token", refresh_token=self._pair.refresh_token))
                    self._try_save()
                return self._pair

    def _keep(self, pair: TokenPair) -> None:
        self._pair, self._unsaved = pair, True

    def _save(self) -> None:
        assert self._pair is not None
        self._storage.save(self._pair)
        self._unsaved = False

    def _try_save(self) -> None:
        """Save the pair; a failing storage must not throw away a pair that cannot be had again."""
        try:
            self._save()
        except (KommoError, OSError) as error:
            logger.error("tokens: a new pair is kept in memory only, the next request tries again: %s", error)

    def _buy(self, grant_type: str, **grant: Secret) -> TokenPair:
        """Exchange a code or a refresh token for a pair (DOC-OAUTH: POST /oauth2/access_token, JSON)."""
        operation = f"oauth2 {grant_type}"
        try:
            with self._http() as http:
                response = http.post(
                    f"{self._address.base_url}/oauth2/access_token",
                    json={
                        "client_id": self._app.client_id,
                        "client_secret": self._app.client_secret.reveal(),
                        "grant_type": grant_type,
                        "redirect_uri": self._app.redirect_uri,
                        **{name: secret.reveal() for name, secret in grant.items()},
                    },
                )
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise transport_error(operation, error) from without_frames(error)
        except BaseException as error:
            # Ctrl-C, say. The frames below hold what was to be sent.
            without_frames(error)
            raise
        if response.status_code != 200:
            refusal = api_error(operation, response)
            text = " ".join(part for part in (refusal.problem.title, refusal.problem.detail) if part)
            secrets = [self._app.client_secret.reveal(), *(secret.reveal() for secret in grant.values())]
            text = one_line(text, 160, secrets) or "no reason given"
            del secrets
            raise TokenError(
                f"{operation}: {self._address} refused with {response.status_code} ({text}); a code lives 20 minutes "
                "and a refresh token 3 months, and each works once: authorise the integration again"
            )
        pair = _received(response, self._clock())
        if pair is None:
            raise TokenError(
                f"{operation}: {self._address} answered 200 without a token pair; "
                "check that the address is an account's"
            )
        return pair


def _received(response: httpx.Response, now: float) -> TokenPair | None:
    """Read the pair out of an answer, None when there is none. Never raises: frames would show the tokens."""
    try:
        answer = response.json()
        seconds = float(answer["expires_in"])
        tokens = answer["access_token"], answer["refresh_token"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return None
    if not 0 < seconds < 1e9 or not all(_sendable(token) for token in tokens):
        return None
    access, refresh = map(Secret, tokens)
    return TokenPair(access_token=access, refresh_token=refresh, expires_at=now + seconds, issued_at=now)


def _sendable(token: object) -> bool:
    return isinstance(token, str) and re.fullmatch(r"[\x21-\x7e]+", token) is not None
