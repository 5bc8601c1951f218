"""The contract suite: does a server keep the published contract?

from kommo.contract import Options, run
result = run(Options(base_url="http://127.0.0.1:8080", token="demo"))
assert result.ok, result.findings
"""

from __future__ import annotations

from kommo.contract.assertion import ContractBroken, validates
from kommo.contract.exchange import Exchange
from kommo.contract.findings import Finding
from kommo.contract.options import LAYERS, CannotRun, Options, Progress, Result
from kommo.contract.run import run

__all__ = [
    "LAYERS",
    "CannotRun",
    "ContractBroken",
    "Exchange",
    "Finding",
    "Options",
    "Progress",
    "Result",
    "run",
    "validates",
]
