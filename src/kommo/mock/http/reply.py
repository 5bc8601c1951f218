"""Answers and the bodies of errors."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import quote

import orjson

from kommo.mock.violations import Violation

HAL: Final = b"application/hal+json"
PROBLEM: Final = b"application/problem+json"
JSON: Final = b"application/json"
FORM: Final = b"application/x-www-form-urlencoded"
HTML: Final = b"text/html; charset=UTF-8"

TITLES: Final = {
    400: "Bad Request",
    401: "Unauthorized",
    402: "Payment Required",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}


class Reply:
    """An answer: status, body, content type (None for none), further headers, and what faults may do to it."""

    __slots__ = ("body", "content_type", "headers", "status")

    def __init__(
        self,
        status: int,
        body: bytes = b"",
        content_type: bytes | None = None,
        headers: Iterable[tuple[bytes, bytes]] = (),
    ) -> None:
        self.status = status
        self.body = body
        self.content_type = content_type
        self.headers = headers


NO_CONTENT: Final = Reply(204)


def dumps(value: Any) -> bytes:
    """JSON, with the integer keys of option maps as strings."""
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)


def hal(value: Any, status: int = 200) -> Reply:
    """A successful answer."""
    return Reply(status, dumps(value), HAL)


class HttpError(Exception):
    """A request that HTTP-level rules refuse.

    Args:
        status: the status of the answer.
        detail: one sentence; the title stands in when there is none.
        headers: further headers.
        errors: the `validation-errors`, each a request id with its violations.
        legacy_code: the vendor's numeric code, for the legacy error body of v2.
        extra: further keys of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        headers: Iterable[tuple[bytes, bytes]] = (),
        errors: Iterable[tuple[str, list[Violation]]] | None = None,
        legacy_code: int | None = None,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail or TITLES.get(status, "Error")
        self.headers = tuple(headers)
        self.errors = None if errors is None else list(errors)
        self.legacy_code = legacy_code
        self.extra = extra or {}

    def problem(self) -> Reply:
        """The answer as problem+json, the form of every error of the current API."""
        body: dict[str, Any] = {}
        if self.errors is not None:
            body["validation-errors"] = [
                {
                    "request_id": request_id,
                    "errors": [{"code": v.code, "path": v.path, "detail": v.detail} for v in found],
                }
                for request_id, found in self.errors
            ]
        body |= {
            "title": TITLES.get(self.status, "Error"),
            "type": f"https://httpstatus.es/{self.status}",
            "status": self.status,
            "detail": self.detail,
            **self.extra,
        }
        return Reply(self.status, dumps(body), PROBLEM, self.headers)

    def legacy(self) -> Reply:
        """The answer as the JSON body that v2 kept from the API before it."""
        code = self.legacy_code if self.legacy_code is not None else _LEGACY_CODES.get(self.status, 400)
        response: dict[str, Any] = {"error": self.detail, "error_code": str(code)}
        if self.status == 401:
            response["auth"] = False
        return Reply(self.status, dumps({"response": response}), JSON, self.headers)


_LEGACY_CODES: Final = {401: 110, 402: 402, 403: 244, 404: 282, 405: 405, 413: 413, 422: 422, 429: 429}


def html(status: int, headers: Iterable[tuple[bytes, bytes]] = ()) -> Reply:
    """An error page as a gateway in front of the API shows it."""
    title = f"{status} {TITLES.get(status, 'Error')}"
    page = f"<html>\n<head><title>{title}</title></head>\n<body>\n<center><h1>{title}</h1></center>\n</body>\n</html>\n"
    return Reply(status, page.encode(), HTML, headers)


def shown(path: str) -> str:
    """A path as text of an error: escaped and not longer than a line or two."""
    return quote(path[:200], safe="/:@!$&'()*+,;=-._~", errors="replace") or "/"
