"""A collection that nobody has heard of: paths to add to the bundle, and a small server for them."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from kommo.contract.document import Contract

HAL = "application/hal+json"
PROBLEM = "application/problem+json"
GADGETS = "/api/v4/gadgets"
PARTS = GADGETS + "/{gadget_id}/parts"
OPERATIONS = [
    *(f"{verb}_gadgets" for verb in ("list", "create", "update_batch", "get", "update")),
    *(f"{verb}_gadget_parts" for verb in ("list", "create", "get", "update", "delete")),
]


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _page(key: str, item: str) -> dict[str, Any]:
    embedded = {
        "type": "object",
        "required": [key],
        "properties": {key: {"type": "array", "items": _ref(item)}},
    }
    return {
        "type": "object",
        "required": ["_embedded"],
        "properties": {
            "_embedded": embedded,
            "_links": {"type": "object"},
            "_total_items": {"type": "integer"},
        },
    }


_INT = {"type": "integer"}
_ID = {"type": "integer", "minimum": 1, "maximum": 2**63 - 1}
_WRITE: dict[str, Any] = {
    "name": {"type": "string", "minLength": 1},
    "price": {"type": "integer", "minimum": 0, "maximum": 10**9},
    "fragile": {"type": "boolean"},
    "size": {"type": "string", "enum": ["s", "m", "l"]},
    "request_id": {"type": "string"},
}
SCHEMAS: dict[str, Any] = {
    "GadgetUpdate": {"type": "object", "properties": _WRITE},
    "GadgetCreate": {"type": "object", "required": ["name"], "properties": _WRITE},
    "GadgetChange": {"allOf": [_ref("GadgetUpdate"), {"required": ["id"], "properties": {"id": _ID}}]},
    "Gadget": {
        "type": "object",
        "required": ["id", "name", "created_at", "updated_at"],
        "properties": {**_WRITE, "id": _INT, "created_at": _INT, "updated_at": _INT},
    },
    "GadgetWritten": {"type": "object", "required": ["id"], "properties": {"id": _INT}},
    "Gadgets": _page("gadgets", "Gadget"),
    "GadgetsWritten": _page("gadgets", "GadgetWritten"),
    "PartWrite": {
        "type": "object",
        "required": ["title"],
        "properties": {"title": {"type": "string", "minLength": 1}, "weight": {"type": "integer"}},
    },
    "PartChange": {
        "type": "object",
        "properties": {"title": {"type": "string", "minLength": 1}, "weight": _INT},
    },
    "Part": {
        "type": "object",
        "required": ["id", "title", "gadget_id"],
        "properties": {"id": _INT, "title": {"type": "string"}, "weight": _INT, "gadget_id": _INT},
    },
    "Parts": _page("parts", "Part"),
}


def _operation(
    id_: str, answers: Mapping[int, str], body: Any = None, query: Any = (), example: Any = None
) -> Any:
    problem = {"description": "refused", "content": {PROBLEM: {"schema": {"type": "object"}}}}
    responses: dict[str, Any] = {str(status): problem for status in (400, 401, 404, 405)}
    for status, schema in answers.items():
        content = {"content": {HAL: {"schema": _ref(schema)}}} if schema else {}
        responses[str(status)] = {"description": "done", **content}
    made = {
        "operationId": id_,
        "tags": [id_.partition("_")[2]],
        "responses": responses,
        "parameters": list(query),
        "security": [{"bearer": []}],
    }
    if body is not None:
        content = {"schema": body, **({"example": example} if example is not None else {})}
        made["requestBody"] = {"required": True, "content": {"application/json": content}}
    return made


def _query(name: str, schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema}


def _inside(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": _ID}


def document(bundle: Mapping[str, Any]) -> dict[str, Any]:
    """Return the bundle with two more collections; one lives inside the other's members."""
    grown: dict[str, Any] = copy.deepcopy(dict(bundle))
    grown["components"]["schemas"].update(SCHEMAS)
    paging = [_query("page", {"type": "integer", "minimum": 1}), _query("limit", {**_ID, "maximum": 250})]
    found = [
        _query("filter[id][]", {"type": "array", "items": _ID}),
        _query("order[id]", {"type": "string", "enum": ["asc", "desc"]}),
    ]
    one = [{"name": "spring", "price": 5, "size": "m"}, {"name": "lever"}]
    many = {"type": "array", "minItems": 1, "maxItems": 250}
    create, change = {**many, "items": _ref("GadgetCreate")}, {**many, "items": _ref("GadgetChange")}
    grown["paths"] |= {
        GADGETS: {
            "get": _operation("list_gadgets", {200: "Gadgets", 204: ""}, query=[*paging, *found]),
            "post": _operation("create_gadgets", {200: "GadgetsWritten"}, create, example=one),
            "patch": _operation("update_batch_gadgets", {200: "GadgetsWritten"}, change),
        },
        GADGETS + "/{id}": {
            "parameters": [_inside("id")],
            "get": _operation("get_gadgets", {200: "Gadget"}),
            "patch": _operation("update_gadgets", {200: "GadgetWritten"}, _ref("GadgetUpdate")),
        },
        PARTS: {
            "parameters": [_inside("gadget_id")],
            "get": _operation("list_gadget_parts", {200: "Parts", 204: ""}, query=paging),
            "post": _operation(
                "create_gadget_parts", {201: "Part"}, _ref("PartWrite"), example={"title": "cog"}
            ),
        },
        PARTS + "/{id}": {
            "parameters": [_inside("gadget_id"), _inside("id")],
            "get": _operation("get_gadget_parts", {200: "Part"}),
            "patch": _operation("update_gadget_parts", {200: "Part"}, _ref("PartChange")),
            "delete": _operation("delete_gadget_parts", {204: ""}),
        },
    }
    return grown


