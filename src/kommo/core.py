"""How a call travels: an operation and its arguments become a request, the answer becomes a model or an exception."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Generic, NoReturn, Self, TypeVar

import httpx
from kommo_client.client import UNSET, Operation, Page, Unset

from kommo.connection import Connection, checked_headers, checked_timeout
from kommo.errors import ConfigurationError
from kommo.failures import api_error, transport_error, without_frames
from kommo.forks import watch
from kommo.target import target

if TYPE_CHECKING:
    from kommo.pagination import Pager

T = TypeVar("T")
HttpT = TypeVar("HttpT", bound=httpx.Client | httpx.AsyncClient)

# More than this many a page the API does not give (custom-fields-v4:97).
_LARGEST_PAGE: Final = 250

# What httpx raises for an exchange that did not come about. RuntimeError is a closed client.
_FAILURES: Final = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, RuntimeError, OSError)

_READ: Final = httpx.ByteStream(b"")


class Single:
    """Something that is neither copied nor pickled."""

    def __reduce__(self) -> NoReturn:
        raise ConfigurationError(
            "a client holds connections and a token and cannot be copied or pickled; make one where it is needed, "
            "from the same arguments; threads and tasks may share one"
        )


class Core(Single, Generic[HttpT]):
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
        """The HTTP request of a call. Raises ConfigurationError when it cannot be built."""
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
        """The answer, noted when answers are kept. Raises the ApiError of one with an error status."""
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
        """What finds the pages of a list, with pages as large as possible unless the query says how large."""
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
        """The HTTP answer of the last call, of a core that keeps them."""
        assert self.answers
        return self.answers[-1]


class SyncCore(Core[httpx.Client]):
    """Carries the calls of `Kommo`: `kommo_client.client.SyncCore`, over httpx."""

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
        """Send one request and return what its answer holds.

        Args:
            operation: what is called.
            path: the parameters of the path, in order.
            query: the parameters of the query; those that are UNSET are left out.
            body: the object to send.
            items: the objects to send as a list, in place of a body.
            action: the key of a v2 write that the items go under.
            timeout: seconds, for this call only.
            headers: for this call only.
        """
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
        """Send one request to a URL and return its answer, of success. Raises KommoError otherwise."""
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
        """The items of all pages, each page asked for when it is needed. Arguments as of `call`."""
        pager = self.pager(operation, path, query)
        while pager.url is not None:
            response = self.exchange(operation, pager.url, UNSET, timeout, headers)
            yield from _new_items(operation, response, pager)


class AsyncCore(Core[httpx.AsyncClient]):
    """Carries the calls of `AsyncKommo`: `kommo_client.client.AsyncCore`, over httpx."""

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
        """As `SyncCore.call`, awaited."""
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
        """As `SyncCore.exchange`, awaited."""
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
        """As `SyncCore.iterate`, as an async iterator."""
        pager = self.pager(operation, path, query)
        while pager.url is not None:
            response = await self.exchange(operation, pager.url, UNSET, timeout, headers)
            for item in _new_items(operation, response, pager):
                yield item


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
