"""pyrate-limiter's Redis bucket, made fit for several hosts: it keeps Redis's time and survives a restart of
Redis."""

from __future__ import annotations

import time
from typing import Any, Final

from pyrate_limiter import Rate, RateItem
from pyrate_limiter.abstracts import Decision
from pyrate_limiter.buckets import RedisBucket
from redis.exceptions import NoScriptError

from kommo.redis_store import connect, redis_errors

_CLOCK_CHECK: Final = 30.0
_LIFETIME: Final = 3600


class SharedBucket(RedisBucket):
    """A log of requests in one Redis key, stamped with the time of that Redis, so that clocks of hosts do not
    matter."""

    _url: str
    _ahead = 0.0
    _check_clock_at = 0.0

    @classmethod
    def open(cls, url: str, rates: list[Rate], key: str) -> SharedBucket:
        """Connect and load the bucket's script.

        Raises:
            TransportError: Redis cannot be reached or refuses.
        """
        with redis_errors("rate limit", url):
            bucket: Any = cls.init(rates, connect(url), key)
        bucket._url = url
        return bucket  # type: ignore[no-any-return]

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
        """Length of a look at Redis's clock, and how far that is ahead of the local one: the shortest is the
        best."""
        client: Any = self.redis
        before = time.monotonic()
        seconds, microseconds = client.time()
        after = time.monotonic()
        return after - before, seconds + microseconds / 1e6 - (before + after) / 2

    def put_decision(self, item: RateItem) -> Decision:
        client: Any = self.redis
        with redis_errors("rate limit", self._url):
            try:
                decision = super().put_decision(item)
            except NoScriptError:
                # Redis was restarted and forgot the script.
                self.script_hash = client.script_load(self._script())
                decision = super().put_decision(item)
        assert isinstance(decision, Decision)
        return decision

    def leak(self, current_timestamp: int | None = None) -> int:
        client: Any = self.redis
        with redis_errors("rate limit", self._url):
            removed: Any = super().leak(current_timestamp)
            client.expire(self.bucket_key, _LIFETIME)
        return int(removed)

    @staticmethod
    def _script() -> str:
        from pyrate_limiter.buckets.redis_bucket import LuaScript

        return LuaScript.PUT_ITEM
