"""Faults to seed into a server: each a small lie told between the server and its caller.

A fault stands in front of any ASGI application and knows nothing of its inside, so that no fault is written to suit
the mock. `kommo contract score` measures which of them the suite sees.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, Literal

from attrs import define, field, frozen

from kommo.contract.faults.messages import Reply, Request

Kind = Literal["shape", "semantics", "protocol", "robustness"]

#: What an effect raises on a message that has not the shape it is made for. Such a message passes as it is: a fault
#: must be found by what it does, not because it crashes.
_UNSUITED: Final = (TypeError, AttributeError, KeyError, ValueError, IndexError)

Forward = Callable[[Request], Awaitable[Reply]]
Effect = Callable[["Memory", Request, Forward], Awaitable[Reply]]


@define
class Memory:
    """What a fault remembers between requests."""

    count: int = 0
    kept: dict[Any, Any] = field(factory=dict)


@frozen
class Fault:
    """One fault.

    Attributes:
        id: unique.
        kind: its class.
        summary: what the server does wrong.
        effect: does it.
        catalogue: the code of its category in the public fault list of Web Fuzzing Commons, "" when there is none.
    """

    id: str
    kind: Kind
    summary: str
    effect: Effect
    catalogue: str = ""


class Faulty:
    """An ASGI application with a fault in front.

    Args:
        app: the application.
        fault: what goes wrong.
    """

    def __init__(self, app: Any, fault: Fault) -> None:
        self.app = app
        self.fault = fault
        self.memory = Memory()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        request = Request(
            method=scope["method"],
            path=scope["path"],
            query=scope["query_string"].decode("latin-1"),
            headers={
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
            },
            body=body,
        )

        answered: list[Reply] = []

        async def forward(call: Request) -> Reply:
            found = await _call(self.app, scope, call)
            if (call.method, call.path) == (request.method, request.path):
                answered.append(found)
            return found

        self.memory.count += 1
        try:
            reply = await self.fault.effect(self.memory, request, forward)
        except _UNSUITED:
            reply = answered[0] if answered else await forward(request)
        headers = {**reply.headers}
        if reply.body or reply.status not in (204, 304):
            # A fault that sets the length itself means to.
            headers.setdefault("content-length", str(len(reply.body)))
        pairs = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": pairs})
        await send({"type": "http.response.body", "body": reply.body})


async def _call(app: Any, scope: Any, request: Request) -> Reply:
    inner = {
        **scope,
        "method": request.method,
        "path": request.path,
        "raw_path": request.path.encode() if request.path != scope["path"] else scope.get("raw_path"),
        "query_string": request.query.encode("latin-1"),
        "headers": [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in {**request.headers, "content-length": str(len(request.body))}.items()
            if request.body or name not in ("content-length",)
        ],
    }
    status, headers, chunks, asked = 500, {}, [], False

    async def receive() -> Any:
        nonlocal asked
        if asked:
            return {"type": "http.disconnect"}
        asked = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Any) -> None:
        nonlocal status, headers
        if message["type"] == "http.response.start":
            status = message["status"]
            headers = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in message["headers"]
            }
            headers.pop("content-length", None)
        elif message["type"] == "http.response.body":
            chunks.append(message.get("body", b""))

    await app(inner, receive, send)
    return Reply(status, headers, b"".join(chunks))
