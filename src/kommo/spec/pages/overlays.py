"""overlays/README.md: what each overlay changes, and on what evidence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kommo.spec.overlay_file import Overlay, load_overlay
from kommo.spec.pages.markdown import code, table
from kommo.spec.project import (
    CODEGEN_OVERLAYS,
    LANGUAGE_OVERLAYS,
    PROFILE_OVERLAYS,
    QUIRK_OVERLAYS,
    overlay_files,
    overlay_id,
)

_INTRO = """\
# Overlays

The base document in `openapi/` says what the vendor documents. Where the wire differs, an overlay says how,
one quirk each; any tool that knows the [Overlay Specification](https://spec.openapis.org/overlay/latest.html)
can apply them. Their order does not matter.
"""

_QUIRKS = """\
## Quirks of the wire

The id is also the switch of the mock (`kommo mock --quirk ID`, `--no-quirk ID`). Profile: the mock shows the
quirk in these profiles. Ledger: the entries of [docs/reference/quirks.md](../docs/reference/quirks.md).
"""

_PROFILES = """\
## Profiles: kommo.com and amocrm.ru

The contract has what either platform has. A profile takes away what its platform lacks; it applies to the contract
with all quirks, and `openapi/dist/profiles` holds the result. The mock shows a profile by `kommo mock --platform ID`.
"""

_CODEGEN = """\
## For the client generator only

These work around limits of the generator; only `kommo.codegen.json` has them, never the published contract.
"""


_LANGUAGES = """\
## For clients in other languages

These work around limits of generators of clients, on copies of it: see [docs/languages.md](../docs/languages.md).
"""


def render(root: Path) -> str:
    """Make the page; see `kommo.spec.reference.Page`."""
    quirks = [load_overlay(path) for path in overlay_files(root / QUIRK_OVERLAYS)]
    codegen, profiles, languages = (
        [load_overlay(path) for path in overlay_files(root / folder)]
        for folder in (CODEGEN_OVERLAYS, PROFILE_OVERLAYS, LANGUAGE_OVERLAYS)
    )
    parts = [
        _INTRO,
        _QUIRKS,
        table(["Overlay", "What the wire does", "Profiles", "Confidence", "Ledger"], map(_quirk, quirks)),
        "",
        _PROFILES,
        table(["Overlay", "Hosts", "What is different there"], map(_profile, profiles)),
        "",
        _CODEGEN,
        table(["Overlay", "What it changes"], [_limit(overlay, CODEGEN_OVERLAYS) for overlay in codegen]),
        "",
        _LANGUAGES,
        table(["Overlay", "What it changes"], [_limit(overlay, LANGUAGE_OVERLAYS) for overlay in languages]),
    ]
    return "\n".join(parts)


def _link(overlay: Overlay, folder: str) -> str:
    return f"[{overlay_id(overlay.path)}]({folder}/{overlay.path.name})"


def _quirk(overlay: Overlay) -> list[object]:
    quirk: dict[str, Any] = overlay.info.get("x-quirk") or {}
    return [
        _link(overlay, QUIRK_OVERLAYS.name),
        quirk.get("observed") or overlay.info["title"],
        code((quirk.get("mock") or {}).get("profiles") or []),
        quirk.get("confidence") or "",
        ", ".join(quirk.get("ledger") or []),
    ]


def _profile(overlay: Overlay) -> list[object]:
    profile: dict[str, Any] = overlay.info.get("x-profile") or {}
    says = " ".join(difference["says"] for difference in profile.get("differences") or [])
    return [_link(overlay, PROFILE_OVERLAYS.name), ", ".join(profile.get("hosts") or []), says]


def _limit(overlay: Overlay, folder: Path) -> list[object]:
    # Overlay 1.0 has no description in info; the title stands for it then.
    return [_link(overlay, folder.name), overlay.info.get("description") or overlay.info["title"]]
