"""What is sent and what is answered: the models and enums of the contract, `kommo_client.models` under our own name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import kommo_client.models as _generated

if TYPE_CHECKING:
    from kommo_client.models import *  # noqa: F403  # pyright: ignore[reportWildcardImportFromLibrary]

__all__ = _generated.__all__  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    # A model's module is loaded with the first use of its name; a star import would load them all.
    return getattr(_generated, name)


def __dir__() -> list[str]:
    return dir(_generated)
