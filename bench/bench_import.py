"""Importing the client and reaching the first resource, beside importing httpx alone. Limit: 1.25 x.

Every measurement is a process of its own in an environment that holds the client's own dependencies and nothing
else: httpx imports more where more is installed. The start of the interpreter does not count.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from table import show

_PROGRAMS = {
    "import httpx": "import httpx",
    "import kommo, first resource": (
        "from kommo import Kommo; Kommo(base_url='http://127.0.0.1:1', token='t').leads_custom_fields.list"
    ),
    "the same, and its models": (
        "from kommo import Kommo; Kommo(base_url='http://127.0.0.1:1', token='t').leads_custom_fields.list;"
        "from kommo import models; models.CustomFieldPage, models.CustomField, models.CustomFieldCreate"
    ),
}
_TIMED = "import time; began = time.process_time()\n{}\nprint(time.process_time() - began)"


def _needed(name: str, found: set[str]) -> set[str]:
    """Names of a distribution and of what it requires without extras."""
    if name not in found:
        found.add(name)
        for text in distribution(name).requires or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                _needed(requirement.name, found)
    return found


def _fill(site: Path) -> None:
    """Link the modules of the client and of its dependencies into a directory."""
    for name in _needed("kommo", set()) - {"kommo"}:
        for file in distribution(name).files or ():
            top = file.parts[0]
            if top not in ("..", "__pycache__") and not (site / top).exists():
                (site / top).symlink_to(Path(str(distribution(name).locate_file(top))))
    root = Path(__file__).parent.parent
    (site / "kommo").symlink_to(root / "src/kommo")
    (site / "kommo_client").symlink_to(root / "generated_client/kommo_client")


def _cpu_seconds(program: str, environment: dict[str, str]) -> float:
    command = [sys.executable, "-S", "-c", _TIMED.format(program)]
    done = subprocess.run(command, check=True, env=environment, stdout=subprocess.PIPE, text=True)
    return float(done.stdout)


def main(runs: int = 25) -> None:
    with tempfile.TemporaryDirectory() as directory:
        site = Path(directory, "site")
        site.mkdir()
        _fill(site)
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(site),
            "PYTHONPYCACHEPREFIX": f"{directory}/cache",
        }
        times: dict[str, list[float]] = {name: [] for name in _PROGRAMS}
        # The first run of each compiles the modules, which an installation did already.
        for number in range(runs + 1):
            for name, program in _PROGRAMS.items():
                seconds = _cpu_seconds(program, environment)
                if number:
                    times[name].append(seconds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    show("CPU time of imports", medians, "import httpx", {"import kommo, first resource": 1.25})


if __name__ == "__main__":
    main()
