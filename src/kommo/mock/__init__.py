"""A stateful stand-in for the Kommo (amoCRM) API: lists in both versions, records with values, fields and groups.

    from kommo.mock import MockConfig, MockServer

    with MockServer(MockConfig(token="demo", seed="demo")) as server:
        print(server.url)

`create_app` gives the ASGI application for tests in the same process. The names are imported when they are first used,
so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .config import AccountConfig, ConfigError, MockConfig
    from .server import MockServer, Tls, create_app

__all__ = ["AccountConfig", "ConfigError", "MockConfig", "MockServer", "Tls", "create_app"]

_HOMES = {
    "AccountConfig": "config",
    "ConfigError": "config",
    "MockConfig": "config",
    "MockServer": "server",
    "Tls": "server",
    "create_app": "server",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f".{_HOMES[name]}", __name__), name)
