"""uvicorn's HTTP protocol, with bounds for the time a request takes to arrive and for the size of its head.

It also lets the application close the connection, for faults.
"""

from __future__ import annotations

import asyncio
import re
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from .http.app import CLOSE_EXTENSION

MAX_HEAD: Final = 64 * 1024
"""Bytes of a request line and its headers. Without a bound, a client that never ends them would fill the memory."""

READ_SIZE: Final = 32 * 1024
"""Bytes that are read from a connection at once."""

REQUEST_SECONDS: Final = 60.0
"""How long a request may take to arrive."""

_UPGRADE: Final = re.compile(rb"(?i)\r\nupgrade:")
"""An offer to change the protocol, as Java's HTTP client makes it (h2c). A server may ignore it (RFC 9110, 7.8), but
the parser stops at it and leaves the body unread, so it never gets to see the header."""

_TOO_LARGE: Final = b"\r\n".join(
    [b"HTTP/1.1 431 Request Header Fields Too Large", b"content-length: 0", b"connection: close", b"", b""]
)


class MockProtocol(HttpToolsProtocol):
    """One connection."""

    _head = 0
    _in_head = True
    _waiting = True
    _since = 0.0
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        # asyncio reads into a new buffer of this size each time. Its own size of 256 KiB is beyond what malloc keeps at
        # hand, so that every request would pay for pages from the system.
        vars(transport)["max_size"] = READ_SIZE
        self._since = self.loop.time()
        self._timer = self.loop.call_later(REQUEST_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Feed the parser, unless the head of the request has grown too large."""
        if self._in_head:
            self._head += len(data)
            head, end, rest = data.partition(b"\r\n\r\n")
            data = _UPGRADE.sub(b"\r\nx-upgrade:", head) + end + rest
        super().data_received(data)
        if self._in_head and self._head > MAX_HEAD and not self.transport.is_closing():
            self.transport.write(_TOO_LARGE)
            self.transport.close()

    def on_message_begin(self) -> None:
        """Let the application close the connection."""
        super().on_message_begin()
        self._since = self.loop.time()
        self._waiting = self._in_head = True
        extensions: dict[str, Any] = {CLOSE_EXTENSION: self._close}
        self.scope["extensions"] = extensions

    def on_headers_complete(self) -> None:
        """The head is complete."""
        self._in_head = False
        self._head = 0
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is complete; the next bytes belong to the head of another one."""
        self._waiting = False
        self._in_head = True
        super().on_message_complete()

    def _look(self) -> None:
        """Close the connection when a request has been arriving for too long.

        One timer for each connection looks now and then: one for each request would cost more than its parsing.
        """
        left = self._since + REQUEST_SECONDS - self.loop.time() if self._waiting else REQUEST_SECONDS
        if left <= 0:
            self.transport.abort()
        else:
            self._timer = self.loop.call_later(left, self._look)

    def _close(self, flush: bool) -> None:
        """Close the connection, with or without sending first what was written."""
        if self.cycle is not None:
            # Without this, uvicorn would answer 500 for the application that did not answer.
            self.cycle.disconnected = True
        if flush:
            self.transport.close()
        else:
            self.transport.abort()
