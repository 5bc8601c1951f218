"""Where in the contract each quirk applies: the reference shows a quirk at the very row that it changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import attrs

from kommo.spec.assemble import assemble, quirk_overlays
from kommo.spec.bundle import METHODS
from kommo.spec.documents import pointer, pointer_parts
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import Overlay
from kommo.spec.project import overlay_id


@attrs.frozen
class Quirk:
    """One way in which the wire differs from the documents, as its overlay tells it.

    Attributes:
        id: the overlay's id and the mock's switch.
        title: one line.
        documented: what the vendor's documents say, in Markdown.
        observed: what the wire does, in Markdown.
        evidence: pairs of a source's id and the place in it.
        confidence: grade of the evidence.
        ledger: ids of the entries of the quirk ledger that it settles.
        profiles: profiles of the mock that show it.
    """

    id: str
    title: str
    documented: str
    observed: str
    evidence: tuple[tuple[str, str], ...]
    confidence: str
    ledger: tuple[str, ...]
    profiles: tuple[str, ...]


class QuirkPlaces:
    """Which quirk touches which node of the published contract.

    Args:
        places: for each quirk, the JSON pointers of the nodes that its overlay adds, changes or removes.
    """

    def __init__(self, places: Mapping[Quirk, frozenset[str]]) -> None:
        self.quirks = tuple(places)
        self._places = places

    def at(self, *pointers: str) -> tuple[Quirk, ...]:
        """The quirks that touch a node of these or something inside of it."""
        return tuple(
            quirk
            for quirk, touched in self._places.items()
            if any(place == own or place.startswith(own + "/") for own in pointers for place in touched)
        )

    def of_operation(
        self, own: str, operation: Mapping[str, Any], document: Mapping[str, Any]
    ) -> tuple[Quirk, ...]:
        """The quirks that touch an operation or any component that it reaches.

        Args:
            own: the operation's JSON pointer.
            operation: the operation itself.
            document: the published contract.
        """
        return self.at(own, *reached(operation, document))


def locate(root: Path) -> QuirkPlaces:
    """Find where the quirk overlays of a checkout apply.

    Raises:
        CommandError: a source is malformed or an overlay does not apply.
    """
    base = assemble(root, quirks=())
    return QuirkPlaces(
        {
            _quirk(overlay): frozenset(pointer(parts) for parts in _touched(overlay, base))
            for overlay in quirk_overlays(root)
        }
    )


def operations_of(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Every operation of a document: path, method in small letters, the operation itself."""
    for path, item in document.get("paths", {}).items():
        for method, operation in item.items():
            if method in METHODS:
                yield path, method, operation


def resolve(node: Any, document: Mapping[str, Any]) -> Any:
    """The node that a local reference names, or the node itself. Keys beside a reference win over its target's."""
    while isinstance(node, Mapping) and "$ref" in node:
        target: Any = document
        for key in pointer_parts(node["$ref"]):
            target = target[key]
        beside = {key: value for key, value in node.items() if key != "$ref"}
        node = {**target, **beside} if beside else target
    return node


def reached(node: Any, document: Mapping[str, Any], seen: set[str] | None = None) -> set[str]:
    """The JSON pointers of all components that a node refers to, directly or not. Links are not followed."""
    seen = set() if seen is None else seen
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and (place := reference.removeprefix("#")) not in seen:
            seen.add(place)
            reached(resolve({"$ref": reference}, document), document, seen)
        for key, value in node.items():
            if key not in ("links", "examples"):
                reached(value, document, seen)
    elif isinstance(node, list):
        for value in node:
            reached(value, document, seen)
    return seen


def _quirk(overlay: Overlay) -> Quirk:
    facts = overlay.info.get("x-quirk") or {}
    return Quirk(
        id=overlay_id(overlay.path),
        title=overlay.info["title"],
        documented=facts.get("documented", ""),
        observed=facts.get("observed", ""),
        evidence=tuple(_evidence(entry) for entry in facts.get("evidence", ())),
        confidence=facts.get("confidence", ""),
        ledger=tuple(facts.get("ledger", ())),
        profiles=tuple((facts.get("mock") or {}).get("profiles", ())),
    )


def _evidence(entry: Mapping[str, Any]) -> tuple[str, str]:
    if "lines" in entry:
        first, last = entry["lines"]
        return entry["source"], f"line {first}" if first == last else f"lines {first}–{last}"
    return entry["source"], str(entry.get("locator", ""))


def _touched(overlay: Overlay, base: Mapping[str, Any]) -> Iterator[tuple[str | int, ...]]:
    own: Any = None
    for action in overlay.actions:
        found = list(action.target.path.finditer(base))
        if not found:
            # It works on what an earlier action of the same overlay added.
            own = own or apply(base, [overlay])
            found = list(action.target.path.finditer(own))
        for match in found:
            yield from _changed(tuple(match.parts), action.value if action.verb == "update" else None)


def _changed(parts: tuple[str | int, ...], value: Any) -> Iterator[tuple[str | int, ...]]:
    """The nodes below `parts` that an update writes, down to the last key."""
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _changed((*parts, key), inner)
    else:
        yield parts
