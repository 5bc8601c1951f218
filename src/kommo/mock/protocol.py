"""uvicorn's HTTP protocol, with bounds for the time a request takes to arrive and for the size of its head.

It also lets the application close the connection, for faults.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import types
from collections.abc import Coroutine, Generator
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .http.app import CONTROL
from .http.sending import CLOSE_EXTENSION

MAX_HEAD: Final = 64 * 1024
"""Bytes of a request line and its headers. Without a bound, a client that never ends them would fill the memory."""

READ_SIZE: Final = 32 * 1024
"""Bytes that are read from a connection at once."""

REQUEST_SECONDS: Final = 60.0
"""How long a request may take to arrive."""

_UPGRADE: Final = re.compile(rb"(?i)\r\nupgrade:")
"""An offer to change the protocol, as Java's HTTP client makes it (h2c). A server may ignore it (RFC 9110, 7.8), but
the parser stops at it and leaves the body unread, so it never gets to see the header."""

_STATUS_LINE: Final = b"HTTP/1.1 "
_INTERIM: Final = b"HTTP/1.1 1"
"""What answers begin with, and those that only say: go on."""

_TOO_LARGE: Final = b"\r\n".join(
    [b"HTTP/1.1 431 Request Header Fields Too Large", b"content-length: 0", b"connection: close", b"", b""]
)


async def _go_on(answering: Coroutine[Any, None, None], awaited: Any) -> None:
    """The rest of a coroutine that was begun outside a task and now waits for something."""
    await _rest(answering, awaited)


@types.coroutine
def _rest(answering: Coroutine[Any, None, None], awaited: Any) -> Generator[Any, Any, None]:
    with contextlib.suppress(StopIteration):
        while True:
            try:
                value = yield awaited
            except BaseException as error:  # whatever the task is told, the coroutine is told
                awaited = answering.throw(error)
            else:
                awaited = answering.send(value)


class JoinedTransport(asyncio.Transport):
    """A connection on which the head of an answer waits for the first bytes of its body, so that both leave together.

    Sending them one by one, as uvicorn does, costs the system twice. What waits is sent by the next write, by `flush`,
    and before the connection is closed in order.

    Args:
        transport: the connection as asyncio made it.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head = b""

    def write(self, data: bytes) -> None:  # type: ignore[override]
        """Send bytes, or keep them when they begin an answer that has still to come."""
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_STATUS_LINE) and not data.startswith(_INTERIM):
            self._head = data
            return
        self._transport.write(data)

    def flush(self) -> None:
        """Send a head that has no body."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        """Close the connection when everything is sent."""
        self.flush()
        self._transport.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._transport.abort()

    def is_closing(self) -> bool:
        """Whether the connection is closed, or about to be."""
        return self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What asyncio knows of the connection."""
        return self._transport.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Take no more bytes."""
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Take bytes again."""
        self._transport.resume_reading()


class MockProtocol(HttpToolsProtocol):
    """One connection."""

    _head = 0
    _in_head = True
    _waiting = True
    _since = 0.0
    _timer: asyncio.TimerHandle | None = None
    _joined: JoinedTransport
    _due: list[tuple[RequestResponseCycle, Any]] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for the first request, but not for ever."""
        self._joined = JoinedTransport(transport)
        super().connection_made(self._joined)
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
        self._due = []
        super().data_received(data)
        while self._due:
            self._begin(*self._due.pop(0))
        self._due = None
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

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Have a request answered, as soon as all that came with it is parsed."""
        if self._due is None:
            super()._start_asgi_task(cycle, app)
        else:
            self._due.append((cycle, app))

    def _begin(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Answer a request now. What has to wait for something goes on as a task of its own.

        Hardly any request has to wait: to make a task of each would cost as much as to parse it.
        """
        if cycle.scope["path"].startswith(CONTROL):
            # They are an application of Starlette, some parts of which look for the task they run in.
            super()._start_asgi_task(cycle, app)
            return
        answering = cycle.run_asgi(app)
        try:
            awaited = answering.send(None)
        except StopIteration:
            return
        task = self.loop.create_task(_go_on(answering, awaited))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def on_response_complete(self) -> None:
        """The answer is complete, perhaps without a body."""
        self._joined.flush()
        super().on_response_complete()

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
