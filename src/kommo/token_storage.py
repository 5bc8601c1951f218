"""Where a pair of OAuth tokens is kept between processes and restarts.

A refresh token works once, so a pair that is lost means that somebody must authorise again by hand. Every
storage therefore replaces a pair as a whole, and offers a lock that all processes and hosts which share it
respect.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from attrs import frozen

from kommo.errors import TokenError
from kommo.forks import watch
from kommo.redaction import Secret, as_secret, logger, one_line

if TYPE_CHECKING:
    from redis import Redis

# A refresh takes seconds; who waits longer for the lock than this waits for something that hangs.
_LOCK_WAIT: Final = 120.0
# Redis gives the lock back after this even when its holder died: longer than a refresh with all its retries.
_LOCK_LEASE: Final = 180.0


@frozen(kw_only=True)
class TokenPair:
    """An access token and the single-use refresh token that came with it.

    Attributes:
        access_token: sent with every request.
        refresh_token: buys the next pair, once, within three months.
        expires_at: Unix time in seconds at which the access token ends.
        issued_at: Unix time in seconds at which the pair was received.
    """

    access_token: Secret
    refresh_token: Secret
    expires_at: float
    issued_at: float

    def to_json(self) -> str:
        """Return the pair as JSON text: the tokens in the clear."""
        return json.dumps(
            {
                "access_token": self.access_token.reveal(),
                "refresh_token": self.refresh_token.reveal(),
                "expires_at": self.expires_at,
                "issued_at": self.issued_at,
            }
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> TokenPair:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is not that; the message shows nothing of the text.
        """
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            raise ValueError("not JSON") from None
        if not isinstance(data, dict):
            raise ValueError("not a JSON object")
        for key in ("access_token", "refresh_token"):
            if not isinstance(data.get(key), str) or not data[key]:
                raise ValueError(f"{key} is missing")
        for key in ("expires_at", "issued_at"):
            value = data.get(key)
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise ValueError(f"{key} is not a Unix time")
        return cls(
            access_token=Secret(data["access_token"]),
            refresh_token=Secret(data["refresh_token"]),
            expires_at=float(data["expires_at"]),
            issued_at=float(data["issued_at"]),
        )


class TokenStorage(Protocol):
    """What a storage must offer. All methods may block; the async client calls them in a worker thread."""

    def load(self) -> TokenPair | None:
        """Return the pair last saved, None when there is none yet.

        Raises:
            TokenError: there is one, but it cannot be read.
        """
        ...

    def save(self, pair: TokenPair) -> None:
        """Replace the stored pair, durably, as a whole or not at all."""
        ...

    def lock(self) -> AbstractContextManager[object]:
        """Keep every other user of this storage, in whatever process, from refreshing meanwhile.

        It must not outlive its holder: the lock of a process that died is free again.
        """
        ...


class MemoryStorage:
    """Keeps the pair in this process only: for tests, or when the caller stores pairs elsewhere.

    Args:
        pair: to begin with.
    """

    def __init__(self, pair: TokenPair | None = None) -> None:
        self._pair = pair
        self._lock = threading.Lock()
        watch(self)

    def after_fork(self) -> None:
        """Hold no lock in a forked process."""
        self._lock = threading.Lock()

    def load(self) -> TokenPair | None:
        """Return the pair, None when there is none yet."""
        return self._pair

    def save(self, pair: TokenPair) -> None:
        """Replace the pair."""
        self._pair = pair

    def lock(self) -> AbstractContextManager[object]:
        """The lock of this process."""
        return self._lock


