"""Walking a bundled OpenAPI document: operations, parameters, responses, media types, links and schemas.

Each function yields (parts, value): the JSON pointer's parts and what stands there. References are not
followed, so a shared part is met once, under components.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kommo.spec.bundle import METHODS, resolve

Parts = tuple[str | int, ...]
Found = Iterator[tuple[Parts, dict[str, Any]]]

_MAPS = ("properties", "patternProperties", "dependentSchemas", "$defs")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SINGLE = (
    "items", "not", "if", "then", "else", "contains", "additionalProperties", "unevaluatedProperties",
    "unevaluatedItems", "propertyNames", "contentSchema",
)  # fmt: skip


def is_reference(value: Any) -> bool:
    """Whether a value stands for another by `$ref`."""
    return isinstance(value, dict) and isinstance(value.get("$ref"), str)


def followed(document: dict[str, Any], value: Any) -> Any:
    """What a value stands for after following its references; `{}` when they lead nowhere."""
    for _ in range(20):
        if not is_reference(value):
            return value
        try:
            value = resolve(document, value["$ref"])
        except KeyError:
            return {}
    return {}


def operations(document: dict[str, Any]) -> Found:
    """Every operation."""
    for url, item in _members(document.get("paths")):
        for method in METHODS:
            if isinstance(item.get(method), dict):
                yield ("paths", url, method), item[method]


def operation_parameters(document: dict[str, Any], parts: Parts) -> list[dict[str, Any]]:
    """The parameters of the operation at `parts`, those of its path item included, references followed."""
    item = document["paths"][parts[1]]
    both = [*item.get("parameters", []), *item[parts[2]].get("parameters", [])]
    return [followed(document, parameter) for parameter in both]


def parameters(document: dict[str, Any]) -> Found:
    """Every parameter that is written out: shared ones, and those of path items and operations."""
    yield from _components(document, "parameters")
    for url, item in _members(document.get("paths")):
        yield from _listed(("paths", url, "parameters"), item.get("parameters"))
    for parts, operation in operations(document):
        yield from _listed((*parts, "parameters"), operation.get("parameters"))


def headers(document: dict[str, Any]) -> Found:
    """Every header that is written out."""
    yield from _components(document, "headers")
    for parts, response in responses(document):
        yield from _named((*parts, "headers"), response.get("headers"))


def responses(document: dict[str, Any]) -> Found:
    """Every response that is written out."""
    yield from _components(document, "responses")
    for parts, operation in operations(document):
        yield from _named((*parts, "responses"), operation.get("responses"))


def request_bodies(document: dict[str, Any]) -> Found:
    """Every request body that is written out."""
    yield from _components(document, "requestBodies")
    for parts, operation in operations(document):
        body = operation.get("requestBody")
        if isinstance(body, dict) and not is_reference(body):
            yield (*parts, "requestBody"), body


def media_types(document: dict[str, Any]) -> Found:
    """Every media type object; the last part is the content type."""
    for walk in (parameters, headers, responses, request_bodies):
        for parts, holder in walk(document):
            yield from _named((*parts, "content"), holder.get("content"))


def links(document: dict[str, Any]) -> Found:
    """Every link that is written out."""
    yield from _components(document, "links")
    for parts, response in responses(document):
        yield from _named((*parts, "links"), response.get("links"))


def schemas(document: dict[str, Any], *, nested: bool = True) -> Found:
    """Every schema, a schema that is only a reference too; those inside others unless `nested` is false."""
    for parts, schema in _whole_schemas(document):
        if nested:
            yield from subschemas(parts, schema)
        else:
            yield parts, schema


def _whole_schemas(document: dict[str, Any]) -> Found:
    for name, schema in _members((document.get("components") or {}).get("schemas")):
        yield ("components", "schemas", name), schema
    for walk in (parameters, headers, media_types):
        for parts, holder in walk(document):
            if isinstance(holder.get("schema"), dict):
                yield (*parts, "schema"), holder["schema"]


def subschemas(parts: Parts, schema: dict[str, Any]) -> Found:
    """A schema and every schema inside it."""
    yield parts, schema
    for keyword in _MAPS:
        for name, inner in _members(schema.get(keyword)):
            yield from subschemas((*parts, keyword, name), inner)
    for keyword in _LISTS:
        members = schema.get(keyword)
        for index, inner in enumerate(members if isinstance(members, list) else []):
            if isinstance(inner, dict):
                yield from subschemas((*parts, keyword, index), inner)
    for keyword in _SINGLE:
        if isinstance(schema.get(keyword), dict):
            yield from subschemas((*parts, keyword), schema[keyword])


def _members(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, member in value.items() if isinstance(value, dict) else ():
        if isinstance(member, dict):
            yield name, member


def _components(document: dict[str, Any], section: str) -> Found:
    yield from _named(("components", section), (document.get("components") or {}).get(section))


def _named(parts: Parts, value: Any) -> Found:
    for name, member in _members(value):
        if not is_reference(member):
            yield (*parts, name), member


def _listed(parts: Parts, value: Any) -> Found:
    for index, member in enumerate(value if isinstance(value, list) else []):
        if isinstance(member, dict) and not is_reference(member):
            yield (*parts, index), member
