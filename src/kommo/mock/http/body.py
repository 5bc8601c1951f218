"""Request bodies: reading them within bounds, and decoding JSON and forms."""

from __future__ import annotations

import zlib
from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson

from .reply import HttpError

Receive = Callable[[], Awaitable[Any]]

MAX_DEPTH: Final = 64
"""How deep the arrays and objects of a body may be nested. The deepest documented body has seven levels."""
MAX_FORM_KEYS: Final = 100_000


class ClientGone(Exception):
    """The connection was closed before the body was complete."""


async def read(receive: Receive, limit: int, encoding: bytes) -> bytes:
    """The body of a request, decompressed.

    Args:
        receive: the ASGI channel.
        limit: bytes that are accepted, before and after decompression.
        encoding: value of the Content-Encoding header.

    Raises:
        HttpError: 413 for a body over the limit, 415 for an unknown encoding, 400 for broken compression.
        ClientGone: the client closed the connection.
    """
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise too_large(limit)
        chunks.append(chunk)
        more = message.get("more_body", False)
    body = b"".join(chunks)
    if not encoding or encoding == b"identity" or not body:
        return body
    if encoding in (b"gzip", b"x-gzip", b"deflate"):
        return _decompress(body, limit)
    raise HttpError(415, f"Content-Encoding {encoding.decode('latin-1')!r} is not supported")


def too_large(limit: int) -> HttpError:
    """The refusal of a body over the limit. The connection is closed, so that the rest need not be read."""
    return HttpError(413, f"Request body is larger than {limit} bytes", headers=[(b"connection", b"close")])


def _decompress(body: bytes, limit: int) -> bytes:
    # 32 + MAX_WBITS recognises gzip and zlib by their headers.
    decoder = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        plain = decoder.decompress(body, limit + 1)
        if len(plain) > limit:
            raise too_large(limit)
        if not decoder.eof:
            raise HttpError(400, "Request body is not complete")
    except zlib.error:
        raise HttpError(400, "Request body is not valid gzip") from None
    return plain


def decode_json(body: bytes) -> Any:
    """The value of a JSON body.

    Raises:
        HttpError: 400 when it is empty, is not JSON, or is nested deeper than `MAX_DEPTH`.
    """
    if not body.strip():
        raise HttpError(400, "Request data can not be empty")
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _too_deep(body):
        raise HttpError(400, f"Request body is nested deeper than {MAX_DEPTH} levels")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        raise HttpError(400, "Request body is not valid JSON") from None


def _too_deep(body: bytes) -> bool:
    """Whether brackets outside strings are ever nested too deep. Broken JSON is the parser's concern."""
    depth = 0
    in_string = False
    escaped = False
    for byte in body:
        if in_string:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                in_string = False
        elif byte == 0x22:
            in_string = True
        elif byte in b"[{":
            depth += 1
            if depth > MAX_DEPTH:
                return True
        elif byte in b"]}":
            depth -= 1
    return False


def decode_form(body: bytes) -> Any:
    """The value of a form-encoded body in PHP's notation: `add[0][name]=Pencil` is {"add": [{"name": "Pencil"}]}.

    Keys that are all digits, or empty (`ids[]=7`), make a list; every other set of keys makes an object. Of keys that
    contradict each other the last one counts, and a key with an open bracket is a plain name.

    Raises:
        HttpError: 400 when there are too many keys.
    """
    try:
        pairs = parse_qsl(
            body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_FORM_KEYS
        )
    except ValueError:
        raise HttpError(400, "Request body is not a valid form") from None
    if not pairs:
        raise HttpError(400, "Request data can not be empty")
    root: dict[str, Any] = {}
    for key, value in pairs:
        _set(root, _path(key), value)
    return _lists(root)


def _path(key: str) -> list[str]:
    name, bracket, rest = key.partition("[")
    if not bracket:
        return [name]
    if not rest.endswith("]"):
        return [key]
    path = [name, *rest[:-1].split("][")]
    if len(path) > MAX_DEPTH:
        raise HttpError(400, f"Request body is nested deeper than {MAX_DEPTH} levels")
    return path


def _set(root: dict[str, Any], path: list[str], value: str) -> None:
    node = root
    for index, part in enumerate(path):
        name = part or str(len(node))
        if index == len(path) - 1:
            node[name] = value
            return
        child = node.get(name)
        if not isinstance(child, dict):
            child = node[name] = {}
        node = child


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isascii() and key.isdigit() for key in value):
        return [_lists(entry) for _, entry in sorted(value.items(), key=lambda pair: (len(pair[0]), pair[0]))]
    return {key: _lists(entry) for key, entry in value.items()}
