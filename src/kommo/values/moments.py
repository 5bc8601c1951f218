"""Moments: aware datetimes in Python, Unix seconds or RFC 3339 text on the wire."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any, Final, Literal, TypeAlias

from kommo.values.errors import Unfit

Form: TypeAlias = Literal["unix", "rfc3339"]

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_SECOND: Final = dt.timedelta(seconds=1)
_DIGITS: Final = re.compile(r"-?[0-9]{1,15}", re.ASCII)
_ISO: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}.*)?", re.ASCII | re.DOTALL)
_GIVE: Final = "give an aware datetime, for example datetime(2020, 1, 1, tzinfo=ZoneInfo('Europe/Moscow'))"
_ZONE: Final = "pass tz=, the time zone of the account, for example tz=ZoneInfo('Europe/Moscow')"


def to_moment(value: Any, tz: dt.tzinfo | None) -> dt.datetime:
    """The moment meant.

    Args:
        value: an aware datetime, a date (midnight in `tz`), or Unix seconds.
        tz: zone to express it in; None keeps the datetime's own, and UTC for seconds. A date needs one.

    Raises:
        Unfit: a naive datetime, a date without a zone, seconds outside the calendar, or anything else.
    """
    _check_zone(tz)
    if isinstance(value, dt.datetime):
        if value.utcoffset() is None:
            raise Unfit("has no time zone", _GIVE)
        return _into(value, tz)
    if isinstance(value, dt.date):
        if tz is None:
            raise Unfit("is a date without a time zone", _ZONE)
        return dt.datetime.combine(value, dt.time.min, tz)
    if isinstance(value, int) and not isinstance(value, bool):
        return _from_unix(value, tz)
    raise Unfit("is no moment", _GIVE)


def to_unix(moment: dt.datetime) -> int:
    """Unix seconds of an aware datetime; fractions of a second are dropped."""
    return (moment - _EPOCH) // _SECOND


def to_rfc3339(moment: dt.datetime) -> str:
    """RFC 3339 text with the offset of the datetime; fractions of a second are dropped.

    Raises:
        Unfit: the offset has seconds, as zones of the nineteenth century do; RFC 3339 has no place for them.
    """
    offset = moment.utcoffset()
    if offset is None or offset % dt.timedelta(minutes=1):
        raise Unfit("has an offset that is not of whole minutes", 'give another tz=, or form="unix"')
    return moment.isoformat(timespec="seconds")


def to_local_text(value: Any, tz: dt.tzinfo | None) -> str:
    """`YYYY-MM-DD HH:MM:SS` in the zone of the account, the form of v2, which has no place for a zone.

    Raises:
        Unfit: as to_moment, or no `tz` for anything but a date.
    """
    _check_zone(tz)
    if isinstance(value, dt.date) and not isinstance(value, dt.datetime):
        return f"{value.isoformat()} 00:00:00"
    # First what to_moment refuses: a naive datetime is not mended by a zone.
    moment = to_moment(value, tz)
    if tz is None:
        raise Unfit("would lose its time zone in v2", _ZONE)
    return moment.replace(tzinfo=None).isoformat(sep=" ", timespec="seconds")


def from_wire(value: Any, tz: dt.tzinfo | None) -> dt.datetime:
    """The moment that a wire value means: Unix seconds, also as text, RFC 3339, or text without a zone.

    Args:
        value: the wire value.
        tz: zone of the result. None: UTC for seconds, the text's own offset for RFC 3339; text without a
            zone needs one.

    Raises:
        Unfit: not a moment, outside the calendar, or text without a zone and no `tz`.
    """
    if isinstance(value, str) and _DIGITS.fullmatch(value):
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return _from_unix(value, tz)
    if isinstance(value, float) and value.is_integer():
        return _from_unix(int(value), tz)
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        raise Unfit("is no moment", "read it from .raw")
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        raise Unfit("is no moment", "read it from .raw") from None
    if moment.utcoffset() is not None:
        return _into(moment, tz)
    if tz is None:
        raise Unfit("is a moment without a time zone", _ZONE)
    return moment.replace(tzinfo=tz)


def _into(moment: dt.datetime, tz: dt.tzinfo | None) -> dt.datetime:
    try:
        return moment if tz is None else moment.astimezone(tz)
    except (OverflowError, ValueError):
        raise Unfit("lies outside the calendar in that zone", "give another tz=") from None


def _from_unix(seconds: int, tz: dt.tzinfo | None) -> dt.datetime:
    try:
        return (_EPOCH + seconds * _SECOND).astimezone(tz or dt.UTC)
    except (OverflowError, ValueError):
        raise Unfit(
            "lies outside the years 1 to 9999", "give Unix time in seconds, not milliseconds"
        ) from None


def _check_zone(tz: object) -> None:
    if tz is not None and not isinstance(tz, dt.tzinfo):
        raise Unfit("comes with a tz= that is no time zone", _ZONE)
