"""Assembling the contract: the base document with the quirk overlays asked for, and what is made of it.

That is what the generator reads, and one profile for each platform: the contract without what only the other one has.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from kommo.command import CommandError
from kommo.spec.bundle import bundle, dangling, references
from kommo.spec.documents import DocumentError, nearest, place, pointer, pointer_parts, shown
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import Overlay, load_overlay
from kommo.spec.project import (
    CODEGEN_OVERLAYS,
    PROFILE_OVERLAYS,
    QUIRK_OVERLAYS,
    ROOT_DOCUMENT,
    overlay_files,
    overlay_id,
)
from kommo.spec.walk import is_reference, operations, parameters
from kommo.version import __version__


def assemble(root: Path, *, quirks: Iterable[str] | None = None, codegen: bool = False) -> dict[str, Any]:
    """Build the contract from its sources.

    Args:
        root: The checkout (`kommo.spec.project.find_root()`).
        quirks: Ids of the quirk overlays to apply; None applies all, () gives the base alone. They are
            applied in the order of their names, whatever the order here.
        codegen: Whether to apply the overlays that only the client generator needs, too.

    Returns:
        A new OpenAPI document; `info.version` is this project's version and `info.x-overlays` lists the ids
        of the overlays applied.

    Raises:
        CommandError: A malformed source, an overlay that does not apply, or an unknown id.
    """
    overlays = quirk_overlays(root, quirks)
    source = root / ROOT_DOCUMENT
    document = bundle(source)
    info = document.get("info")
    if not isinstance(info, dict):
        raise DocumentError(f"{place(source, ('info',))}: an info object is missing; add it")
    info["version"] = __version__
    info["x-overlays"] = []
    document = _overlaid(document, overlays, source)
    return with_codegen(root, document) if codegen else document


def with_codegen(root: Path, document: dict[str, Any]) -> dict[str, Any]:
    """Apply the generator's overlays to an assembled contract; the argument stays as it is.

    Raises:
        CommandError: One of them is malformed or does not apply.
    """
    overlays = [load_overlay(path) for path in overlay_files(root / CODEGEN_OVERLAYS)]
    return describe_parameters(_overlaid(document, overlays, root / ROOT_DOCUMENT))


def profiles(root: Path) -> list[str]:
    """The ids of the profiles: `amocrm`, `kommo`."""
    return [overlay_id(path) for path in overlay_files(root / PROFILE_OVERLAYS)]


def with_profile(root: Path, document: dict[str, Any], profile: str) -> dict[str, Any]:
    """Make the contract of one platform of an assembled contract; the argument stays as it is.

    The profile's overlay says what the platform lacks. Components that nothing is left to use go with it; those that
    nothing used before are published for their own sake, and stay with all that they need.

    Args:
        root: The checkout.
        document: The contract of both platforms.
        profile: Its id, one of `profiles(root)`.

    Returns:
        A new document; `info.x-profile` is the id.

    Raises:
        CommandError: There is no such profile, or its overlay is malformed or does not apply.
    """
    files = {overlay_id(path): path for path in overlay_files(root / PROFILE_OVERLAYS)}
    if profile not in files:
        raise CommandError(
            f"no profile {profile!r} in {shown(root / PROFILE_OVERLAYS)}{nearest(profile, files)}"
        )
    result = _overlaid(document, [load_overlay(files[profile])], root / ROOT_DOCUMENT)
    used = _used(result, published=_components(document).keys() - _named(document))
    for section, components in result["components"].items():
        for name in [name for name in components if (section, name) not in used]:
            del components[name]
    result["info"]["x-profile"] = profile
    return result


_Key = tuple[str, str]  # section and name of a component


def _components(document: dict[str, Any]) -> dict[_Key, Any]:
    return {
        (section, name): part
        for section, parts in (document.get("components") or {}).items()
        for name, part in parts.items()
    }


def _named(value: Any) -> set[_Key]:
    """The components that a part of a document refers to."""
    found = set()
    for _, ref in references(value):
        section, name = [*pointer_parts(ref.removeprefix("#")), "", "", ""][1:3]
        found.add((section, name))
    return found


def _used(document: dict[str, Any], published: Collection[_Key]) -> set[_Key]:
    """The components that operations need, or components that are published for their own sake."""
    components = _components(document)
    used = {
        ("securitySchemes", scheme)
        for _, operation in operations(document)
        for alternative in operation.get("security") or []
        for scheme in alternative
    } | (components.keys() & set(published))
    waiting: list[Any] = [document.get("paths"), *(components[key] for key in used if key in components)]
    while waiting:
        for key in _named(waiting.pop()) - used:
            used.add(key)
            waiting.append(components.get(key))
    return used


def describe_parameters(document: dict[str, Any]) -> dict[str, Any]:
    """Say what each parameter is for where the generator looks for it: in the parameter's schema.

    openapi-python-client drops the description of a parameter itself (its issues 1411 and 1432). This is no overlay
    because an overlay would have to name every parameter: its `copy` copies to one place only.

    Args:
        document: A contract that nobody else uses; it is changed.

    Returns:
        The same document.
    """
    for _, parameter in parameters(document):
        schema = parameter.get("schema")
        if isinstance(schema, dict) and not is_reference(schema) and "description" in parameter:
            schema.setdefault("description", parameter["description"])
    return document


def quirk_overlays(root: Path, quirks: Iterable[str] | None = None) -> list[Overlay]:
    """Read the quirk overlays with these ids (None: all), in the order of their names.

    Raises:
        CommandError: An id without an overlay, or a malformed overlay.
    """
    files = {overlay_id(path): path for path in overlay_files(root / QUIRK_OVERLAYS)}
    wanted = set(files) if quirks is None else set(quirks)
    for name in sorted(wanted - set(files)):
        raise CommandError(
            f"no quirk overlay {name!r} in {shown(root / QUIRK_OVERLAYS)}{nearest(name, files)}"
        )
    return [load_overlay(files[name]) for name in sorted(wanted)]


def _overlaid(document: dict[str, Any], overlays: list[Overlay], source: Path) -> dict[str, Any]:
    result: dict[str, Any] = apply(document, overlays, document_path=source)
    info = result["info"]
    info["x-overlays"] = [*info["x-overlays"], *(overlay_id(overlay.path) for overlay in overlays)]
    missing = dangling(result)
    if missing:
        parts, ref = missing[0]
        section = [*pointer_parts(ref), "", ""][1]
        near = nearest(ref.rpartition("/")[2], result.get("components", {}).get(section, {}))
        raise DocumentError(
            f"{_culprit(overlays, ref)}: after the overlays, {pointer(parts)} has the $ref {ref!r}, "
            f"which leads nowhere{near or '; add that component or mend the name'}"
        )
    return result


def _culprit(overlays: list[Overlay], ref: str) -> str:
    """The overlay that names a reference, or all of them when none does (one removed what it led to)."""
    for overlay in overlays:
        if any(ref in repr(action.value) for action in overlay.actions):
            return shown(overlay.path)
    return ", ".join(shown(overlay.path) for overlay in overlays)
