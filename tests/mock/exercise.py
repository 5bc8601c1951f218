"""Writes docs/data/exercised.json: which operations the tests of the mock exercise, with which statuses.

    make exercised                           writes the file; then run make reference
    python tests/mock/exercise.py --check    exits 1 when it would be another

The tests run in process with a note of every call. docs/reference/mock-coverage.md is made of this file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from kommo.published import load_bundle

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
FILE = ROOT / "docs/data/exercised.json"
METHODS = ("get", "post", "patch", "delete")
TESTS = ("fields", "groups", "records", "values", "v2", "gateway", "quirks")


def calls() -> Iterator[tuple[str, str, str, int]]:
    """Run the tests; every call as (test, method, path, status)."""
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *(str(HERE / f"test_{name}.py") for name in TESTS)],
            env={**os.environ, "KOMMO_MOCK_EXERCISED": str(notes)},
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
        )
        if done.returncode:
            raise SystemExit("the tests of the mock fail: mend them first")
        for line in notes.read_text().splitlines():
            test, method, path, status = json.loads(line)
            name = test.partition("tests/mock/")[2].partition(" ")[0].partition("[")[0]
            yield name, method, path, status


def operations(bundle: dict[str, Any]) -> Iterator[tuple[str, str, re.Pattern[str]]]:
    """Every operation as (id, method, pattern of its path)."""
    for template, item in bundle["paths"].items():
        pattern = re.escape(template).replace(r"\{catalog_id\}", "[^/]+")
        pattern = pattern.replace(r"\{id\}", "(?!(groups|custom_fields|segments)(/|$))[^/]+")
        for method in METHODS:
            if method in item:
                yield item[method]["operationId"], method.upper(), re.compile(pattern)


def exercised() -> str:
    """The text of the file."""
    known = list(operations(load_bundle()))
    statuses: dict[str, set[int]] = {operation: set() for operation, _, _ in known}
    tests: dict[str, set[str]] = {}
    for test, method, path, status in calls():
        for operation, verb, pattern in known:
            if verb == method and pattern.fullmatch(path):
                statuses[operation].add(status)
                tests.setdefault(test, set()).add(operation)
    data = {
        "operations": {operation: sorted(seen) for operation, seen in sorted(statuses.items())},
        "tests": {test: sorted(found) for test, found in sorted(tests.items())},
    }
    return json.dumps(data, indent=1) + "\n"


def main() -> int:
    """Write the file, or check it."""
    text = exercised()
    if "--check" in sys.argv[1:]:
        if FILE.exists() and FILE.read_text() == text:
            return 0
        print(f"{FILE.relative_to(ROOT)} is not what the tests exercise; run: make exercised reference")
        return 1
    FILE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
