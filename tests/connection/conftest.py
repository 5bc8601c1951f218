"""Real servers on free ports: any ASGI application, and a Redis."""

import contextlib
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest
import uvicorn
from hypothesis import settings

# Nothing here depends on how fast the machine is.
settings.register_profile("no-deadline", deadline=None)
settings.load_profile("no-deadline")


def free_socket() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    return listener


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """`serve(app)` runs an ASGI application in a thread and returns its URL."""
    running: list[tuple[uvicorn.Server, threading.Thread]] = []

    def start(app: Callable) -> str:
        listener = free_socket()
        server = uvicorn.Server(
            uvicorn.Config(
                app, log_level="critical", lifespan="off", access_log=False, timeout_graceful_shutdown=1
            )
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        running.append((server, thread))
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    for server, _ in running:
        server.should_exit = True
    for _, thread in running:
        thread.join(10)


@pytest.fixture
def serve_bytes() -> Iterator[Callable[[bytes], str]]:
    """`serve_bytes(answer)` answers every connection with these bytes, whatever they are, and closes it."""
    with contextlib.ExitStack() as stack:
        yield lambda answer: stack.enter_context(_raw_server(answer))


@contextlib.contextmanager
def _raw_server(answer: bytes) -> Iterator[str]:
    listener = free_socket()
    listener.listen()

    def loop() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        with contextlib.suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(10)


@pytest.fixture(scope="session")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real Redis of this test run."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian: apt-get install redis-server)")
    with free_socket() as listener:
        port = listener.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    process = subprocess.Popen(command, cwd=tmp_path_factory.mktemp("redis"), stdout=subprocess.DEVNULL)
    try:
        import redis

        with redis.Redis(port=port) as client:
            while True:
                with contextlib.suppress(redis.exceptions.ConnectionError):
                    if client.ping():
                        break
                assert process.poll() is None, "redis-server ended"
                time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def run_python() -> Iterator[Callable[..., subprocess.Popen]]:
    """`run_python(source, *arguments)` runs Python source in another process; it ends with the test."""
    started: list[subprocess.Popen] = []

    def start(source: str, *arguments: str) -> subprocess.Popen:
        process = subprocess.Popen(
            [sys.executable, "-c", source, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()
