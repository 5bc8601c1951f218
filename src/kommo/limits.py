"""The account's request rate, shared by everything that calls the account.

Counting is pyrate-limiter's: an exact log of the last requests, in memory for the threads and tasks of one
process, or in Redis for processes and hosts. Waiting is done here, so that a request is stamped when it goes
out and not when it queued.

The server counts when requests *arrive*, in every window of a second. A window of our own that is longer by a guard
absorbs ordinary differences between two journeys, but every millisecond of it costs 0.1 % of the rate, and 98 % are to
be delivered: no guard that is affordable absorbs what a busy machine does. So each request tells in the end when it
can have arrived at the latest: when its answer came, less the fastest journey so far. What it was late by is
added to its entry in the log (`arrived`), so that the request 7 places behind goes out later by as much, and only
that one. The same happens when making a connection took its time between turn and writing. A delay counts up to
`longest_delay`: a server that works long on one request was not reached late.

What remains for the guard: clocks that are read in whole milliseconds, and the fastest journey itself, which may
differ a little from one moment to the next.
"""

from __future__ import annotations

import math
import threading
import time
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from kommo.address import Address
from kommo.errors import ConfigurationError, TimedOut, TransportError
from kommo.forks import watch
from kommo.record import Record
from kommo.redaction import Secret, logger
from kommo.steps import Call, Sleep, Steps

if TYPE_CHECKING:
    from pyrate_limiter import RateItem

    from kommo.local_bucket import LocalBucket
    from kommo.shared_bucket import SharedBucket

# Seconds that a request may be late by before its stamp is corrected.
_PUNCTUAL: Final = 0.002
_JOURNEYS: Final = 500
# Before so many journeys are known, none counts as fast: a start opens connections and is the slowest of all.
_TO_LEARN: Final = 10

# Entries older than the interval are dropped this often.
_HOUSEKEEPING: Final = 10.0


class RateLimit(Record, kw_only=True):
    """How many requests an account may get.

    Attributes:
        requests: number allowed in every window of `per` seconds. The vendor allows 7 a second
            (K-LIM).
        per: length of the window in seconds.
        guard: seconds added to the window, for small differences between the journeys of two requests.
        longest_delay: seconds by which a request can count as late; 0 leaves all differences to the guard.
        redis: URL of a Redis that all processes and hosts share, like `redis://10.0.0.5:6379/0`; None counts
            within this process.
        max_wait: seconds that a request waits for its turn at most; then `TimedOut` with `sent=False`.
    """

    requests: int = 7
    per: float = 1.0
    guard: float = 0.005
    longest_delay: float = 0.1
    redis: str | None = None
    max_wait: float = 600.0

    # The URL may hold a password.
    _hidden: ClassVar = frozenset({"redis"})

    def _check(self) -> None:
        for name, least in (
            ("requests", 1),
            ("per", 0.001),
            ("guard", 0),
            ("longest_delay", 0),
            ("max_wait", 0.001),
        ):
            if not getattr(self, name) >= least:
                raise ConfigurationError(f"RateLimit: {name} must be {least:g} or more")


class Turn:
    """The permission for one request.

    Attributes:
        item: its entry in the log.
        at: monotonic time that the entry says.
        written: monotonic time at which the request was written, as far as is known.
    """

    __slots__ = ("at", "item", "written")

    def __init__(self, item: RateItem, at: float) -> None:
        self.item = item
        self.at = self.written = at


class _Fastest:
    """The shortest of the last 500 to 1000 journeys: a lucky one, or another network, is not the measure for good."""

    __slots__ = ("_before", "_count", "_now")

    def __init__(self) -> None:
        self._before = self._now = math.inf
        self._count = 0

    def of(self, journey: float) -> float:
        """Take in another journey, in seconds, and return the shortest."""
        self._count += 1
        if self._count > _JOURNEYS:
            self._before, self._now, self._count = self._now, math.inf, 1
        self._now = min(self._now, journey)
        if self._count < _TO_LEARN and self._before == math.inf:
            return 0.0
        return min(self._before, self._now)


