"""Side by side timing: interleaved runs, medians of CPU time, ratios to a baseline, and what the limit says to them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping


def medians(functions: Mapping[str, Callable[[], object]], runs: int = 301) -> dict[str, float]:
    """Run all functions in turn, `runs` times; return the median of each in seconds of CPU time."""
    times: dict[str, list[float]] = {name: [] for name in functions}
    for _ in range(runs):
        for name, function in functions.items():
            began = time.process_time()
            result = function()
            times[name].append(time.process_time() - began)
            del result
    return {name: statistics.median(values) for name, values in times.items()}


def show(title: str, times: Mapping[str, float], baseline: str, limits: Mapping[str, float]) -> None:
    """Print a table of milliseconds, ratios to the baseline, limits of these ratios and verdicts.

    Args:
        title: what was measured.
        times: seconds by name.
        baseline: the name whose ratio is 1.
        limits: the largest ratio allowed, by name; what has none is there for comparison.
    """
    width = max(map(len, times))
    print(f"{title}\n{'':{width}}        ms   ratio   limit")
    for name, seconds in times.items():
        ratio = seconds / times[baseline]
        line = f"{name:{width}}  {seconds * 1000:8.3f}  {ratio:6.2f}"
        if name in limits:
            line += f"  {limits[name]:6.2f}  {verdict(ratio <= limits[name])}"
        print(line)
    print()


def verdict(kept: bool) -> str:
    """Say whether a limit was kept."""
    return "kept" if kept else "MISSED"
