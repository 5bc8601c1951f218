"""Rules about descriptions: whoever reads the contract sees a sentence on everything they can use."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kommo.spec.lint.rules import Document, document_rule
from kommo.spec.walk import (
    Found,
    Parts,
    headers,
    links,
    operations,
    parameters,
    request_bodies,
    responses,
    schemas,
)

Problems = Iterator[tuple[Parts, str]]

_DESCRIBED: dict[str, Callable[[Document], Found]] = {
    "operation": operations,
    "parameter": parameters,
    "header": headers,
    "request body": request_bodies,
    "response": responses,
    "link": links,
}


@document_rule("description")
def described(document: Document) -> Problems:
    """Operations, parameters, headers, bodies, responses and links say what they are."""
    for what, walk in _DESCRIBED.items():
        for parts, value in walk(document):
            if not _says_something(value.get("description")):
                yield parts, f"the {what} has no description; say in a sentence what it is"
    for index, tag in enumerate(document.get("tags") or []):
        if not _says_something(tag.get("description")):
            yield ("tags", index), "the tag has no description; say what the resource is"


@document_rule("schema-description")
def described_schemas(document: Document) -> Problems:
    """Shared schemas and properties say what they are; a bare reference is described where it leads to."""
    for parts, schema in schemas(document):
        shared = len(parts) == 3 and parts[:2] == ("components", "schemas")
        is_property = len(parts) > 1 and parts[-2] == "properties"
        if not (shared or is_property) or "$ref" in schema or _says_something(schema.get("description")):
            continue
        what = "schema" if shared else "property"
        yield parts, f"the {what} has no description; say in a sentence what it is"


def _says_something(text: object) -> bool:
    return isinstance(text, str) and bool(text.strip())
