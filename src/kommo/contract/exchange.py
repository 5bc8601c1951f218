"""One request and its answer, as every layer, check and report of the suite sees them."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from attrs import define

#: Stands for a body that is absent or is no JSON; None cannot, because null is valid JSON.
NO_JSON: Final = object()

_JSON_TYPES: Final = ("application/json", "+json")


def media_type(value: str | None) -> str:
    """Return the bare media type of a Content-Type header: lower case, no parameters, "" when there is none."""
    return (value or "").partition(";")[0].strip().lower()


def is_json(content_type: str) -> bool:
    """Say whether a media type holds JSON."""
    return content_type.endswith(_JSON_TYPES)


@define(slots=False, frozen=True)
class Exchange:
    """A request that was sent and what came back.

    Attributes:
        operation: operationId of the contract, None when the request fits none.
        method: HTTP method, upper case.
        url: absolute URL with the query.
        request_headers: as sent, names in lower case.
        request_body: bytes sent, b"" for none.
        status: HTTP status of the answer.
        headers: of the answer, names in lower case.
        body: bytes of the answer.
        elapsed: seconds from sending to the last byte.
        started: Unix time of sending.
        transferred: bytes of the answer before a content encoding was undone; -1 when nobody counted.
        failure: why there was no answer that could be read (then `status` is 0), "" when there was.
    """

    operation: str | None
    method: str
    url: str
    request_headers: dict[str, str]
    request_body: bytes
    status: int
    headers: dict[str, str]
    body: bytes
    elapsed: float = 0.0
    started: float = 0.0
    transferred: int = -1
    failure: str = ""

    @cached_property
    def path(self) -> str:
        """Path of the URL, still percent-encoded."""
        return urlsplit(self.url).path

    @cached_property
    def query(self) -> list[tuple[str, str]]:
        """Query parameters in order, decoded."""
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @cached_property
    def content_type(self) -> str:
        """Bare media type of the answer, "" when it names none."""
        return media_type(self.headers.get("content-type"))

    @cached_property
    def sent_type(self) -> str:
        """Bare media type of the request, "" when it names none."""
        return media_type(self.request_headers.get("content-type"))

    @cached_property
    def sent(self) -> Any:
        """The request body as JSON, `NO_JSON` when it is none."""
        return _parse(self.request_body)

    @cached_property
    def answer(self) -> Any:
        """The answer's body as JSON, `NO_JSON` when it is none."""
        return _parse(self.body)

    @property
    def accepted(self) -> bool:
        """Whether the server took the request (2xx)."""
        return 200 <= self.status < 300

    def __str__(self) -> str:
        return f"{self.method} {self.path} -> {self.status}"


def _parse(content: bytes) -> Any:
    if not content:
        return NO_JSON
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return NO_JSON
