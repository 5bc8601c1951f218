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
from kommo.contract.exchange import Exchange
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

    Raises:
        CommandError: the file is none, or an entry is not readable; the message names it.
    """
    try:
        entries = json.loads(path.read_bytes())["log"]["entries"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise CommandError(f"{path}: no HTTP archive ({error}); expected JSON with log.entries") from error
    for index, item in enumerate(entries):
        try:
            yield _exchange(item)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CommandError(f"{path}: log.entries[{index}] is not readable ({error!r})") from error


def _exchange(item: Mapping[str, Any]) -> Exchange:
    request, response = item["request"], item["response"]
    content = response.get("content") or {}
    text = content.get("text") or ""
    body = (
        base64.b64decode(text)
        if content.get("encoding") == "base64"
        else text.encode("utf-8", "surrogatepass")
    )
    headers = {pair["name"].lower(): pair["value"] for pair in response.get("headers", ())}
    if "content-type" not in headers and content.get("mimeType"):
        headers["content-type"] = content["mimeType"]
    sent_headers = {pair["name"].lower(): pair["value"] for pair in request.get("headers", ())}
    posted = request.get("postData") or {}
    if posted.get("mimeType"):
        sent_headers.setdefault("content-type", posted["mimeType"])
    url = request["url"]
    if not urlsplit(url).query and request.get("queryString"):
        pairs = [(pair["name"], pair["value"]) for pair in request["queryString"]]
        url += "?" + urlencode(pairs)
    return Exchange(
        operation=None,
        method=request["method"].upper(),
        url=url,
        request_headers=sent_headers,
        request_body=(posted.get("text") or "").encode("utf-8", "surrogatepass"),
        status=int(response["status"]),
        headers=headers,
        body=body,
        elapsed=float(item.get("time") or 0) / 1000,
    )
