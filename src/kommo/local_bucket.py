"""pyrate-limiter's bucket in memory, whose entries can be corrected."""

from __future__ import annotations

from operator import attrgetter

from pyrate_limiter import InMemoryBucket, RateItem
from pyrate_limiter.abstracts import Decision

_TIME = attrgetter("timestamp")


class LocalBucket(InMemoryBucket):
    """A log of the requests of this process."""

    def claim(self, now_ms: int) -> tuple[RateItem, int | None]:
        """Enter a request into the log if it may go out now.

        Returns:
            Its entry, and the milliseconds after which to ask again: None when it is entered.
        """
        item = RateItem("", now_ms)
        decision = self.put_decision(item)
        # The buckets at hand are synchronous; only their common base class leaves that open.
        assert isinstance(decision, Decision)
        return item, None if decision.allowed else max(1, decision.retry_after_ms or 1)

    def move(self, item: RateItem, to_ms: int) -> None:
        """Say that a request of the log counts from another moment, not after now."""
        with self._lock:
            item.timestamp = to_ms
            self.items.sort(key=_TIME)

    def forked(self) -> LocalBucket:
        """Return a log of what the parent of this process sent so far."""
        own = LocalBucket(self.rates)
        own.items = [*self.items]
        return own

    def now(self) -> int:
        """Milliseconds of the monotonic clock."""
        return int(super().now())  # type: ignore[no-untyped-call]
