"""Use both cores: one process per lane, each with operations that cannot disturb the other's.

What hangs together by paths or links is one world and stays in one lane, because the layers compare lists before and
after a write.
What concerns all entities at once runs afterwards, alone.
"""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attrs import evolve

from kommo.contract.document import Contract
from kommo.contract.exchange import Exchange
from kommo.contract.findings import Findings
from kommo.contract.options import ALONE, Options, Progress, Result
from kommo.contract.recording import Recorder
from kommo.contract.resources import split, worlds
from kommo.contract.run import complete, run


def lanes(contract: Contract, selected: Sequence[str] | None, count: int) -> list[list[str]]:
    """Split operations into groups that can be tested at the same time, about equally large.

    Args:
        contract: the document.
        selected: operationIds; None for all.
        count: groups at most; there are fewer where fewer things are independent of each other.
    """
    wanted = [name for name in contract.operations if selected is None or name in selected]
    groups: list[list[str]] = [[] for _ in range(count)]
    together = [[name for name in wanted if split(name)[1] in world] for world in worlds(contract)]
    for names in sorted(together, key=len, reverse=True):
        min(groups, key=len).extend(names)
    return [group for group in groups if group]


def run_lanes(options: Options, *, jobs: int | None = None, record: Path | None = None) -> Result:
    """Run the suite on several cores; arguments and errors as for `run`.

    Args:
        options: without `app`, which no other process can share, and without `on_exchange`.
        jobs: number of processes; None for one per core. 1 runs everything in this process.
        record: a directory for the recorded exchanges, one file per process; None records nothing.
    """
    contract = Contract(complete(evolve(options, app=options.app or object())).document or {})
    groups = lanes(contract, options.operations, jobs or _cores())
    count = len(groups)
    alone = tuple(name for name in options.phases if name in ALONE)
    shared = tuple(name for name in options.phases if name not in ALONE)
    if count < 2 or not shared or options.app is not None:
        return _one(options, _file(record, 0), options.on_progress)
    started = time.perf_counter()
    plan = [
        (evolve(options, operations=group, phases=shared, on_progress=None), _file(record, index))
        for index, group in enumerate(groups)
    ]
    # A fresh interpreter per lane: forking would copy the threads of the progress display.
    context = multiprocessing.get_context("spawn")
    ended = context.Event()
    with context.Manager() as manager:
        messages: Any = manager.Queue()
        stop = threading.Event()
        listener = threading.Thread(target=_listen, args=(messages, options.on_progress, stop), daemon=True)
        listener.start()
        try:
            with ProcessPoolExecutor(
                count, mp_context=context, initializer=_begin_lane, initargs=(ended,)
            ) as pool:
                with _deaf():
                    pending = [
                        pool.submit(_lane, lane, path, messages, index)
                        for index, (lane, path) in enumerate(plan)
                    ]
                try:
                    wait(pending)
                except KeyboardInterrupt:
                    # Each lane ends with its next request and hands in what it has.
                    ended.set()
                results = [future.result() for future in pending]
        finally:
            stop.set()
            listener.join()
    if alone and not ended.is_set():
        last = evolve(options, phases=alone)
        results.append(_one(last, _file(record, len(plan)), options.on_progress))
    return merge(results, options.seed, time.perf_counter() - started)


def merge(results: Sequence[Result], seed: int, seconds: float) -> Result:
    """Put the results of several lanes together; each defect stays once."""
    findings = Findings(finding for result in results for finding in result.findings)
    cases: Counter[str] = Counter()
    coverage: Counter[tuple[str, int, str]] = Counter()
    times: dict[str, float] = {"wall": seconds}
    for result in results:
        cases += result.cases
        coverage += result.coverage
        for name, value in result.seconds.items():
            times[name] = times.get(name, 0.0) + value
    operations = {operation for result in results for operation in result.operations}
    interrupted = any(result.interrupted for result in results)
    return Result(list(findings), cases, operations, coverage, seed, times, interrupted)


@contextmanager
def _deaf() -> Iterator[None]:
    """Have processes that start meanwhile ignore Ctrl-C, which a terminal sends to all: this one tells them."""
    try:
        before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    except ValueError:  # not in the main thread, where no signal arrives
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


_ended: Any = None


def _begin_lane(ended: Any) -> None:
    """Learn how the first process says that the run is over."""
    global _ended
    _ended = ended


def _lane(options: Options, path: Path | None, messages: Any, index: int) -> Result:
    last = 0.0

    def report(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 0.1:  # a queue between processes is slow
            last = now
            messages.put((index, progress))

    return _one(options, path, report)


def _one(options: Options, path: Path | None, on_progress: Callable[[Progress], None] | None) -> Result:
    options = evolve(options, on_progress=on_progress)
    if path is None:
        return run(evolve(options, on_exchange=_until_ended))
    with Recorder(path, [*options.tokens]) as recorder:

        def record(exchange: Exchange, layer: str) -> None:
            recorder(exchange, layer)
            _until_ended(exchange, layer)

        return run(evolve(options, on_exchange=record))


def _until_ended(exchange: Exchange, layer: str) -> None:
    if _ended is not None and _ended.is_set():
        raise KeyboardInterrupt


def _listen(messages: Any, report: Callable[[Progress], None] | None, stop: threading.Event) -> None:
    latest: dict[int, Progress] = {}
    while not stop.is_set():
        try:
            index, progress = messages.get(timeout=0.2)
        except queue.Empty:
            continue
        latest[index] = progress
        if report is not None:
            everything = latest.values()
            total, found = sum(one.cases for one in everything), sum(one.findings for one in everything)
            report(Progress(progress.layer, progress.step, total, found))


def _file(record: Path | None, index: int) -> Path | None:
    return None if record is None else record / f"exchanges-{index}.ndjson"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
