"""Moments: Unix seconds in the store, RFC 3339 or the local time of the account in requests."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from .checks import as_integer

Zone = dt.tzinfo
"""The time zone of an account."""

_RFC3339: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_LOCAL: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?")
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = dt.timedelta(seconds=1)
# A day away from the ends of the calendar, so that every zone can show it.
_FIRST: Final = (dt.datetime(1, 1, 2, tzinfo=dt.UTC) - _EPOCH) // _SECOND
_LAST: Final = (dt.datetime(9999, 12, 30, tzinfo=dt.UTC) - _EPOCH) // _SECOND


@lru_cache
def zone_of(name: str) -> Zone:
    """The zone with an IANA name.

    Raises:
        ValueError: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        raise ValueError(f"time zone {name!r}: use an IANA name such as Europe/Moscow") from None


def moment_of(value: Any, zone: Zone, *, local: bool = False) -> int | None:
    """The Unix seconds that a value means, or None.

    Args:
        value: Unix seconds or RFC 3339 text.
        zone: the zone of the account.
        local: also take digits as seconds, and a date or a time without a zone, as v2 writes them.
    """
    seconds = as_integer(value, digits=local)
    if seconds is None and isinstance(value, str) and value.isascii():
        if _RFC3339.fullmatch(value):
            seconds = _seconds(value.upper().replace(" ", "T"), None)
        elif local and _LOCAL.fullmatch(value):
            seconds = _seconds(value, zone)
    return seconds if seconds is not None and _FIRST <= seconds <= _LAST else None


def midnight(moment: int, zone: Zone) -> int:
    """The beginning of the day that a moment falls on in a zone."""
    day = (_EPOCH + moment * _SECOND).astimezone(zone)
    return (day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0) - _EPOCH) // _SECOND


def to_local_text(moment: int, zone: Zone) -> str:
    """`YYYY-MM-DD HH:MM:SS` in a zone, as v2 reads moments."""
    local = (_EPOCH + moment * _SECOND).astimezone(zone)
    return local.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def _seconds(text: str, zone: Zone | None) -> int | None:
    try:
        moment = dt.datetime.fromisoformat(text)
        return ((moment if zone is None else moment.replace(tzinfo=zone)) - _EPOCH) // _SECOND
    except (ValueError, OverflowError):
        return None
