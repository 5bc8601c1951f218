"""How this library talks to Redis: one way to connect, one way to fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kommo.errors import ConfigurationError, TransportError
from kommo.failures import without_frames
from kommo.redaction import Secret, one_line

if TYPE_CHECKING:
    from redis import Redis

_SECONDS = 5.0


def connect(url: Secret) -> Redis:
    """Return a client for a Redis URL, which may hold a password; it connects when it is first used.

    Raises:
        ConfigurationError: the redis package is missing, or the URL is not one of a Redis.
    """
    try:
        from redis import Redis
    except ImportError:
        raise ConfigurationError("Redis needs a package more: pip install 'kommo[redis]'") from None
    try:
        return Redis.from_url(url.reveal(), socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
    except ValueError as error:
        raise ConfigurationError(
            f"not a Redis URL ({one_line(str(error), secrets=[url.reveal()])}); give redis://host:6379/0"
        ) from None


@contextmanager
def redis_errors(what: str, url: Secret) -> Iterator[None]:
    """Turn whatever Redis raises into a `TransportError` that names its host, but no password.

    Args:
        what: names the use in the message: `rate limit`, `token storage`.
        url: of the Redis.
    """
    from redis import RedisError

    try:
        yield
    except (RedisError, OSError) as error:
        raise _unusable(what, url, error) from without_frames(error)


def _unusable(what: str, url: Secret, error: Exception) -> TransportError:
    """The exception for what Redis raised. Raises nothing: the frame holds the password."""
    parts = urlsplit(url.reveal())
    # No user name: it is no secret, and one that is short stands in other words, too.
    text = one_line(str(error), 120, [parts.password or ""]) or type(error).__name__
    return TransportError(
        f"{what}: cannot use Redis at {parts.hostname or parts.path}:{parts.port or 6379} ({text}); "
        "start it, or correct its URL",
        operation=what,
        sent=False,
    )
