"""The contract as the suite reads it: operations by id and by URL, and validators for what they declare.

The validators compile straight from the document, references and all, so that a violation names the place
in the document by JSON pointer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final
from urllib.parse import quote, unquote

import jsonschema_rs
from attrs import define, field, frozen

from kommo.contract.exchange import NO_JSON, Exchange, is_json, media_type

METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_URN: Final = "urn:kommo:contract"
_TEMPLATE: Final = re.compile(r"\{([^{}]+)\}")


def pointer(*parts: str | int) -> str:
    """Join the parts of a JSON pointer: `/paths/~1api~1v4/get`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@frozen
class Violation:
    """One way in which a message departs from the contract.

    Attributes:
        check: `status`, `content-type`, `schema`, `body` or `header`.
        cause: what departs, without the data at hand: equal for every occurrence of one defect.
        message: one sentence with the data at hand.
        pointer: place in the contract, as a JSON pointer.
        place: place in the message, like `_embedded.items[0].id`; "" for the whole.
    """

    check: str
    cause: str
    message: str
    pointer: str
    place: str = ""


@frozen
class Link:
    """What one answer tells about another operation: its parameters, by runtime expression.

    Attributes:
        status: of the answer.
        operation: operationId of the target.
        parameters: its path and query parameters by name.
    """

    status: str
    operation: str
    parameters: Mapping[str, str]


