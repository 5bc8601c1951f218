"""The contract, arranged for the page: every part of it put into the model of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from kommo.docs.model import (
    Answer,
    Body,
    Example,
    Link,
    Media,
    Operation,
    Reference,
    Sample,
    Schema,
    SharedAnswer,
    Tag,
)
from kommo.docs.quirk_places import Quirk, QuirkPlaces, operations_of, resolve
from kommo.docs.requests import examples_of, parameters_of, requests_of
from kommo.docs.samples import samples_of
from kommo.docs.schemas import SCHEMAS, Row, SchemaReader
from kommo.spec.documents import pointer

_IN_PLACE: Final = 2  # levels of objects that a request body shows in place


def build_reference(
    document: Mapping[str, Any],
    codegen: Mapping[str, Any],
    places: QuirkPlaces,
    sources: Mapping[str, Mapping[str, Any]],
) -> Reference:
    """Arrange a contract for the page.

    Args:
        document: the published contract.
        codegen: the document that the client is generated from.
        places: where the quirks apply.
        sources: id -> title and locator, for the index of sources.
    """
    return _Builder(document, codegen, places).reference(sources)


class _Builder:
    def __init__(self, document: Mapping[str, Any], codegen: Mapping[str, Any], places: QuirkPlaces) -> None:
        self._document = document
        self._places = places
        self._schemas = SchemaReader(document, places)
        self._components: Mapping[str, Any] = document.get("components", {})
        self._statuses = self._shared_statuses()
        self._samples: dict[str, list[Sample]] = {}
        requests = requests_of(document, codegen)
        for request, texts in zip(requests, samples_of(requests, codegen), strict=True):
            self._samples.setdefault(request.operation_id, []).append(Sample(request.title, texts))
        self._requests = requests

    def reference(self, sources: Mapping[str, Mapping[str, Any]]) -> Reference:
        operations = [
            self._operation(path, method, operation)
            for path, method, operation in operations_of(self._document)
        ]
        known = {tag["name"]: tag.get("description", "") for tag in self._document.get("tags", ())}
        known |= {operation.tag: "" for operation in operations if operation.tag not in known}
        tags = (
            Tag(name, description, tuple(operation for operation in operations if operation.tag == name))
            for name, description in known.items()
        )
        return Reference(
            info=self._document.get("info", {}),
            servers=tuple(self._document.get("servers", ())),
            external_docs=self._document.get("externalDocs", {}),
            security=self._components.get("securitySchemes", {}),
            tags=tuple(tag for tag in tags if tag.operations),
            shared=tuple(self._shared()),
            schemas=tuple(self._all_schemas()),
            quirks=self._places.quirks,
            sources=sources,
            try_it=self._try_it(),
        )

    def _operation(self, path: str, method: str, operation: Mapping[str, Any]) -> Operation:
        tag = next(iter(operation.get("tags", ())), "")
        own = pointer(("paths", path, method))
        security = operation.get("security", self._document.get("security", ()))
        return Operation(
            id=operation["operationId"],
            tag=tag,
            verb=operation["operationId"].removesuffix(f"_{tag}"),
            method=method.upper(),
            path=path,
            summary=operation.get("summary", operation["operationId"]),
            description=operation.get("description", ""),
            source=operation.get("x-source", ""),
            security=tuple(name for option in security for name in option),
            roles=tuple(
                dict.fromkeys(role for option in security for roles in option.values() for role in roles)
            ),
            parameters=tuple(self._parameters(path, method)),
            body=self._body(operation),
            answers=tuple(
                self._answer(status, answer, f"{own}/responses/{status}")
                for status, answer in sorted(operation["responses"].items())
            ),
            samples=tuple(self._samples[operation["operationId"]]),
            quirks=self._places.of_operation(own, operation, self._document),
            direct_quirks=self._places.at(own),
        )

    def _parameters(self, path: str, method: str) -> Iterator[tuple[str, Row]]:
        item = self._document["paths"][path]
        nodes = (*item.get("parameters", ()), *item[method].get("parameters", ()))
        for node, parameter in zip(nodes, parameters_of(self._document, path, method), strict=True):
            schema = parameter.get("schema", {})
            yield (
                parameter["in"],
                Row(
                    name=parameter["name"],
                    type=self._schemas.type(schema),
                    required=parameter.get("required", False),
                    description=parameter.get("description", ""),
                    constraints=self._schemas.constraints(resolve(schema, self._document)),
                    source=parameter.get("x-source", ""),
                    quirks=self._at(node),
                ),
            )

    def _body(self, operation: Mapping[str, Any]) -> Body | None:
        node = operation.get("requestBody")
        if node is None:
            return None
        body = resolve(node, self._document)
        media = tuple(self._media(body))
        contents: list[Mapping[str, Any]] = list(body.get("content", {}).values())
        first = contents[0].get("schema", {}) if contents else {}
        schema = self._schemas.object_of(first)
        return Body(
            description=body.get("description", ""),
            source=body.get("x-source", ""),
            required=body.get("required", False),
            media=media,
            quirks=self._at(node),
            rows=self._schemas.rows(schema, _IN_PLACE),
            constraints=self._schemas.constraints(first),
            alternatives=self._schemas.alternatives(schema),
        )

    def _answer(self, status: str, node: Mapping[str, Any], own: str) -> Answer:
        answer = resolve(node, self._document)
        name = node.get("$ref", "").rpartition("/")[2]
        shared = name if name in self._statuses else ""
        links = (resolve(value, self._document) for value in answer.get("links", {}).values())
        quirks = (*self._places.at(own), *(() if shared else self._at(node)))
        return Answer(
            status=status,
            description=answer.get("description", ""),
            shared=shared,
            media=() if shared else tuple(self._media(answer)),
            links=tuple(
                Link(name, link.get("operationId", ""), link.get("description", ""))
                for name, link in zip(answer.get("links", {}), links, strict=True)
            ),
            quirks=tuple(dict.fromkeys((*quirks, *(self._at(node) if shared else ())))),
        )

    def _media(self, holder: Mapping[str, Any]) -> Iterator[Media]:
        for name, content in holder.get("content", {}).items():
            schema = content.get("schema")
            yield Media(
                name,
                None if schema is None else self._schemas.type(schema),
                tuple(_example(example) for example in examples_of(content, self._document).values()),
            )

    def _shared_statuses(self) -> dict[str, str]:
        """Answers that are described once: errors that several operations share. Name -> status."""
        used: dict[str, set[str]] = {}
        for _, _, operation in operations_of(self._document):
            for status, node in operation["responses"].items():
                if "$ref" in node:
                    used.setdefault(node["$ref"].rpartition("/")[2], set()).add(status)
        return {
            name: ", ".join(sorted(statuses))
            for name, statuses in used.items()
            if all(status[0] in "45" for status in statuses)
        }

    def _shared(self) -> Iterator[SharedAnswer]:
        for name, status in sorted(self._statuses.items(), key=lambda pair: (pair[1], pair[0])):
            answer = self._components["responses"][name]
            described = Answer(
                status=status,
                description=answer.get("description", ""),
                shared="",
                media=tuple(self._media(answer)),
                links=(),
                quirks=self._places.at(f"/components/responses/{name}"),
            )
            yield SharedAnswer(name, status, described)

    def _all_schemas(self) -> Iterator[Schema]:
        schemas: Mapping[str, Any] = self._components.get("schemas", {})
        narrowed: dict[str, list[str]] = {}
        for name, schema in schemas.items():
            if schema.get("x-narrows") in schemas:
                narrowed.setdefault(schema["x-narrows"], []).append(name)
        inner = {name for names in narrowed.values() for name in names}
        for name in sorted(set(schemas) - inner, key=str.lower):
            yield self._schema(name, tuple(self._schema(other) for other in narrowed.get(name, ())))

    def _schema(self, name: str, narrowed: tuple[Schema, ...] = ()) -> Schema:
        schema = self._components["schemas"][name]
        own = {"$ref": SCHEMAS + name}
        narrows = schema.get("x-narrows")
        rows = self._schemas.rows(
            {"properties": schema["properties"]} if narrows and "properties" in schema else own
        )
        return Schema(
            name=name,
            description=schema.get("description", ""),
            source=schema.get("x-source", ""),
            type=self._schemas.type({key: value for key, value in schema.items() if key != "allOf"}),
            rows=rows,
            constraints=() if narrows else self._schemas.constraints(schema),
            alternatives=self._schemas.alternatives(own) if not narrows else (),
            quirks=self._places.at(f"/components/schemas/{name}"),
            narrowed=narrowed,
        )

    def _at(self, node: Mapping[str, Any]) -> tuple[Quirk, ...]:
        return self._places.at(node["$ref"].removeprefix("#")) if "$ref" in node else ()

    def _try_it(self) -> str:
        """What the forms of the page need, as JSON: operationId -> its request."""
        operations: dict[str, Any] = {}
        for path, method, operation in operations_of(self._document):
            operations[operation["operationId"]] = {
                "method": method.upper(),
                "path": path,
                "tag": next(iter(operation.get("tags", ())), ""),
                "parameters": [
                    {
                        "name": parameter["name"],
                        "in": parameter["in"],
                        "required": bool(parameter.get("required")),
                        "many": resolve(parameter.get("schema", {}), self._document).get("type") == "array",
                    }
                    for parameter in parameters_of(self._document, path, method)
                    if parameter["in"] in ("path", "query")
                ],
                "examples": [],
            }
        for request in self._requests:
            values = {**request.path_values, **request.query}
            example = {"title": request.title, "values": values, "body": request.body}
            operations[request.operation_id]["examples"].append(example)
        return json.dumps(operations, ensure_ascii=False, separators=(",", ":"))


def _example(example: Mapping[str, Any]) -> Example:
    return Example(
        title=example.get("summary", ""),
        description=example.get("description", ""),
        source=example.get("x-source", ""),
        text=json.dumps(example.get("value"), ensure_ascii=False, indent=2),
    )
