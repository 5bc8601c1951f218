"""What worker processes of one mock know together beside the data file: the journal, and who asked how often.

Both change with every request and are worth nothing after a restart, so they are not in the data file, where each
change would wait for the disk. They are in a file of fixed size beside it that all workers map into memory and change
in turn. The lock is the system's and ends with the process that holds it; what a killed process leaves half-written is
marked as such, and counts as nothing.
"""

from __future__ import annotations

import fcntl
import hashlib
import mmap
import os
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import msgspec

from .gateway import Limiter, Limits, Verdict
from .journal import MAX_BODY, MAX_LINE, Entry, Journal, is_secret, shown_header

_HEADER: Final = 4096
_LIMITS: Final = 1024 * 1024
_SLOT: Final = 24 * 1024
_MAX_HEADERS: Final = 4 * 1024
"""Bytes of the headers that an entry keeps, so that the largest one fits into its slot."""
_PER_HEADER: Final = 16
_MAX_METHOD: Final = 50
_KNOWN_CALLERS: Final = 1_000

_encode: Final = msgspec.msgpack.Encoder().encode
_decode_entry: Final = msgspec.msgpack.Decoder(Entry).decode


class _State(msgspec.Struct, array_like=True):
    seen: dict[str, list[float]] = {}
    refused: dict[str, int] = {}
    banned: dict[str, float] = {}


_decode_state: Final = msgspec.msgpack.Decoder(_State).decode


class SharedFile:
    """The file that the workers share.

    Args:
        path: the file, made by `create`.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_RDWR)
        self._lock = threading.Lock()
        self._map = mmap.mmap(self._descriptor, 0)
        self.slots = (len(self._map) - _HEADER - _LIMITS) // _SLOT

    @staticmethod
    def create(path: Path, slots: int) -> None:
        """Make a file for a number of journal entries, in place of one that is there.

        Raises:
            OSError: there can be no such file.
        """
        descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            # Not only as long as that: to write where the disk is full ends a process that maps a file.
            os.posix_fallocate(descriptor, 0, _HEADER + _LIMITS + slots * _SLOT)
            os.replace(name, path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
        finally:
            os.close(descriptor)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep every other thread and process out."""
        with self._lock:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close the file."""
        self._map.close()
        os.close(self._descriptor)

    # To be called while the file is held.

    @property
    def count(self) -> int:
        """How many entries were ever written."""
        return int.from_bytes(self._map[0:8], "little")

    @property
    def cleared(self) -> int:
        """The number of the last entry that is forgotten."""
        return int.from_bytes(self._map[8:16], "little")

    def clear(self) -> None:
        """Forget every entry."""
        self._map[8:16] = self._map[0:8]

    def append(self, entry: bytes) -> None:
        """Write the next entry, in place of the oldest one."""
        count = self.count
        self._write(_HEADER + _LIMITS + count % self.slots * _SLOT, entry)
        self._map[0:8] = (count + 1).to_bytes(8, "little")

    def entry(self, number: int) -> bytes:
        """One of the last entries; nothing when it was never completed."""
        return self._read(_HEADER + _LIMITS + (number - 1) % self.slots * _SLOT)

    def limits(self) -> bytes:
        """What was kept by `keep_limits`, or nothing."""
        return self._read(_HEADER)

    def keep_limits(self, data: bytes) -> bool:
        """Keep the state of the limiter; False when it is too large."""
        if len(data) > _LIMITS - 4:
            return False
        self._write(_HEADER, data)
        return True

    def _write(self, place: int, data: bytes) -> None:
        # The length comes last: whoever is killed on the way leaves a part of length 0.
        self._map[place : place + 4] = bytes(4)
        self._map[place + 4 : place + 4 + len(data)] = data
        self._map[place : place + 4] = len(data).to_bytes(4, "little")

    def _read(self, place: int) -> bytes:
        length = int.from_bytes(self._map[place : place + 4], "little")
        return self._map[place + 4 : place + 4 + length]


class SharedJournal(Journal):
    """The journal of all workers.

    Args:
        file: where it is.
    """

    def __init__(self, file: SharedFile) -> None:
        super().__init__(file.slots)
        self._file = file

    def record(
        self,
        started: float,
        seconds: float,
        method: str,
        path: str,
        query: bytes,
        headers: Sequence[tuple[bytes, bytes]],
        body: bytes,
        status: int,
        content_type: bytes | None,
        answer: bytes,
        fault: int | None,
    ) -> None:
        """Remember a request, without its secrets."""
        kept: list[tuple[bytes, bytes]] = []
        left = _MAX_HEADERS
        for name, value in headers:
            shown = (name[:MAX_LINE], shown_header(name, value))
            left -= len(shown[0]) + len(shown[1]) + _PER_HEADER
            if left < 0:
                break
            kept.append(shown)
        if is_secret(path):
            body = answer = b""
        entry = (
            0,
            started,
            seconds,
            method[:_MAX_METHOD],
            path[:MAX_LINE],
            query[:MAX_LINE],
            kept,
            body[:MAX_BODY],
            status,
            content_type,
            answer[:MAX_BODY],
            fault,
        )
        data = _encode(entry)
        with self._file.held():
            self._file.append(data)

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """The entries with a number above this one, oldest first."""
        with self._file.held():
            count = self._file.count
            first = max(after, self._file.cleared, count - self._file.slots) + 1
            found = [(number, self._file.entry(number)) for number in range(first, count + 1)]
        return [_decode_entry(data)._replace(number=number).describe() for number, data in found if data]

    def clear(self) -> None:
        """Forget every request. Numbers go on."""
        with self._file.held():
            self._file.clear()


class SharedLimiter(Limiter):
    """The limiter of all workers.

    Args:
        file: where it keeps what it counts.
        now: seconds of a clock that never goes back and is the same for all processes.
    """

    def __init__(self, file: SharedFile, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(now)
        self._file = file

    def judge(self, caller: str, limits: Limits) -> Verdict:
        """Count a request of a caller, and say what becomes of it."""
        if limits.rate is None:
            return "pass"
        # A token in a file would be a secret in a file; its digest does as well.
        caller = hashlib.sha256(caller.encode()).hexdigest()[:32]
        with self._file.held():
            self._load()
            verdict = super().judge(caller, limits)
            self._seen[caller] = self._seen.pop(caller, deque())
            self._keep()
        return verdict

    def forget(self) -> None:
        """Start counting anew and lift every ban."""
        super().forget()
        with self._file.held():
            self._keep()

    def _load(self) -> None:
        data = self._file.limits()
        state = _decode_state(data) if data else _State()
        self._seen = {caller: deque(times) for caller, times in state.seen.items()}
        self._refused, self._banned = state.refused, state.banned

    def _keep(self) -> None:
        while True:
            seen = {caller: list(times) for caller, times in self._seen.items()}
            state = _encode(_State(seen, self._refused, self._banned))
            if len(seen) <= _KNOWN_CALLERS and self._file.keep_limits(state):
                return
            for caller in list(seen)[: len(seen) // 2 + 1]:
                for counts in (self._seen, self._refused, self._banned):
                    counts.pop(caller, None)