@define(slots=False, frozen=True, eq=False)
class Operation:
    """One operation of the contract; `$ref`s of its own parts are resolved, those inside schemas are not."""

    id: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Mapping[str, Any], ...]
    request: Mapping[str, str] = field(repr=False)  # media type -> pointer of its schema
    request_examples: Mapping[str, tuple[Any, ...]] = field(repr=False)
    request_required: bool
    responses: Mapping[str, Mapping[str, str]] = field(
        repr=False
    )  # status -> media type -> pointer of its schema
    response_pointers: Mapping[str, str] = field(repr=False)
    secured: bool
    roles: frozenset[str]
    tags: tuple[str, ...]
    paging: Mapping[str, Any] = field(repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Regular expression of the whole path; one group per path parameter."""
        parts = _TEMPLATE.split(self.path)
        literal, names = parts[0::2], parts[1::2]
        text = re.escape(literal[0])
        for name, rest in zip(names, literal[1:], strict=True):
            text += f"(?P<{re.sub(r'[^0-9A-Za-z_]', '_', name)}>[^/]+)" + re.escape(rest)
        return re.compile(text + r"\Z")

    @property
    def query(self) -> tuple[Mapping[str, Any], ...]:
        """The declared query parameters."""
        return tuple(item for item in self.parameters if item["in"] == "query")

    def declared(self, status: int) -> str | None:
        """Return the key of `responses` that covers a status, None when it is undeclared."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.responses:
                return key
        return None

    @property
    def successes(self) -> frozenset[int]:
        """The 2xx statuses that are declared by number."""
        return frozenset(int(key) for key in self.responses if key.isdigit() and key.startswith("2"))


class Contract:
    """An OpenAPI 3.1 document, ready to judge messages.

    Args:
        document: the document as plain dicts and lists, with local `$ref`s only.
    """

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._registry = jsonschema_rs.Registry([(_URN, dict(document))])
        self._validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self.operations: dict[str, Operation] = {op.id: op for op in self._read()}
        # A literal segment wins over a parameter: `/custom_fields/groups` is not field "groups".
        self._by_specificity = sorted(
            self.operations.values(),
            key=lambda op: [segment.startswith("{") for segment in op.path.split("/")],
        )

    def resolve(self, node: Any) -> Any:
        """Follow a chain of local references."""
        return self._locate(node, "")[0]

    def _locate(self, node: Any, place: str) -> tuple[Any, str]:
        while isinstance(node, Mapping) and "$ref" in node:
            place = node["$ref"].removeprefix("#")
            node = self.at(place)
        return node, place

    def at(self, place: str) -> Any:
        """Return what stands at a JSON pointer.

        Raises:
            KeyError: there is nothing.
        """
        node: Any = self.document
        for part in place.split("/")[1:]:
            key = unquote(part).replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else node[key]
        return node

    def _read(self) -> Iterator[Operation]:
        for path, raw in self.document.get("paths", {}).items():
            item, item_place = self._locate(raw, pointer("paths", path))
            for method in METHODS:
                if method in item:
                    yield self._operation(path, method, item, item_place)

    def _operation(self, path: str, method: str, item: Mapping[str, Any], item_place: str) -> Operation:
        node, place = item[method], item_place + pointer(method)
        parameters = {}
        for raw in [*item.get("parameters", ()), *node.get("parameters", ())]:
            parameter = self.resolve(raw)
            parameters[parameter["in"], parameter["name"]] = parameter
        body, body_place = self._locate(node.get("requestBody", {}), place + pointer("requestBody"))
        request, examples = {}, {}
        for name, content in body.get("content", {}).items():
            request[name.lower()] = body_place + pointer("content", name, "schema")
            examples[name.lower()] = tuple(self._examples(content))
        responses: dict[str, dict[str, str]] = {}
        places = {}
        links = []
        for status, raw in node.get("responses", {}).items():
            response, response_place = self._locate(raw, place + pointer("responses", status))
            places[status] = response_place
            responses[status] = {
                media_type(name): response_place + pointer("content", name, "schema")
                if "schema" in content
                else ""
                for name, content in response.get("content", {}).items()
            }
            for raw_link in response.get("links", {}).values():
                link = self.resolve(raw_link)
                if "operationId" in link:
                    told = {name: str(value) for name, value in link.get("parameters", {}).items()}
                    links.append(Link(status, link["operationId"], told))
        security = node.get("security", self.document.get("security", ()))
        return Operation(
            id=node.get("operationId", f"{method} {path}"),
            method=method.upper(),
            path=path,
            pointer=place,
            parameters=tuple(parameters.values()),
            request=request,
            request_examples=examples,
            request_required=bool(body.get("required")),
            responses=responses,
            response_pointers=places,
            secured=bool(security) and {} not in security,
            roles=frozenset(role for one in security for roles in one.values() for role in roles),
            tags=tuple(node.get("tags", ())),
            paging={name: value for (where, name), value in parameters.items() if where == "query"},
            links=tuple(links),
        )

    def _examples(self, content: Mapping[str, Any]) -> Iterator[Any]:
        if "example" in content:
            yield content["example"]
        for raw in content.get("examples", {}).values():
            example = self.resolve(raw)
            if "value" in example:
                yield example["value"]

    def match(self, method: str, path: str) -> Operation | None:
        """Return the operation of a method and a path without query, None when the contract has none."""
        wanted = method.upper()
        return next(
            (op for op in self._by_specificity if op.method == wanted and op.pattern.match(path)), None
        )

    def validator(self, place: str) -> jsonschema_rs.Draft202012Validator:
        """Return the compiled validator of the schema at a JSON pointer."""
        found = self._validators.get(place)
        if found is None:
            # Braces and blanks are not allowed in a URI fragment; the pointer's own ~0 and ~1 are.
            reference = f"{_URN}#{quote(place, safe='/~!$&()*+,;=:@-._')}"
            found = jsonschema_rs.Draft202012Validator({"$ref": reference}, registry=self._registry)
            self._validators[place] = found
        return found

    def valid_request(self, operation: Operation, body: Any, content_type: str = "application/json") -> bool:
        """Say whether a body obeys the operation's request schema.

        Raises:
            KeyError: the operation declares no such request content type.
        """
        return self.validator(operation.request[content_type]).is_valid(body)

    def valid_reading(self, operation: Operation, exchange: Exchange) -> bool:
        """Say whether the path and query of a request without body, read as text, obey the declared parameters.

        What a generator sends as null or false arrives as the text "null" or "false".
        """
        match = operation.pattern.match(exchange.path)
        values = {name: [unquote(value)] for name, value in match.groupdict().items()} if match else {}
        for name, value in exchange.query:
            values.setdefault(name, []).append(value)
        for parameter in operation.parameters:
            sent = values.get(parameter["name"])
            if parameter["in"] not in ("path", "query") or (sent is None and not parameter.get("required")):
                continue
            if sent is None or not self._readable(self.resolve(parameter.get("schema", {})), sent):
                return False
        return True

    def _readable(self, schema: Any, sent: list[str]) -> bool:
        if schema.get("type") == "array":
            return all(self._readable(self.resolve(schema.get("items", {})), [value]) for value in sent)
        validator = jsonschema_rs.Draft202012Validator(_absolute(schema), registry=self._registry)
        number = int(sent[0]) if re.fullmatch(r"-?[0-9]{1,20}", sent[0]) else None
        return len(sent) == 1 and (
            validator.is_valid(sent[0]) or (number is not None and validator.is_valid(number))
        )

    def request_violations(self, exchange: Exchange) -> list[Violation]:
        """Say where the request of an exchange departs from the contract: path, query, content type and body."""
        operation = self._operation_of(exchange)
        if operation is None:
            return [_unknown(exchange)]
        found: list[Violation] = []
        names = {name for name, _ in exchange.query}
        for parameter in operation.query:
            if parameter.get("required") and parameter["name"] not in names:
                name = parameter["name"]
                found.append(
                    Violation(
                        "parameter",
                        f"query {name} missing",
                        f"the query lacks {name}",
                        operation.pointer,
                        name,
                    )
                )
        if not exchange.request_body:
            if operation.request_required:
                found.append(Violation("body", "no body", "the request has no body", operation.pointer))
            return found
        if not operation.request:
            return found
        if exchange.sent_type not in operation.request:
            declared = ", ".join(operation.request)
            found.append(
                Violation(
                    "content-type",
                    f"request content type {exchange.sent_type or 'none'}",
                    f"the request says {exchange.sent_type or 'no content type'}; declared: {declared}",
                    operation.pointer,
                )
            )
        elif is_json(exchange.sent_type):
            if exchange.sent is NO_JSON:
                found.append(
                    Violation("body", "no JSON", "the request's body is not JSON", operation.pointer)
                )
            else:
                found += self._schema_violations(
                    operation.request[exchange.sent_type], exchange.sent, "request"
                )
        return found

    def response_violations(self, exchange: Exchange) -> list[Violation]:
        """Say where the answer of an exchange departs from the contract: status, content type, schema."""
        operation = self._operation_of(exchange)
        if operation is None:
            return [_unknown(exchange)]
        status = exchange.status
        key = operation.declared(status)
        if key is None:
            declared = ", ".join(sorted(operation.responses))
            return [
                Violation(
                    "status",
                    f"status {status}",
                    f"answered {status}; declared: {declared}",
                    operation.pointer + "/responses",
                )
            ]
        content, place = operation.responses[key], operation.response_pointers[key]
        if not content:
            if exchange.body:
                return [
                    Violation(
                        "body",
                        f"{status} with a body",
                        f"{status} is declared without a body, {len(exchange.body)} bytes came",
                        place,
                    )
                ]
            return []
        if exchange.content_type not in content:
            declared = ", ".join(content)
            got = exchange.content_type or "no content type"
            return [
                Violation(
                    "content-type",
                    f"{status} as {got}",
                    f"{status} came as {got}; declared: {declared}",
                    place + "/content",
                )
            ]
        schema = content[exchange.content_type]
        if not schema or not is_json(exchange.content_type):
            return []
        if exchange.answer is NO_JSON:
            return [
                Violation(
                    "body", f"{status} no JSON", f"the body of the {status} is not JSON", place + "/content"
                )
            ]
        return self._schema_violations(schema, exchange.answer, str(status))

    def _schema_violations(self, schema: str, value: Any, part: str) -> list[Violation]:
        validator = self.validator(schema)
        if validator.is_valid(value):
            return []
        found: dict[str, Violation] = {}
        for error in validator.iter_errors(value):
            place = dotted(error.instance_path)
            general = re.sub(r"\[\d+\]", "[]", place)
            keyword = str(error.schema_path[-1]) if error.schema_path else "schema"
            named = _named(error)
            cause = f"{part}: {keyword}{f' {named}' if named else ''} at {general or 'the whole body'}"
            where = f" at {place}" if place else ""
            found.setdefault(
                cause,
                Violation(
                    "schema", cause, f"{_short(error.message)}{where}", pointer(*error.schema_path), place
                ),
            )
        return list(found.values())

    def _operation_of(self, exchange: Exchange) -> Operation | None:
        if exchange.operation is not None and exchange.operation in self.operations:
            return self.operations[exchange.operation]
        return self.match(exchange.method, exchange.path)


_known: list[Contract] = []


def contract_of(document: Mapping[str, Any]) -> Contract:
    """Return the contract of a document; the same one for the same object, so that its validators compile once."""
    for contract in _known:
        if contract.document is document:
            return contract
    _known.append(Contract(document))
    del _known[:-2]
    return _known[-1]


def _absolute(node: Any) -> Any:
    """Return a schema whose local references name the document, so that it stands alone."""
    if isinstance(node, Mapping):
        return {key: _URN + value if key == "$ref" else _absolute(value) for key, value in node.items()}
    return [_absolute(item) for item in node] if isinstance(node, list) else node


def dotted(path: list[str | int]) -> str:
    """Write a path into JSON as people read it: `_embedded.items[0].id`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text


def _named(error: jsonschema_rs.ValidationError) -> str:
    kind = error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        return str(kind.property)
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        return ", ".join(sorted(kind.unexpected))
    return ""


def _short(text: str, limit: int = 300) -> str:
    return text if len(text) <= limit else text[: limit // 2] + " ... " + text[-limit // 2 :]


def _unknown(exchange: Exchange) -> Violation:
    return Violation(
        "operation", "no such operation", f"the contract has no {exchange.method} {exchange.path}", "/paths"
    )
