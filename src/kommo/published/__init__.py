"""Where the published contract, its models and its reference lie, in a checkout and in an installed wheel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, TypeAlias, cast

Platform: TypeAlias = Literal["any", "kommo", "amocrm"]


def bundle_path(format: Literal["json", "yaml"] = "json", platform: Platform = "any") -> Path:
    """Say where the published contract is.

    In a checkout it is `openapi/dist`, so that a freshly built bundle is the one that is used; in an
    installed wheel it is the copy beside this module.

    Args:
        format: "json" or "yaml"; both hold the same document.
        platform: "any" for the contract of both platforms, "kommo" (kommo.com) or "amocrm" (amocrm.ru) for what that
            one has.

    Returns:
        The path of an existing file.

    Raises:
        FileNotFoundError: Neither place holds the document.
    """
    name = "kommo" if platform == "any" else f"profiles/{platform}"
    return _find(f"{name}.openapi.{format}", "openapi/dist", "bundle")


def reference_path() -> Path:
    """Say where the reference is, one HTML page that needs no other file: `docs/reference` in a checkout.

    Returns:
        The path of an existing file.

    Raises:
        FileNotFoundError: It is neither there nor beside this module.
    """
    return _find("api.html", "docs/reference", "reference")


def schemas_path() -> Path:
    """Say where the models are as JSON Schemas, a file for each: `openapi/dist/schemas` in a checkout.

    Returns:
        The path of an existing folder.

    Raises:
        FileNotFoundError: It is neither there nor beside this module.
    """
    return _find("schemas", "openapi/dist", "bundle")


def load_bundle(platform: Platform = "any") -> dict[str, Any]:
    """Read the published contract.

    Args:
        platform: As of `bundle_path`.

    Returns:
        The OpenAPI document as plain dicts and lists; a new object at every call.
    """
    return cast("dict[str, Any]", json.loads(bundle_path("json", platform).read_bytes()))


def _find(name: str, folder: str, target: str) -> Path:
    here = Path(__file__).resolve().parent
    places = [here.parents[2] / folder / name, here / name]
    for path in places:
        if path.exists():
            return path
    raise FileNotFoundError(
        f"no {name} in {' or '.join(str(path.parent) for path in places)}; run: make {target}"
    )
