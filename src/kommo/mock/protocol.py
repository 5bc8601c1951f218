"""uvicorn's HTTP protocol, with bounds for the time a request takes to arrive and for the size of its head.

It also lets the application close the connection, for faults.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .http.app import CLOSE_EXTENSION

MAX_HEAD: Final = 64 * 1024
"""Bytes of a request line and its headers. Without a bound, a client that never ends them would fill the memory."""

REQUEST_SECONDS: Final = 60.0
"""How long a request may take to arrive."""

_TOO_LARGE: Final = b"\r\n".join(
    [b"HTTP/1.1 431 Request Header Fields Too Large", b"content-length: 0", b"connection: close", b"", b""]
)


class MockProtocol(HttpToolsProtocol):
    """One connection."""

    _head = 0
    _in_head = True
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the head of the request has grown too large."""
        if self._in_head:
            self._head += len(data)
        super().data_received(data)
        if self._in_head and self._head > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Let the application close the connection."""
        super().on_message_begin()
        self._wait()
        self._in_head = True
        extensions: dict[str, Any] = self.scope.setdefault("extensions", {})
        extensions[CLOSE_EXTENSION] = self._close

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._in_head = False
        self._head = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete; the next bytes belong to the head of another one."""
        self._stop_waiting()
        super().on_message_complete()
        self._in_head = True

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(REQUEST_SECONDS, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self, flush: bool) -> None:
        """Close the connection, with or without sending first what was written."""
        if self.cycle is not None:
            # Without this, uvicorn would answer 500 for the application that did not answer.
            self.cycle.disconnected = True
        if flush:
            self.transport.close()
        else:
            self.transport.abort()
