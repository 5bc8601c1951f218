"""The mock beside a bare Starlette handler and beside Prism, with many records and with few, and how fast it starts.

Limits: a page of 50 fields from stored state costs at most 1.5 x the CPU time of a Starlette handler that returns the
same bytes, whether uvicorn serves that as it comes or with the mock's own, faster HTTP protocol; and is served at least
5 x as often a second as Prism serves a static example of it; a request with 100,000 stored elements costs at most 1.3 x
one with 100; the first answer comes within 0.5 s of the start, within 1 s with a data file of 100,000 elements. Every
server is one process, and the sides take turns in short slices, so that other load meets all alike. CPU time is that of
the process of the server.

Where there are two CPUs or more, this program keeps to one of them while it asks, and the servers to another: placed by
chance, they answer the very same request at up to three times the cost. Of Prism that is the thread that answers; the
helpers of Node.js stay free to run beside it. Starts are not bound to any CPU. A ratio is the median of those of
neighbouring slices, so that what slows the whole machine down for a while does not count.

Prism is installed by npm into .cache/prism; without npm it is left out.
"""

from __future__ import annotations

import contextlib
import ctypes
import itertools
import json
import multiprocessing
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from attrs import frozen
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
from table import verdict

PRISM = "@stoplight/prism-cli@5.9.0"
PRISM_HOME = Path(__file__).parent.parent / ".cache/prism"
CONNECTIONS = 8
SLICE = 200
ROUNDS = 41
STARTS = 9
FEW, MANY = 100, 100_000
FIELDS = "/api/v4/leads/custom_fields"
ELEMENTS = "/api/v2/catalog_elements"
RECORDS = "/api/v4/catalogs/5001/elements"
FIRST_ELEMENT = 800_001
MOCK = [sys.executable, "-m", "kommo.cli", "mock", "--port", "0"]


CPUS = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
"""The first is for this program, the last for the servers, where there is a choice."""

Message = bytes | Callable[[], bytes]
"""A request, or what makes the next one."""


@frozen
class Row:
    """One line of the table: the mock's figure, the other side's, and the ratio that has a limit."""

    name: str
    mock: float
    beside: float | None
    ratio: float
    limit: float
    at_least: bool = False

    def __str__(self) -> str:
        kept = self.ratio >= self.limit if self.at_least else self.ratio <= self.limit
        beside = "" if self.beside is None else f"{self.beside:.3f}"
        bound = "at least" if self.at_least else "at most"
        return (
            f"{self.name:62} {self.mock:10.3f} {beside:>10} {self.ratio:7.2f}  {bound:8} {self.limit:4.1f}"
            f"  {verdict(kept)}"
        )