class Refused(Exception):
    """An error; `unknown` is the place in the request of an item that names a thing that is not there."""

    def __init__(self, status: int, unknown: int | None = None) -> None:
        super().__init__(status)
        self.status, self.unknown = status, unknown

    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = {"title": "no", "status": self.status, "detail": "no"}
        if self.unknown is not None:
            error = {"code": "NotSupportedChoice", "path": "id", "detail": "no such gadget"}
            found["validation-errors"] = [{"request_id": str(self.unknown), "errors": [error]}]
        return found


class Shop:
    """An ASGI server of gadgets and their parts; other paths go to `rest`.

    Args:
        contract: says which bodies are good.
        rest: another ASGI application.
        fault: what goes wrong, "" for nothing.
    """

    def __init__(self, contract: Contract, rest: Any, fault: str = "") -> None:
        self.contract, self.rest, self.fault = contract, rest, fault
        self.gadgets: dict[int, Any] = {}
        self.parts: dict[int, dict[int, Any]] = {}
        self.last = 100

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if not scope["path"].startswith(GADGETS):
            await self.rest(scope, receive, send)
            return
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        headers = {name.decode().lower(): value.decode() for name, value in scope["headers"]}
        base = f"http://{headers['host']}"
        try:
            status, value = self.answer(
                scope["method"], scope["path"], scope["query_string"].decode(), headers, body
            )
            kind = HAL
        except Refused as refused:
            status, kind, value = refused.status, PROBLEM, refused.body()
        text = b"" if value is None else json.dumps(value).replace('"/api/', f'"{base}/api/').encode()
        made = [(b"content-type", kind.encode())] if text else []
        if status == 405:
            allowed = [
                one.method for one in self.contract.operations.values() if one.pattern.match(scope["path"])
            ]
            made.append((b"allow", ", ".join(allowed).encode()))
        await send({"type": "http.response.start", "status": status, "headers": made})
        await send({"type": "http.response.body", "body": text})

    def answer(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, Any]:
        inner = "/parts" in path
        if headers.get("authorization") != "Bearer demo" and not (
            self.fault == "parts need no token" and inner
        ):
            raise Refused(401)
        operation = self.contract.match(method, path)
        if operation is None:
            raise Refused(405)
        ids = [part for part in path.split("/")[4:] if part != "parts"]
        if not all(re.fullmatch("[1-9][0-9]{0,17}", part) for part in ids):
            raise Refused(400)
        names = [int(part) for part in ids]
        sent = None
        if operation.request:
            if headers.get("content-type", "").partition(";")[0] != "application/json":
                raise Refused(400)
            try:
                sent = json.loads(body.decode())
            except ValueError:
                raise Refused(400) from None
            if not self.contract.valid_request(operation, sent):
                if self.fault == "half a batch is stored" and isinstance(sent, list) and len(sent) > 1:
                    self.add(self.gadgets, sent[0] if isinstance(sent[0], dict) else {})
                raise Refused(400)
        arguments = parse_qs(query)
        if inner:
            return self.of_parts(operation.id.partition("_")[0], names, sent, arguments)
        return self.of_gadgets(operation.id.removesuffix("_gadgets"), names, sent, arguments)

    def add(self, store: dict[int, Any], item: Any, **extra: Any) -> dict[str, Any]:
        self.last += 1
        store[self.last] = {**item, **extra, "id": self.last}
        store[self.last].pop("request_id", None)
        found: dict[str, Any] = store[self.last]
        return found

    def of_gadgets(self, verb: str, names: list[int], sent: Any, query: Any) -> tuple[int, Any]:
        if names and names[0] not in self.gadgets:
            raise Refused(404)
        if verb == "list":
            wanted = query.get("filter[id][]")
            chosen = [one for one in self.gadgets.values() if wanted is None or str(one["id"]) in wanted]
            if query.get("order[id]") == ["desc"]:
                chosen.reverse()
            if self.fault == "the list forgets the newest" and wanted is None:
                chosen = chosen[:-1]
            return self.page(GADGETS, "gadgets", chosen, query)
        if verb == "get":
            return 200, self.shown(GADGETS, self.gadgets[names[0]])
        if verb == "update":
            self.change(self.gadgets[names[0]], sent)
            return 200, {"id": names[0], "updated_at": 8, "_links": self.links(GADGETS, names[0])}
        strangers = [
            index
            for index, item in enumerate(sent)
            if verb == "update_batch" and item["id"] not in self.gadgets
        ]
        if strangers:
            raise Refused(400, strangers[0])
        written = []
        for index, item in enumerate(sent):
            if verb == "create":
                made = self.add(self.gadgets, item, created_at=7, updated_at=7)
                self.parts[made["id"]] = {}
            else:
                made = self.gadgets[int(item["id"])]
                self.change(made, item)
            mark = str(item.get("request_id", index))
            written.append({"id": made["id"], "request_id": mark, "_links": self.links(GADGETS, made["id"])})
        if self.fault == "request ids are swapped" and len(written) > 1:
            written[0]["request_id"], written[1]["request_id"] = (
                written[1]["request_id"],
                written[0]["request_id"],
            )
        return 200, {"_embedded": {"gadgets": written}}

    def change(self, thing: dict[str, Any], sent: Any) -> None:
        if self.fault == "a change loses other keys":
            for key in {*thing} - {"id", "name", "title", "gadget_id", "created_at"}:
                del thing[key]
        thing |= {key: value for key, value in sent.items() if key not in ("id", "request_id")}
        if "created_at" in thing:
            thing["updated_at"] = 8

    def of_parts(self, verb: str, names: list[int], sent: Any, query: Any) -> tuple[int, Any]:
        home = self.parts.get(names[0])
        if home is None:
            raise Refused(404)
        base = f"{GADGETS}/{names[0]}/parts"
        if verb == "list":
            return self.page(base, "parts", list(home.values()), query)
        if verb == "create":
            return 201, self.shown(base, self.add(home, sent, gadget_id=names[0]))
        if names[1] not in home and self.fault == "parts are shared":
            home = next((other for other in self.parts.values() if names[1] in other), home)
        if names[1] not in home:
            raise Refused(404)
        if verb == "delete":
            if self.fault != "a deletion does nothing":
                del home[names[1]]
            return 204, None
        if verb == "update":
            self.change(home[names[1]], sent)
        return 200, self.shown(base, home[names[1]])

    def links(self, base: str, id_: int) -> dict[str, Any]:
        return {"self": {"href": f"{base}/{id_}"}}

    def shown(self, base: str, thing: Any) -> dict[str, Any]:
        return {**thing, "_links": self.links(base, thing["id"])}

    def page(self, base: str, key: str, things: list[Any], query: Any) -> tuple[int, Any]:
        try:
            number, limit = int(query.get("page", ["1"])[0]), int(query.get("limit", ["50"])[0])
        except ValueError:
            raise Refused(400) from None
        if number < 1 or not 1 <= limit <= 250:
            raise Refused(400)
        shown = [self.shown(base, one) for one in things[(number - 1) * limit : number * limit]]
        links = {"self": {"href": f"{base}?page={number}&limit={limit}"}}
        if number * limit < len(things):
            following = number if self.fault == "the next link goes in circles" else number + 1
            kept = [(name, value) for name in query for value in query[name] if name not in ("page", "limit")]
            extra = "".join(f"&{name}={value}" for name, value in kept)
            links["next"] = {"href": f"{base}?page={following}&limit={limit}{extra}"}
        return 200, {"_embedded": {key: shown}, "_links": links, "_total_items": len(things)}
