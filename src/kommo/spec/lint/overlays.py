"""Rules about overlay files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kommo.spec.documents import load, nearest
from kommo.spec.lint.evidence import GRADES, known_sources, source_problem
from kommo.spec.lint.rules import Sources, source_rule
from kommo.spec.overlay import load_overlay
from kommo.spec.project import CODEGEN_OVERLAYS, EVIDENCE, QUIRK_OVERLAYS, overlay_files, overlay_id
from kommo.spec.walk import Parts

PROFILES = ("observed", "lenient")

Problems = Iterator[tuple[Path, Parts, str]]


def _all(root: Path) -> list[Path]:
    return overlay_files(root / QUIRK_OVERLAYS) + overlay_files(root / CODEGEN_OVERLAYS)


@source_rule("overlay-name")
def overlay_names(sources: Sources) -> Problems:
    """Overlay files end in .overlay.yaml, and an id (the file's stem) and a title stand once."""
    ids: dict[str, Path] = {}
    titles: dict[str, Path] = {}
    for folder in (QUIRK_OVERLAYS, CODEGEN_OVERLAYS):
        known = set(overlay_files(sources.root / folder))
        for path in sorted((sources.root / folder).iterdir()):
            if path not in known:
                yield path, (), "not an overlay by its name; call it <id>.overlay.yaml or move it away"
    for path in _all(sources.root):
        title = str(load_overlay(path).info["title"])
        if overlay_id(path) in ids:
            yield path, (), f"the id {overlay_id(path)!r} is also that of {ids[overlay_id(path)]}; rename one"
        if title in titles:
            yield path, ("info", "title"), f"the title is also that of {titles[title].name}; say what differs"
        ids[overlay_id(path)] = titles[title] = path


@source_rule("overlay-quirk")
def overlay_quirks(sources: Sources) -> Problems:
    """A quirk overlay says in info.x-quirk what is documented, what was observed, and on what evidence."""
    ledger = {entry["id"] for entry in load(sources.root / EVIDENCE / "quirks.yaml")["quirks"]}
    known = known_sources(sources.root)
    for path in overlay_files(sources.root / QUIRK_OVERLAYS):
        quirk = load_overlay(path).info.get("x-quirk")
        here: Parts = ("info", "x-quirk")
        if not isinstance(quirk, dict):
            yield (
                path,
                ("info",),
                "no x-quirk object; say id, ledger, documented, observed, evidence, confidence, mock",
            )
            continue
        for field in ("id", "ledger", "documented", "observed", "evidence", "confidence", "mock"):
            if not quirk.get(field) and field != "ledger":
                yield path, here, f"x-quirk has no {field!r}; add it"
        if quirk.get("id") != overlay_id(path):
            yield (
                path,
                (*here, "id"),
                f"the id is {quirk.get('id')!r}, the file's name says {overlay_id(path)!r}",
            )
        for index, entry in enumerate(quirk.get("ledger") or []):
            if entry not in ledger:
                yield (
                    path,
                    (*here, "ledger", index),
                    f"the ledger has no entry {entry!r}{nearest(entry, ledger)}",
                )
        if quirk.get("confidence") not in GRADES:
            yield (
                path,
                (*here, "confidence"),
                f"{quirk.get('confidence')!r} is none of {', '.join(GRADES)}",
            )
        for index, evidence in enumerate(quirk.get("evidence") or []):
            problem = source_problem(known, evidence.get("source"), evidence.get("lines"))
            if problem is None and "lines" not in evidence and not evidence.get("locator"):
                problem = "neither lines nor a locator; say where to look"
            if problem:
                yield path, (*here, "evidence", index), problem
        mock = quirk.get("mock") or {}
        if mock.get("switch") != overlay_id(path):
            yield (
                path,
                (*here, "mock"),
                f"the switch of the mock must be the overlay's id, {overlay_id(path)!r}",
            )
        profiles = mock.get("profiles") or []
        if not profiles or not set(profiles) <= set(PROFILES):
            yield (
                path,
                (*here, "mock"),
                f"profiles must be some of {', '.join(PROFILES)}; they are {profiles}",
            )
