"""Effects on what is sent that several kinds of forgetting share."""

from __future__ import annotations

from collections.abc import Callable

from kommo.contract.faults.base import Effect
from kommo.contract.faults.editing import edit_sent, request
from kommo.contract.faults.messages import Request


def creates(call: Request) -> bool:
    """Say whether a request creates fields."""
    return call.method == "POST" and call.fields


def forget(key: str, when: Callable[[Request], bool]) -> Effect:
    """Return the effect that a key of what is sent is not stored."""
    return request(when, edit_sent(lambda item: item.pop(key, None)))
