"""A typed client for the Kommo (amoCRM) API: lists and list elements (v2), custom fields and field groups (v4).

    from kommo import Kommo

    with Kommo("acme", token=...) as crm:
        for field in crm.leads_custom_fields.iterate():
            print(field.id, field.type, field.name)

`AsyncKommo` is the same for asyncio. The modules `models`, `errors`, `values` and `batches` hold what is sent and
answered, what is raised, helpers for values of fields, and calls for any number of items.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from kommo.version import __version__

if TYPE_CHECKING:
    from kommo_client.client import UNSET, Unset

    from kommo import batches, errors, models, values
    from kommo.client import Answer, AsyncKommo, Kommo
    from kommo.errors import KommoError
    from kommo.limits import RateLimit
    from kommo.redaction import RedactingFilter, Secret
    from kommo.retry import NO_RETRY, RetryPolicy
    from kommo.token_storage import FileStorage, MemoryStorage, RedisStorage, TokenPair, TokenStorage
    from kommo.tokens import OAuthApp

# The command line imports this package too and needs no HTTP library for `--help`: names are loaded when first used.
_PLACES = {
    "NO_RETRY": "kommo.retry",
    "UNSET": "kommo_client.client",
    "Answer": "kommo.client",
    "AsyncKommo": "kommo.client",
    "FileStorage": "kommo.token_storage",
    "Kommo": "kommo.client",
    "KommoError": "kommo.errors",
    "MemoryStorage": "kommo.token_storage",
    "OAuthApp": "kommo.tokens",
    "RateLimit": "kommo.limits",
    "RedactingFilter": "kommo.redaction",
    "RedisStorage": "kommo.token_storage",
    "RetryPolicy": "kommo.retry",
    "Secret": "kommo.redaction",
    "TokenPair": "kommo.token_storage",
    "TokenStorage": "kommo.token_storage",
    "Unset": "kommo_client.client",
}
_MODULES = frozenset({"batches", "errors", "models", "values"})

__all__ = [
    "NO_RETRY",
    "UNSET",
    "Answer",
    "AsyncKommo",
    "FileStorage",
    "Kommo",
    "KommoError",
    "MemoryStorage",
    "OAuthApp",
    "RateLimit",
    "RedactingFilter",
    "RedisStorage",
    "RetryPolicy",
    "Secret",
    "TokenPair",
    "TokenStorage",
    "Unset",
    "__version__",
    "batches",
    "errors",
    "models",
    "values",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"kommo.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_PLACES[name]), name)
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
