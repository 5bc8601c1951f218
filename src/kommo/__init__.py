"""A typed client for the Kommo (amoCRM) API: lists and list elements (v2), custom fields and field groups (v4).

    from kommo import Kommo

    with Kommo("acme", token=...) as crm:
        for field in crm.leads_custom_fields.iterate():
            print(field.id, field.type, field.name)

`AsyncKommo` is the same for asyncio. `models` holds what is sent and answered, `kommo.errors` what is raised.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kommo.version import __version__

if TYPE_CHECKING:
    from kommo_client.client import UNSET, Unset

    from kommo import models
    from kommo.client import Answer, AsyncKommo, Kommo
    from kommo.errors import KommoError

# The command line imports this package too and needs no HTTP library for `--help`: names are loaded when first used.
_PLACES = {
    "Answer": "kommo.client",
    "AsyncKommo": "kommo.client",
    "Kommo": "kommo.client",
    "KommoError": "kommo.errors",
    "UNSET": "kommo_client.client",
    "Unset": "kommo_client.client",
    "models": "kommo.models",
}

__all__ = ["UNSET", "Answer", "AsyncKommo", "Kommo", "KommoError", "Unset", "__version__", "models"]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(_PLACES[name])
    value = globals()[name] = module if name == "models" else getattr(module, name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
