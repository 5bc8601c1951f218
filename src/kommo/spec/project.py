"""Where things stand in a checkout of this project."""

from __future__ import annotations

from pathlib import Path

from kommo.command import CommandError

ROOT_DOCUMENT = Path("openapi/openapi.yaml")
DIST = Path("openapi/dist")
PROFILES = DIST / "profiles"
CODEGEN_DOCUMENT = DIST / "kommo.codegen.json"
EVIDENCE = Path("openapi/evidence")
QUIRK_OVERLAYS = Path("overlays/quirks")
CODEGEN_OVERLAYS = Path("overlays/codegen")
PROFILE_OVERLAYS = Path("overlays/profiles")
LANGUAGE_OVERLAYS = Path("overlays/languages")
CLIENT = Path("generated_client/kommo_client")
GENERATOR_CONFIG = Path("generator_config.yml")
GENERATOR_TEMPLATES = Path("generator_templates")
OVERLAY_SUFFIX = ".overlay.yaml"


def find_root(start: Path | None = None) -> Path:
    """Find the checkout: the nearest folder at or above `start` that holds openapi/openapi.yaml.

    Args:
        start: Where to look from; None looks from the working directory, then from this package.

    Raises:
        CommandError: There is none.
    """
    starts = [start] if start is not None else [Path.cwd(), Path(__file__).resolve().parent]
    for place in starts:
        for folder in (place.resolve(), *place.resolve().parents):
            if (folder / ROOT_DOCUMENT).is_file():
                return folder
    raise CommandError(
        f"no {ROOT_DOCUMENT} in {starts[0].resolve()} or above; "
        "run this inside a checkout, or name it with --root"
    )


def overlay_files(folder: Path) -> list[Path]:
    """The overlays in a folder, by name."""
    return sorted(folder.glob(f"*{OVERLAY_SUFFIX}"))


def overlay_id(path: Path) -> str:
    """An overlay's id is its file's stem: `v4-code-null.overlay.yaml` is v4-code-null."""
    return path.name.removesuffix(OVERLAY_SUFFIX)
