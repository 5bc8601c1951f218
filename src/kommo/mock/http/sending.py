"""Sending an answer, whole or, where a fault has it so, in part."""

from __future__ import annotations

import gzip
from typing import Any, Final

from kommo.mock.gateway import Fault

from .reply import Reply

_COMPRESS_FROM: Final = 1024
CLOSE_EXTENSION: Final = "kommo.mock.close"
"""Key of the ASGI extension with which a server lets the application close a connection: a function of whether what was
written is to be sent first."""


class ConnectionDropped(ConnectionError):
    """Raised instead of an answer when a fault drops the connection of a request that came without a socket."""


async def send_reply(scope: Any, send: Any, reply: Reply, *, compress: bool) -> None:
    """Send an answer.

    Args:
        scope, send: the ASGI channel.
        reply: the answer.
        compress: whether a large body may be compressed, if the caller takes that.
    """
    body = reply.body
    headers: list[tuple[bytes, bytes]] = [*reply.headers]
    if reply.content_type is not None:
        headers.append((b"content-type", reply.content_type))
    if (
        compress
        and len(body) >= _COMPRESS_FROM
        and any(name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"])
    ):
        body = gzip.compress(body, 1, mtime=0)
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    if reply.status != 204:
        headers.append((b"content-length", b"%d" % len(body)))
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


async def break_off(scope: Any, send: Any, reply: Reply, fault: Fault) -> None:
    """Close the connection as a fault has it: at once, or after half of the body.

    Args:
        scope, send: the ASGI channel.
        reply: the answer that is broken off.
        fault: one that drops or truncates.

    Raises:
        ConnectionDropped: there is no connection that could be closed.
    """
    abort = scope.get("extensions", {}).get(CLOSE_EXTENSION)
    if fault.truncate and not fault.drop:
        headers = [(b"content-length", b"%d" % len(reply.body))]
        if reply.content_type is not None:
            headers.append((b"content-type", reply.content_type))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        half = reply.body[: len(reply.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    if abort is None:
        raise ConnectionDropped("the connection was dropped by a fault")
    abort(fault.truncate and not fault.drop)
