"""Faults to seed into a server: each a small lie told between the server and its caller.

A fault stands in front of any ASGI application and knows nothing of its inside, so that no fault is written to suit
the mock. `kommo contract score` measures which of them the suite sees.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal
from urllib.parse import parse_qsl, urlencode

from attrs import define, evolve, field, frozen

from kommo.contract.exchange import NO_JSON

Kind = Literal["shape", "semantics", "protocol", "robustness"]

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


# Building blocks for effects


def answer(
    when: Callable[[Request, Reply], bool], edit: Callable[[Any], Any], *, parsed: bool = True
) -> Effect:
    """An effect that edits some answers: their JSON in place (or replaced), or the whole `Reply`."""

    async def effect(memory: Memory, request: Request, forward: Forward) -> Reply:
        reply = await forward(request)
        if not when(request, reply):
            return reply
        if not parsed:
            found: Reply = edit(reply)
            return found
        value = reply.json
        if value is NO_JSON:
            return reply
        edited = edit(value)
        return reply.with_json(value if edited is None else edited)

    return effect


def request(when: Callable[[Request], bool], edit: Callable[[Request], Request]) -> Effect:
    """An effect that edits some requests before the server sees them."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        return await forward(edit(call) if when(call) else call)

    return effect


def instead(when: Callable[[Request], bool], reply: Callable[[Request], Reply]) -> Effect:
    """An effect that answers some requests itself."""

    async def effect(memory: Memory, call: Request, forward: Forward) -> Reply:
        return reply(call) if when(call) else await forward(call)

    return effect


def items(value: Any) -> list[dict[str, Any]]:
    """The objects an answer is about: the members of its collection, else itself."""
    if isinstance(value, dict):
        embedded = value.get("_embedded")
        if isinstance(embedded, dict):
            for inner in embedded.values():
                if isinstance(inner, list):
                    return [item for item in inner if isinstance(item, dict)]
        return [value] if "id" in value else []
    return []


def each(edit: Callable[[dict[str, Any]], object]) -> Callable[[Any], None]:
    """Edit every object of an answer in place."""

    def run(value: Any) -> None:
        for item in items(value):
            edit(item)

    return run


def sent_items(call: Request) -> list[dict[str, Any]]:
    """The objects of a request's body."""
    value = call.json
    if isinstance(value, dict):
        blocks = [value[name] for name in ("add", "update") if isinstance(value.get(name), list)]
        value = [item for block in blocks for item in block] if call.version == 2 else [value]
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def edit_sent(edit: Callable[[dict[str, Any]], object]) -> Callable[[Request], Request]:
    """Edit every object of a request's body."""

    def run(call: Request) -> Request:
        value = call.json
        if value is NO_JSON:
            return call
        holder = value
        if isinstance(value, dict):
            blocks = [value[name] for name in ("add", "update") if isinstance(value.get(name), list)]
            holder = [item for block in blocks for item in block] if call.version == 2 else [value]
        for item in holder if isinstance(holder, list) else []:
            if isinstance(item, dict):
                edit(item)
        return call.with_json(value)

    return run


def gets(call: Request, reply: Reply) -> bool:
    """Successful reads of v4 fields."""
    return call.method == "GET" and call.fields and reply.ok


def lists(call: Request, reply: Reply) -> bool:
    """Successful reads of lists of v4 fields."""
    return gets(call, reply) and not call.one


def writes(call: Request, reply: Reply) -> bool:
    """Successful writes of v4 fields."""
    return call.method in ("POST", "PATCH") and call.fields and reply.ok


def v2_reads(call: Request, reply: Reply) -> bool:
    """Successful reads of v2."""
    return call.method == "GET" and call.version == 2 and reply.ok


def v2_writes(call: Request, reply: Reply) -> bool:
    """Successful writes of v2."""
    return call.method == "POST" and call.version == 2 and reply.ok


def errors(call: Request, reply: Reply) -> bool:
    """Errors of any kind."""
    return reply.status >= 400
