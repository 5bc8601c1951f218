"""Models of what is sent and answered, each loaded when it is first named: `from kommo.models import CustomFieldCreate`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kommo_client import models as _generated

if TYPE_CHECKING:
    from kommo_client.models import *  # noqa: F403

__all__ = _generated.__all__  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    return getattr(_generated, name)


def __dir__() -> list[str]:
    return list(__all__)
