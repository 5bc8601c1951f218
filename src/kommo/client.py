"""`Kommo` and `AsyncKommo`: every resource of the contract, over one connection to one account.

The generated package says what can be called and what the answers are (`kommo_client`); `kommo.connection` and what it
is made of say how requests travel. Here the two meet: an operation and its arguments become a request, an answer
becomes a model or an exception.
"""

from __future__ import annotations

import threading
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, NamedTuple, NoReturn, ParamSpec, Self, TypeVar, cast

import httpx
from kommo_client.client import UNSET, AsyncResources, Operation, Page, SyncResources, Unset

from kommo.connection import DEFAULT_TIMEOUT, Connection, checked_headers, checked_timeout
from kommo.errors import (
    ConfigurationError,
    api_error,
    transport_error,
    without_frames,
)
from kommo.forks import watch
from kommo.limits import RateLimit, RateLimiter
from kommo.redaction import as_secret
from kommo.retry import RetryPolicy
from kommo.target import target

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

    from kommo.pagination import Pager
    from kommo.redaction import Secret
    from kommo.token_storage import TokenStorage
    from kommo.tokens import OAuthApp

T = TypeVar("T")
P = ParamSpec("P")
HttpT = TypeVar("HttpT", bound=httpx.Client | httpx.AsyncClient)

# More than this many a page the API does not give (custom-fields-v4:97).
_LARGEST_PAGE: Final = 250

# What httpx raises for an exchange that did not come about. RuntimeError is a closed client.
_FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError, OSError)

_READ: Final = httpx.ByteStream(b"")


class Answer(NamedTuple, Generic[T]):
    """What a call returns, with the HTTP answer it came in.

    Attributes:
        data: what the method returns by itself.
        response: the answer: `status_code`, `headers`, `content`.
    """

    data: T
    response: httpx.Response


class _Single:
    """Something that is neither copied nor pickled."""

    def __reduce__(self) -> NoReturn:
        raise ConfigurationError(
            "a client holds connections and a token and cannot be copied or pickled; make one where it is needed, "
            "from the same arguments; threads and tasks may share one"
        )


