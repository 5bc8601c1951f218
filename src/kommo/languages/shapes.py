"""What the contract says about each model, and whether a generated client says as much.

A client can be generated without a word of warning and still be empty: a class without members, a property
that is `any`, one that must be sent and may be left out. Hence each declaration is held to the schema that it
was made from.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from kommo.spec.walk import followed, operations

_SHAPE = ("$ref", "type", "enum", "const", "oneOf", "anyOf", "allOf", "properties", "items")


class Member(NamedTuple):
    """A property as a client declares it.

    Args:
        type: Its type, as the language writes it.
        required: Whether it must be there.
    """

    type: str
    required: bool


Declared = Mapping[str, Mapping[str, Member]]
"""Model -> property as it is on the wire -> its declaration."""


def properties(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The properties of a model, those of what it extends included."""
    schema = followed(document, schema)
    found: dict[str, dict[str, Any]] = {}
    for part in schema.get("allOf", ()):
        found |= properties(document, part)
    found.update(schema.get("properties", {}))
    return found


def required(document: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """The properties that a model always has, those of what it extends included."""
    schema = followed(document, schema)
    return set(schema.get("required", ())).union(
        *(required(document, part) for part in schema.get("allOf", ()))
    )


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


def may_be_null(document: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether null is among the values, which Java and PHP cannot tell from a missing one."""
    schema = followed(document, schema)
    alternatives = schema.get("oneOf", ())
    return "null" in schema.get("type", ()) or any(may_be_null(document, item) for item in alternatives)


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
        always = required(document, document["components"]["schemas"][name])
        for member, schema in members.items():
            found = declared[name].get(member)
            if found is None:
                lines.append(f"{name}.{member}: missing")
                continue
            if untyped.search(found.type) and not is_free(document, schema):
                lines.append(f"{name}.{member}: declared as {found.type!r}, while the contract has a shape")
            needed = member in always
            if found.required and not needed:
                lines.append(f"{name}.{member}: required in the client, optional in the contract")
            elif needed and not found.required and not may_be_null(document, schema):
                lines.append(f"{name}.{member}: optional in the client, required in the contract")
    return lines


def operation_ids(document: dict[str, Any]) -> list[str]:
    """The ids of all operations."""
    return [operation["operationId"] for _, operation in operations(document)]


def camel(name: str) -> str:
    """`update_batch_leads_custom_fields` -> `updateBatchLeadsCustomFields`."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
