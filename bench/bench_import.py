"""Importing the client and reaching the first resource, beside importing httpx alone. Limit: 1.25 x.

Every measurement is a process of its own with a clean environment.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys

from table import show

_PROGRAMS = {
    "python": "pass",
    "import httpx": "import httpx",
    "import kommo, first resource": (
        "from kommo import Kommo; Kommo(base_url='http://127.0.0.1:1', token='t').leads_custom_fields.list"
    ),
    "the same, and its models": (
        "from kommo import Kommo; Kommo(base_url='http://127.0.0.1:1', token='t').leads_custom_fields.list;"
        "from kommo import models; models.CustomFieldPage, models.CustomField, models.CustomFieldCreate"
    ),
}


def _cpu_seconds(program: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", program], check=True, env={"PATH": os.environ.get("PATH", "")})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)


def main(runs: int = 15) -> None:
    times: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
    for _ in range(runs):
        for name, program in _PROGRAMS.items():
            times[name].append(_cpu_seconds(program))
    show(
        "CPU time of a process",
        {name: statistics.median(values) for name, values in times.items()},
        "import httpx",
    )


if __name__ == "__main__":
    main()
