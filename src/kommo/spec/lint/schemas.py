"""Rules about schemas, and validity by the OpenAPI specification itself."""

from __future__ import annotations

from collections.abc import Iterator

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from openapi_spec_validator import OpenAPIV31SpecValidator

from kommo.spec.bundle import resolve
from kommo.spec.documents import pointer
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
        # The validator counts from the document's root or from the part that it was looking at, and does not
        # say which; a place that does not exist from the root is worse than none.
        yield (
            parts if _exists(document, parts) else (),
            str(getattr(error, "message", error)).splitlines()[0][:300],
        )


@document_rule("schema-valid")
def valid_schemas(document: Document) -> Problems:
    """Every schema is a JSON Schema of draft 2020-12, which OpenAPI 3.1 takes over."""
    meta = Draft202012Validator(Draft202012Validator.META_SCHEMA)
    for parts, schema in schemas(document, nested=False):
        error = best_match(meta.iter_errors(schema))
        if error is not None:
            yield (*parts, *error.absolute_path), " ".join(error.message.split())[:300]


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


def _exists(document: Document, parts: Parts) -> bool:
    try:
        resolve(document, pointer(parts))
    except KeyError:
        return False
    return True
