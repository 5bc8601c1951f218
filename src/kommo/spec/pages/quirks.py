"""docs/reference/quirks.md: what was found in the vendor's documents, and what was done about each entry."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from kommo.spec.documents import load
from kommo.spec.pages.markdown import code, table
from kommo.spec.project import EVIDENCE, OVERLAY_SUFFIX, QUIRK_OVERLAYS

_INTRO = """\
# What the vendor's documents leave open

Every contradiction, error and gap found in the documents that this contract was written from, and what was
done about it:

- **overlay**: the wire differs from the documents; an overlay says how
- **base**: the documents or the evidence settle it inside the contract
- **mock**: a matter of behaviour that a schema cannot say
- **none**: nothing to describe
"""


def render(root: Path) -> str:
    """Make the page; see `kommo.spec.reference.Page`."""
    entries: list[dict[str, Any]] = load(root / EVIDENCE / "quirks.yaml")["quirks"]
    sources: dict[str, dict[str, Any]] = load(root / EVIDENCE / "sources.yaml")["sources"]
    counts = Counter(entry["disposition"] for entry in entries)
    summary = ", ".join(f"{number} {name}" for name, number in sorted(counts.items()))
    head = ["Id", "Found at", "What is wrong or missing", "What is known", "Evidence", "Disposition"]
    parts = [_INTRO, f"{len(entries)} entries: {summary}.", ""]
    for version in ("V2", "V4"):
        rows = [_row(entry) for entry in entries if str(entry["id"]).startswith(version)]
        parts += [f"## {version.lower()}", "", table(head, rows), ""]
    used = sorted({source for entry in entries for source in _cited(entry)})
    rows = [[f"`{name}`", sources[name]["title"], sources[name].get("locator", "")] for name in used]
    parts += ["## Sources", "", table(["Id", "What it is", "Where"], rows)]
    return "\n".join(parts)


def _cited(entry: dict[str, Any]) -> set[str]:
    return {place["source"] for place in entry["places"]} | set(entry.get("sources", []))


def _row(entry: dict[str, Any]) -> list[object]:
    places = ", ".join(f"{place['source']}:{place['line']}" for place in entry["places"])
    evidence = entry["evidence"]
    if entry.get("sources"):
        evidence += f" ({', '.join(entry['sources'])})"
    return [entry["id"], places, entry["issue"], entry["truth"], evidence, _disposition(entry)]


def _disposition(entry: dict[str, Any]) -> str:
    links = [f"[{name}](../../{QUIRK_OVERLAYS}/{name}{OVERLAY_SUFFIX})" for name in entry.get("overlay", [])]
    details = [
        ", ".join(links),
        code(entry.get("base", [])),
        code(entry.get("mock", [])),
        entry.get("why", ""),
    ]
    return f"**{entry['disposition']}**: " + "; ".join(detail for detail in details if detail)
