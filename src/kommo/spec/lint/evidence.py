"""Rules about evidence: a cited source exists, and so does the cited line; whatever cites no line has a grade."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kommo.spec.bundle import objects, resolve
from kommo.spec.documents import load, nearest
from kommo.spec.lint.rules import Sources, source_rule
from kommo.spec.project import EVIDENCE, QUIRK_OVERLAYS, overlay_files, overlay_id
from kommo.spec.walk import Found, Parts, operations

Problems = Iterator[tuple[Path, Parts, str]]

_CITATION = re.compile(r"(?P<source>[A-Za-z0-9][A-Za-z0-9-]*)(?::(?P<first>\d+)(?:-(?P<last>\d+))?)?")
DISPOSITIONS = ("overlay", "base", "mock", "none")
GRADES = ("vendor-page", "recorded-response", "client-code", "issue-thread", "inferred")
"""How sure a statement is, the surest first."""


def known_sources(root: Path) -> dict[str, dict[str, Any]]:
    """The sources that evidence may name: id -> what is known about it."""
    sources: dict[str, dict[str, Any]] = load(root / EVIDENCE / "sources.yaml")["sources"]
    return sources


def source_problem(known: dict[str, dict[str, Any]], source: Any, lines: Any) -> str | None:
    """Say what is wrong with a citation; `lines` is [first, last] or None."""
    if source not in known:
        return f"no source {source!r} in {EVIDENCE}/sources.yaml{nearest(str(source), known)}"
    if lines is None:
        return None
    if not (isinstance(lines, list) and len(lines) == 2 and all(type(line) is int for line in lines)):
        return f"lines must be [first, last], they are {lines!r}"
    count = known[source].get("lines")
    if count is None:
        return f"{source} has no lines to cite; give a locator"
    if not 1 <= lines[0] <= lines[1] <= count:
        return f"lines {lines[0]}-{lines[1]} are not in {source}, which has {count}"
    return None


def evidence_problem(known: dict[str, dict[str, Any]], evidence: dict[str, Any]) -> str | None:
    """Say what is wrong with an entry of evidence: a source with lines or a locator."""
    problem = source_problem(known, evidence.get("source"), evidence.get("lines"))
    if problem is None and "lines" not in evidence and not evidence.get("locator"):
        return "neither lines nor a locator; say where to look"
    return problem


@source_rule("x-source")
def cited_sources(sources: Sources) -> Problems:
    """`x-source` cites `source`, `source:line` or `source:first-last`; several with commas or as a list."""
    known = known_sources(sources.root)
    files = [*sorted(set(sources.base.origins.values())), *overlay_files(sources.root / QUIRK_OVERLAYS)]
    for path in files:
        for parts, text in _citations(load(path), ()):
            for citation in _listed(text):
                match = _CITATION.fullmatch(str(citation).strip())
                if match is None:
                    yield path, parts, f"{citation!r} is no citation; write source:line or source:first-last"
                    continue
                first, last = match["first"], match["last"] or match["first"]
                problem = source_problem(known, match["source"], [int(first), int(last)] if first else None)
                if problem:
                    yield path, parts, problem


@source_rule("x-evidence")
def graded_statements(sources: Sources) -> Problems:
    """Schemas and operations say where they come from, and whatever cites no line of the vendor's documents says in
    `x-evidence` how sure it is: a grade, and a note where only part of it is less so."""
    for walk in (schemas_by_name, operations):
        for parts, value in walk(sources.base.document):
            if "x-source" not in value:
                origin = max((key for key in sources.base.origins if parts[: len(key)] == key), key=len)
                yield (
                    sources.base.origins[origin],
                    parts[len(origin) :],
                    "no x-source; cite where it comes from",
                )
    # An example illustrates what a document says and claims nothing itself.
    for path in sorted(
        {path for key, path in sources.base.origins.items() if key[:2] != ("components", "examples")}
    ):
        for parts, value in objects(load(path), ()):
            given = value.get("x-evidence")
            if given is None:
                if "x-source" in value and not any(":" in str(cited) for cited in _listed(value["x-source"])):
                    yield (
                        path,
                        parts,
                        f"no line is cited; add x-evidence with a grade, one of {', '.join(GRADES)}",
                    )
            elif not isinstance(given, dict) or given.get("grade") not in GRADES:
                yield path, (*parts, "x-evidence"), f"no grade; give one of {', '.join(GRADES)}"
            elif extra := given.keys() - {"grade", "note"}:
                yield (
                    path,
                    (*parts, "x-evidence"),
                    f"{sorted(extra)[0]!r} is neither grade nor note; delete it",
                )


def schemas_by_name(document: dict[str, Any]) -> Found:
    """Every shared schema."""
    for name, schema in ((document.get("components") or {}).get("schemas") or {}).items():
        yield ("components", "schemas", name), schema


def _listed(citation: Any) -> list[Any]:
    return citation if isinstance(citation, list) else str(citation).split(",")


def _citations(value: Any, parts: Parts) -> Iterator[tuple[Parts, Any]]:
    for place, holder in objects(value, parts):
        if "x-source" in holder:
            yield (*place, "x-source"), holder["x-source"]


@source_rule("ledger")
def ledger(sources: Sources) -> Problems:
    """Every entry of the quirk ledger is accounted for, and what it points to exists."""
    path = sources.root / EVIDENCE / "quirks.yaml"
    known = known_sources(sources.root)
    overlays = {overlay_id(overlay) for overlay in overlay_files(sources.root / QUIRK_OVERLAYS)}
    seen: set[str] = set()
    for index, entry in enumerate(load(path)["quirks"]):
        here: Parts = ("quirks", index)
        if entry["id"] in seen:
            yield path, (*here, "id"), f"the id {entry['id']} stands twice"
        seen.add(entry["id"])
        for number, place in enumerate(entry.get("places") or []):
            problem = source_problem(known, place.get("source"), [place.get("line")] * 2)
            if problem:
                yield path, (*here, "places", number), problem
        for number, source in enumerate(entry.get("sources") or []):
            if source not in known:
                yield path, (*here, "sources", number), source_problem(known, source, None) or ""
        disposition = entry.get("disposition")
        if disposition not in DISPOSITIONS:
            yield path, here, f"the disposition {disposition!r} is none of {', '.join(DISPOSITIONS)}"
        elif not entry.get("why" if disposition == "none" else disposition):
            yield path, here, f"the disposition is {disposition}, and nothing says which or why"
        for number, name in enumerate(entry.get("overlay") or []):
            if name not in overlays:
                yield (
                    path,
                    (*here, "overlay", number),
                    f"there is no overlay {name!r}{nearest(name, overlays)}",
                )
        for number, place_in_base in enumerate(entry.get("base") or []):
            if not _resolves(sources.full, place_in_base) and not _resolves(
                sources.base.document, place_in_base
            ):
                yield path, (*here, "base", number), f"{place_in_base} leads nowhere in the contract"
        for number, name in enumerate(entry.get("mock") or []):
            if name not in overlays and not _module(name):
                yield (
                    path,
                    (*here, "mock", number),
                    f"{name!r} is neither a quirk's id nor a module of kommo.mock",
                )


def _resolves(document: dict[str, Any], ref: str) -> bool:
    try:
        resolve(document, ref)
    except KeyError:
        return False
    return True


def _module(name: str) -> bool:
    try:
        return name.startswith("kommo.mock") and importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False
