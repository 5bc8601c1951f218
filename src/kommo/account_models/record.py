"""`Record`: loading, changing and saving records of an account by its own fields."""

from __future__ import annotations

import copy
import datetime as dt
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache, partial
from typing import Any, ClassVar, Final, Generic, Self, TypeVar, overload

from attrs import define, frozen
from attrs import field as attribute
from kommo_client.client import UNSET

from kommo import batches
from kommo.account_models.marks import Custom, Own, is_empty, marks_of
from kommo.account_models.source import Source
from kommo.client import AsyncKommo, Kommo
from kommo.errors import BatchFailed, ConfigurationError
from kommo.payload import several
from kommo.steps import Steps, arun, run
from kommo.values import Types, Values

AnswerT = TypeVar("AnswerT")

_NEVER_LOADED: Final = object()
_UNCHANGEABLE: Final = (str, int, float, Decimal, dt.date, type(None))
_VALUES: Final = "custom_fields_values"
_marks: Final[Callable[[type], dict[str, Custom | Own]]] = cache(marks_of)


@define(kw_only=True, repr=False)
class Record(Generic[AnswerT]):
    """Base of the classes of an account's own records.

    A record remembers what it was loaded with: `save` sends what is different now, and nothing else. What the class
    does not list stays as it is in the account.

    Every method takes a `Kommo` or an `AsyncKommo`; with the latter its result is awaited, or iterated with
    `async for`.

    Attributes:
        id: id of the record; None until it is created.
    """

    _source: ClassVar[Source]

    id: int | None = None
    _answer: Any = attribute(default=None, init=False, eq=False)
    _loaded: dict[str, Any] = attribute(factory=dict, init=False, eq=False)
    _assigned: set[str] = attribute(factory=set, init=False, eq=False)

    @property
    def answer(self) -> AnswerT:
        """The record as the API last answered it, with what the class does not list: times, users, links.

        Raises:
            ConfigurationError: it was not loaded yet.
        """
        if self._answer is None:
            raise ConfigurationError(f"{self!r} was not loaded; load it, or refresh it after create and save")
        answer: AnswerT = self._answer
        return answer

    @overload
    @classmethod
    def load(cls, crm: Kommo, id: int) -> Self: ...
    @overload
    @classmethod
    def load(cls, crm: AsyncKommo, id: int) -> Awaitable[Self]: ...
    @classmethod
    def load(cls, crm: Kommo | AsyncKommo, id: int) -> Any:
        """One record.

        Args:
            crm: a client.
            id: id of the record.

        Raises:
            NotFound: there is none.
            KommoError: anything else that goes wrong.
        """
        return _drive(crm, cls(id=id)._refreshed(crm))

    @overload
    @classmethod
    def iterate(cls, crm: Kommo, **query: Any) -> Iterator[Self]: ...
    @overload
    @classmethod
    def iterate(cls, crm: AsyncKommo, **query: Any) -> AsyncIterator[Self]: ...
    @classmethod
    def iterate(cls, crm: Kommo | AsyncKommo, **query: Any) -> Any:
        """One record after the other.

        Args:
            crm: a client.
            query: filters and order, as the client's `iterate` of these records takes them.

        Raises:
            KommoError: something goes wrong.
        """
        answers = cls._source.records(crm).iterate(*cls._source.path, **query)
        if isinstance(crm, AsyncKommo):
            return (cls._of(answer) async for answer in answers)
        return (cls._of(answer) for answer in answers)

    @overload
    @classmethod
    def create(cls, crm: Kommo, records: Iterable[Self]) -> list[Self]: ...
    @overload
    @classmethod
    def create(cls, crm: AsyncKommo, records: Iterable[Self]) -> Awaitable[list[Self]]: ...
    @classmethod
    def create(cls, crm: Kommo | AsyncKommo, records: Iterable[Self]) -> Any:
        """Create any number of records, 50 a request, and give them their ids.

        Args:
            crm: a client.
            records: new ones, without an id.

        Returns:
            The same records.

        Raises:
            ConfigurationError: a record has an id already, or is of another class.
            FieldValueError: a field cannot hold its value. Nothing was sent.
            BatchFailed: a request failed. Records that were created before have their ids.
            KommoError: anything else that goes wrong.
        """
        given = [*several(records, f"{cls.__name__}.create", "records")]
        return _drive(crm, cls._created(crm, given))

    @overload
    def save(self, crm: Kommo) -> bool: ...
    @overload
    def save(self, crm: AsyncKommo) -> Awaitable[bool]: ...
    def save(self, crm: Kommo | AsyncKommo) -> Any:
        """Create the record when it has no id, else send what has changed.

        An attribute that is None now, or an empty text or list, takes away what the field holds. One that was never
        loaded nor set is not sent, so `Lead(id=42, budget=budget).save(crm)` changes one field of a lead without
        loading it.

        Args:
            crm: a client.

        Returns:
            Whether there was anything to send.

        Raises:
            FieldValueError: a field cannot hold its value. Nothing was sent.
            NotFound: there is no such record any more.
            KommoError: anything else that goes wrong.
        """
        return _drive(crm, self._saved(crm))

    @overload
    def refresh(self, crm: Kommo) -> Self: ...
    @overload
    def refresh(self, crm: AsyncKommo) -> Awaitable[Self]: ...
    def refresh(self, crm: Kommo | AsyncKommo) -> Any:
        """Load the record again; what was changed and not saved is gone.

        Args:
            crm: a client.

        Raises:
            ConfigurationError: the record has no id yet.
            NotFound: there is no such record any more.
            KommoError: anything else that goes wrong.
        """
        return _drive(crm, self._refreshed(crm))

    def changes(self) -> dict[str, Any]:
        """What `save` would send: attributes by key, and entries of `custom_fields_values`.

        Raises:
            FieldValueError: a field cannot hold its value.
        """
        body: dict[str, Any] = {}
        entries = []
        for name, mark in _marks(type(self)).items():
            if not self._has_changed(name):
                continue
            value = getattr(self, name)
            if isinstance(mark, Own):
                body[mark.key] = value
            else:
                entries.append(mark.entry(value, self._source))
        return {**body, _VALUES: entries} if entries else body

    def __repr__(self) -> str:
        names = ("id", *_marks(type(self)))
        shown = (f"{name}={value!r}" for name in names if (value := getattr(self, name)) is not None)
        return f"{type(self).__name__}({', '.join(shown)})"

    # ---- below: one implementation for both clients, as steps

    def _saved(self, crm: Any) -> Steps[bool]:
        body = self.changes()
        records, path = self._source.records(crm), self._source.path
        if self.id is not None:
            if body:
                yield _Call(records.update, (*path, self.id, body))
                self._remember()
            return bool(body)
        if _takes_many(records.create):
            written = yield _Call(records.create, (*path, [body]))
            self._made(written.items[0])
        else:
            self._made((yield _Call(records.create, (*path, body))))
        return True

    @classmethod
    def _created(cls, crm: Any, records: list[Self]) -> Steps[list[Self]]:
        for record in records:
            if not isinstance(record, cls):
                raise ConfigurationError(
                    f"{record!r} is no {cls.__name__}; each class creates its own records"
                )
            if record.id is not None:
                raise ConfigurationError(f"{record!r} has an id already; change it with save")
        bodies = [record.changes() for record in records]
        create, path = cls._source.records(crm).create, cls._source.path
        if not _takes_many(create):
            for record, body in zip(records, bodies, strict=True):
                record._made((yield _Call(create, (*path, body))))
            return records
        of_body = {id(body): record for record, body in zip(records, bodies, strict=True)}
        try:
            done = yield _Batch(partial(create, *path), bodies)
        except BatchFailed as failure:
            # What was done before has its id now, whatever the caller does about the rest.
            for body, answer in failure.done:
                of_body[id(body)]._made(answer)
            raise
        for body, answer in done:
            of_body[id(body)]._made(answer)
        return records

    def _made(self, answer: Any) -> None:
        self.id = answer.id
        self._remember()

    def _refreshed(self, crm: Any) -> Steps[Self]:
        if self.id is None:
            raise ConfigurationError(f"{self!r} has no id yet; save it first")
        answer = yield _Call(self._source.records(crm).get, (*self._source.path, self.id))
        self._take(answer)
        return self

    @classmethod
    def _of(cls, answer: Any) -> Self:
        record = cls()
        record._take(answer)
        return record

    def _take(self, answer: Any) -> None:
        marks = _marks(type(self))
        types: Types = {mark.id: mark.kind for mark in marks.values() if isinstance(mark, Custom)}
        filled = Values(getattr(answer, _VALUES, None), types=types, tz=self._source.tz)
        self.id = answer.id
        self._answer = answer
        for name, mark in marks.items():
            if isinstance(mark, Own):
                value = getattr(answer, mark.key, UNSET)
                setattr(self, name, None if value is UNSET else value)
            else:
                setattr(self, name, mark.read(filled))
        self._remember()

    def _remember(self) -> None:
        self._loaded = {name: _copy(getattr(self, name)) for name in _marks(type(self))}
        self._assigned = set()

    def _has_changed(self, name: str) -> bool:
        value, before = getattr(self, name), self._loaded.get(name, _NEVER_LOADED)
        if before is _NEVER_LOADED:
            return value is not None or name in self._assigned
        if is_empty(value) or is_empty(before):
            return is_empty(value) != is_empty(before)
        return bool(value != before)


def _takes_many(create: Callable[..., Any]) -> bool:
    """Whether a request can create several records; segments are created one by one."""
    return "items" in inspect.signature(create).parameters


def _copy(value: Any) -> Any:
    return value if isinstance(value, _UNCHANGEABLE) else copy.deepcopy(value)


def _drive(crm: Kommo | AsyncKommo, steps: Steps[Any]) -> Any:
    return arun(steps) if isinstance(crm, AsyncKommo) else run(steps)


@frozen
class _Call:
    """Call a method of a resource."""

    method: Callable[..., Any]
    arguments: tuple[Any, ...]

    def run(self) -> Any:
        return self.method(*self.arguments)

    async def arun(self) -> Any:
        return await self.method(*self.arguments)


@frozen
class _Batch:
    """Send items through a method that takes many; each with its result."""

    method: Callable[..., Any]
    items: list[Any]

    def run(self) -> list[tuple[Any, Any]]:
        return batches.send(self.method, self.items)

    async def arun(self) -> list[tuple[Any, Any]]:
        return await batches.send_async(self.method, self.items)
