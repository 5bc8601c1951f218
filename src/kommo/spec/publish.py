"""The published contract: the texts of openapi/dist."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kommo.spec.assemble import assemble, profiles, with_codegen, with_profile
from kommo.spec.json_schemas import render_schemas
from kommo.spec.output import to_json, to_yaml
from kommo.spec.project import CODEGEN_DOCUMENT, DIST, PROFILES

BANNER = "Generated from openapi/ and overlays/ by `make bundle`; do not edit."
CODEGEN_BANNER = (
    "Generated from openapi/ and overlays/ by `make bundle` for the client generator alone; do not edit."
)


def render_bundle(root: Path) -> dict[Path, str]:
    """Build the files of openapi/dist.

    Args:
        root: The checkout.

    Returns:
        Path relative to the checkout -> the whole text: the published contract as YAML and JSON, the same for each
        profile, each of its models as a JSON Schema, and the variant that the client generator reads.

    Raises:
        CommandError: A source is malformed or an overlay does not apply.
    """
    document = assemble(root)
    files = {
        CODEGEN_DOCUMENT: to_json(_stamped(with_codegen(root, document), CODEGEN_BANNER)),
        **_both_forms(DIST / "kommo.openapi", document),
        **render_schemas(document, BANNER),
    }
    for profile in profiles(root):
        files |= _both_forms(PROFILES / f"{profile}.openapi", with_profile(root, document, profile))
    return files


def _both_forms(stem: Path, document: dict[str, Any]) -> dict[Path, str]:
    published = _stamped(document, BANNER)
    return {
        stem.with_name(f"{stem.name}.json"): to_json(published),
        stem.with_name(f"{stem.name}.yaml"): f"# {BANNER}\n{to_yaml(published)}",
    }


def _stamped(document: dict[str, Any], banner: str) -> dict[str, Any]:
    # JSON has no comments, so the banner is also part of the document; in both forms, to keep them equal.
    return {**document, "info": {**document["info"], "x-generated-by": banner}}
