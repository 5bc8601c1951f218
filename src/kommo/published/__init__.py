"""Where the published contract lies, in a checkout and in an installed wheel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal, cast

_STEM = "kommo.openapi"


def bundle_path(format: Literal["json", "yaml"] = "json") -> Path:
    """Say where the published contract is.

    In a checkout it is `openapi/dist`, so that a freshly built bundle is the one that is used; in an
    installed wheel it is the copy beside this module.

    Args:
        format: "json" or "yaml"; both hold the same document.

    Returns:
        The path of an existing file.

    Raises:
        FileNotFoundError: Neither place holds the document.
    """
    name = f"{_STEM}.{format}"
    here = Path(__file__).resolve().parent
    places = [here.parents[2] / "openapi" / "dist" / name, here / name]
    for path in places:
        if path.is_file():
            return path
    raise FileNotFoundError(
        f"no {name} in {' or '.join(str(path.parent) for path in places)}; run: make bundle"
    )


def load_bundle() -> dict[str, Any]:
    """Read the published contract.

    Returns:
        The OpenAPI document as plain dicts and lists; a new object at every call.
    """
    return cast("dict[str, Any]", json.loads(bundle_path("json").read_bytes()))
