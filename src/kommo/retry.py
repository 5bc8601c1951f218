"""When a request is sent again, and after which pause. Decisions only: nothing here waits or sends.

A request that may have arrived is sent again only when repeating it is harmless. A 429 was refused before
anything happened, and a connection that never came about carried nothing: after those any request may be
repeated.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import httpx

from kommo.errors import ConfigurationError
from kommo.record import Record

_NEVER_SENT: Final = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class RetryPolicy(Record, kw_only=True):
    """How failed requests are repeated.

    Attributes:
        attempts: how often a request is sent at most, the first time included; 1 = never repeated.
        total: seconds from the first attempt within which the call ends: a pause that would end later is not
            begun, and an answer whose body is still coming in then is given up.
        first_pause: seconds before the second attempt, doubled for each further one.
        longest_pause: upper bound of that doubling, in seconds. A pause that the server asks for is kept in
            full.
        jitter: share of the pause that is drawn at random, 0 to 1, so that workers do not come back together.
        repeatable: methods that may be repeated although the first request may have been carried out.
        statuses: statuses on which those methods are repeated. 429 is always repeated, by every method.
    """

    attempts: int = 4
    total: float = 120.0
    first_pause: float = 0.5
    longest_pause: float = 16.0
    jitter: float = 0.5
    repeatable: frozenset[str] = frozenset({"GET", "HEAD", "OPTIONS"})
    statuses: frozenset[int] = frozenset({500, 502, 503, 504})

    def _check(self) -> None:
        for name, least in (
            ("attempts", 1),
            ("total", 0),
            ("first_pause", 0),
            ("longest_pause", 0),
            ("jitter", 0),
        ):
            if not getattr(self, name) >= least:
                raise ConfigurationError(f"RetryPolicy: {name} must be {least} or more")
        if self.jitter > 1:
            raise ConfigurationError("RetryPolicy: jitter is a share, 0 to 1")

    def pause(
        self,
        method: str,
        outcome: httpx.Response | Exception,
        *,
        attempt: int,
        elapsed: float,
        asked: float | None = None,
        draw: Callable[[], float] = random.random,
    ) -> float | None:
        """Return the seconds to wait before the request is sent again, None when it must not be.

        Args:
            method: of the request, in capitals.
            outcome: the answer, or what the HTTP library raised.
            attempt: how often the request was sent so far, from 1.
            elapsed: seconds since the first attempt began.
            asked: seconds that the server asked to wait, None when it did not.
            draw: source of randomness in [0, 1).
        """
        if attempt >= self.attempts or not self._repeats(method, outcome):
            return None
        pause = min(self.longest_pause, self.first_pause * 2.0 ** (attempt - 1))
        pause *= 1 - self.jitter * draw()
        if asked is not None:
            # What the server asks for is a minimum; the jitter on top keeps workers apart.
            pause += asked
        return pause if elapsed + pause <= self.total else None

    def _repeats(self, method: str, outcome: httpx.Response | Exception) -> bool:
        if isinstance(outcome, httpx.Response):
            return outcome.status_code == 429 or (
                method in self.repeatable and outcome.status_code in self.statuses
            )
        if isinstance(outcome, _NEVER_SENT):
            return True
        return method in self.repeatable and isinstance(
            outcome, httpx.TimeoutException | httpx.NetworkError | httpx.RemoteProtocolError
        )


NO_RETRY: Final = RetryPolicy(attempts=1)
