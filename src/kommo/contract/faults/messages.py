"""Requests and answers on their way between a server and its caller, to be changed by faults."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

from attrs import evolve, field, frozen

from kommo.contract.exchange import NO_JSON

PROBLEM: Final = "application/problem+json"
HAL: Final = "application/hal+json"
_COLLECTIONS: Final = ("custom_fields", "groups")


@frozen
class Request:
    """A request on its way to the server."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON, `NO_JSON` when it is none."""
        try:
            # Not from bytes: that would read UTF-16 too, and mend by the way what the server has to refuse.
            return json.loads(self.body.decode()) if self.body else NO_JSON
        except (ValueError, RecursionError):
            return NO_JSON

    @property
    def parameters(self) -> dict[str, str]:
        """The query, the last of equal names winning."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    def with_json(self, value: Any) -> Request:
        """The same request with another body."""
        return evolve(self, body=json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))

    def with_parameters(self, **changes: str | None) -> Request:
        """The same request with other query parameters; None takes one away."""
        merged = {**self.parameters, **changes}
        return evolve(
            self, query=urlencode({name: value for name, value in merged.items() if value is not None})
        )

    @property
    def version(self) -> int:
        """2 or 4."""
        return 2 if self.path.startswith("/api/v2/") else 4

    @property
    def groups(self) -> bool:
        """Whether it is about field groups."""
        return "/custom_fields/groups" in self.path

    @property
    def one(self) -> bool:
        """Whether it names one thing in its path (v4)."""
        *_, home, last = ["", *self.path.rstrip("/").split("/")]
        inside = home in _COLLECTIONS and last not in _COLLECTIONS
        return self.version == 4 and (inside or any(character.isdigit() for character in last))

    @property
    def fields(self) -> bool:
        """Whether it is about v4 fields."""
        return self.version == 4 and "/custom_fields" in self.path and not self.groups


@frozen
class Reply:
    """An answer on its way back."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Any:
        """The body as JSON, `NO_JSON` when it is none."""
        try:
            return json.loads(self.body) if self.body else NO_JSON
        except (ValueError, RecursionError):
            return NO_JSON

    @property
    def ok(self) -> bool:
        """Whether it is a success."""
        return 200 <= self.status < 300

    def with_json(self, value: Any) -> Reply:
        """The same answer with another body."""
        return evolve(self, body=json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"))

    def typed(self, content_type: str) -> Reply:
        """The same answer with another content type."""
        return evolve(self, headers={**self.headers, "content-type": content_type})


def problem(status: int, detail: str = "Internal error") -> Reply:
    """An error as the vendor words it."""
    body = {"title": "Error", "type": f"https://httpstatus.es/{status}", "status": status, "detail": detail}
    return Reply(status, {"content-type": PROBLEM}).with_json(body)
