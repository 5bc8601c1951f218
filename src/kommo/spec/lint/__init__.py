"""The house rules of the contract.

A rule is a small function with an id; `document_rule` and `source_rule` put it on the list. Document rules
look at a bundled document: at the base alone, where a finding names the file it comes from, at the base with
all quirk overlays, and at that of each profile. Source rules look at files.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kommo.spec.assemble import assemble, profiles, with_profile
from kommo.spec.bundle import bundle_with_origins
from kommo.spec.documents import line_of, pointer, shown
from kommo.spec.lint.rules import DOCUMENT_RULES, SOURCE_RULES, Base, Document, Sources
from kommo.spec.project import DIST, PROFILES, ROOT_DOCUMENT
from kommo.spec.walk import Parts

for _module in ("operations", "descriptions", "schemas", "examples", "references", "overlays", "evidence"):
    importlib.import_module(f"kommo.spec.lint.{_module}")


@dataclass(frozen=True, order=True)
class Finding:
    """A broken rule and its place."""

    file: str
    line: int
    pointer: str
    rule: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.pointer}: {self.rule}: {self.message}"


def findings(root: Path) -> list[Finding]:
    """Hold a checkout against every rule.

    Args:
        root: The checkout.

    Returns:
        What is wrong, by file and line; empty when nothing is.

    Raises:
        CommandError: The sources cannot even be assembled.
    """
    document, origins = bundle_with_origins(root / ROOT_DOCUMENT)
    found: list[Finding] = []
    base = set(_broken(document))
    for rule, parts, message in base:
        origin = max((key for key in origins if parts[: len(key)] == key), key=len)
        found.append(_finding(origins[origin], parts[len(origin) :], rule, message))
    full = assemble(root)
    overlaid = set(_broken(full)) - base
    for rule, parts, message in overlaid:
        # What an overlay brought has no place in the base; the bundle is where it can be seen.
        bundle = root / DIST / "kommo.openapi.json"
        found.append(_finding(bundle, parts, rule, f"{message} (with all overlays)"))
    for profile in profiles(root):
        for rule, parts, message in set(_broken(with_profile(root, full, profile))) - base - overlaid:
            bundle = root / PROFILES / f"{profile}.openapi.json"
            found.append(_finding(bundle, parts, rule, f"{message} (in the profile {profile})"))
    sources = Sources(root, Base(document, origins), full)
    for source_rule in SOURCE_RULES:
        for path, parts, message in source_rule.check(sources):
            found.append(_finding(path, parts, source_rule.id, message))
    return sorted(set(found))


def _broken(document: Document) -> Iterator[tuple[str, Parts, str]]:
    """Hold a document against the document rules: (rule, parts, message)."""
    broken: set[str] = set()
    for rule in DOCUMENT_RULES:
        if rule.after not in broken:
            for parts, message in rule.check(document):
                broken.add(rule.id)
                yield rule.id, parts, message


def _finding(path: Path, parts: tuple[str | int, ...], rule: str, message: str) -> Finding:
    return Finding(shown(path), line_of(path, parts), pointer(parts) or "/", rule, message)


def report(root: Path) -> int:
    """Print the findings; return 0 when there are none, else 1."""
    found = findings(root)
    for finding in found:
        print(finding)
    if found:
        print(f"kommo spec: {len(found)} findings", file=sys.stderr)
        return 1
    print(f"{len(DOCUMENT_RULES) + len(SOURCE_RULES)} rules, no findings")
    return 0
