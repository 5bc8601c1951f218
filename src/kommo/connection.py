"""Everything a client needs to talk to one account, put together: address, token, rate, retries, TLS."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Iterable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any, Final

import httpx

from kommo.address import Address
from kommo.auth import TokenAuth
from kommo.environment import resolve_address, resolve_token
from kommo.errors import ConfigurationError
from kommo.limits import RateLimit, RateLimiter, limiter_for
from kommo.redaction import Secret, as_secret
from kommo.retry import RetryPolicy
from kommo.token_source import LongLivedToken, TokenFunction, TokenSource
from kommo.transport import Transport
from kommo.version import __version__

if TYPE_CHECKING:
    from kommo.token_storage import TokenStorage
    from kommo.tokens import OAuthApp, OAuthTokens

DEFAULT_TIMEOUT: Final = 30.0
_OAUTH_RETRY: Final = RetryPolicy(attempts=3, total=30.0)


class Connection:
    """The connection of a client to one account.

    Args:
        subdomain: `acme` of `acme.kommo.com`; else KOMMO_SUBDOMAIN.
        domain: `kommo.com` or `amocrm.ru`; else KOMMO_DOMAIN, else `kommo.com`.
        base_url: the whole address instead of both.
        token: long-lived token, or a function that returns the current one; else KOMMO_TOKEN.
        oauth: the integration, when tokens are refreshed instead of long-lived; needs `token_storage`.
        token_storage: where the pair of OAuth tokens lives.
        limiter: the account's rate; a Redis URL to share the default rate among processes and hosts; None for
            no limit.
        retry: when requests are sent again.
        timeout: seconds for connecting, sending, each wait for data, and a free connection; or an
            `httpx.Timeout`.
        http: an httpx transport in place of the network.
        ssl_context: own certificates or authorities; it must verify.
        proxy: URL of a proxy, in place of the environment's.
        allow_insecure_hosts: hosts, besides loopback, that plain http may be used with.
        headers: sent with every request, besides the library's own.

    Raises:
        ConfigurationError: something is missing, contradictory or invalid. Nothing was sent.
    """

    def __init__(
        self,
        subdomain: str | None = None,
        *,
        domain: str | None = None,
        base_url: str | None = None,
        token: str | Secret | Callable[[], str] | None = None,
        oauth: OAuthApp | None = None,
        token_storage: TokenStorage | None = None,
        limiter: RateLimit | RateLimiter | str | Secret | None = RateLimit(),  # noqa: B008 (frozen)
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        http: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | Secret | None = None,
        allow_insecure_hosts: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # The variables of a frame show up in tracebacks.
        token, limiter, proxy = as_secret(token), as_secret(limiter), as_secret(proxy)
        self.address: Address = resolve_address(
            subdomain, domain=domain, base_url=base_url, allow_insecure_hosts=allow_insecure_hosts
        )
        self.limiter = limiter_for(self.address, limiter)
        self._timeout = checked_timeout(timeout)
        self._headers = _own_headers(headers)
        self._http = http
        self._tls: dict[str, Any] = {"ssl_context": ssl_context, "proxy": proxy}
        self._transport = Transport(self.address, limiter=self.limiter, retry=retry, http=http, **self._tls)
        self._oauth: OAuthTokens | None = None
        self.auth = TokenAuth(self.address, self._token_source(token, oauth, token_storage))

    def __repr__(self) -> str:
        # Also of one that could not be made.
        return f"Connection({str(getattr(self, 'address', '?'))!r})"

    def client(self) -> httpx.Client:
        """Return a new httpx client for this account; whoever takes it closes it."""
        return httpx.Client(transport=self._transport, **self._client_arguments())

    def async_client(self) -> httpx.AsyncClient:
        """Return a new async httpx client for this account; whoever takes it closes it."""
        return httpx.AsyncClient(transport=self._transport, **self._client_arguments())

    def authorize(self, code: str | Secret) -> None:
        """Buy the first pair of OAuth tokens with the code that the vendor sent to the redirect URI. Blocks.

        Raises:
            ConfigurationError: the client was made without `oauth`.
            TokenError: the server refused the code, or the storage failed.
            TransportError: the server could not be reached.
        """
        code = as_secret(code)
        if self._oauth is None:
            raise ConfigurationError("authorize needs a client made with oauth= and token_storage=")
        self._oauth.authorize(code)

    def _token_source(
        self,
        token: str | Secret | Callable[[], str] | None,
        oauth: OAuthApp | None,
        storage: TokenStorage | None,
    ) -> TokenSource:
        if oauth is None:
            if storage is not None:
                raise ConfigurationError(
                    "token_storage is for OAuth tokens; give oauth= too, or leave it out"
                )
            return TokenFunction(token) if callable(token) else LongLivedToken(resolve_token(token))
        if token is not None:
            raise ConfigurationError("token and oauth are two ways to authenticate; give one of them")
        if storage is None:
            raise ConfigurationError("oauth needs token_storage=, for example FileStorage('tokens.json')")
        # Only who uses OAuth waits for it to load.
        from kommo.tokens import OAuthApp, OAuthTokens

        if not isinstance(oauth, OAuthApp):
            raise ConfigurationError(f"oauth is {type(oauth).__name__}; give an OAuthApp")
        if not all(callable(getattr(storage, name, None)) for name in ("load", "save", "lock")):
            raise ConfigurationError(
                f"token_storage is {type(storage).__name__}; give FileStorage('tokens.json')"
            )
        self._oauth = OAuthTokens(oauth, self.address, storage, self._oauth_client)
        return self._oauth

    def _oauth_client(self) -> httpx.Client:
        """A client for the token endpoint: same rate and TLS, no token, and sync also for async users."""
        http = self._http if isinstance(self._http, httpx.BaseTransport) else None
        transport = Transport(
            self.address,
            limiter=self.limiter,
            retry=_OAUTH_RETRY,
            http=_Borrowed(http) if http else None,
            **self._tls,
        )
        return httpx.Client(transport=transport, **{**self._client_arguments(), "auth": None})

    def _client_arguments(self) -> dict[str, Any]:
        return {
            "base_url": self.address.base_url,
            "auth": self.auth,
            "timeout": self._timeout,
            "headers": self._headers,
            # The API authenticates by token alone; a cookie could only contradict it.
            "cookies": CookieJar(policy=DefaultCookiePolicy(allowed_domains=[])),
            "follow_redirects": False,
            # Proxies of the environment are the transport's business; .netrc must not replace the token.
            "trust_env": False,
        }


class _Borrowed(httpx.BaseTransport):
    """A transport that belongs to somebody else: used, not closed."""

    def __init__(self, http: httpx.BaseTransport) -> None:
        self._http = http

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self._http.handle_request(request)


def checked_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return a copy of headers that a caller wants sent.

    Raises:
        ConfigurationError: one of them is the client's own business, or cannot be sent.
    """
    try:
        checked = dict(headers or {})
    except (TypeError, ValueError):
        raise ConfigurationError("headers: give them as a mapping of names to values") from None
    for name, value in checked.items():
        if not isinstance(name, str) or not re.fullmatch(r"[\w!#$%&'*+.^`|~-]+", name, re.ASCII):
            raise ConfigurationError(f"headers: {name!r} is no name of a header; correct it")
        if name.lower() in ("authorization", "cookie", "host"):
            raise ConfigurationError(f"headers: {name} is set by the client itself; leave it out")
        if not isinstance(value, str) or not value.isascii() or not value.isprintable():
            raise ConfigurationError(
                f"headers: the value of {name!r} is not printable ASCII text; correct it"
            )
    return checked


def checked_timeout(timeout: Any) -> Any:
    """Return a timeout as it is.

    Raises:
        ConfigurationError: it is neither a positive number of seconds, nor None, nor an `httpx.Timeout`.
    """
    number = isinstance(timeout, int | float) and not isinstance(timeout, bool)
    if timeout is None or isinstance(timeout, httpx.Timeout) or (number and 0 < timeout < 1e9):
        return timeout
    raise ConfigurationError(f"timeout={timeout!r}: give a positive number of seconds, or None for no limit")


def _own_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    own = {"User-Agent": f"kommo-python/{__version__}", "Accept": "application/json"}
    return own | checked_headers(headers)
