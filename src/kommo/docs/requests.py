"""The requests that the reference shows and the tests send: one for each named example of an operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import attrs

from kommo.docs.quirk_places import operations_of, resolve

HOST: Final = "https://example.kommo.com"
JSON: Final = "application/json"

Ids = Mapping[str, Mapping[str, Any]]

# The ids on the page of what shares its parameters with other entities: the ones that the vendor's examples use. The
# paths of records say theirs themselves.
_FIELDS: Final = {"leads": 4439091, "contacts": 4439101, "companies": 4439111, "customers": 4439121}
EXAMPLE_IDS: Final[Ids] = {
    **{f"{entity}_custom_fields": {"id": id_} for entity, id_ in _FIELDS.items()},
    **{f"{entity}_custom_field_groups": {"id": f"{entity}_2745"} for entity in _FIELDS},
    "customers_segments_custom_fields": {"id": 4439131},
    "catalogs_custom_fields": {"catalog_id": 1095, "id": 1278898087},
    "v2_catalog_elements": {"catalog_id": 4220},
}


@attrs.frozen
class Request:
    """One request as the contract describes it, with values filled in.

    Attributes:
        operation_id: for example `create_leads_custom_fields`.
        tag: the resource.
        title: what this request of the operation does.
        method: in capitals.
        path: the template, with parameters in braces.
        path_values: parameter name -> value.
        query: parameter name -> value; only what shows how the operation is used.
        body: the JSON body, or None.
        body_schema: the schema of the body in the document that the client is generated from.
    """

    operation_id: str
    tag: str
    title: str
    method: str
    path: str
    path_values: Mapping[str, Any]
    query: Mapping[str, Any]
    body: Any
    body_schema: Mapping[str, Any]

    @property
    def target(self) -> str:
        """Path and query, ready to be sent."""
        path = re.sub(r"\{(\w+)\}", lambda match: quote(str(self.path_values[match[1]]), safe=""), self.path)
        query = "&".join(f"{quote(name, safe='')}={quote(str(value))}" for name, value in self.query.items())
        return path + (f"?{query}" if query else "")

    @property
    def url(self) -> str:
        """The whole address, on the example account."""
        return HOST + self.target


def requests_of(
    document: Mapping[str, Any], codegen: Mapping[str, Any], ids: Ids = EXAMPLE_IDS
) -> list[Request]:
    """The requests for every operation, in the order of the document.

    Args:
        document: the published contract.
        codegen: the document that the client is generated from; it has the same operations.
        ids: tag -> parameter name -> value, for instance the ids of an account to send the requests to.
    """
    updates = _single_updates(document)
    return [
        request
        for path, method, operation in operations_of(document)
        for request in _requests(document, codegen, path, method, operation, ids, updates)
    ]


def parameters_of(document: Mapping[str, Any], path: str, method: str) -> list[Mapping[str, Any]]:
    """The parameters of an operation, those of its path first."""
    item = document["paths"][path]
    return [resolve(p, document) for p in (*item.get("parameters", ()), *item[method].get("parameters", ()))]


def examples_of(content: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The examples of a media type: name -> example object with at least a `value`."""
    if "example" in content:
        return {"example": {"value": content["example"]}}
    return {name: resolve(example, document) for name, example in content.get("examples", {}).items()}


def _requests(
    document: Mapping[str, Any],
    codegen: Mapping[str, Any],
    path: str,
    method: str,
    operation: Mapping[str, Any],
    ids: Ids,
    updates: Mapping[str, Any],
) -> Iterator[Request]:
    tag = next(iter(operation.get("tags", ())), "")
    known = ids.get(tag, {})
    path_values: dict[str, Any] = {}
    query: dict[str, Any] = {}
    for parameter in parameters_of(document, path, method):
        name = parameter["name"]
        value = known.get(name, parameter.get("example", _smallest(parameter.get("schema", {}), document)))
        if parameter["in"] == "path":
            path_values[name] = value
        elif parameter["in"] == "query" and (parameter.get("required") or name in known or name == "limit"):
            query[name] = value
    schema = _body_schema(codegen, path, method)
    for title, body in _bodies(document, operation, known, updates.get(tag)):
        yield Request(
            operation["operationId"],
            tag,
            title or operation.get("summary", ""),
            method.upper(),
            path,
            path_values,
            query,
            body,
            schema,
        )


def _bodies(
    document: Mapping[str, Any], operation: Mapping[str, Any], known: Mapping[str, Any], change: Any
) -> list[tuple[str, Any]]:
    body = resolve(operation.get("requestBody"), document)
    if not body or JSON not in body.get("content", {}):
        return [("", None)]
    # The documented batch changes two fields of one certain list; for other ids a batch of single changes fits.
    if operation["operationId"].startswith("update_batch_") and isinstance(change, Mapping) and "id" in known:
        return [("", [{"id": known["id"], **change}])]
    content = body["content"][JSON]
    found = [
        (example.get("summary", ""), example["value"]) for example in examples_of(content, document).values()
    ]
    return found or [("", _smallest(content.get("schema", {}), document))]


def _single_updates(document: Mapping[str, Any]) -> dict[str, Any]:
    """tag -> the body of the first example of its operation `update`."""
    found: dict[str, Any] = {}
    for _, _, operation in operations_of(document):
        for tag in operation.get("tags", ()):
            if operation["operationId"] == f"update_{tag}":
                content = resolve(operation["requestBody"], document)["content"].get(JSON, {})
                for example in list(examples_of(content, document).values())[:1]:
                    found[tag] = example["value"]
    return found


def _body_schema(codegen: Mapping[str, Any], path: str, method: str) -> Mapping[str, Any]:
    body = resolve(codegen["paths"][path][method].get("requestBody"), codegen) or {}
    schema: Mapping[str, Any] = body.get("content", {}).get(JSON, {}).get("schema", {})
    return schema


def _smallest(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    """A plain value that a schema allows, for what has no example."""
    schema = resolve(schema, document)
    given = [schema[key] for key in ("example", "default", "const") if key in schema]
    given += [schema[key][0] for key in ("examples", "enum") if schema.get(key)]
    if given:
        return given[0]
    parts = [schema[key] for key in ("oneOf", "anyOf", "allOf") if schema.get(key)]
    if parts:
        return _smallest(parts[0][0], document)
    return _smallest_of_type(schema, document)


def _smallest_of_type(schema: Mapping[str, Any], document: Mapping[str, Any]) -> Any:
    kinds = schema.get("type", "object" if "properties" in schema else "string")
    match kinds if isinstance(kinds, str) else kinds[0]:
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "array":
            return [_smallest(schema.get("items", {}), document)]
        case "object":
            properties = schema.get("properties", {})
            return {
                name: _smallest(properties[name], document)
                for name in schema.get("required", ())
                if name in properties
            }
        case "null":
            return None
        case _:
            return "text"
