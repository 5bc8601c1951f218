"""The bytes of an answer are what its headers say, and JSON that every reader reads alike.

A lenient parser hides what breaks the next client: keys that stand twice, NaN, a byte order mark, another encoding,
ids that are no whole numbers, a length that does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from kommo.contract.exchange import Exchange, is_json
from kommo.contract.violations import Violation

#: Statuses whose answer has no body (RFC 9110, 6.4.1).
_BODILESS: Final = (204, 304)
_MARK: Final = b"\xef\xbb\xbf"


def check(exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation for everything in which body and headers disagree."""
    if exchange.failure:
        yield _violation("no HTTP", f"no valid HTTP answer: {exchange.failure}")
        return
    if exchange.status in _BODILESS and exchange.body:
        yield _violation(f"{exchange.status} with a body", f"a {exchange.status} has no body, this one has")
    length = exchange.headers.get("content-length")
    counted = exchange.transferred >= 0 and exchange.method != "HEAD" and exchange.status not in _BODILESS
    if length is not None and counted and length != str(exchange.transferred):
        yield _violation("Content-Length", f"Content-Length is {length}, {exchange.transferred} bytes came")
    yield from _cross_origin(exchange)
    encoding = exchange.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in _asked(exchange):
        yield _violation("Content-Encoding", f"the body comes as {encoding}, which was not asked for")
    elif encoding == "gzip" and exchange.transferred == len(exchange.body) and exchange.body:
        yield _violation("Content-Encoding", "the body is called gzip and is none")
    if exchange.body and is_json(exchange.content_type):
        charset = _charset(exchange.headers.get("content-type", ""))
        if charset not in ("", "utf-8", "utf8"):
            yield _violation("charset", f"JSON is UTF-8, the content type says {charset}")
        for cause in _oddities(exchange.body):
            yield _violation(cause, f"the body is no interoperable JSON: {cause}")
        yield from _problem(exchange)


def _cross_origin(exchange: Exchange) -> Iterator[Violation]:
    """No website of somebody else may read answers with the credentials of the browser's user."""
    origin = exchange.headers.get("access-control-allow-origin", "")
    trusting = exchange.headers.get("access-control-allow-credentials", "").lower() == "true"
    if trusting and origin and origin in ("*", exchange.request_headers.get("origin", "*")):
        message = f"Access-Control-Allow-Origin is {origin} with credentials: any website may read this"
        yield _violation("any origin with credentials", message)


def _problem(exchange: Exchange) -> Iterator[Violation]:
    """The status that a problem names is that of the answer (RFC 9457, 3.1.2)."""
    told = exchange.answer.get("status") if isinstance(exchange.answer, dict) else None
    if (
        exchange.content_type == "application/problem+json"
        and isinstance(told, int)
        and told != exchange.status
    ):
        yield _violation("status of the problem", f"the problem says {told}, the answer {exchange.status}")


def _asked(exchange: Exchange) -> set[str]:
    """The encodings that the request accepts; a request without the header accepts any (RFC 9110, 12.5.3)."""
    accepted = exchange.request_headers.get("accept-encoding")
    if accepted is None:
        return {"identity", "gzip", "deflate", "br", "zstd", "x-gzip"}
    return {"identity", *(part.partition(";")[0].strip().lower() for part in accepted.split(","))}


def _charset(content_type: str) -> str:
    for part in content_type.split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            return value.strip().strip('"').lower()
    return ""


@lru_cache(maxsize=64)
def _oddities(body: bytes) -> tuple[str, ...]:
    """Return what is odd about JSON text; cached, because lists are read again and again."""
    if body.startswith(_MARK):
        return ("a byte order mark",)
    found: dict[str, None] = {}

    def pairs(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) < len(members):
            found["a key stands twice"] = None
        if isinstance(made.get("id"), float):
            found["an id that is no whole number"] = None
        return made

    def constant(name: str) -> float:
        found[name] = None
        return 0.0

    try:
        text = body.decode()
        json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except UnicodeDecodeError:
        return ("not UTF-8",)
    except (ValueError, RecursionError):
        return ()  # said by the check of the body
    if "\\ud" in text.lower() and _alone(text):
        found["half of a surrogate pair"] = None
    return tuple(found)


def _alone(text: str) -> bool:
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _violation(cause: str, message: str) -> Violation:
    return Violation("wire", cause, message, "")
