"""The share of the permitted rate that a sustained run delivers, and how often it is refused.

Limits: at least 98 %, and no 429, against the mock in a process of its own that allows 7 requests in every second,
whichever second that is. A run ends on a whole number of windows, so that the burst of 7 that an idle account allows
does not count.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import shutil
import socket
import subprocess
import sys
import time
from multiprocessing.connection import Connection as Pipe

import redis as redis_package
from table import verdict

from kommo import AsyncKommo, Kommo
from kommo.errors import RateLimited
from kommo.limits import RateLimit
from kommo.mock import MockConfig, MockServer
from kommo.retry import NO_RETRY

RATE = 7
TASKS = 20
LEAST = 0.98
Outcome = tuple[float, bool]


def _serve(pipe: Pipe) -> None:
    with MockServer(MockConfig(token="demo", rate_limit=RATE)) as server:
        pipe.send(server.url)
        pipe.recv()


def _call_in_turn(url: str, redis: str | None, seconds: float) -> list[Outcome]:
    outcomes = []
    with Kommo(base_url=url, token="demo", limiter=RateLimit(redis=redis), retry=NO_RETRY) as crm:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                crm.leads_custom_fields.list()
                accepted = True
            except RateLimited:
                accepted = False
            outcomes.append((time.monotonic(), accepted))
    return outcomes


def _call_in_tasks(url: str, redis: str | None, seconds: float) -> list[Outcome]:
    outcomes: list[Outcome] = []

    async def one(crm: AsyncKommo, until: float) -> None:
        while time.monotonic() < until:
            try:
                await crm.leads_custom_fields.list()
                accepted = True
            except RateLimited:
                accepted = False
            outcomes.append((time.monotonic(), accepted))

    async def main() -> None:
        async with AsyncKommo(
            base_url=url, token="demo", limiter=RateLimit(redis=redis), retry=NO_RETRY
        ) as crm:
            until = time.monotonic() + seconds
            await asyncio.gather(*(one(crm, until) for _ in range(TASKS)))

    asyncio.run(main())
    return outcomes


KINDS = {
    "one process": (_call_in_turn, 1, False),
    f"one process, {TASKS} tasks": (_call_in_tasks, 1, False),
    "one process, Redis": (_call_in_turn, 1, True),
    "4 processes, one Redis": (_call_in_turn, 4, True),
}


def _start_redis() -> tuple[subprocess.Popen[bytes], str] | None:
    if shutil.which("redis-server") is None:
        return None
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", ""], stdout=subprocess.DEVNULL
    )
    client = redis_package.Redis(port=port)
    for _ in range(200):
        try:
            client.ping()
            break
        except redis_package.ConnectionError:
            time.sleep(0.02)
    client.close()
    return process, f"redis://127.0.0.1:{port}/0"


def main(seconds: float) -> None:
    redis = _start_redis()
    context = multiprocessing.get_context("spawn")
    print(f"{seconds:g} s each at {RATE}/s     requests  delivered    limit   429  limit")
    try:
        for name, (call, processes, shared) in KINDS.items():
            if shared and redis is None:
                print(f"{name:25}  not measured: redis-server is not installed")
                continue
            # A mock of its own for each run: the windows of one do not reach into the next.
            ours, theirs = context.Pipe()
            server = context.Process(target=_serve, args=(theirs,), daemon=True)
            server.start()
            url = ours.recv()
            with context.Pool(processes) as pool:
                redis_url = redis[1] if shared and redis else None
                runs = [pool.apply_async(call, (url, redis_url, seconds)) for _ in range(processes)]
                outcomes = sorted(outcome for run in runs for outcome in run.get())
            ours.send("stop")
            server.join(10)
            moments = [moment for moment, accepted in outcomes if accepted]
            windows = (len(moments) - 1) // RATE
            delivered = windows / (moments[windows * RATE] - moments[0])
            refused = len(outcomes) - len(moments)
            kept = verdict(delivered >= LEAST and refused == 0)
            print(f"{name:25}  {len(outcomes):8}  {delivered:9.2%}  {LEAST:7.0%}  {refused:4}  {0:5}  {kept}")
    finally:
        if redis is not None:
            redis[0].terminate()
            redis[0].wait(10)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)
