"""A request before it is answered: its path, its version, and the address that its caller used."""

from __future__ import annotations

import re
from typing import Any, Final

_HOST: Final = re.compile(rb"[A-Za-z0-9._-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")
_SLASHES: Final = re.compile(r"//+")
_MAX_BASES: Final = 64


class Exchange:
    """One request, as far as it is known before it is answered."""

    __slots__ = ("body", "headers", "method", "path", "scope", "version")

    def __init__(self, scope: Any) -> None:
        self.scope = scope
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.method: str = scope["method"]
        self.path = normalise(scope["path"])
        self.version = 2 if self.path.startswith("/api/v2/") else 4
        self.body = b""


def normalise(path: str) -> str:
    """A path as the routes know it: single slashes, none at the end. `%2F` arrives decoded already."""
    if "//" in path:
        path = _SLASHES.sub("/", path)
    if path.endswith("/"):
        path = path.rstrip("/")
    return path


def base_url(scope: Any, headers: dict[bytes, bytes]) -> str:
    """Scheme and authority that the caller used; the server's own address when the Host header is no authority."""
    host = headers.get(b"host", b"")
    if _HOST.fullmatch(host):
        return f"{scope['scheme']}://{host.decode('ascii')}"
    address, port = scope.get("server") or ("localhost", None)
    if ":" in address:
        address = f"[{address}]"
    return f"{scope['scheme']}://{address}" + ("" if port is None else f":{port}")


class Bases:
    """The bases of absolute links, remembered for the hosts that are asked for again and again."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], str] = {}

    def base(self, exchange: Exchange) -> str:
        """Scheme and authority that the caller of a request used; see `base_url`."""
        scope, headers = exchange.scope, exchange.headers
        # Any iterable may stand under "server"; the test transports of some libraries put a list there.
        key = (scope["scheme"], headers.get(b"host", b""), *(scope.get("server") or ()))
        base = self._known.get(key)
        if base is None:
            if len(self._known) >= _MAX_BASES:
                self._known.clear()
            base = self._known[key] = base_url(scope, headers)
        return base
