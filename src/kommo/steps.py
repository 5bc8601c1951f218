"""One implementation for sync and async: a procedure is a generator that yields what it wants done.

The generator decides; a driver does. `run` does each step on the spot, `arun` awaits it. So a procedure such
as "send, wait, send again" is written once, and the two worlds differ only in the few step classes below and
in those of the transport.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Step(Protocol):
    """Something to be done, in either world. Its result, or its exception, goes back into the generator."""

    def run(self) -> Any:
        """Do it now; may block."""

    async def arun(self) -> Any:
        """Do it without blocking the event loop."""


Steps = Generator[Step, Any, T]


class Sleep:
    """Wait for that many seconds."""

    __slots__ = ("seconds",)

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def run(self) -> None:
        """Block for that long."""
        time.sleep(self.seconds)

    async def arun(self) -> None:
        """Let other tasks run for that long."""
        import anyio

        await anyio.sleep(self.seconds)


class Call:
    """Call a function that blocks: on the spot, or in a worker thread that no cancellation interrupts."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[], Any]) -> None:
        self.function = function

    def run(self) -> Any:
        """Call it on the spot."""
        return self.function()

    async def arun(self) -> Any:
        """Call it in a worker thread."""
        import anyio.to_thread

        return await anyio.to_thread.run_sync(self.function)


def run(steps: Steps[T]) -> T:
    """Do every step of a procedure and return its result."""
    try:
        step = next(steps)
        while True:
            try:
                result = step.run()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]


async def arun(steps: Steps[T]) -> T:
    """Do every step of a procedure without blocking the event loop, and return its result."""
    try:
        step = next(steps)
        while True:
            try:
                result = await step.arun()
            except BaseException as error:
                step = steps.throw(error)
            else:
                step = steps.send(result)
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return]
