"""The account's request rate, shared by everything that calls the account.

Counting is pyrate-limiter's: an exact log of the last requests, in memory for the threads and tasks of one
process, or in Redis for processes and hosts. Waiting is done here, so that a request is stamped when it goes
out and not when it queued.

The server counts when requests *arrive*. Two that left 1000 ms apart may arrive 990 ms apart, so the
window is longer by a guard that absorbs the difference between two journeys. The guard costs its share of
the rate: 12 ms are 1.2 %. What delays a request on this side, such as making its connection, is not left to
the guard: a turn older than `FRESH` when the request is written is given up and another one taken.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from kommo.address import Address
from kommo.errors import ConfigurationError, TimedOut
from kommo.record import Record
from kommo.steps import Call, Sleep, Steps

if TYPE_CHECKING:
    from pyrate_limiter import AbstractBucket

# Seconds for which a turn may wait for its request to be written.
FRESH: Final = 0.02

# Entries older than the interval are dropped this often.
_HOUSEKEEPING: Final = 10.0


class RateLimit(Record, kw_only=True):
    """How many requests an account may get.

    Attributes:
        requests: number allowed in every window of `per` seconds. The vendor allows 7 a second
            (K-LIM).
        per: length of the window in seconds.
        guard: seconds added to the window to absorb the difference between the journeys of two requests.
        redis: URL of a Redis that all processes and hosts share, like `redis://10.0.0.5:6379/0`; None counts
            within this process.
        max_wait: seconds that a request waits for its turn at most; then `TimedOut` with `sent=False`.
    """

    requests: int = 7
    per: float = 1.0
    guard: float = 0.012
    redis: str | None = None
    max_wait: float = 600.0

    # The URL may hold a password.
    _hidden: ClassVar = frozenset({"redis"})

    def _check(self) -> None:
        for name, least in (("requests", 1), ("per", 0.001), ("guard", 0), ("max_wait", 0.001)):
            if not getattr(self, name) >= least:
                raise ConfigurationError(f"RateLimit: {name} must be {least:g} or more")


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
        self._bucket: AbstractBucket | None = None
        self._held_until = 0.0
        self._urgent = 0
        self._tidy_at = 0.0

    def turn(self, what: str, *, within: float | None = None, urgent: bool = False) -> Steps[None]:
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
                    wait = self._claim() if self.limit.redis is None else (yield Call(self._claim))
                    if wait <= 0:
                        return
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

    def hold(self, seconds: float) -> None:
        """Give no turn to anybody in this process for that long: the server asked for a pause."""
        self._held_until = max(self._held_until, time.monotonic() + seconds)

    def _count_urgent(self, urgent: bool, change: int = 1) -> None:
        if urgent:
            with self._lock:
                self._urgent += change

    def _claim(self) -> float:
        """Take a turn if there is one now: return 0, else the seconds after which to ask again."""
        from pyrate_limiter import RateItem
        from pyrate_limiter.abstracts import Decision

        with self._lock:
            bucket = self._bucket or self._open()
            now_ms: int = bucket.now()  # type: ignore[no-untyped-call]
            decision = bucket.put_decision(RateItem("", now_ms))
            # The buckets at hand are synchronous; only their common base class leaves that open.
            assert isinstance(decision, Decision)
            now = time.monotonic()
            if now >= self._tidy_at:
                self._tidy_at = now + _HOUSEKEEPING
                bucket.leak(now_ms)
        if decision.allowed:
            return 0.0
        return max(1, decision.retry_after_ms or 1) / 1000

    def _open(self) -> AbstractBucket:
        from pyrate_limiter import InMemoryBucket, Rate

        rates = [Rate(self.limit.requests, round((self.limit.per + self.limit.guard) * 1000))]
        if self.limit.redis is None:
            self._bucket = InMemoryBucket(rates)
        else:
            from kommo.shared_bucket import SharedBucket

            self._bucket = SharedBucket.open(self.limit.redis, rates, self._key)
        return self._bucket


_limiters: WeakValueDictionary[tuple[RateLimit, str], RateLimiter] = WeakValueDictionary()
_limiters_lock = threading.Lock()


def limiter_for(address: Address, limit: RateLimit | RateLimiter | str | None) -> RateLimiter | None:
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
    if isinstance(limit, str):
        limit = RateLimit(redis=limit)
    if limit.redis is not None and urlsplit(limit.redis).scheme not in ("redis", "rediss", "unix"):
        raise ConfigurationError(
            "limiter: not a Redis URL; give it like redis://host:6379/0, rediss:// for TLS"
        )
    with _limiters_lock:
        shared = _limiters.get((limit, address.base_url))
        if shared is None:
            shared = _limiters[limit, address.base_url] = RateLimiter(limit, address.base_url)
        return shared
