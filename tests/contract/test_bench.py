"""The benchmarks, which only `make bench` runs: each can be imported, and that of the suite has two sides that run."""

from __future__ import annotations

import importlib
import sys

import pytest

from kommo.contract import Options
from kommo.spec.project import find_root

BENCH = find_root() / "bench"


@pytest.fixture
def bench(monkeypatch):
    """Import benchmarks by name; forget them and what they share at the end."""
    monkeypatch.syspath_prepend(str(BENCH))
    before = set(sys.modules)
    yield importlib.import_module
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCH)):
            del sys.modules[name]


@pytest.mark.parametrize("name", sorted(path.stem for path in BENCH.glob("bench_*.py")))
def test_every_benchmark_can_be_imported(bench, name):
    assert callable(bench(name).main)


def test_both_sides_of_the_benchmark_of_the_suite_do_the_same(bench, document):
    module = bench("bench_contract")
    options = Options(
        document=document,
        app=module.nothing,
        max_examples=module.EXAMPLES,
        operations=["get_leads_custom_fields"],
        phases=("examples", "coverage", "fuzzing"),
    )
    cases = {name: side(options) for name, side in module.SIDES.items()}
    assert len(set(cases.values())) == 1
    assert min(cases.values()) > module.EXAMPLES
