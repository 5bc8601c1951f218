"""Worker processes: copies of this one, kept in number until a signal says stop.

A copy has at once whatever this process has read, where a new process of Python would have to import and to read it
again. Copies are made before there are threads or event loops, and by systems that know `fork`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections.abc import Callable, Iterable
from multiprocessing.process import BaseProcess
from typing import Final

_STOP: Final = frozenset({signal.SIGINT, signal.SIGTERM})
_LOOK_SECONDS: Final = 0.5
_STOP_SECONDS: Final = 10.0
"""How long a worker may take to end: more than it gives to requests that are being answered."""


def supervise(work: Callable[[], None], workers: int) -> None:
    """Run a function in some processes, and again in place of those that end, until SIGINT or SIGTERM.

    Args:
        work: what each of them does. It is to end on SIGTERM.
        workers: how many.
    """
    # Signals are waited for, not handled: a copy that has no handlers yet would forget them.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _STOP)
    context = multiprocessing.get_context("fork")
    running: list[BaseProcess] = []

    def start() -> BaseProcess:
        process = context.Process(target=_work, args=(work, before))
        process.start()
        return process

    try:
        running += [start() for _ in range(workers)]
        while signal.sigtimedwait(_STOP, _LOOK_SECONDS) is None:
            for place, process in enumerate(running):
                if not process.is_alive():
                    running[place] = start()
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.join(_STOP_SECONDS)
            if process.is_alive():
                process.kill()
                process.join()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(work: Callable[[], None], mask: Iterable[int]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    # The keys that stop a program in a terminal reach all of its processes.
    with contextlib.suppress(KeyboardInterrupt):
        work()
