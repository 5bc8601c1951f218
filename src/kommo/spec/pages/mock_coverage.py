"""docs/reference/mock-coverage.md: what the mock covers, made of what its tests exercise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from kommo.command import CommandError
from kommo.spec.assemble import assemble
from kommo.spec.bundle import METHODS
from kommo.spec.documents import load
from kommo.spec.pages.markdown import table

EXERCISED: Final = Path("docs/data/exercised.json")
BEHAVIOURS: Final = Path("tests/mock/behaviours.yaml")
GRADES: Final = ("documented", "observed", "inferred")

_VERB: Final = re.compile("(list|get|create|update_batch|update|delete|write)_(.+)")
_NAMED: Final = 2
_ON_DEMAND: Final = "429"

_INTRO: Final = """\
# What the mock covers

Made of the calls that the tests of the mock really make.

## Operations

Statuses that a test has seen, and statuses of the published contract that none has. 429 is left out of the last
column: the limit and the faults answer it on demand, for every operation alike.
"""

_BEHAVIOURS: Final = """\
## Behaviours

How well each is known: *documented* by the vendor, *observed* in recorded answers and released clients, or
*inferred*, because nothing public settles it.
"""

_LIMITS: Final = """\
## What it does not do

- Users, pipelines and stages are not known: any id is taken. Records are not linked to each other, tags are not kept,
  and no stage asks for a field that it requires.
- Whether the records, files and list elements exist that a value refers to is not checked (linked_entity, chained_list,
  file, payer, supplier).
- Records are found by ids, name, times, users, numbers of their own, and values; not by stages of pipelines.
- The number of lists, records, fields, options and groups of an account is not limited.
- v2 leaves out the values of types whose values are objects, and does not write them.
- The workers of one mock (`--workers`) have one journal and one request limit; mocks that are started by themselves on
  one data file share contents and switches, but each has a journal and a limit of its own.
"""


def render(root: Path) -> str:
    """Make the page; see `kommo.spec.reference.Page`."""
    exercised: dict[str, Any] = load(root / EXERCISED)
    parts = [
        _INTRO,
        table(
            ["Operation", "Exercised", "In the contract, not exercised"],
            _operations(root, exercised["operations"]),
        ),
        "",
        _BEHAVIOURS,
        table(["Behaviour", "Known", "Exercised by"], _behaviours(root, exercised["tests"])),
        "",
        _LIMITS,
    ]
    return "\n".join(parts)


def _operations(root: Path, exercised: dict[str, list[int]]) -> list[list[str]]:
    rows: list[list[str]] = []
    for item in assemble(root)["paths"].values():
        for method in METHODS:
            if method not in item:
                continue
            operation = item[method]["operationId"]
            seen = exercised.get(operation, [])
            missing = [
                code
                for code in sorted(item[method]["responses"])
                if code.isdigit() and int(code) not in seen and code != _ON_DEMAND
            ]
            rows.append([f"`{operation}`", " ".join(map(str, seen)), " ".join(missing)])
    return rows


def _behaviours(root: Path, tests: dict[str, list[str]]) -> list[list[str]]:
    rows: list[list[str]] = []
    behaviours: list[dict[str, Any]] = load(root / BEHAVIOURS)
    for behaviour in behaviours:
        if behaviour["grade"] not in GRADES:
            raise CommandError(f"{BEHAVIOURS}: grade {behaviour['grade']!r}: use one of {', '.join(GRADES)}")
        found: set[str] = set()
        for test in behaviour["tests"]:
            if test not in tests:
                raise CommandError(
                    f"{BEHAVIOURS}: no test {test} makes a call; run: python tests/mock/exercise.py"
                )
            found |= set(tests[test])
        rows.append([behaviour["text"], behaviour["grade"], _shortly(found)])
    return rows


def _shortly(operations: set[str]) -> str:
    """Operations by verb: the resources by name when they are few, else their number."""
    by_verb: dict[str, list[str]] = {}
    for operation in sorted(operations):
        match = _VERB.match(operation)
        if match is None:
            raise CommandError(f"{EXERCISED}: operation {operation!r} begins with no known verb")
        by_verb.setdefault(match[1], []).append(match[2])
    parts: list[str] = []
    for verb, resources in sorted(by_verb.items()):
        named = ", ".join(f"`{name}`" for name in resources)
        parts.append(
            f"{verb} {named}" if len(resources) <= _NAMED else f"{verb} of {len(resources)} resources"
        )
    return "; ".join(parts)
