"""Any number of items through operations that take at most 250 at once.

    from kommo import batches

    for field, made in batches.send(crm.leads_custom_fields.create, new_fields):
        ...
    await batches.send_async(acrm.v2_catalog_elements.update, changes, size=100, progress=True)
    batches.send(partial(crm.catalogs_custom_fields.create, 4101), new_fields)

The items are sent in order, a chunk a request, 50 by default as the vendor recommends (K-LIM). Each result is
paired with its input by the request_id that the server repeats. When a request fails, `BatchFailed` says what
is done, what is not and what is unknown, and can resume. When anything else ends a batch, such as Ctrl-C,
`stopped` says the same.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence, Sized
from contextlib import contextmanager
from functools import partial
from inspect import iscoroutinefunction
from itertools import islice
from operator import itemgetter
from typing import Any, Final, Generic, Protocol, TypeVar, cast

from attrs import frozen

from kommo.errors import (
    ApiError,
    BatchFailed,
    ConfigurationError,
    KommoError,
    PartialFailure,
    ServerError,
    TransportError,
    UnexpectedResponse,
)
from kommo.pairing import positions, with_request_ids
from kommo.steps import Steps, arun, run

DEFAULT_SIZE: Final = 50
LARGEST_SIZE: Final = 250
_STOPPED: Final = "_kommo_batch"

In = TypeVar("In")
Out = TypeVar("Out")
Out_co = TypeVar("Out_co", covariant=True)


class Listed(Protocol[Out_co]):
    """An answer with a list of results."""

    @property
    def items(self) -> Sequence[Out_co]:
        """The results, in the order of the answer."""
        ...


@frozen
class Progress:
    """How far a batch has come.

    Attributes:
        done: inputs whose result is there.
        total: inputs in all, None when the iterable does not say.
    """

    done: int
    total: int | None


Report = Callable[[Progress], None]


def send(
    method: Callable[[list[In]], Listed[Out]],
    items: Iterable[In],
    *,
    size: int = DEFAULT_SIZE,
    progress: Report | bool = False,
) -> list[tuple[In, Out]]:
    """Send all items through a method of a client, and return each with its result, in order.

    Args:
        method: one that takes a list of items: `crm.leads_custom_fields.create`, `.update_batch`,
            `crm.v2_catalogs.add` ...
        items: any iterable; taken chunk by chunk.
        size: items a request, 1 to 250.
        progress: called after every request; True shows a bar (needs `pip install 'kommo[progress]'`).

    Raises:
        BatchFailed: a request failed.
        ConfigurationError: `size` is out of range, the method is one of `AsyncKommo` or none at all, or two items of a
            chunk have the same request_id.
    """
    _check(method, awaited=False)
    batch: _Batch[In, Out] = _Batch(items, size)

    def go_on(*, resend_unknown: bool = False) -> list[tuple[In, Out]]:
        batch.begin(resend_unknown)
        with _reporting(progress) as report:
            return run(batch.steps(method, report, go_on))

    return go_on()


async def send_async(
    method: Callable[[list[In]], Awaitable[Listed[Out]]],
    items: Iterable[In],
    *,
    size: int = DEFAULT_SIZE,
    progress: Report | bool = False,
) -> list[tuple[In, Out]]:
    """As `send`, with a method of `AsyncKommo`; `await error.resume()` goes on after a `BatchFailed`."""
    _check(method, awaited=True)
    batch: _Batch[In, Out] = _Batch(items, size)

    async def go_on(*, resend_unknown: bool = False) -> list[tuple[In, Out]]:
        batch.begin(resend_unknown)
        with _reporting(progress) as report:
            return await arun(batch.steps(method, report, go_on))

    return await go_on()


def _check(method: object, *, awaited: bool) -> None:
    """Raise ConfigurationError for what is no method, or one whose results come the other way."""
    from kommo.core import AsyncCore, SyncCore

    inner = method
    while isinstance(inner, partial):
        inner = inner.func
    if not callable(inner):
        raise ConfigurationError(
            f"batch: method is of type {type(inner).__name__}; give a method, like crm.leads_custom_fields.create"
        )
    core = getattr(getattr(inner, "__self__", None), "_core", None)
    if awaited and isinstance(core, SyncCore):
        raise ConfigurationError(
            "batch: the method is one of Kommo; give one of AsyncKommo, or use batches.send"
        )
    if not awaited and (isinstance(core, AsyncCore) or iscoroutinefunction(inner)):
        raise ConfigurationError(
            "batch: the results of the method have to be awaited; use `await batches.send_async(...)`"
        )


class _Batch(Generic[In, Out]):
    """What is done, what is not, and what comes next."""

    def __init__(self, items: Iterable[In], size: int) -> None:
        from kommo.payload import several

        if not isinstance(size, int) or not 1 <= size <= LARGEST_SIZE:
            raise ConfigurationError(f"size={size!r}: a request takes 1 to {LARGEST_SIZE} items")
        self._size = size
        items = several(items, "batch", "what the method takes")
        self._total = len(items) if isinstance(items, Sized) else None
        self._rest = enumerate(items)
        self._waiting: list[tuple[int, In]] = []
        self._unknown: list[tuple[int, In]] = []
        self._results: dict[int, tuple[In, Out]] = {}

    def begin(self, resend_unknown: bool) -> None:
        if resend_unknown:
            self._waiting = sorted([*self._waiting, *self._unknown], key=itemgetter(0))
            self._unknown = []

    def steps(
        self, method: Callable[[list[In]], Any], report: Report, resume: Callable[..., Any]
    ) -> Steps[list[tuple[In, Out]]]:
        """Send chunk after chunk.

        Args:
            method: sends one chunk; its result is awaited by whoever drives the steps asynchronously.
            report: told after every request.
            resume: goes into the exception.
        """
        try:
            while chunk := self._next_chunk():
                inputs = [item for _, item in chunk]
                # Whatever ends the request from outside, a cancelled task or Ctrl-C, leaves these in doubt.
                doubtful, self._unknown = self._unknown, [*self._unknown, *chunk]
                sent: list[In] = inputs
                try:
                    sent = with_request_ids(inputs)
                    answer: Listed[Out] = yield _Send(method, sent)
                    self._unknown = doubtful
                    self._take(chunk, sent, answer)
                except KommoError as error:
                    self._unknown = doubtful
                    raise self._failed(chunk, sent, error, resume) from error
                report(Progress(len(self._results), self._total))
        except KommoError:
            raise
        except BaseException as error:
            self._note(error, resume)
            raise
        return self._done()

    def _next_chunk(self) -> list[tuple[int, In]]:
        if not self._waiting:
            # One by one: an iterable that fails in between takes nothing with it.
            for entry in islice(self._rest, self._size):
                self._waiting.append(entry)
        chunk = self._waiting[: self._size]
        self._waiting = self._waiting[self._size :]
        return chunk

    def _done(self) -> list[tuple[In, Out]]:
        return [self._results[index] for index in sorted(self._results)]

    def _take(self, chunk: list[tuple[int, In]], sent: list[In], answer: Listed[Out]) -> None:
        results = list(answer.items)
        for position, result in zip(positions(sent, results), results, strict=True):
            if position is not None:
                self._results[chunk[position][0]] = (chunk[position][1], result)
        missing = sum(index not in self._results for index, _ in chunk)
        if missing:
            raise UnexpectedResponse(
                "batch", "_embedded", what=f"no result for {missing} of {len(chunk)} items sent"
            )

    def _note(self, error: BaseException, resume: Callable[..., Any]) -> None:
        """Leave on an exception of somebody else where the batch stands."""
        stop = BatchFailed(
            f"batch ended by {type(error).__name__} after {len(self._results)} items done "
            f"({len(self._unknown)} unknown)",
            cause=error,
            done=self._done(),
            unknown=[item for _, item in self._unknown],
            not_done=[item for _, item in self._waiting],
            resume=resume,
        )
        setattr(error, _STOPPED, stop)
        error.add_note(f"{stop}; kommo.batches.stopped(error) says which, and can resume")

    def _failed(
        self, chunk: list[tuple[int, In]], sent: list[In], error: KommoError, resume: Callable[..., Any]
    ) -> BatchFailed:
        refused: set[int] = set()
        if isinstance(error, PartialFailure):
            places = {id(item): index for (index, _), item in zip(chunk, sent, strict=True)}
            inputs = dict(chunk)
            for item, result in error.succeeded:
                if (index := places.get(id(item))) is not None:
                    self._results[index] = (inputs[index], result)  # type: ignore[assignment]
            refused = {places[id(failure.item)] for failure in error.failures if id(failure.item) in places}
        left = [entry for entry in chunk if entry[0] not in self._results]
        harmless = not _may_be_done(error)
        not_done = [entry for entry in left if harmless or entry[0] in refused]
        doubtful = [entry for entry in left if not (harmless or entry[0] in refused)]
        self._waiting = [*not_done, *self._waiting]
        self._unknown = [*self._unknown, *doubtful]
        violations = error.violations if isinstance(error, ApiError) else ()
        return BatchFailed(
            f"batch stopped after {len(self._results)} items done ({len(doubtful)} unknown, {len(not_done)} refused "
            f"or not sent): {error}",
            cause=error,
            done=self._done(),
            unknown=[item for _, item in self._unknown],
            not_done=[item for _, item in self._waiting],
            invalid=[
                (chunk[violation.index][1], violation)
                for violation in violations
                if violation.index is not None and violation.index < len(chunk)
            ],
            resume=resume,
        )


def stopped(error: BaseException) -> BatchFailed | None:
    """Return where a batch stood when something other than a failed request ended it, None when no batch did.

        try:
            made = batches.send(crm.leads_custom_fields.create, new_fields)
        except KeyboardInterrupt as stop:
            failure = batches.stopped(stop)       # failure.done, .unknown, .not_done, .resume()

    Args:
        error: what came out of `send`: Ctrl-C, the cancellation of a task, an exception of the iterable or of
            `progress`; or what was raised from it, such as the TimeoutError of `asyncio.timeout`.
    """
    # The first releases of Python 3.11 raise that TimeoutError from nothing: its context is the cancellation.
    link: BaseException | None = error
    seen: set[int] = set()
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        stop = link if isinstance(link, BatchFailed) else getattr(link, _STOPPED, None)
        if stop is not None:
            return cast(BatchFailed, stop)
        link = link.__cause__ or (link.__context__ if isinstance(link, TimeoutError) else None)
    return None


@frozen
class _Send:
    """Send one chunk through a method of a client."""

    method: Callable[[list[Any]], Any]
    chunk: list[Any]

    def run(self) -> Any:
        return self.method(self.chunk)

    async def arun(self) -> Any:
        return await self.method(self.chunk)


def _may_be_done(error: KommoError) -> bool:
    """Whether the request that failed may have been carried out all the same."""
    if isinstance(error, TransportError):
        return error.sent
    if isinstance(error, ApiError):
        return isinstance(error, ServerError)
    return isinstance(error, UnexpectedResponse | PartialFailure)


@contextmanager
def _reporting(progress: Report | bool) -> Iterator[Report]:
    """Give what is told about progress: the caller's function, a bar, or nothing."""
    if callable(progress):
        yield progress
    elif not progress:
        yield lambda _: None
    else:
        try:
            from rich.progress import BarColumn, MofNCompleteColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar
        except ImportError:
            raise ConfigurationError(
                "a progress bar needs a package more: pip install 'kommo[progress]'"
            ) from None
        with Bar(BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
            task = bar.add_task("", total=None)
            yield lambda state: bar.update(task, completed=state.done, total=state.total)
