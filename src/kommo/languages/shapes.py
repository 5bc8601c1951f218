"""What the contract says about each model, and whether a generated client says as much.

A client can be generated without a word of warning and still be empty: a class without members, a property
that is `any`. Hence each declaration is held to the schema that it was made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kommo.spec.walk import followed, operations

_SHAPE = ("$ref", "type", "enum", "const", "oneOf", "anyOf", "allOf", "properties", "items")

Declared = Mapping[str, Mapping[str, str]]
"""Model -> property as it is on the wire -> its type in the language."""


def properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of a model, those of what it extends included."""
    schema = followed(document, schema)
    found: dict[str, dict[str, Any]] = {}
    for part in schema.get("allOf", ()):
        found |= properties(document, part)
    found.update(schema.get("properties", {}))
    return found


def is_free(document: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether the contract leaves a value open, so that an untyped declaration is all there is to say."""
    schema = followed(document, schema)
    if schema.get("type") in ("array", ["array", "null"]):
        return is_free(document, schema.get("items", {}))
    if schema.get("type") in ("object", ["object", "null"]):
        values = schema.get("additionalProperties", {})
        return not properties(document, schema) and (values is True or is_free(document, values or {}))
    if alternatives := schema.get("oneOf"):
        return any(is_free(document, item) for item in alternatives)
    return not any(keyword in schema for keyword in _SHAPE)


def models(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Each model with properties, and its properties."""
    for name, schema in document["components"]["schemas"].items():
        if found := properties(document, schema):
            yield name, found


def faults(document: dict[str, Any], declared: Declared, untyped: Any) -> list[str]:
    """Hold the declarations of a client to the contract.

    Args:
        document: What the client was generated from.
        declared: The declarations that were found in it.
        untyped: A compiled pattern that is found in a type that says nothing.

    Returns:
        One line for each model or property that is missing, and for each that says less than the contract.
    """
    lines = []
    for name, members in models(document):
        if name not in declared:
            lines.append(f"{name}: not generated")
            continue
        for member, schema in members.items():
            text = declared[name].get(member)
            if text is None:
                lines.append(f"{name}.{member}: missing")
            elif untyped.search(text) and not is_free(document, schema):
                lines.append(f"{name}.{member}: declared as {text!r}, while the contract has a shape")
    return lines


def operation_ids(document: dict[str, Any]) -> list[str]:
    """The ids of all operations."""
    return [operation["operationId"] for _, operation in operations(document)]


def camel(name: str) -> str:
    """`update_batch_leads_custom_fields` -> `updateBatchLeadsCustomFields`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
