"""Where a recorded request or answer departs from the contract."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
from attrs import frozen

from kommo.contract.document import Contract
from kommo.contract.exchange import NO_JSON, Exchange, is_json
from kommo.contract.operations import Operation, pointer


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


def request_violations(contract: Contract, exchange: Exchange) -> list[Violation]:
    """Say where the request of an exchange departs from the contract: path, query, content type and body."""
    operation = _operation_of(contract, exchange)
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
            found.append(Violation("body", "no JSON", "the request's body is not JSON", operation.pointer))
        else:
            found += _schema_violations(
                contract, operation.request[exchange.sent_type], exchange.sent, "request"
            )
    return found


def response_violations(contract: Contract, exchange: Exchange) -> list[Violation]:
    """Say where the answer of an exchange departs from the contract: status, content type, schema."""
    operation = _operation_of(contract, exchange)
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
    return _schema_violations(contract, schema, exchange.answer, str(status))


def _schema_violations(contract: Contract, schema: str, value: Any, part: str) -> list[Violation]:
    validator = contract.validator(schema)
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
            Violation("schema", cause, f"{_short(error.message)}{where}", pointer(*error.schema_path), place),
        )
    return list(found.values())


def _operation_of(contract: Contract, exchange: Exchange) -> Operation | None:
    if exchange.operation is not None and exchange.operation in contract.operations:
        return contract.operations[exchange.operation]
    return contract.match(exchange.method, exchange.path)


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
