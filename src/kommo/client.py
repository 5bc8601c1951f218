"""`Kommo` and `AsyncKommo`: every resource of the contract, over one connection to one account.

The generated package says what can be called and what the answers are (`kommo_client`); `kommo.connection` and what it
is made of say how requests travel. `kommo.core` is where the two meet.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, ParamSpec, Self, TypeVar, cast

import httpx
from kommo_client.client import AsyncResources, SyncResources

from kommo.connection import DEFAULT_TIMEOUT, Connection
from kommo.core import AsyncCore, Core, Single, SyncCore
from kommo.errors import ConfigurationError
from kommo.limits import RateLimit, RateLimiter
from kommo.redaction import as_secret
from kommo.retry import RetryPolicy

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from kommo.redaction import Secret
    from kommo.token_storage import TokenStorage
    from kommo.tokens import OAuthApp

T = TypeVar("T")
P = ParamSpec("P")


class Answer(NamedTuple, Generic[T]):
    """What a call returns, with the HTTP answer it came in.

    Attributes:
        data: what the method returns by itself.
        response: the answer: `status_code`, `headers`, `content`.
    """

    data: T
    response: httpx.Response


class _Client(Single):
    """What both clients have in common: how they are made."""

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
        self._connection = Connection(
            subdomain,
            domain=domain,
            base_url=base_url,
            token=token,
            oauth=oauth,
            token_storage=token_storage,
            limiter=limiter,
            retry=retry,
            timeout=timeout,
            http=http,
            ssl_context=ssl_context,
            proxy=proxy,
            allow_insecure_hosts=allow_insecure_hosts,
            headers=headers,
        )

    def authorize(self, code: str | Secret) -> None:
        """Buy the first pair of OAuth tokens with the code that the vendor sent to the redirect URI. Blocks.

        Raises:
            ConfigurationError: the client was made without `oauth`.
            TokenError: the server refused the code, or the storage failed.
            TransportError: the server could not be reached.
        """
        code = as_secret(code)
        self._connection.authorize(code)

    def __repr__(self) -> str:
        # Also of a client that could not be made.
        connection = getattr(self, "_connection", None)
        return (
            f"{type(self).__name__}({str(connection.address)!r})"
            if connection
            else f"{type(self).__name__}(?)"
        )


class Kommo(_Client, SyncResources):
    """A client of one account. Every resource of the API is an attribute: `crm.leads_custom_fields.list(limit=250)`.

    Use it in a `with` block, or `close()` it. Threads may share one client. Nothing is sent before the first call.

    Args:
        subdomain: `acme` of `acme.kommo.com`; else KOMMO_SUBDOMAIN.
        domain: `kommo.com` or `amocrm.ru`; else KOMMO_DOMAIN, else `kommo.com`.
        base_url: the whole address instead of both, for a mock or a proxy: `http://127.0.0.1:8080`.
        token: a long-lived token, or a function that returns the current one; else KOMMO_TOKEN.
        oauth: the integration, when tokens are refreshed instead; needs `token_storage`.
        token_storage: where the pair of OAuth tokens lives.
        limiter: the account's rate, 7 requests a second by default; a Redis URL shares it among processes and hosts;
            None for no limit.
        retry: when requests are sent again.
        timeout: seconds for connecting, sending, each wait for data, and a free connection; or an `httpx.Timeout`.
        http: an httpx transport in place of the network.
        ssl_context: own certificates or authorities; it must verify.
        proxy: URL of a proxy, in place of the environment's.
        allow_insecure_hosts: hosts, besides loopback, that plain http may be used with.
        headers: sent with every request, besides the library's own.

    Raises:
        ConfigurationError: something is missing, contradictory or invalid. Nothing was sent.
    """

    @cached_property
    def _carrier(self) -> SyncCore:
        return SyncCore(self._connection, self._connection.client)

    @property
    def _core(self) -> SyncCore:
        return self._carrier

    def raw(self, method: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Answer[T]:
        """Call a method of a resource and return its result together with the HTTP answer.

            answer = crm.raw(crm.leads_custom_fields.list, limit=250)
            answer.data.items, answer.response.headers

        Args:
            method: a method of one of this client's resources, not `iterate`.
            args, kwargs: as for the method itself.
        """
        core = self._core.keeping_answers()
        data = _rebound(method, self._core, core)(*args, **kwargs)
        return Answer(data, core.last_answer)

    def close(self) -> None:
        """Close the connections. A closed client cannot be used again."""
        self._core.http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncKommo(_Client, AsyncResources):
    """As `Kommo`, for asyncio and trio: calls are awaited, `iterate` is an async iterator. Arguments as there.

    Tasks may share one client.
    """

    @cached_property
    def _carrier(self) -> AsyncCore:
        return AsyncCore(self._connection, self._connection.async_client)

    @property
    def _core(self) -> AsyncCore:
        return self._carrier

    async def raw(self, method: Callable[P, Awaitable[T]], /, *args: P.args, **kwargs: P.kwargs) -> Answer[T]:
        """Call a method of a resource and return its result with the HTTP answer. As `Kommo.raw`."""
        core = self._core.keeping_answers()
        data = await _rebound(method, self._core, core)(*args, **kwargs)
        return Answer(data, core.last_answer)

    async def aclose(self) -> None:
        """Close the connections. A closed client cannot be used again."""
        await self._core.http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


def _rebound(method: Callable[P, T], core: Core[Any], other: Core[Any]) -> Callable[P, T]:
    """The same method of the same resource over another core."""
    resource = getattr(method, "__self__", None)
    name = getattr(method, "__name__", "")
    if getattr(resource, "_core", None) is not core or name == "iterate":
        raise ConfigurationError(
            "raw takes a method of a resource of this client that sends one request, like crm.v2_catalogs.list"
        )
    make = cast(Callable[[Core[Any]], object], type(resource))
    return cast(Callable[P, T], getattr(make(other), name))
