"""The clock of a mock: what time it tells, and what it may be set to."""

from __future__ import annotations

import time
from typing import Final

from msgspec.structs import replace

from .model import Clock

MAX_TIME: Final = 2**40
"""The last second that a clock can be set to."""


def time_of(clock: Clock) -> int:
    """The time that a clock tells, in Unix seconds."""
    return int(time.time()) + clock.now if clock.mode == "real" else clock.now


def changed_clock(clock: Clock, mode: str | None, now: int | None, step: int | None, advance: int) -> Clock:
    """A clock that is set anew, or moved on.

    Args:
        clock: the clock as it is; what is None stays as it is there.
        mode: `fixed`, `stepped` or `real`.
        now: Unix seconds.
        step: seconds for each write, of a stepped clock.
        advance: seconds to move on by.

    Raises:
        ValueError: there is no such mode, or the time is beyond what a clock can be set to.
    """
    wanted = clock.mode if mode is None else mode
    if wanted not in ("fixed", "stepped", "real"):
        raise ValueError(f"clock mode {wanted!r}: use fixed, stepped or real")
    if not all(0 <= number <= MAX_TIME for number in (now or 0, step or 0, advance)):
        raise ValueError(f"clock: times and steps are 0 to {MAX_TIME} seconds")
    moment = time_of(clock) if now is None else now
    changed = replace(clock, mode=wanted, step=clock.step if step is None else step)
    if wanted == "real":
        offset = 0 if now is None and clock.mode != "real" else moment - int(time.time())
        changed = replace(changed, now=offset + advance)
    else:
        changed = replace(changed, now=moment + advance)
    if abs(changed.now) > MAX_TIME:
        raise ValueError(f"clock: the time would be {changed.now}; the last one is {MAX_TIME}")
    return changed
