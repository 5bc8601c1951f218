"""HTTP archives (HAR 1.2): written by runs, and read back from browsers, proxies and other tools."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlencode, urlsplit

from kommo.command import CommandError
from kommo.contract.exchange import Exchange, is_json, media_type
from kommo.contract.recording import safe_headers, safe_text
from kommo.redaction import redact
from kommo.version import __version__


def write(stream: TextIO, exchanges: Iterable[tuple[Exchange, str]], secrets: Iterable[str]) -> None:
    """Write exchanges as an archive, one at a time, without secrets."""
    secrets = tuple(secrets)
    creator = json.dumps({"name": "kommo contract", "version": __version__})
    stream.write(f'{{"log": {{"version": "1.2", "creator": {creator}, "entries": [')
    for index, (exchange, layer) in enumerate(exchanges):
        stream.write(",\n" if index else "\n")
        stream.write(json.dumps(entry(exchange, layer, secrets), ensure_ascii=False))
    stream.write("\n]}}\n")


def entry(exchange: Exchange, layer: str, secrets: tuple[str, ...]) -> dict[str, Any]:
    """Return one exchange as an entry of an archive."""
    sent, _ = safe_text(exchange.request_body, secrets)
    got, encoding = safe_text(exchange.body, secrets)
    content: dict[str, Any] = {
        "size": len(exchange.body),
        "mimeType": exchange.headers.get("content-type", ""),
        "text": got,
    }
    if encoding == "base64":
        content["encoding"] = "base64"
    request: dict[str, Any] = {
        "method": exchange.method,
        "url": redact(exchange.url, secrets),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(safe_headers(exchange.request_headers, secrets)),
        "queryString": [{"name": name, "value": redact(value, secrets)} for name, value in exchange.query],
        "headersSize": -1,
        "bodySize": len(exchange.request_body),
    }
    if exchange.request_body:
        request["postData"] = {"mimeType": exchange.request_headers.get("content-type", ""), "text": sent}
    milliseconds = round(exchange.elapsed * 1000, 3)
    return {
        "startedDateTime": datetime.fromtimestamp(exchange.started, UTC).isoformat(),
        "time": milliseconds,
        "request": request,
        "response": {
            "status": exchange.status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "cookies": [],
            "headers": _pairs(safe_headers(exchange.headers, secrets)),
            "content": content,
            "redirectURL": exchange.headers.get("location", ""),
            "headersSize": -1,
            "bodySize": len(exchange.body),
        },
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
        "comment": layer,
    }


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def read(path: Path) -> Iterator[Exchange]:
    """Yield the exchanges of an archive.

    Requests without an answer are left out: browsers note those that were aborted or blocked, with a status of 0.

    Raises:
        CommandError: the file is none, or an entry is not readable; the message names it.
    """
    try:
        archive = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path}: no HTTP archive ({error}); expected JSON with log.entries") from error
    log = archive.get("log") if isinstance(archive, dict) else None
    entries = log.get("entries") if isinstance(log, dict) else None
    if not isinstance(entries, list):
        raise CommandError(f"{path}: no HTTP archive; expected JSON with a list log.entries")
    for index, item in enumerate(entries):
        try:
            exchange = _exchange(item)
        except _Unreadable as error:
            raise CommandError(f"{path}: log.entries[{index}]{error}") from None
        if exchange.status > 0:
            yield exchange


class _Unreadable(Exception):
    """An entry is not as HAR 1.2 has it; the message says where and why."""


def _exchange(item: Any) -> Exchange:
    request, response = _part(item, "request"), _part(item, "response")
    if request is None or response is None:
        raise _Unreadable(" has no request or no response")
    content, posted = _part(response, "content") or {}, _part(request, "postData") or {}
    headers, sent_headers = _headers(response), _headers(request)
    if content.get("mimeType"):
        headers.setdefault("content-type", str(content["mimeType"]))
    if posted.get("mimeType"):
        sent_headers.setdefault("content-type", str(posted["mimeType"]))
    sent = _text(posted, "request.postData")
    if sent is None:
        sent = urlencode(_pairs_of(posted, "params"))
    url, method = request.get("url"), request.get("method")
    if not isinstance(method, str) or not method:
        raise _Unreadable(f".request.method: {method!r} is no method")
    try:
        if not isinstance(url, str):
            raise ValueError("no text")
        if not urlsplit(url).query and (pairs := _pairs_of(request, "queryString")):
            url += "?" + urlencode(pairs)
    except ValueError as error:
        raise _Unreadable(f".request.url: {url!r} is no URL ({error})") from None
    return Exchange(
        operation=None,
        method=method.upper(),
        url=url,
        request_headers=sent_headers,
        request_body=sent.encode("utf-8", "surrogatepass"),
        status=_status(response),
        headers=headers,
        body=_body(content, headers.get("content-type")),
        elapsed=_milliseconds(item) / 1000,
    )


def _part(whole: Any, name: str) -> Mapping[str, Any] | None:
    part = whole.get(name) if isinstance(whole, Mapping) else None
    return part if isinstance(part, Mapping) else None


def _pairs_of(whole: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """The pairs of name and value that stand there; tools leave out lists and values that are empty."""
    pairs = whole.get(name)
    return [
        (str(pair["name"]), str(pair.get("value") or ""))
        for pair in (pairs if isinstance(pairs, list) else ())
        if isinstance(pair, Mapping) and pair.get("name") is not None
    ]


def _headers(message: Mapping[str, Any]) -> dict[str, str]:
    # HTTP/2 has method, path and status among its headers, as `:method` and so on.
    return {name.lower(): value for name, value in _pairs_of(message, "headers") if not name.startswith(":")}


def _text(whole: Mapping[str, Any], place: str) -> str | None:
    text = whole.get("text")
    if not isinstance(text, str | None):
        raise _Unreadable(f".{place}.text: {type(text).__name__} is no text")
    return text


def _status(response: Mapping[str, Any]) -> int:
    status = response.get("status") or 0
    if isinstance(status, str) and status.isascii() and status.isdigit():
        status = int(status)
    if isinstance(status, bool) or not isinstance(status, int):
        raise _Unreadable(f".response.status: {status!r} is no status")
    return status


def _body(content: Mapping[str, Any], content_type: str | None) -> bytes:
    text = _text(content, "response.content")
    size = content.get("size")
    if text is None and isinstance(size, int) and size > 0 and is_json(media_type(content_type)):
        raise _Unreadable(
            f".response.content: {size} bytes of which none were recorded; record answers with their bodies"
        )
    if content.get("encoding") != "base64":
        return (text or "").encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(text or "")
    except ValueError as error:
        raise _Unreadable(f".response.content.text: no base64 ({error})") from None


def _milliseconds(item: Mapping[str, Any]) -> float:
    time = item.get("time")
    # -1 is HAR's way to say that nobody measured.
    return float(time) if isinstance(time, int | float) and 0 < time < 1e12 else 0.0
