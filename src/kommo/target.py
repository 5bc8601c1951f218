"""The path and query of a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

from kommo_client.client import UNSET, Operation

from kommo.errors import ConfigurationError


def target(
    operation: Operation[Any], path: Sequence[str | int], query: Mapping[str, Any] | None = None
) -> str:
    """Return the path of an operation, filled in, with its query.

    Args:
        operation: what is called.
        path: values of the path's parameters, in its order.
        query: values by name; `UNSET` and None are left out, an iterable repeats the name.

    Raises:
        ConfigurationError: a value is no id, for it would name another path, or nothing that a query can hold.
    """
    try:
        url = _filled(operation, path) if path else operation.path
        return f"{url}?{text}" if query and (text := _encoded(operation, query)) else url
    except UnicodeEncodeError as error:
        raise ConfigurationError(f"{operation.id}: {error.object!r} is no text that can be sent") from None


def _filled(operation: Operation[Any], values: Sequence[str | int]) -> str:
    first, *rest = operation.path.split("{")
    filled = first
    for part, value in zip(rest, values, strict=True):
        name, _, literal = part.partition("}")
        if isinstance(value, bool) or not isinstance(value, int | str) or value in ("", ".", ".."):
            raise ConfigurationError(
                f"{operation.id}: {name}={value!r} is no id; give a number or a non-empty string"
            )
        filled += f"{value if isinstance(value, int) else quote(value, safe='')}{literal}"
    return filled


def _encoded(operation: Operation[Any], query: Mapping[str, Any]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is not UNSET and value is not None:
            several = value if isinstance(value, list | tuple | set | frozenset) else (value,)
            for item in several:
                plain = item.value if isinstance(item, Enum) else item
                if not isinstance(plain, str | int | float):
                    raise ConfigurationError(
                        f"{operation.id}: {name} is {type(item).__name__}; give text, a number or a list of them"
                    )
                # PHP's way with booleans.
                pairs.append((name, str(int(plain) if isinstance(plain, bool) else plain)))
    return urlencode(pairs)
