"""What stands in front of the API: faults on demand, the limit of requests, and the ban of who ignores it."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

MAX_LATENCY: Final = 600.0
_WINDOW: Final = 1.0
_KNOWN_CALLERS: Final = 10_000


class Fault(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Something that goes wrong with the requests it matches.

    Attributes:
        id: given out when the fault is added.
        method: only requests of this method.
        path: only requests whose path matches this pattern of `*` and `?`.
        status: answer this status instead of serving the request.
        body: what the answer holds: a problem document, an HTML page, or nothing.
        retry_after: value of the Retry-After header, in seconds.
        latency: seconds to wait before anything else.
        drop: close the connection without an answer.
        truncate: close the connection in the middle of the body.
        after: serve the request first, so that only its answer is lost.
        skip: requests to let through before the fault begins.
        times: how often it happens; None for always.
    """

    id: int = 0
    method: str | None = None
    path: str | None = None
    status: int | None = None
    body: Literal["problem", "html", "empty"] = "problem"
    retry_after: int | None = None
    latency: float = 0.0
    drop: bool = False
    truncate: bool = False
    after: bool = False
    skip: int = 0
    times: int | None = None

    def matches(self, method: str, path: str) -> bool:
        """Whether the fault is about this request."""
        if self.times is not None and self.times <= 0:
            return False
        if self.method is not None and self.method.upper() != method:
            return False
        return self.path is None or fnmatchcase(path, self.path)


def count_request(
    faults: tuple[Fault, ...], method: str, path: str
) -> tuple[Fault | None, tuple[Fault, ...]]:
    """The fault that happens to a request, if any, and the faults as they are after it.

    Args:
        faults: those that are set; the first that matches, and has nothing to let through any more, happens.
        method, path: the request.
    """
    counted = list(faults)
    for index, fault in enumerate(faults):
        if not fault.matches(method, path):
            continue
        if fault.skip > 0:
            counted[index] = replace(fault, skip=fault.skip - 1)
            continue
        if fault.times is not None:
            counted[index] = replace(fault, times=fault.times - 1)
        return fault, tuple(counted)
    return None, tuple(counted)


class Limits(Struct, frozen=True, forbid_unknown_fields=True):
    """How many requests one token may make, and what happens to who makes more.

    Attributes:
        rate: requests in any second; None for any number.
        retry_after: value of the Retry-After header of a 429; None for none, as the vendor has it.
        ban_after: 429s in a row that lead to a ban; None for never.
        ban_seconds: how long a ban lasts.
    """

    rate: float | None = None
    retry_after: int | None = None
    ban_after: int | None = None
    ban_seconds: float = 60.0


def parse_fault(data: Any) -> Fault:
    """A fault from JSON data.

    Raises:
        ValueError: a key or a value that cannot be; the message names it.
    """
    try:
        fault = msgspec.convert(data, Fault)
    except msgspec.ValidationError as error:
        raise ValueError(f"fault: {error}") from None
    if fault.status is not None and not 200 <= fault.status <= 599:
        raise ValueError(f"fault: status {fault.status}: use 200 to 599")
    if not 0 <= fault.latency <= MAX_LATENCY:
        raise ValueError(f"fault: latency {fault.latency}: use 0 to {MAX_LATENCY:g} seconds")
    for name in ("skip", "times", "retry_after"):
        value = getattr(fault, name)
        if value is not None and value < 0:
            raise ValueError(f"fault: {name} {value}: use 0 or more")
    if fault.status is None and not (fault.latency or fault.drop or fault.truncate):
        raise ValueError("fault: it needs a status, a latency, drop or truncate")
    return fault


def parse_limits(data: Any) -> Limits:
    """Limits from JSON data.

    Raises:
        ValueError: a key or a value that cannot be; the message names it.
    """
    try:
        limits = msgspec.convert(data, Limits)
    except msgspec.ValidationError as error:
        raise ValueError(f"limits: {error}") from None
    if limits.rate is not None and not limits.rate > 0:
        raise ValueError(f"limits: rate {limits.rate}: use a number above 0, or null for no limit")
    if limits.ban_after is not None and limits.ban_after < 1:
        raise ValueError(f"limits: ban_after {limits.ban_after}: use 1 or more, or null for no ban")
    return limits


Verdict = Literal["pass", "limited", "banned"]


class Limiter:
    """Counts the requests of each token over the last second.

    Real time counts here, not the mock's clock: what is limited is how fast a client really is.

    Args:
        now: seconds of a clock that never goes back.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: dict[str, deque[float]] = {}
        self._refused: dict[str, int] = {}
        self._banned: dict[str, float] = {}

    def judge(self, caller: str, limits: Limits) -> Verdict:
        """Count a request of a caller, and say what becomes of it."""
        if limits.rate is None:
            return "pass"
        now = self._now()
        if (until := self._banned.get(caller)) is not None:
            if now < until:
                return "banned"
            del self._banned[caller]
            self._refused.pop(caller, None)
        if len(self._seen) > _KNOWN_CALLERS:
            self._seen.clear()
        seen = self._seen.setdefault(caller, deque())
        # A rate below one a second stretches the window instead of allowing a part of a request.
        window, allowed = (_WINDOW, int(limits.rate)) if limits.rate >= 1 else (_WINDOW / limits.rate, 1)
        while seen and seen[0] <= now - window:
            seen.popleft()
        if len(seen) < allowed:
            seen.append(now)
            self._refused.pop(caller, None)
            return "pass"
        refused = self._refused[caller] = self._refused.get(caller, 0) + 1
        if limits.ban_after is not None and refused > limits.ban_after:
            self._banned[caller] = now + limits.ban_seconds
            return "banned"
        return "limited"

    def forget(self) -> None:
        """Start counting anew and lift every ban."""
        self._seen.clear()
        self._refused.clear()
        self._banned.clear()
