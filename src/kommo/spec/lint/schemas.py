"""Rules about schemas, and validity by the OpenAPI specification itself."""

from __future__ import annotations

from collections.abc import Iterator

from openapi_spec_validator import OpenAPIV31SpecValidator

from kommo.spec.lint.rules import Document, document_rule
from kommo.spec.walk import Parts, schemas

Problems = Iterator[tuple[Parts, str]]


@document_rule("openapi")
def valid_openapi(document: Document) -> Problems:
    """The document is valid OpenAPI 3.1."""
    if document.get("openapi") != "3.1.0":
        yield ("openapi",), f"the version is {document.get('openapi')!r}; this contract is written in 3.1.0"
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        parts = tuple(getattr(error, "absolute_path", ()))
        yield parts, " ".join(str(getattr(error, "message", error)).split())[:300]


@document_rule("no-title")
def no_title(document: Document) -> Problems:
    """Schemas have no title: it would rename the generated class, and can collide."""
    for parts, schema in schemas(document):
        if "title" in schema:
            yield (*parts, "title"), "a schema's name is its component's name; delete the title"


@document_rule("type-list")
def type_list(document: Document) -> Problems:
    """A list of types only adds null; any other union is a oneOf, which names its members."""
    for parts, schema in schemas(document):
        types = schema.get("type")
        if isinstance(types, list) and (len(types) != 2 or "null" not in types):
            yield (*parts, "type"), f"{types} is a union; write it as oneOf (a list is for null only)"
