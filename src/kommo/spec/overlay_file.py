"""Reading overlay documents (OpenAPI Overlay 1.0 and 1.1): what is malformed is refused with its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jsonpath import JSONPath, JSONPathEnvironment, JSONPathError
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from kommo.spec.documents import DocumentError, kind, load_mapping, nearest, place, shown

VERSIONS = ("1.0", "1.1")


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
