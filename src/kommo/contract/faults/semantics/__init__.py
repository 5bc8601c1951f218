"""Servers that answer well-formed and remember wrongly."""

from __future__ import annotations

from typing import Final

from kommo.contract.faults.semantics import ignored, isolation, listing, parts, storing, v2

FAULTS: Final = tuple(
    fault for module in (storing, listing, parts, isolation, ignored, v2) for fault in module.FAULTS
)
