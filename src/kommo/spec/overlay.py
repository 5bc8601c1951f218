"""OpenAPI Overlay 1.0 and 1.1: reading overlay documents and applying them.

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
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from kommo.spec.documents import DocumentError, kind, load_mapping, nearest, place, pointer, shown

VERSIONS = ("1.0", "1.1")
Parts = tuple[str | int, ...]


@dataclass(frozen=True)
class Query:
    """A JSONPath query: as it was written, for messages, and compiled."""

    text: str
    path: JSONPath


@dataclass(frozen=True)
class Action:
    """One action of an overlay.

    Args:
        index: Its place in the overlay's list, for messages.
        target: The query that selects the nodes.
        verb: "remove", "update" or "copy"; "none" for one that says `remove: false` and no more.
        value: The update's value (any JSON value), or the query of a copy's source.
    """

    index: int
    target: Query
    verb: str
    value: Any = None


@dataclass(frozen=True)
class Overlay:
    """An overlay document that is valid by itself.

    Args:
        path: Where it was read.
        version: The feature set, "1.0" or "1.1".
        info: Its info object, extensions included.
        extends: The document it says it belongs to, as it stands there.
        actions: In order.
    """

    path: Path
    version: str
    info: Mapping[str, Any]
    extends: str | None
    actions: tuple[Action, ...]


class OverlayError(DocumentError):
    """An overlay that is malformed or does not apply."""


def load_overlay(path: Path) -> Overlay:
    """Read and check an overlay document, JSON or YAML.

    Raises:
        DocumentError: The file cannot be read, is no valid overlay of version 1.0 or 1.1, or holds a query
            that RFC 9535 does not allow.
    """
    document = load_mapping(path, "an overlay")
    version = _version(document, path)
    error = best_match(_validator(version).iter_errors(document))
    if error is not None:
        hint = ""
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            unknown = next(key for key in error.instance if key not in known and not key.startswith("x-"))
            text = f"{unknown!r} is no field of Overlay {version} here"
            hint = nearest(unknown, known) or "; remove it or begin its name with x-"
        else:
            text = _reason(error)
        raise OverlayError(f"{place(path, error.absolute_path)}: {text}{hint}")
    return Overlay(
        path=path,
        version=version,
        info=document["info"],
        extends=document.get("extends"),
        actions=tuple(_action(path, index, raw) for index, raw in enumerate(document["actions"])),
    )


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


def _version(document: dict[str, Any], path: Path) -> str:
    known = " or ".join(f"{version}.0" for version in VERSIONS)
    version = document.get("overlay")
    if version is None:
        raise OverlayError(
            f"{shown(path)}:1: no `overlay` field, so this is no overlay; add: overlay: {VERSIONS[-1]}.0"
        )
    if not isinstance(version, str):
        raise OverlayError(f"{place(path, ('overlay',))}: the version must be a string such as {known}")
    feature_set, _, patch = version.rpartition(".")
    if feature_set not in VERSIONS or not patch.isdecimal():
        raise OverlayError(
            f"{place(path, ('overlay',))}: overlay version {version!r} is not known; write {known}"
        )
    return feature_set


@cache
def _validator(version: str) -> Draft202012Validator:
    text = resources.files("kommo.spec").joinpath("schemas", f"overlay-{version}.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


def _reason(error: Any) -> str:
    """Say in a few words why an overlay is not valid."""
    if error.validator == "required":
        missing = next(key for key in error.validator_value if key not in error.instance)
        return f"the field {missing!r} is missing; add it"
    if error.validator == "anyOf" and isinstance(error.instance, dict):
        verbs = [branch["required"][0] for branch in error.validator_value]
        return f"the action does nothing; give it {' or '.join(verbs)}"
    if error.validator == "not":
        return "update and copy exclude each other; split the action in two"
    if error.validator == "minItems":
        return "the list is empty; add at least one entry"
    if error.validator == "uniqueItems":
        return "two actions are identical; delete one"
    if error.validator == "pattern":
        return f"{error.instance!r} is no query; a JSONPath begins with $"
    if error.validator == "type":
        return f"this is {kind(error.instance)}; give a value of the type {error.validator_value}"
    return str(error.message)


def _action(path: Path, index: int, raw: dict[str, Any]) -> Action:
    target = _query(path, index, "target", raw["target"])
    if raw.get("remove", False):
        return Action(index, target, "remove")
    if "update" in raw:
        return Action(index, target, "update", raw["update"])
    if "copy" in raw:
        return Action(index, target, "copy", _query(path, index, "copy", raw["copy"]))
    return Action(index, target, "none")


@cache
def _environment() -> JSONPathEnvironment:
    return JSONPathEnvironment(strict=True)


def _query(path: Path, index: int, field: str, text: str) -> Query:
    try:
        query = _environment().compile(text)
    except (JSONPathError, RecursionError) as error:
        reason = str(error).splitlines()[0] if str(error) else "nested too deeply"
        raise OverlayError(
            f"{place(path, ('actions', index, field))}: {text!r} is not a JSONPath (RFC 9535): {reason}; "
            "mend the query"
        ) from error
    assert isinstance(query, JSONPath)  # a strict environment compiles no compound queries
    return Query(text, query)


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
