"""Servers that are nearly right: the lie shows in one place only, or only after a while."""

from __future__ import annotations

from typing import Final

from kommo.contract.faults.subtle import stored, wire

FAULTS: Final = tuple(fault for module in (stored, wire) for fault in module.FAULTS)
