"""What these faults look for in a request."""

from __future__ import annotations

import re

from kommo.contract.faults.messages import Request


def query_pairs(call: Request) -> list[tuple[str, str]]:
    """Return the parameters of the query, one after the other, as they were sent."""
    return [(name, value) for name, _, value in (part.partition("=") for part in call.query.split("&"))]


def number(text: str) -> int | None:
    """Return a whole number, None where the text is none."""
    return int(text) if re.fullmatch(r"-?[0-9]+", text) else None


def writes(call: Request) -> bool:
    """Say whether a request creates or changes."""
    return call.method in ("POST", "PATCH")
