"""Exchanges on disk: one JSON object a line, without secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from kommo.contract.closing import Closing
from kommo.contract.exchange import Exchange
from kommo.redaction import MASK, redact

#: Headers whose value is a credential.
SECRET_HEADERS: Final = frozenset(
    {"authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key"}
)


def safe_headers(headers: Mapping[str, str], secrets: Iterable[str] = ()) -> dict[str, str]:
    """Return headers without credentials; the scheme of Authorization stays readable."""
    found = {}
    for name, value in headers.items():
        if name.lower() in SECRET_HEADERS:
            scheme, blank, _ = value.partition(" ")
            found[name] = f"{scheme} {MASK}" if blank and name.lower() == "authorization" else MASK
        else:
            found[name] = redact(value, secrets)
    return found


def safe_text(content: bytes, secrets: Iterable[str] = ()) -> tuple[str, str]:
    """Return a body as (text, encoding) without credentials; encoding is "utf-8" or "base64"."""
    try:
        return redact(content.decode(), secrets), "utf-8"
    except UnicodeDecodeError:
        for secret in secrets:
            content = content.replace(secret.encode(), MASK.encode()) if secret else content
        return base64.b64encode(content).decode(), "base64"


def to_json(exchange: Exchange, layer: str = "", secrets: Iterable[str] = ()) -> dict[str, Any]:
    """Return an exchange as JSON data without credentials."""
    secrets = tuple(secrets)
    sent, sent_encoding = safe_text(exchange.request_body, secrets)
    got, got_encoding = safe_text(exchange.body, secrets)
    return {
        "layer": layer,
        "operation": exchange.operation,
        "started": exchange.started,
        "elapsed": exchange.elapsed,
        "transferred": exchange.transferred,
        "failure": redact(exchange.failure, secrets),
        "request": {
            "method": exchange.method,
            "url": redact(exchange.url, secrets),
            "headers": safe_headers(exchange.request_headers, secrets),
            "body": sent,
            "encoding": sent_encoding,
        },
        "response": {
            "status": exchange.status,
            "headers": safe_headers(exchange.headers, secrets),
            "body": got,
            "encoding": got_encoding,
        },
    }


def from_json(data: Mapping[str, Any]) -> Exchange:
    """Return the exchange that `to_json` wrote.

    Raises:
        KeyError, TypeError, ValueError: the data are none of ours.
    """
    request, response = data["request"], data["response"]
    return Exchange(
        operation=data.get("operation"),
        method=request["method"],
        url=request["url"],
        request_headers=dict(request["headers"]),
        request_body=_bytes(request["body"], request["encoding"]),
        status=int(response["status"]),
        headers=dict(response["headers"]),
        body=_bytes(response["body"], response["encoding"]),
        elapsed=float(data.get("elapsed", 0)),
        started=float(data.get("started", 0)),
        transferred=int(data.get("transferred", -1)),
        failure=str(data.get("failure", "")),
    )


def _bytes(text: str, encoding: str) -> bytes:
    return base64.b64decode(text) if encoding == "base64" else text.encode()


class Recorder(Closing):
    """Appends exchanges to a file as they happen.

    Args:
        path: the file, created anew.
        secrets: credentials that must not reach it.
    """

    def __init__(self, path: Path, secrets: Iterable[str] = ()) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._secrets = tuple(secret for secret in secrets if secret)

    def __call__(self, exchange: Exchange, layer: str) -> None:
        """Write one exchange."""
        self._file.write(json.dumps(to_json(exchange, layer, self._secrets), ensure_ascii=False) + "\n")

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def read(path: Path) -> Iterator[tuple[Exchange, str]]:
    """Yield the exchanges of a file with their layers."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            data = json.loads(line)
            yield from_json(data), str(data.get("layer", ""))
