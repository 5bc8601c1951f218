"""The last requests and their answers, without secrets."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

MAX_BODY: Final = 4_096
MAX_LINE: Final = 2_000
_SECRET_HEADERS: Final = frozenset({b"authorization", b"cookie", b"set-cookie", b"proxy-authorization"})
_SECRET_PATHS: Final = ("/oauth2/", "/private/")
_HIDDEN: Final = b"[hidden]"


def is_secret(path: str) -> bool:
    """Whether the bodies of requests to a path, and of their answers, hold secrets."""
    return path.startswith(_SECRET_PATHS)


def shown_header(name: bytes, value: bytes) -> bytes:
    """The value of a header, not longer than a line, or a word in place of a secret."""
    return _HIDDEN if name in _SECRET_HEADERS else value[:MAX_LINE]


class Entry(NamedTuple):
    """One request and its answer, as raw as they came. `started` is in seconds of `time.perf_counter`."""

    number: int
    started: float
    seconds: float
    method: str
    path: str
    query: bytes
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    status: int
    content_type: bytes | None
    answer: bytes
    fault: int | None

    def describe(self) -> dict[str, Any]:
        """The entry as JSON data; secrets are left out, long bodies are cut."""
        secret = is_secret(self.path)
        return {
            "number": self.number,
            "at": round(time.time() - time.perf_counter() + self.started, 6),
            "milliseconds": round(self.seconds * 1000, 3),
            "method": self.method,
            "path": self.path[:MAX_LINE],
            "query": self.query[:MAX_LINE].decode("latin-1"),
            "request_headers": {
                name.decode("latin-1"): shown_header(name, value).decode("latin-1")
                for name, value in self.headers
            },
            "request_body": "[hidden]" if secret else self.body.decode("utf-8", "replace"),
            "status": self.status,
            "content_type": None if self.content_type is None else self.content_type.decode("latin-1"),
            "response_body": "[hidden]" if secret else self.answer.decode("utf-8", "replace"),
            "fault": self.fault,
        }


class Journal:
    """Remembers a fixed number of requests.

    Args:
        size: how many.
    """

    def __init__(self, size: int) -> None:
        # Plain tuples: most entries are never looked at.
        self._entries: deque[tuple[Any, ...]] = deque(maxlen=size)
        self._count = 0

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
        """Remember a request; the oldest one is forgotten when the journal is full. For the arguments see `Entry`."""
        self._count = number = self._count + 1
        if len(body) > MAX_BODY:
            body = body[:MAX_BODY]
        if len(answer) > MAX_BODY:
            answer = answer[:MAX_BODY]
        self._entries.append(
            (
                number,
                started,
                seconds,
                method,
                path,
                query,
                headers,
                body,
                status,
                content_type,
                answer,
                fault,
            )
        )

    def entries(self, after: int = 0) -> list[dict[str, Any]]:
        """The entries with a number above this one, oldest first."""
        return [Entry._make(entry).describe() for entry in list(self._entries) if entry[0] > after]

    def clear(self) -> None:
        """Forget every request. Numbers go on."""
        self._entries.clear()
