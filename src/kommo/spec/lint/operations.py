"""Rules about operations and links."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kommo.spec.documents import nearest
from kommo.spec.lint.rules import Document, document_rule
from kommo.spec.walk import Parts, is_reference, links, operation_parameters, operations

VERBS = ("list", "get", "create", "update", "update_batch", "delete", "write")

Problems = Iterator[tuple[Parts, str]]


@document_rule("operation-id")
def operation_id(document: Document) -> Problems:
    """An operationId is `<verb>_<tag>`: the client's method and resource names come from it."""
    seen: dict[str, Parts] = {}
    for parts, operation in operations(document):
        name = operation.get("operationId")
        tag = next(iter(operation.get("tags") or []), None)
        if not isinstance(name, str):
            yield parts, f"no operationId; name it <verb>_{tag} with one of the verbs {', '.join(VERBS)}"
        elif name not in {f"{verb}_{tag}" for verb in VERBS}:
            yield (
                (*parts, "operationId"),
                f"{name!r} must be <verb>_<tag>: one of {', '.join(VERBS)}, then _{tag}",
            )
        elif name in seen:
            yield (*parts, "operationId"), f"{name!r} stands twice; each operation has its own"
        else:
            seen[name] = parts


@document_rule("one-tag")
def one_tag(document: Document) -> Problems:
    """An operation has exactly one tag, and the root declares it: a tag is a resource of the client."""
    declared = [tag.get("name") for tag in document.get("tags") or []]
    used = set()
    for parts, operation in operations(document):
        tags = operation.get("tags") or []
        used |= set(tags)
        if len(tags) != 1:
            yield parts, f"{len(tags)} tags; an operation belongs to exactly one resource"
        elif tags[0] not in declared:
            yield (
                (*parts, "tags", 0),
                f"the tag {tags[0]!r} is not declared in the root document{nearest(tags[0], declared)}",
            )
    for index, name in enumerate(declared):
        if name not in used:
            yield ("tags", index), f"no operation has the tag {name!r}; delete it or use it"


@document_rule("security")
def security(document: Document) -> Problems:
    """Every operation says how it is secured and whom it is for: the generator ignores what the root says.

    The roles behind a scheme's name are OpenAPI's way to say who may call (3.1, Security Requirement Object).
    """
    schemes = (document.get("components") or {}).get("securitySchemes") or {}
    for parts, operation in operations(document):
        wanted = operation.get("security")
        if not wanted:
            yield parts, "no security; name the schemes that the operation accepts"
        for index, alternative in enumerate(wanted or []):
            for name, roles in alternative.items():
                place = (*parts, "security", index, name)
                if name not in schemes:
                    yield place, f"no security scheme {name!r}{nearest(name, schemes)}"
                    continue
                known = schemes[name].get("x-roles") or {}
                for role in roles:
                    if role not in known:
                        yield (
                            place,
                            f"no role {role!r} in x-roles of the security scheme {name!r}{nearest(role, known)}",
                        )


@document_rule("shared-errors")
def shared_errors(document: Document) -> Problems:
    """Error answers are shared responses: one error is described once."""
    for parts, operation in operations(document):
        for status, response in (operation.get("responses") or {}).items():
            if status[:1] in "45d" and not is_reference(response):
                yield (
                    (*parts, "responses", status),
                    "an error answer written out; move it to components/responses and refer to it",
                )


@document_rule("links")
def sound_links(document: Document) -> Problems:
    """A link names an operation that exists, its parameters, and a body only where one is taken."""
    known: dict[str, tuple[Parts, dict[str, Any]]] = {
        str(operation.get("operationId")): (parts, operation) for parts, operation in operations(document)
    }
    for parts, link in links(document):
        name = link.get("operationId")
        if name not in known:
            yield (
                (*parts, "operationId") if name else parts,
                f"the link leads to no operation ({name!r}){nearest(str(name), known)}",
            )
            continue
        place, operation = known[name]
        takes = {parameter.get("name") for parameter in operation_parameters(document, place)}
        for parameter in link.get("parameters") or {}:
            bare = parameter.partition(".")[2] or parameter
            if bare not in takes and parameter not in takes:
                yield (
                    (*parts, "parameters", parameter),
                    f"{name} has no parameter {bare!r}{nearest(bare, map(str, takes))}",
                )
        if "requestBody" in link and "requestBody" not in operation:
            yield (*parts, "requestBody"), f"{name} takes no request body; delete it from the link"
