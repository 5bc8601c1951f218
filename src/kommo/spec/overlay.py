"""Applying overlay documents (OpenAPI Overlay 1.0 and 1.1); `kommo.spec.overlay_file` reads them.

The specification lets an action that selects nothing succeed. Here that is an error, and so is an action
that changes nothing: both mean that the document moved on and the overlay is dead. `lenient` gives the
specification's own rule back.

Where the specification leaves room:

- Version 1.0 calls the update of an array "an entry to append"; 1.1 says that an array is concatenated and
  anything else appended. Both versions are read the second way.
- Version 1.0 knows no primitive targets, yet the removal of a property with a primitive value is in the
  specification's own examples: it is allowed, the removal of a primitive array item is not.
- A node that a query selects twice is changed once.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonpath import JSONPath, JSONPathError

from kommo.spec.documents import kind, place, pointer, shown
from kommo.spec.overlay_file import Action, Overlay, OverlayError, Query

Parts = tuple[str | int, ...]


def apply(
    document: Any,
    overlays: Sequence[Overlay],
    *,
    lenient: bool = False,
    document_path: Path | None = None,
    note: Callable[[str], None] = lambda text: None,
) -> Any:
    """Apply overlays, one after the other.

    Args:
        document: Plain dicts, lists and scalars; never changed.
        overlays: In the order of application.
        lenient: Let an action that selects or changes nothing pass, as the specification says.
        document_path: Where the document was read; an overlay that `extends` a file must mean this one.
        note: Called with a line for each thing that only `lenient` lets pass.

    Returns:
        The new document. It shares nothing with `document` or with the overlays.

    Raises:
        OverlayError: An overlay does not apply; nothing has changed then.
    """
    result = copy.deepcopy(document)
    for overlay in overlays:
        _Application(result, overlay, lenient, note).run(document_path)
    return result


class _Application:
    """One overlay at work on a document that may be changed."""

    def __init__(self, root: Any, overlay: Overlay, lenient: bool, note: Callable[[str], None]) -> None:
        self.root = root
        self.overlay = overlay
        self.lenient = lenient
        self.note = note

    def run(self, document_path: Path | None) -> None:
        self.check_extends(document_path)
        for action in self.overlay.actions:
            targets = self.select(action.target, action, "target")
            if not targets:
                self.dead(
                    action,
                    "target",
                    f"{action.target.text} matches nothing{_hint(action.target.path, self.root)}",
                )
            elif not self.perform(action, targets):
                self.dead(
                    action, action.verb if action.verb != "none" else "remove", "the action changes nothing"
                )

    def perform(self, action: Action, targets: dict[Parts, Any]) -> bool:
        """Carry out an action on its targets; say whether anything changed."""
        if action.verb == "remove":
            return self.remove(action, targets)
        if action.verb == "none":
            return False
        value = action.value
        if action.verb == "copy":
            sources = self.select(action.value, action, "copy")
            if len(sources) != 1:
                raise self.fault(
                    action,
                    "copy",
                    f"{action.value.text} selects {len(sources)} nodes; a copy needs exactly one source",
                )
            # Taken before anything changes: the source may lie inside a target, or around one.
            value = copy.deepcopy(next(iter(sources.values())))
        return self.update(action, targets, value)

    def remove(self, action: Action, targets: dict[Parts, Any]) -> bool:
        # Inner before outer and the last array item first, so that no place moves before it is used.
        for parts in sorted(targets, reverse=True):  # siblings have keys of one type, so places compare
            if not parts:
                raise self.fault(
                    action, "target", "the whole document cannot be removed; select what is in it"
                )
            parent = self.at(parts[:-1])
            if (
                self.overlay.version == "1.0"
                and _shape(parent) == "array"
                and not _is_container(targets[parts])
            ):
                raise self.fault(
                    action,
                    "target",
                    f"{pointer(parts)} is {kind(targets[parts])} in an array, "
                    "which Overlay 1.0 cannot remove; write overlay: 1.1.0",
                )
            del parent[parts[-1]]
        return True

    def update(self, action: Action, targets: dict[Parts, Any], value: Any) -> bool:
        kinds = {_shape(node): parts for parts, node in targets.items()}
        if len(kinds) > 1:
            listed = ", ".join(f"{name} ({pointer(parts) or '/'})" for name, parts in sorted(kinds.items()))
            raise self.fault(
                action, "target", f"it selects nodes of different kinds: {listed}; split the action"
            )
        (shape,) = kinds
        changed = False
        for parts, node in targets.items():
            if shape == "array":
                added = copy.deepcopy(value) if isinstance(value, list) else [copy.deepcopy(value)]
                node.extend(added)
                changed |= bool(added)
            elif shape == "object":
                if not isinstance(value, dict):
                    raise self.fault(
                        action,
                        action.verb,
                        f"{pointer(parts) or '/'} is an object, the value {kind(value)}; give an object",
                    )
                changed |= self.merge(action, node, value, parts)
            else:
                changed |= self.replace(action, parts, node, value)
        return changed

    def replace(self, action: Action, parts: Parts, node: Any, value: Any) -> bool:
        where = f"{pointer(parts)} is {kind(node)}"
        if self.overlay.version == "1.0":
            raise self.fault(
                action,
                "target",
                f"{where}; Overlay 1.0 updates objects and arrays only: write overlay: 1.1.0",
            )
        if _is_container(value):
            raise self.fault(action, action.verb, f"{where}, the value {kind(value)}; give a primitive value")
        if _same(node, value):
            return False
        self.at(parts[:-1])[parts[-1]] = value
        return True

    def merge(self, action: Action, target: dict[str, Any], value: dict[str, Any], parts: Parts) -> bool:
        changed = False
        for key, new in value.items():
            here = (*parts, key)
            if key not in target:
                target[key] = copy.deepcopy(new)
                changed = True
                continue
            old = target[key]
            if _shape(old) != _shape(new):
                raise self.fault(
                    action,
                    action.verb,
                    f"{pointer(here)} is {kind(old)}, the value {kind(new)}; "
                    "remove it in an action before this one",
                )
            if isinstance(old, dict):
                changed |= self.merge(action, old, new, here)
            elif isinstance(old, list):
                old.extend(copy.deepcopy(new))
                changed |= bool(new)
            elif not _same(old, new):
                target[key] = new
                changed = True
        return changed

    def select(self, query: Query, action: Action, field: str) -> dict[Parts, Any]:
        try:
            return {tuple(match.parts): match.obj for match in query.path.finditer(self.root)}
        except (JSONPathError, RecursionError) as error:
            raise self.fault(action, field, f"{query.text} cannot be evaluated: {error}") from error

    def at(self, parts: Parts) -> Any:
        node = self.root
        for part in parts:
            node = node[part]
        return node

    def check_extends(self, document_path: Path | None) -> None:
        extends = self.overlay.extends
        if extends is None or document_path is None:
            return
        link = urlsplit(extends)
        if link.scheme not in ("", "file") or link.netloc:
            return  # a document on the network: nothing here to compare with
        meant = (self.overlay.path.parent / unquote(link.path)).resolve()
        if meant != document_path.resolve():
            where = place(self.overlay.path, ("extends",))
            text = f"{where}: it extends {shown(meant)}, not {shown(document_path)}"
            if not self.lenient:
                raise OverlayError(f"{text}; apply it to that document or mend extends")
            self.note(text)

    def dead(self, action: Action, field: str, problem: str) -> None:
        if not self.lenient:
            raise self.fault(action, field, f"{problem}; mend the action or delete it")
        self.note(self.text(action, field, problem))

    def fault(self, action: Action, field: str, problem: str) -> OverlayError:
        return OverlayError(self.text(action, field, problem))

    def text(self, action: Action, field: str, problem: str) -> str:
        return f"{place(self.overlay.path, ('actions', action.index, field))}: {problem}"


def _hint(query: JSONPath, document: Any) -> str:
    """Name the longest beginning of a dead query that still selects something."""
    for length in range(len(query.segments) - 1, 0, -1):
        head = JSONPath(env=query.env, segments=query.segments[:length], pseudo_root=False)
        if next(iter(head.finditer(document)), None) is not None:
            # The library writes $['a']['b-c']; people write $.a['b-c'].
            short = re.sub(r"\['([A-Za-z_][A-Za-z0-9_]*)'\]", r".\1", str(head))
            return f" ({short} does)"
    return ""


def _is_container(value: object) -> bool:
    return isinstance(value, dict | list)


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else "primitive"


def _same(old: object, new: object) -> bool:
    """Whether two primitive values are one JSON text: true is not 1, and 1.0 is not 1."""
    return type(old) is type(new) and old == new
