"""The published contract: text and files of openapi/dist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kommo.spec.assemble import assemble
from kommo.spec.output import to_json, to_yaml
from kommo.spec.project import DIST

BANNER = "Generated from openapi/ and overlays/ by `make bundle`; do not edit."
CODEGEN_BANNER = "Generated from openapi/ and overlays/ by `make bundle` for the client generator alone; do not edit."


def render_bundle(root: Path) -> dict[Path, str]:
    """Build the files of openapi/dist.

    Args:
        root: The checkout.

    Returns:
        Path relative to the checkout -> the whole text: the published contract as YAML and JSON, and the
        variant that the client generator reads.

    Raises:
        CommandError: A source is malformed or an overlay does not apply.
    """
    published = _stamped(assemble(root), BANNER)
    codegen = _stamped(assemble(root, codegen=True), CODEGEN_BANNER)
    return {
        DIST / "kommo.codegen.json": to_json(codegen),
        DIST / "kommo.openapi.json": to_json(published),
        DIST / "kommo.openapi.yaml": f"# {BANNER}\n{to_yaml(published)}",
    }


def _stamped(document: dict[str, Any], banner: str) -> dict[str, Any]:
    # JSON has no comments, so the banner is also part of the document; in both forms, to keep them equal.
    document["info"] = {**document["info"], "x-generated-by": banner}
    return document
