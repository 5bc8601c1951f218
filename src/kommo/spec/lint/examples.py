"""Rules about examples: each one is valid against the schema it illustrates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from kommo.spec.documents import pointer
from kommo.spec.lint.rules import Document, document_rule
from kommo.spec.walk import Parts, followed, headers, is_reference, media_types, parameters, schemas

Problems = Iterator[tuple[Parts, str]]

_BASE = "urn:contract"


class _Schemas:
    """Validates values against the schemas of one document, references included."""

    def __init__(self, document: Document) -> None:
        self.registry = Registry().with_resource(_BASE, DRAFT202012.create_resource(document))

    def problem(self, value: Any, schema: str) -> str | None:
        """Say what is wrong with a value; `schema` is a JSON pointer or a local reference."""
        validator = Draft202012Validator(
            {"$ref": f"{_BASE}#{quote(schema.removeprefix('#'), safe='/~')}"},
            registry=self.registry,
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        error = best_match(validator.iter_errors(value))
        if error is None:
            return None
        reason = " ".join(error.message.split())
        return f"at {pointer(error.absolute_path) or '/'}: {reason[:200]}"


@document_rule("example-valid", after="schema-valid")
def valid_examples(document: Document) -> Problems:
    """Examples of media types, parameters, headers and schemas are valid; mend the example or the schema."""
    check = _Schemas(document)
    for walk in (media_types, parameters, headers):
        for parts, holder in walk(document):
            schema = pointer((*parts, "schema"))
            if "schema" in holder:
                for place, value in _examples(document, parts, holder):
                    problem = check.problem(value, schema)
                    if problem:
                        yield place, f"the example is not valid {problem}"
    for parts, schema_object in schemas(document):
        listed = [("example", schema_object["example"])] if "example" in schema_object else []
        examples = schema_object.get("examples")
        numbered = [(("examples", index), value) for index, value in enumerate(examples or [])]
        for key, value in [*((("example",), value) for _, value in listed), *numbered]:
            problem = check.problem(value, pointer(parts))
            if problem:
                yield (*parts, *key), f"the example is not valid {problem}"


@document_rule("example-schema", after="schema-valid")
def named_schema(document: Document) -> Problems:
    """A shared example that names its schema (`x-schema`) is valid against it, and only one that is used
    nowhere needs to name it."""
    check = _Schemas(document)
    known = (document.get("components") or {}).get("schemas") or {}
    for name, example in ((document.get("components") or {}).get("examples") or {}).items():
        wanted = example.get("x-schema")
        if wanted is None:
            continue
        parts: Parts = ("components", "examples", name)
        if wanted.rpartition("/")[2] not in known:
            yield (*parts, "x-schema"), f"there is no schema {wanted!r}"
            continue
        problem = check.problem(example.get("value"), f"/components/schemas/{wanted.rpartition('/')[2]}")
        if problem:
            yield (*parts, "value"), f"the example is not valid {problem}"


def _examples(document: Document, parts: Parts, holder: dict[str, Any]) -> Iterator[tuple[Parts, Any]]:
    """The examples of a media type, parameter or header; a shared one is placed where it is shared."""
    if "example" in holder:
        yield (*parts, "example"), holder["example"]
    for name, example in (holder.get("examples") or {}).items():
        place: Parts = (*parts, "examples", name)
        if is_reference(example):
            place = tuple(str(example["$ref"]).removeprefix("#/").split("/"))
            example = followed(document, example)
        if isinstance(example, dict) and "value" in example:
            yield (*place, "value"), example["value"]
