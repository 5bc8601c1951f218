"""The path and query of a call."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from typing import Any
from urllib.parse import quote, urlencode

from kommo_client.client import UNSET, Operation

from kommo.errors import ConfigurationError
from kommo.redaction import one_line


def target(
    operation: Operation[Any], path: Sequence[str | int], query: Mapping[str, Any] | None = None
) -> str:
    """Return the path of an operation, filled in, with its query.

    Args:
        operation: what is called.
        path: values of the path's parameters, in its order.
        query: values by name; `UNSET` and None are left out, an iterable repeats the name, and the keys of a
            mapping go into brackets behind the name, with `[]` where several values follow.

    Raises:
        ConfigurationError: a value is no id, for it would name another path, or nothing that a query can hold.
    """
    url = _filled(operation, path) if path else operation.path
    return f"{url}?{text}" if query and (text := _encoded(operation, query)) else url


def _filled(operation: Operation[Any], values: Sequence[str | int]) -> str:
    first, *rest = operation.path.split("{")
    filled = first
    for part, value in zip(rest, values, strict=True):
        name, _, literal = part.partition("}")
        if isinstance(value, bool) or not isinstance(value, int | str) or value in ("", ".", ".."):
            raise ConfigurationError(
                f"{operation.id}: {name}={value!r} is no id; give a number or a non-empty string"
            )
        filled += (
            f"{value if isinstance(value, int) else quote(_whole(operation, name, value), safe='')}{literal}"
        )
    return filled


def _encoded(operation: Operation[Any], query: Mapping[str, Any]) -> str:
    pairs: list[tuple[str, str]] = []
    for name, value in query.items():
        if value is not UNSET and value is not None:
            pairs += (
                _keyed(operation, name, value)
                if isinstance(value, Mapping)
                else _repeated(operation, name, value)
            )
    return urlencode(pairs)


def _keyed(operation: Operation[Any], name: str, value: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    """PHP's way with nested values: `name[5][]=a&name[5][]=b&name[7][from]=1`."""
    for key, inner in value.items():
        place = f"{name}[{_text(operation, name, key)}]"
        if isinstance(inner, Mapping):
            yield from _keyed(operation, place, inner)
        else:
            yield from _repeated(operation, f"{place}[]" if _is_several(inner) else place, inner)


def _repeated(operation: Operation[Any], name: str, value: Any) -> Iterator[tuple[str, str]]:
    for item in value if _is_several(value) else (value,):
        yield name, _text(operation, name, item)


def _is_several(value: Any) -> bool:
    return isinstance(value, list | tuple | set | frozenset)


def _text(operation: Operation[Any], name: str, value: Any) -> str:
    plain = value.value if isinstance(value, Enum) else value
    if not isinstance(plain, str | int | float):
        raise ConfigurationError(
            f"{operation.id}: {name} is {type(value).__name__}; give text, a number or a list of them"
        )
    # PHP's way with booleans.
    return _whole(operation, name, str(int(plain) if isinstance(plain, bool) else plain))


def _whole(operation: Operation[Any], name: str, text: str) -> str:
    """The text itself. Raises ConfigurationError when it has no UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ConfigurationError(
            f"{operation.id}: {one_line(name)} holds half a surrogate pair, which cannot be sent; "
            "take the character out"
        ) from None
    return text
