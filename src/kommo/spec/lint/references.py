"""Rules about shared parts and references."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kommo.spec.bundle import SECTIONS, references, resolve
from kommo.spec.documents import load
from kommo.spec.lint.rules import Document, Sources, document_rule, source_rule
from kommo.spec.project import ROOT_DOCUMENT
from kommo.spec.walk import Parts, operations

# What may stand beside a $ref: notes about the place. Only some tools read a constraint there.
_NOTES = {"$ref", "summary", "description", "deprecated", "readOnly", "writeOnly", "default", "examples"}


@document_rule("ref-siblings")
def ref_siblings(document: Document) -> Iterator[tuple[Parts, str]]:
    """Beside a $ref stand notes only, because tools disagree about anything else."""
    for parts, _ in references(document):
        holder: Any = document
        for part in parts:
            holder = holder[part]
        extra = [key for key in holder if key not in _NOTES and not key.startswith("x-")]
        if extra:
            yield parts, f"{extra[0]!r} stands beside a $ref; write allOf with the $ref as one member"


@source_rule("unused-component")
def unused_components(sources: Sources) -> Iterator[tuple[Path, Parts, str]]:
    """Every shared part is used by something, or named by the root document as published for its own sake."""
    bundled = {path.resolve() for path in sources.base.origins.values()}
    folder = (sources.root / ROOT_DOCUMENT).parent
    for top in ("components", "paths"):
        for path in sorted((folder / top).rglob("*.yaml")):
            if path.resolve() not in bundled:
                yield path, (), "nothing refers to this file; delete it or use it"
    named = load(sources.root / ROOT_DOCUMENT).get("components") or {}
    used = {ref for _, ref in references(sources.full)}
    for _, operation in operations(sources.full):
        for alternative in operation.get("security") or []:
            used |= {f"#/components/securitySchemes/{name}" for name in alternative}
    for section in SECTIONS:
        for name in (sources.full.get("components") or {}).get(section) or {}:
            if name not in (named.get(section) or {}) and f"#/components/{section}/{name}" not in used:
                path = sources.base.origins.get(("components", section, name), sources.root / ROOT_DOCUMENT)
                yield (
                    path,
                    (),
                    f"with all overlays nothing uses {section}/{name}; remove it in the overlay too",
                )


@source_rule("narrows")
def narrows(sources: Sources) -> Iterator[tuple[Path, Parts, str]]:
    """`x-narrows` names the shared schema that a per-entity one narrows, and the schema builds on it."""
    known = (sources.base.document.get("components") or {}).get("schemas") or {}
    for name, schema in known.items():
        wide = schema.get("x-narrows")
        if wide is None:
            continue
        path = sources.base.origins[("components", "schemas", name)]
        if wide not in known:
            yield path, ("x-narrows",), f"there is no schema {wide!r}"
        elif not any(resolve(sources.base.document, ref) is known[wide] for _, ref in references(schema)):
            yield path, ("x-narrows",), f"{name} does not build on {wide}; refer to it in allOf"
