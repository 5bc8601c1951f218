"""pyrate-limiter's Redis bucket, made fit for several hosts.

It keeps Redis's time and survives a restart of Redis.
"""

from __future__ import annotations

import os
import time
from itertools import count
from typing import Any, Final

from pyrate_limiter import Rate, RateItem
from pyrate_limiter.abstracts import Decision
from pyrate_limiter.buckets import RedisBucket
from pyrate_limiter.buckets.redis_bucket import LuaScript
from redis.exceptions import NoScriptError

from kommo.redaction import Secret
from kommo.redis_store import connect, redis_errors

_CLOCK_CHECK: Final = 30.0
_LIFETIME: Final = 3600

# Two processes read Redis's clock to a millisecond or so. An entry that seems to come from the next one counts, too.
_PUT: Final = LuaScript.PUT_ITEM.replace(
    "'ZCOUNT', bucket, window_start, now)", "'ZCOUNT', bucket, window_start, '+inf')"
)

# Members are named `item:random:1`; the moment finds the few to look at.
_MOVE: Final = """
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], ARGV[1], ARGV[1])) do
    if string.sub(member, 1, #ARGV[2]) == ARGV[2] then
        redis.call('ZADD', KEYS[1], 'XX', ARGV[3], member)
    end
end
"""


class SharedBucket(RedisBucket):
    """A log of requests in one Redis key, by the clock of that Redis: those of the hosts do not matter."""

    _url: Secret
    _mark: str
    _numbers: count[int]
    _ahead = 0.0
    _check_clock_at = 0.0

    @classmethod
    def open(cls, url: Secret, rates: list[Rate], key: str) -> SharedBucket:
        """Connect and load the bucket's script.

        Raises:
            TransportError: Redis cannot be reached or refuses.
        """
        with redis_errors("rate limit", url):
            client: Any = connect(url)
            bucket = cls(rates, client, key, client.script_load(_PUT))
        bucket._url = url
        bucket._mark = os.urandom(6).hex()
        bucket._numbers = count()
        return bucket

    def forked(self) -> None:
        """Leave the connection and the names of entries to the parent of this process: open another log there."""

    def now(self) -> int:
        """Milliseconds of Redis's clock, kept by the local monotonic clock between looks at it."""
        local = time.monotonic()
        if local >= self._check_clock_at:
            with redis_errors("rate limit", self._url):
                self._ahead = min(self._look() for _ in range(3))[1]
            local = time.monotonic()
            self._check_clock_at = local + _CLOCK_CHECK
        return int((local + self._ahead) * 1000)

    def _look(self) -> tuple[float, float]:
        """Length of a look at Redis's clock, and how far that is ahead of the local one: the shortest is best."""
        client: Any = self.redis
        before = time.monotonic()
        seconds, microseconds = client.time()
        after = time.monotonic()
        return after - before, seconds + microseconds / 1e6 - (before + after) / 2

    def claim(self, now_ms: int) -> tuple[RateItem, int | None]:
        """Enter a request into the log if it may go out now. As `LocalBucket.claim`."""
        item = RateItem(f"{self._mark}.{next(self._numbers)}", now_ms)
        client: Any = self.redis
        with redis_errors("rate limit", self._url):
            try:
                decision = self.put_decision(item)
            except NoScriptError:
                # Redis was restarted and forgot the script.
                self.script_hash = client.script_load(_PUT)
                decision = self.put_decision(item)
        assert isinstance(decision, Decision)
        return item, None if decision.allowed else max(1, decision.retry_after_ms or 1)

    def move(self, item: RateItem, to_ms: int) -> None:
        """Say that a request of the log counts from another moment, not after now."""
        client: Any = self.redis
        with redis_errors("rate limit", self._url):
            client.eval(_MOVE, 1, self.bucket_key, item.timestamp, f"{item.name}:", to_ms)
        item.timestamp = to_ms

    def leak(self, current_timestamp: int | None = None) -> int:
        """Drop what is too old to count, and let the key live on; return how many requests that were."""
        client: Any = self.redis
        with redis_errors("rate limit", self._url):
            removed: Any = super().leak(current_timestamp)
            client.expire(self.bucket_key, _LIFETIME)
        return int(removed)
