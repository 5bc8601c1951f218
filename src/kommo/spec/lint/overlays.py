"""Rules about overlay files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from kommo.spec.documents import load, nearest
from kommo.spec.lint.evidence import GRADES, evidence_problem, known_sources
from kommo.spec.lint.rules import Sources, source_rule
from kommo.spec.overlay_file import load_overlay
from kommo.spec.project import (
    CODEGEN_OVERLAYS,
    EVIDENCE,
    PROFILE_OVERLAYS,
    QUIRK_OVERLAYS,
    overlay_files,
    overlay_id,
)
from kommo.spec.walk import Parts

PROFILES = ("observed", "lenient")

Problems = Iterator[tuple[Path, Parts, str]]


_FOLDERS = (QUIRK_OVERLAYS, CODEGEN_OVERLAYS, PROFILE_OVERLAYS)


def _all(root: Path) -> list[Path]:
    return [path for folder in _FOLDERS for path in overlay_files(root / folder)]


@source_rule("overlay-name")
def overlay_names(sources: Sources) -> Problems:
    """Overlay files end in .overlay.yaml, and an id (the file's stem) and a title stand once."""
    ids: dict[str, Path] = {}
    titles: dict[str, Path] = {}
    for folder in _FOLDERS:
        known = set(overlay_files(sources.root / folder))
        for path in sorted((sources.root / folder).glob("*")):
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
            problem = evidence_problem(known, evidence)
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


@source_rule("overlay-profile")
def overlay_profiles(sources: Sources) -> Problems:
    """A profile's overlay says in info.x-profile whose hosts it is about, how they differ, and on what evidence."""
    known = known_sources(sources.root)
    hosts = {
        host
        for server in sources.base.document.get("servers") or []
        for variable in (server.get("variables") or {}).values()
        for host in variable.get("enum") or []
    }
    for path in overlay_files(sources.root / PROFILE_OVERLAYS):
        profile = load_overlay(path).info.get("x-profile")
        here: Parts = ("info", "x-profile")
        if not isinstance(profile, dict):
            yield path, ("info",), "no x-profile object; say id, hosts, differences"
            continue
        if profile.get("id") != overlay_id(path):
            yield path, here, f"the id is {profile.get('id')!r}, the file's name says {overlay_id(path)!r}"
        for index, host in enumerate(profile.get("hosts") or [None]):
            if host not in hosts:
                yield (
                    path,
                    (*here, "hosts", index),
                    f"{host!r} is no host of the servers{nearest(str(host), hosts)}",
                )
        for index, difference in enumerate(profile.get("differences") or [{}]):
            place = (*here, "differences", index)
            if not difference.get("says") or not difference.get("evidence"):
                yield path, place, "no difference without what it says and its evidence"
            if difference.get("confidence") not in GRADES:
                yield path, place, f"{difference.get('confidence')!r} is none of {', '.join(GRADES)}"
            for number, evidence in enumerate(difference.get("evidence") or []):
                problem = evidence_problem(known, evidence)
                if problem:
                    yield path, (*place, "evidence", number), problem
