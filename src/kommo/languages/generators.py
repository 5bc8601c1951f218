"""The generators that the contract is proved with, and the document that each of them reads.

What a generator cannot digest is shaped differently by small overlays, one limit each: those of
overlays/languages, and of overlays/codegen where the generator of the Python client has the same limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kommo.command import CommandError
from kommo.published import load_bundle
from kommo.spec.documents import nearest
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import load_overlay
from kommo.spec.project import OVERLAY_SUFFIX

_OPENAPI_GENERATOR = (
    "codegen/create-takes-a-batch",
    "codegen/one-request-content-type",
    "codegen/sparse-arrays-are-lists",
    "languages/openapi-generator-free-settings",
    "languages/openapi-generator-link-bodies",
    "languages/openapi-generator-nested-unions",
    "languages/openapi-generator-open-enums",
    "languages/openapi-generator-text-moments",
)
_PHP = ("languages/php-empty-answers", "languages/php-no-unions")


@dataclass(frozen=True)
class Generator:
    """A generator of clients.

    Args:
        name: Its name in the table; for openapi-generator the name of the generator there.
        language: The language of the client.
        overlays: "folder/id" of the overlays that the contract needs for it, in the order of application.
        options: What is set on its command line, and in the guide.
    """

    name: str
    language: str
    overlays: tuple[str, ...] = ()
    options: tuple[str, ...] = ()

    def document(self, root: Path) -> dict[str, Any]:
        """The published contract as this generator can digest it.

        Args:
            root: The checkout, for the overlays.

        Raises:
            CommandError: An overlay is malformed or does not apply any more.
        """
        loaded = [load_overlay(root / "overlays" / f"{name}{OVERLAY_SUFFIX}") for name in self.overlays]
        result: dict[str, Any] = apply(load_bundle(), loaded)
        return result


GENERATORS = {
    generator.name: generator
    for generator in (
        Generator("openapi-typescript", "TypeScript", options=("--empty-objects-unknown",)),
        Generator("typescript-fetch", "TypeScript", _OPENAPI_GENERATOR),
        Generator(
            "java",
            "Java",
            _OPENAPI_GENERATOR,
            # Without the second, optional lists are sent empty; the third would need one more library.
            ("library=native", "containerDefaultToNull=true", "openApiNullable=false"),
        ),
        # Without the second, constants of two types that share a value share a name.
        Generator("go", "Go", _OPENAPI_GENERATOR, ("packageName=kommo", "enumClassPrefix=true")),
        Generator("php", "PHP", _OPENAPI_GENERATOR + _PHP),
    )
}


def find_generator(name: str) -> Generator:
    """Look a generator up.

    Raises:
        CommandError: There is none of that name.
    """
    if name not in GENERATORS:
        raise CommandError(
            f"no generator {name!r}{nearest(name, GENERATORS) or '; known are: ' + ', '.join(GENERATORS)}"
        )
    return GENERATORS[name]