def request(method: str, target: str, body: object = None) -> bytes:
    """The bytes of a request."""
    head = f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer demo\r\nAccept: */*\r\n"
    if body is None:
        return f"{head}\r\n".encode()
    content = json.dumps(body)
    return f"{head}Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode()


def receive(connection: socket.socket) -> bytes:
    """One answer with a content-length, whole."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
        raise RuntimeError(f"unexpected answer: {data[:300]!r}")
    length = re.search(rb"content-length: (\d+)", head.lower())
    assert length is not None
    while len(body) < int(length[1]):
        body += _more(connection)
    return body


def _more(connection: socket.socket) -> bytes:
    data = connection.recv(1 << 16)
    if not data:
        raise RuntimeError("the server closed the connection")
    return data


def cpu_seconds(pid: int) -> float:
    """The CPU time that a process has used, with all its threads."""
    clock = ctypes.c_int()
    error = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise OSError(error, os.strerror(error))
    return time.clock_gettime(clock.value)


class Server:
    """A running server.

    Args:
        pid: its process.
        port: where it listens.
    """

    def __init__(self, pid: int, port: int) -> None:
        self.pid = pid
        self.port = port
        self.connections: list[socket.socket] = []
        if len(CPUS) > 1:
            # Only the thread of this id, which is the one that answers.
            os.sched_setaffinity(pid, CPUS[-1:])

    def ask(self, message: bytes) -> bytes:
        """The body that answers one request."""
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(message)
            return receive(connection)

    def open(self) -> None:
        """Connect some times: servers close connections that were idle for some seconds."""
        self.connections = [socket.create_connection(("127.0.0.1", self.port)) for _ in range(CONNECTIONS)]

    def slice(self, message: Message, requests: int) -> tuple[float, float]:
        """Send a request again and again over all connections; seconds of CPU time and of real time for each."""
        make = itertools.repeat(message).__next__ if isinstance(message, bytes) else message
        cpu, began = cpu_seconds(self.pid), time.perf_counter()
        for _ in range(requests // CONNECTIONS):
            for connection in self.connections:
                connection.sendall(make())
            for connection in self.connections:
                receive(connection)
        return (cpu_seconds(self.pid) - cpu) / requests, (time.perf_counter() - began) / requests

    def close(self) -> None:
        """Close the connections."""
        for connection in self.connections:
            connection.close()


@contextlib.contextmanager
def on_one_cpu() -> Iterator[None]:
    """Keep this program, but not what it starts later, on the CPU that is left to it."""
    if len(CPUS) > 1:
        os.sched_setaffinity(0, CPUS[:1])
    try:
        yield
    finally:
        if len(CPUS) > 1:
            os.sched_setaffinity(0, CPUS)


@frozen
class Cost:
    """Medians of what a request costs two servers, and of how many times as much one costs as the other."""

    mock: float
    beside: float
    ratio: float

    @classmethod
    def of(cls, pairs: list[tuple[float, float]]) -> Cost:
        """Of the figures of slices that were neighbours."""
        mock, beside = (statistics.median(column) for column in zip(*pairs, strict=True))
        return cls(mock, beside, statistics.median(ours / theirs for ours, theirs in pairs))


def compare(
    mock: tuple[Server, Message], beside: tuple[Server, Message], requests: int = SLICE, rounds: int = ROUNDS
) -> tuple[Cost, Cost]:
    """Have two servers take turns.

    Args:
        mock: a server, and what it is asked.
        beside: another one, and what that is asked.
        requests: the length of a turn.
        rounds: how many turns count.

    Returns:
        What a request costs in seconds of CPU time, and in seconds.
    """
    sides = (mock, beside)
    seen: list[list[tuple[float, float]]] = []
    with on_one_cpu():
        for server, _ in sides:
            server.open()
        for number in range(rounds + 2):
            # Who comes first changes: what one leaves behind in the caches of the CPU meets both alike.
            turns = {side: side[0].slice(side[1], requests) for side in sides[:: 1 if number % 2 else -1]}
            if number >= 2:
                seen.append([turns[side] for side in sides])
        for server, _ in sides:
            server.close()
    cpu, real = ([(ours[kind], theirs[kind]) for ours, theirs in seen] for kind in (0, 1))
    return Cost.of(cpu), Cost.of(real)


@contextlib.contextmanager
def process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended afterwards."""
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        yield started
    finally:
        started.terminate()
        started.wait()


def port_of(mock: subprocess.Popen[bytes]) -> int:
    """Where a mock listens, from the line that it prints first."""
    assert mock.stdout is not None
    match = re.search(rb":(\d+) ", mock.stdout.readline())
    assert match is not None
    return int(match[1])


@contextlib.contextmanager
def served_mock(*options: str) -> Iterator[Server]:
    """A mock in a process of its own."""
    with process([*MOCK, *options]) as started:
        yield Server(started.pid, port_of(started))


def _serve_bare(pipe: Pipe, body: bytes, mock_http: bool) -> None:
    import uvicorn

    from kommo.mock.server import listen, uvicorn_config

    async def page(_: object) -> Response:
        return Response(body, media_type="application/hal+json")

    app: Any = Starlette(routes=[Route(FIELDS, page)])
    config = uvicorn_config(app)
    if not mock_http:
        config = uvicorn.Config(
            app, http="httptools", loop="asyncio", lifespan="off", log_level="error", access_log=False
        )
    with listen("127.0.0.1", 0) as listener:
        pipe.send(listener.getsockname()[1])
        uvicorn.Server(config).run(sockets=[listener])


@contextlib.contextmanager
def served_bare(body: bytes, *, mock_http: bool) -> Iterator[Server]:
    """A Starlette application that returns the same bytes every time.

    Args:
        body: the bytes.
        mock_http: serve it by the mock's own HTTP protocol, not by uvicorn's.
    """
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    started = context.Process(target=_serve_bare, args=(theirs, body, mock_http), daemon=True)
    started.start()
    # With its end held here too, a child that dies early would be waited for for ever.
    theirs.close()
    try:
        assert started.pid is not None
        yield Server(started.pid, ours.recv())
    finally:
        started.terminate()
        started.join()


def prism_program() -> Path | str:
    """The program of Prism, installed when it is not there; or why it cannot be had."""
    program = PRISM_HOME / "node_modules/.bin/prism"
    package = PRISM_HOME / "node_modules/@stoplight/prism-cli/package.json"
    if package.exists() and json.loads(package.read_text())["version"] == PRISM.rpartition("@")[2]:
        return program
    npm = shutil.which("npm")
    if npm is None:
        return "there is no npm"
    command = [
        npm,
        "install",
        "--prefix",
        str(PRISM_HOME),
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        PRISM,
    ]
    PRISM_HOME.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return program if done.returncode == 0 else f"npm could not install {PRISM}: {done.stderr.strip()[-200:]}"


@contextlib.contextmanager
def served_prism(program: Path, body: bytes, directory: str) -> Iterator[Server]:
    """Prism, which answers the same data from an example. No schema and no log: all it has to do is answer."""
    content = {"application/hal+json": {"example": json.loads(body)}}
    answer = {"description": "A page", "content": content}
    document = {
        "openapi": "3.1.0",
        "info": {"title": "One page", "version": "1"},
        "paths": {FIELDS: {"get": {"responses": {"200": answer}}}},
    }
    file = Path(directory, "page.json")
    file.write_text(json.dumps(document))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--port", str(port), "--multiprocess", "false", "--verboseLevel", "silent"]
    with process([str(program), "mock", *options, str(file)]) as started:
        for _ in range(600):
            with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield Server(started.pid, port)


def first_answer(*options: str) -> tuple[float, float]:
    """Seconds from the start of a mock to its first answer, and the CPU time it took."""
    began = time.perf_counter()
    with process([*MOCK, *options]) as started:
        with socket.create_connection(("127.0.0.1", port_of(started))) as connection:
            connection.sendall(request("GET", f"{FIELDS}?limit=1"))
            receive(connection)
        return time.perf_counter() - began, cpu_seconds(started.pid)


def page_rows(few: Server, directory: str) -> Iterator[Row]:
    """A page of fields, beside Starlette and Prism."""
    message = request("GET", f"{FIELDS}?limit=50")
    body = few.ask(message)
    assert len(json.loads(body)["_embedded"]["custom_fields"]) == 50
    # The mock keeps fewer pages than there are ways to write this query, and so has to make each of them anew.
    spellings = [
        request("GET", f"{FIELDS}?limit={'0' * limit}50&page={'0' * page}1")
        for limit in range(6)
        for page in range(7)
    ]
    for beside, mock_http in (("uvicorn", False), ("the mock's own HTTP", True)):
        with served_bare(body, mock_http=mock_http) as bare:
            assert bare.ask(message) == body
            cpu, _ = compare((few, message), (bare, message))
            name = f"page of 50 fields, CPU ms; bare Starlette on {beside}"
            yield Row(name, cpu.mock * 1000, cpu.beside * 1000, cpu.ratio, 1.5)
            one, other = itertools.cycle(spellings), itertools.cycle(spellings)
            cpu, _ = compare((few, one.__next__), (bare, other.__next__))
        yield Row("  made anew for each request", cpu.mock * 1000, cpu.beside * 1000, cpu.ratio, 1.5)
    program = prism_program()
    if isinstance(program, str):
        print(f"Prism is left out: {program}", file=sys.stderr)
        return
    with served_prism(program, body, directory) as prism:
        assert json.loads(prism.ask(message)) == json.loads(body)
        cpu, real = compare((few, message), (prism, message), 80, 31)
    for name, cost in (("second", real), ("CPU second", cpu)):
        label = f"the same, requests a {name}; Prism"
        yield Row(label, 1 / cost.mock, 1 / cost.beside, 1 / cost.ratio, 5, True)


def size_rows(few: Server, many: Server) -> Iterator[Row]:
    """Requests with many stored elements, beside the same with few."""

    listed = f"{ELEMENTS}?catalog_id=5001"
    change = {"update": [{"id": FIRST_ELEMENT, "catalog_id": 5001, "name": "Item 0"}]}
    added = {"add": [{"catalog_id": 5001, "name": "New"}]}
    kinds: list[tuple[str, Callable[[int], bytes], int, int]] = [
        ("page of 50 fields", lambda _: request("GET", f"{FIELDS}?limit=50"), SLICE, ROUNDS),
        ("first page of 50 elements", lambda _: request("GET", f"{listed}&limit=50"), 80, ROUNDS),
        (
            "last page of 50 elements",
            lambda size: request("GET", f"{listed}&limit=50&page={size // 50}"),
            80,
            ROUNDS,
        ),
        (
            "one element",
            lambda size: request("GET", f"{listed}&id={FIRST_ELEMENT + size // 2}"),
            SLICE,
            ROUNDS,
        ),
        (
            "search that finds one",
            lambda size: request("GET", f"{listed}&term=item%20{size - 1}"),
            SLICE,
            ROUNDS,
        ),
        (
            "search in values, one hit",
            lambda size: request("GET", f"{RECORDS}?query=S-{size - 1}"),
            SLICE,
            ROUNDS,
        ),
        (
            "filter by value, one hit",
            lambda size: request(
                "GET", f"{RECORDS}?filter%5Bcustom_fields_values%5D%5B600001%5D%5B%5D=S-{size // 2}"
            ),
            SLICE,
            ROUNDS,
        ),
        ("change of one element", lambda _: request("POST", ELEMENTS, change), 80, ROUNDS),
        # Last and few: what is added stays.
        ("one more element", lambda _: request("POST", ELEMENTS, added), 16, 21),
    ]
    for name, make, requests, rounds in kinds:
        cpu, _ = compare((many, make(MANY)), (few, make(FEW)), requests, rounds)
        label = f"{name}, CPU ms; {MANY:,} stored, {FEW} stored"
        yield Row(label, cpu.mock * 1000, cpu.beside * 1000, cpu.ratio, 1.3)


def start_rows(directory: str) -> Iterator[Row]:
    """From the start of a mock to its first answer."""
    file = Path(directory, "kept.db")
    kept = ("--seed", f"large:{MANY}", "--data", str(file))
    first_answer(*kept)
    kinds = {"empty": ("--seed", "documented"), f"--data with {MANY:,} elements": kept}
    seen: dict[str, list[tuple[float, float]]] = {name: [] for name in kinds}
    for _ in range(STARTS):
        for name, options in kinds.items():
            seen[name].append(first_answer(*options))
    for (name, times), limit in zip(seen.items(), (0.5, 1.0), strict=True):
        real, cpu = (statistics.median(column) for column in zip(*times, strict=True))
        yield Row(f"start to first answer, s, {name}", real, None, real, limit)
        yield Row("  of it CPU time of the mock", cpu, None, cpu, limit)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    print(f"{'':62} {'mock':>10} {'beside':>10} {'ratio':>7}  limit")
    with tempfile.TemporaryDirectory() as directory:
        with served_mock("--seed", f"large:{FEW}") as few, served_mock("--seed", f"large:{MANY}") as many:
            for rows in (page_rows(few, directory), size_rows(few, many)):
                for row in rows:
                    print(row, flush=True)
        for row in start_rows(directory):
            print(row, flush=True)
    load = os.getloadavg()[0]
    print(
        f"\nWhat is in seconds of real time depends on other load: {load:.1f} on {os.cpu_count()} cores now."
    )


if __name__ == "__main__":
    main()
