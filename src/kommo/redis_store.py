"""How this library talks to Redis: one way to connect, one way to fail."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from kommo.errors import ConfigurationError, TransportError
from kommo.failures import without_frames
from kommo.redaction import one_line

if TYPE_CHECKING:
    from redis import Redis

_SECONDS = 5.0


def connect(url: str) -> Redis:
    """Return a client for a Redis URL; it connects when it is first used.

    Raises:
        ConfigurationError: the redis package is missing, or the URL is not one of a Redis.
    """
    try:
        from redis import Redis
    except ImportError:
        raise ConfigurationError("Redis needs a package more: pip install 'kommo[redis]'") from None
    try:
        return Redis.from_url(url, socket_timeout=_SECONDS, socket_connect_timeout=_SECONDS)
    except ValueError as error:
        raise ConfigurationError(
            f"not a Redis URL ({one_line(str(error), secrets=[url])}); give redis://host:6379/0"
        ) from None


@contextmanager
def redis_errors(what: str, url: str) -> Iterator[None]:
    """Turn whatever Redis raises into a `TransportError` that names its host, but no password.

    Args:
        what: names the use in the message: `rate limit`, `token storage`.
        url: of the Redis.
    """
    from redis import RedisError

    try:
        yield
    except (RedisError, OSError) as error:
        parts = urlsplit(url)
        secrets = [secret for secret in (parts.password, parts.username) if secret]
        text = one_line(str(error), 120, secrets) or type(error).__name__
        raise TransportError(
            f"{what}: cannot use Redis at {parts.hostname or parts.path}:{parts.port or 6379} ({text}); "
            "start it, or correct its URL",
            operation=what,
            sent=False,
        ) from without_frames(error)
