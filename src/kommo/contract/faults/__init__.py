"""Faults to seed into a server, to measure what the suite sees."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from kommo.contract.faults import (
    edges,
    protocol,
    quiet,
    records,
    rights,
    robustness,
    semantics,
    shape,
    subtle,
)
from kommo.contract.faults.base import Fault, Faulty

FAULTS: Final[Mapping[str, Fault]] = MappingProxyType(
    {
        fault.id: fault
        for module in (shape, semantics, protocol, robustness, subtle, quiet, records, edges, rights)
        for fault in module.FAULTS
    }
)

__all__ = ["FAULTS", "Fault", "Faulty"]
