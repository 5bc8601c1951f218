"""Side by side timing: interleaved runs, medians of CPU time, ratios to a baseline."""

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


def show(title: str, times: Mapping[str, float], baseline: str) -> None:
    """Print a table of milliseconds and ratios to the baseline."""
    width = max(map(len, times))
    print(f"{title}\n{'':{width}}        ms   ratio")
    for name, seconds in times.items():
        print(f"{name:{width}}  {seconds * 1000:8.3f}  {seconds / times[baseline]:6.2f}")
    print()