class RateLimiter:
    """Hands out turns for one account. Threads, tasks and clients of a process share one object.

    Args:
        limit: the rate and where it is counted.
        key: names the account in a shared store.
    """

    def __init__(self, limit: RateLimit, key: str) -> None:
        self.limit = limit
        self._key = f"kommo:limit:{key}"
        self._lock = threading.Lock()
        self._bucket: LocalBucket | SharedBucket | None = None
        self._fastest: dict[str, _Fastest] = {}
        self._held_until = 0.0
        self._urgent = 0
        self._tidy_at = 0.0
        watch(self)

    def after_fork(self) -> None:
        """Count in a forked process on from where its parent was, by the same store but for itself."""
        self._lock = threading.Lock()
        self._urgent = 0
        self._bucket = None if self._bucket is None else self._bucket.forked()

    def turn(self, what: str, *, within: float | None = None, urgent: bool = False) -> Steps[Turn]:
        """Wait until one request may go out now.

        Args:
            what: names the request in an error, like `GET /api/v4/leads/custom_fields`.
            within: seconds to wait at most, when that is less than `max_wait`.
            urgent: go before everybody of this process who is not: a connection is open and waits, and a server does
                not wait long for what goes over it.

        Raises:
            TimedOut: no turn came in time; nothing was sent.
            TransportError: the shared store cannot be used; nothing was sent.
        """
        longest = self.limit.max_wait if within is None else max(0.0, min(within, self.limit.max_wait))
        deadline = time.monotonic() + longest
        self._count_urgent(urgent)
        try:
            while True:
                now = time.monotonic()
                wait = self._held_until - now
                if wait <= 0 and self._urgent and not urgent:
                    wait = self.limit.per / self.limit.requests
                if wait <= 0:
                    claimed = self._claim() if self.limit.redis is None else (yield Call(self._claim))
                    if isinstance(claimed, Turn):
                        return claimed
                    wait = claimed
                if now + wait > deadline:
                    raise TimedOut(
                        f"{what}: no turn within {longest:g} s at {self.limit.requests} requests per "
                        f"{self.limit.per:g} s; make fewer calls at once, or raise max_wait of the RateLimit",
                        operation=what,
                        sent=False,
                    )
                yield Sleep(wait)
        finally:
            self._count_urgent(urgent, -1)

    def writing(self, turn: Turn, what: str, *, within: float | None = None) -> Steps[None]:
        """Note that a request is about to be written.

        Takes another turn when making its connection outlasted the first. Arguments and errors as of `turn`.
        """
        if time.monotonic() - turn.at > self.limit.per:
            later = yield from self.turn(what, within=within, urgent=True)
            turn.item, turn.at = later.item, later.at
        turn.written = time.monotonic()

    def arrived(self, turn: Turn, method: str) -> Steps[None]:
        """Correct the entry of a request whose answer has just begun to come, when it was late. Never raises.

        Args:
            turn: of the request.
            method: its HTTP method: reading takes servers less time than writing.
        """
        now = time.monotonic()
        journey = now - turn.written
        fastest = self._fastest.setdefault(method, _Fastest()).of(journey)
        late = min(now - fastest, turn.written + self.limit.longest_delay) - turn.at
        if late > _PUNCTUAL:
            move = partial(self._move, turn, late)
            if self.limit.redis is None:
                move()
            else:
                yield Call(move)

    def hold(self, seconds: float) -> None:
        """Give no turn to anybody in this process for that long: the server asked for a pause."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    def _count_urgent(self, urgent: bool, change: int = 1) -> None:
        if urgent:
            with self._lock:
                self._urgent += change

    def _claim(self) -> Turn | float:
        """Take a turn if there is one now, else return the seconds after which to ask again."""
        with self._lock:
            bucket = self._bucket or self._open()
            at, now_ms = time.monotonic(), bucket.now()
            item, wait_ms = bucket.claim(now_ms)
            if at >= self._tidy_at:
                self._tidy_at = at + _HOUSEKEEPING
                bucket.leak(now_ms)
        return Turn(item, at) if wait_ms is None else wait_ms / 1000

    def _move(self, turn: Turn, late: float) -> None:
        bucket = self._bucket
        assert bucket is not None
        try:
            bucket.move(turn.item, turn.item.timestamp + round(late * 1000))
        except TransportError as error:
            # The request is done; a store that fails now fails the next one.
            logger.debug("rate limit: a late request was not noted: %s", error)
        else:
            turn.at += late

    def _open(self) -> LocalBucket | SharedBucket:
        from pyrate_limiter import Rate

        rates = [Rate(self.limit.requests, round((self.limit.per + self.limit.guard) * 1000))]
        if self.limit.redis is None:
            from kommo.local_bucket import LocalBucket

            self._bucket = LocalBucket(rates)
        else:
            from kommo.shared_bucket import SharedBucket

            self._bucket = SharedBucket.open(Secret(self.limit.redis), rates, self._key)
        return self._bucket


class _Shared:
    """The limiters in use, by rate and account."""

    def __init__(self) -> None:
        self._limiters: WeakValueDictionary[tuple[RateLimit, str], RateLimiter] = WeakValueDictionary()
        self._lock = threading.Lock()
        watch(self)

    def after_fork(self) -> None:
        """Hold no lock in a forked process."""
        self._lock = threading.Lock()

    def get(self, limit: RateLimit, key: str) -> RateLimiter:
        """Return the one limiter of an account for a rate."""
        with self._lock:
            found = self._limiters.get((limit, key))
            if found is None:
                found = self._limiters[limit, key] = RateLimiter(limit, key)
            return found


_shared: Final = _Shared()


def limiter_for(address: Address, limit: RateLimit | RateLimiter | str | Secret | None) -> RateLimiter | None:
    """Return the limiter that all clients of one account in this process share.

    Args:
        address: of the account.
        limit: a rate; a Redis URL for the default rate counted there; a limiter of one's own; None for no
            limit.

    Raises:
        ConfigurationError: the URL is not one of a Redis.
    """
    if limit is None or isinstance(limit, RateLimiter):
        return limit
    if isinstance(limit, str | Secret):
        limit = RateLimit(redis=limit if isinstance(limit, str) else limit.reveal())
    if not isinstance(limit, RateLimit):
        raise ConfigurationError(f"limiter={limit!r}: give a RateLimit, the URL of a Redis, or None")
    if limit.redis is not None and urlsplit(limit.redis).scheme not in ("redis", "rediss", "unix"):
        raise ConfigurationError(
            "limiter: not a Redis URL; give it like redis://host:6379/0, rediss:// for TLS"
        )
    return _shared.get(limit, address.base_url)