class _Core(_Single, Generic[HttpT]):
    """Turns operations into requests and answers into models; the same for both worlds."""

    def __init__(self, connection: Connection, open_http: Callable[[], HttpT]) -> None:
        self.connection = connection
        self._open_http = open_http
        self._http: HttpT | None = None
        self._opening = threading.Lock()
        self.answers: list[httpx.Response] | None = None
        watch(self)

    def after_fork(self) -> None:
        """Hold no lock in a forked process."""
        self._opening = threading.Lock()

    @property
    def http(self) -> HttpT:
        """The httpx client, made at the first call."""
        if self._http is None:
            with self._opening:
                self._http = self._http or self._open_http()
        return self._http

    def request(
        self,
        operation: Operation[Any],
        url: str,
        body: Any,
        timeout: float | Unset | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Request:
        own = checked_headers(headers) if headers else {}
        content = None
        if body is not UNSET:
            content = _encoded(operation, body)
            own["Content-Type"] = "application/json"
        limit: Any = httpx.USE_CLIENT_DEFAULT if isinstance(timeout, Unset) else checked_timeout(timeout)
        try:
            return self.http.build_request(operation.method, url, content=content, headers=own, timeout=limit)
        except (TypeError, ValueError, httpx.InvalidURL) as error:
            raise ConfigurationError(f"{operation.id}: cannot build the request: {error}") from None

    def checked(self, operation: Operation[Any], response: httpx.Response, body: Any) -> httpx.Response:
        # Answer and stream refer to each other, which would leave every page to the garbage collector.
        response.stream = _READ
        if not response.is_success:
            raise api_error(operation.id, response, items=body if isinstance(body, list) else None)
        if self.answers is not None:
            self.answers.append(response)
        return response

    def pager(
        self, operation: Operation[Any], path: Sequence[str | int], query: Mapping[str, Any] | None
    ) -> Pager:
        from kommo.pagination import Pager

        if query and query.get("limit") is UNSET:
            query = {**query, "limit": _LARGEST_PAGE}
        return Pager(operation.id, self.connection.address, target(operation, path, query))

    def keeping_answers(self) -> Self:
        """A core over the same connections that keeps the HTTP answers of its calls."""
        core = type(self)(self.connection, lambda: self.http)
        core.answers = []
        return core

    @property
    def last_answer(self) -> httpx.Response:
        assert self.answers
        return self.answers[-1]


class _SyncCore(_Core[httpx.Client]):
    def call(
        self,
        operation: Operation[T],
        path: tuple[str | int, ...] = (),
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = UNSET,
        items: Iterable[Any] | Unset = UNSET,
        action: str | None = None,
        timeout: float | Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        url = target(operation, path, query)
        if body is not UNSET or items is not UNSET:
            body = _written(operation, body, items, action)
        response = self.exchange(operation, url, body, timeout, headers)
        return _result(operation, response, body)

    def exchange(
        self,
        operation: Operation[Any],
        url: str,
        body: Any,
        timeout: float | Unset | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        request = self.request(operation, url, body, timeout, headers)
        try:
            response = self.http.send(request)
        except _FAILURES as error:
            raise transport_error(operation.id, error) from without_frames(error)
        return self.checked(operation, response, body)

    def iterate(
        self,
        operation: Operation[Page[T]],
        path: tuple[str | int, ...] = (),
        *,
        query: Mapping[str, Any] | None = None,
        timeout: float | Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> Iterator[T]:
        pager = self.pager(operation, path, query)
        while pager.url is not None:
            response = self.exchange(operation, pager.url, UNSET, timeout, headers)
            yield from _new_items(operation, response, pager)


class _AsyncCore(_Core[httpx.AsyncClient]):
    async def call(
        self,
        operation: Operation[T],
        path: tuple[str | int, ...] = (),
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = UNSET,
        items: Iterable[Any] | Unset = UNSET,
        action: str | None = None,
        timeout: float | Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        url = target(operation, path, query)
        if body is not UNSET or items is not UNSET:
            body = _written(operation, body, items, action)
        response = await self.exchange(operation, url, body, timeout, headers)
        return _result(operation, response, body)

    async def exchange(
        self,
        operation: Operation[Any],
        url: str,
        body: Any,
        timeout: float | Unset | None,
        headers: Mapping[str, str] | None,
    ) -> httpx.Response:
        request = self.request(operation, url, body, timeout, headers)
        try:
            response = await self.http.send(request)
        except _FAILURES as error:
            raise transport_error(operation.id, error) from without_frames(error)
        return self.checked(operation, response, body)

    async def iterate(
        self,
        operation: Operation[Page[T]],
        path: tuple[str | int, ...] = (),
        *,
        query: Mapping[str, Any] | None = None,
        timeout: float | Unset | None = UNSET,
        headers: Mapping[str, str] | None = None,
    ) -> AsyncIterator[T]:
        pager = self.pager(operation, path, query)
        while pager.url is not None:
            response = await self.exchange(operation, pager.url, UNSET, timeout, headers)
            for item in _new_items(operation, response, pager):
                yield item


class _Client(_Single):
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
        limiter: RateLimit | RateLimiter | str | None = RateLimit(),  # noqa: B008 (frozen)
        retry: RetryPolicy = RetryPolicy(),  # noqa: B008 (frozen)
        timeout: float | httpx.Timeout = DEFAULT_TIMEOUT,
        http: httpx.BaseTransport | httpx.AsyncBaseTransport | None = None,
        ssl_context: ssl.SSLContext | None = None,
        proxy: str | None = None,
        allow_insecure_hosts: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        # The variables of a frame show up in tracebacks.
        token = as_secret(token)
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
    def _carrier(self) -> _SyncCore:
        return _SyncCore(self._connection, self._connection.client)

    @property
    def _core(self) -> _SyncCore:
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
    def _carrier(self) -> _AsyncCore:
        return _AsyncCore(self._connection, self._connection.async_client)

    @property
    def _core(self) -> _AsyncCore:
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


def _rebound(method: Callable[P, T], core: _Core[Any], other: _Core[Any]) -> Callable[P, T]:
    """The same method of the same resource over another core."""
    resource = getattr(method, "__self__", None)
    name = getattr(method, "__name__", "")
    if getattr(resource, "_core", None) is not core or name == "iterate":
        raise ConfigurationError(
            "raw takes a method of a resource of this client that sends one request, like crm.v2_catalogs.list"
        )
    make = cast(Callable[[_Core[Any]], object], type(resource))
    return cast(Callable[P, T], getattr(make(other), name))


# What deals with bodies is loaded with the first of them: it needs the models, and they need time.
def _written(operation: Operation[Any], body: Any, items: Any, action: str | None) -> Any:
    from kommo.payload import written

    return written(operation, body, items, action)


def _encoded(operation: Operation[Any], body: Any) -> bytes:
    from kommo.payload import encoded

    return encoded(operation, body)


def _result(operation: Operation[T], response: httpx.Response, body: Any) -> T:
    from kommo.payload import result

    return result(operation, response, body)


def _new_items(operation: Operation[Page[T]], response: httpx.Response, pager: Pager) -> list[T]:
    from kommo.payload import new_items

    return new_items(operation, response, pager)