class FileStorage:
    """Keeps the pair in a file that only its owner may read (0600), for the processes of one host.

    A new pair is written beside the file, forced to disk, and then takes its name; a crash in between leaves
    a complete pair under the one name or the other, and `load` finds the newer.

    Args:
        path: of the file; missing directories are made (0700). `PATH.lock` and `PATH.new` are used beside it.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path).expanduser().absolute()
        self._new = self.path.with_name(self.path.name + ".new")

    def __repr__(self) -> str:
        return f"FileStorage({str(self.path)!r})"

    def load(self) -> TokenPair | None:
        """Return the newest pair that was written as a whole, None when there is no file yet.

        Raises:
            TokenError: the file cannot be read, or holds no pair.
        """
        stored = self._read(self.path)
        # Left behind only by a crash between writing and renaming; unreadable when the crash came earlier.
        with contextlib.suppress(TokenError):
            pending = self._read(self._new)
            if pending is not None and (stored is None or pending.issued_at > stored.issued_at):
                return pending
        return stored

    def save(self, pair: TokenPair) -> None:
        """Replace the pair in the file; after a crash either the old or the new one is there.

        Raises:
            TokenError: the file cannot be written.
        """
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with contextlib.suppress(FileNotFoundError):
                self._new.unlink()
            descriptor = os.open(self._new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(pair.to_json())
                file.flush()
                os.fsync(file.fileno())
            os.replace(self._new, self.path)
            _sync_directory(self.path.parent)
        except OSError as error:
            raise TokenError(
                f"token file {self.path}: cannot be written ({error.strerror}); make the directory writable"
            ) from error

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the file's lock, which the system frees when a process ends.

        Raises:
            TokenError: another process has held it for two minutes, or the lock file cannot be made.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = FileLock(f"{self.path}.lock", timeout=_LOCK_WAIT, mode=0o600)
            lock.acquire()
        except Timeout:
            raise TokenError(
                f"token file {self.path}: another process has held its lock for {_LOCK_WAIT:g} s; "
                "see whether that process hangs, and end it"
            ) from None
        except OSError as error:
            raise TokenError(
                f"token file {self.path}: cannot be locked ({error.strerror}); make the directory writable"
            ) from error
        try:
            yield
        finally:
            lock.release()

    def _read(self, path: Path) -> TokenPair | None:
        try:
            return TokenPair.from_json(path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TokenError(
                f"token file {path}: cannot be read ({error.strerror}); correct its owner or mode"
            ) from error
        except ValueError as error:
            raise TokenError(
                f"token file {path}: not a token pair ({error}); restore it, or delete it and authorise again"
            ) from None


class RedisStorage:
    """Keeps the pair in Redis, for processes on several hosts. The lock is the redis library's.

    Redis keeps what its own persistence settings promise: switch on `appendonly yes` with `appendfsync always`
    if the pair must survive a power cut.

    Args:
        url: like `redis://10.0.0.5:6379/0`, `rediss://` for TLS.
        key: under which the pair is stored; one for each account.
    """

    def __init__(self, url: str, key: str) -> None:
        from kommo.redis_store import connect

        # It may hold a password, and the variables of a frame show up in tracebacks.
        secret: Any = as_secret(url)
        del url
        self._url: Secret = secret
        self._key = key
        self._client: Redis = connect(self._url)

    def __repr__(self) -> str:
        return f"RedisStorage(key={self._key!r})"

    def load(self) -> TokenPair | None:
        """Return the pair under the key, None when there is none yet.

        Raises:
            TokenError: what is there is no pair.
            TransportError: Redis did not answer.
        """
        from kommo.redis_store import redis_errors

        with redis_errors("token storage", self._url):
            stored: Any = self._client.get(self._key)
        if stored is None:
            return None
        try:
            return TokenPair.from_json(stored)
        except ValueError as error:
            raise TokenError(
                f"Redis key {one_line(self._key)}: not a token pair ({error}); delete it and authorise again"
            ) from None

    def save(self, pair: TokenPair) -> None:
        """Replace the pair under the key.

        Raises:
            TransportError: Redis did not answer.
        """
        from kommo.redis_store import redis_errors

        with redis_errors("token storage", self._url):
            self._client.set(self._key, pair.to_json())

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the lock in Redis, which ends after three minutes even if its holder died.

        Raises:
            TokenError: another process has held it for two minutes.
            TransportError: Redis did not answer.
        """
        from redis.exceptions import RedisError

        from kommo.redis_store import redis_errors

        lock = self._client.lock(
            f"{self._key}:lock", timeout=_LOCK_LEASE, blocking_timeout=_LOCK_WAIT, sleep=0.05
        )
        with redis_errors("token storage", self._url):
            held = lock.acquire()
        if not held:
            raise TokenError(
                f"Redis key {one_line(self._key)}: another process has held its lock for {_LOCK_WAIT:g} s; "
                "see whether that process hangs, and end it"
            )
        try:
            yield
        finally:
            try:
                lock.release()
            except (RedisError, OSError) as error:
                # What the lock protected is done; the lease ends it anyway.
                logger.warning("token storage: lock not given back (%s)", type(error).__name__)


def _sync_directory(path: Path) -> None:
    """Force the new name of a file to disk, where the system can (not on Windows)."""
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
