"""A mock in the same process, driven without an event loop: the application answers without ever waiting."""

from __future__ import annotations

import json as jsonlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from attrs import frozen

from kommo.mock import MockConfig, create_app
from kommo.mock.http.app import MockApp


@frozen
class Answer:
    """What the mock answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def data(self) -> Any:
        """The decoded JSON body."""
        return jsonlib.loads(self.body)

    @property
    def fields(self) -> list[dict[str, Any]]:
        """The fields or groups of a v4 collection; none for an answer without a body."""
        if self.status == 204:
            return []
        embedded = self.data["_embedded"]
        return embedded["custom_fields"] if "custom_fields" in embedded else embedded["custom_field_groups"]

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items of a v2 answer; none for an answer without a body."""
        return [] if self.status == 204 else self.data["_embedded"]["items"]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """The validation errors as (request id, path, code)."""
        return [
            (report["request_id"], error["path"], error["code"])
            for report in self.data["validation-errors"]
            for error in report["errors"]
        ]


class Api:
    """Calls of one mock."""

    def __init__(self, app: MockApp) -> None:
        self.app = app
        self.control = app.engine

    def __call__(
        self,
        method: str,
        path: str,
        json: Any = ...,
        *,
        content: bytes | None = None,
        token: str | None = "demo",
        headers: dict[str, str] | None = None,
        query: Any = None,
    ) -> Answer:
        sent = {"host": "acme.test", **({} if token is None else {"authorization": f"Bearer {token}"})}
        if json is not ...:
            content = jsonlib.dumps(json).encode()
            sent["content-type"] = "application/json"
        sent |= headers or {}
        path, _, text = path.partition("?")
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": (urlencode(query) if query else text).encode(),
            "headers": [(name.lower().encode(), value.encode("latin-1")) for name, value in sent.items()],
            "scheme": "http",
            "server": ("127.0.0.1", 8080),
            "http_version": "1.1",
        }
        messages: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content or b"", "more_body": False}

        async def send(message: Any) -> None:
            messages.append(message)

        coroutine = self.app(scope, receive, send)
        with pytest.raises(StopIteration):
            coroutine.send(None)
        start, *bodies = messages
        if "KOMMO_MOCK_EXERCISED" in os.environ:
            note = [os.environ["PYTEST_CURRENT_TEST"], method, path, start["status"]]
            with Path(os.environ["KOMMO_MOCK_EXERCISED"]).open("a") as file:
                file.write(jsonlib.dumps(note) + "\n")
        return Answer(
            start["status"],
            {name.decode(): value.decode("latin-1") for name, value in start["headers"]},
            b"".join(message.get("body", b"") for message in bodies),
        )


MakeApi = Callable[..., Api]


@pytest.fixture(scope="session")
def make_api() -> MakeApi:
    """Makes a mock from the arguments of `MockConfig`."""
    return lambda **settings: Api(create_app(MockConfig(**settings)))


@pytest.fixture
def api(make_api: MakeApi) -> Api:
    """An empty account."""
    return make_api()
