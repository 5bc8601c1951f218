"""Assembling the contract: the base document, the quirk overlays asked for, and the generator's overlays."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from kommo.command import CommandError
from kommo.spec.bundle import bundle, dangling
from kommo.spec.documents import DocumentError, nearest, place, pointer, pointer_parts, shown
from kommo.spec.overlay import Overlay, apply, load_overlay
from kommo.spec.project import CODEGEN_OVERLAYS, QUIRK_OVERLAYS, ROOT_DOCUMENT, overlay_files, overlay_id
from kommo.spec.walk import is_reference, parameters
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
