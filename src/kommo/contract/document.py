"""The contract as the suite reads it: operations by id and by URL, and validators for what they declare.

The validators compile straight from the document, references and all, so that a violation names the place
in the document by JSON pointer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

import jsonschema_rs

from kommo.contract.exchange import Exchange, media_type
from kommo.contract.operations import Link, Operation, pointer

METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
_URN: Final = "urn:kommo:contract"


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
