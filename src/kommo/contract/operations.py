"""An operation of the contract as the suite reads it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Final

from attrs import define, field, frozen

_TEMPLATE: Final = re.compile(r"\{([^{}]+)\}")


def pointer(*parts: str | int) -> str:
    """Join the parts of a JSON pointer: `/paths/~1api~1v4/get`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@frozen
class Link:
    """What one answer tells about another operation: its parameters, by runtime expression.

    Attributes:
        status: of the answer.
        operation: operationId of the target.
        parameters: its path and query parameters by name.
    """

    status: str
    operation: str
    parameters: Mapping[str, str]


@define(slots=False, frozen=True, eq=False)
class Operation:
    """One operation of the contract; `$ref`s of its own parts are resolved, those inside schemas are not."""

    id: str
    method: str
    path: str
    pointer: str
    parameters: tuple[Mapping[str, Any], ...]
    request: Mapping[str, str] = field(repr=False)  # media type -> pointer of its schema
    request_examples: Mapping[str, tuple[Any, ...]] = field(repr=False)
    request_required: bool
    responses: Mapping[str, Mapping[str, str]] = field(
        repr=False
    )  # status -> media type -> pointer of its schema
    response_pointers: Mapping[str, str] = field(repr=False)
    secured: bool
    roles: frozenset[str]
    tags: tuple[str, ...]
    paging: Mapping[str, Any] = field(repr=False)
    links: tuple[Link, ...] = field(default=(), repr=False)

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Regular expression of the whole path; one group per path parameter."""
        parts = _TEMPLATE.split(self.path)
        literal, names = parts[0::2], parts[1::2]
        text = re.escape(literal[0])
        for name, rest in zip(names, literal[1:], strict=True):
            text += f"(?P<{re.sub(r'[^0-9A-Za-z_]', '_', name)}>[^/]+)" + re.escape(rest)
        return re.compile(text + r"\Z")

    @property
    def query(self) -> tuple[Mapping[str, Any], ...]:
        """The declared query parameters."""
        return tuple(item for item in self.parameters if item["in"] == "query")

    def declared(self, status: int) -> str | None:
        """Return the key of `responses` that covers a status, None when it is undeclared."""
        for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
            if key in self.responses:
                return key
        return None

    @property
    def successes(self) -> frozenset[int]:
        """The 2xx statuses that are declared by number."""
        return frozenset(int(key) for key in self.responses if key.isdigit() and key.startswith("2"))
