"""Serving a mock: in process as an ASGI application, or on a socket of this machine."""

from __future__ import annotations

import contextlib
import gc
import socket
import ssl
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Self

from .config import MockConfig
from .engine import Engine
from .http.app import MockApp
from .store import StorageFailed, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn
    from starlette.applications import Starlette


class CannotListen(OSError):
    """The address cannot be listened on. The message names it and says why."""


class CannotEncrypt(OSError):
    """The certificate or its key cannot be used. The message names both and says why."""


class Tls(NamedTuple):
    """The files, in PEM form, that a mock needs to be served by https."""

    certificate: Path
    key: Path

    def check(self) -> None:
        """See that both can be used.

        Raises:
            CannotEncrypt: they cannot.
        """
        try:
            # The empty password is for a key that has one: without it, the terminal would be asked.
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key, "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or getattr(error, "reason", None) or str(error)
            raise CannotEncrypt(
                f"certificate {self.certificate} with key {self.key}: {reason}; "
                "use files in PEM form that belong together, the key without a password"
            ) from None


class CannotShare(OSError):
    """The file that several workers share cannot be made. The message names it and says why."""


def create_app(config: MockConfig | None = None) -> MockApp:
    """The mock as an ASGI application, for tests in the same process.

    Args:
        config: how to set it up; an empty account by default.
    """
    return MockApp(open_engine(config or MockConfig()), _control)


def _control(engine: Engine) -> Starlette:
    # Imported when it is asked for: most mocks are never looked at, and its framework takes time to load.
    from .control import create_control

    return create_control(engine)


def open_engine(config: MockConfig) -> Engine:
    """The engine that a configuration describes, with what its data file holds.

    Args:
        config: how to set it up.

    Raises:
        DataFileError: the file cannot be used.
    """
    if config.data is None:
        return Engine(config)
    from .datafile import DataFile, DataFileError

    backend = DataFile(config.data)
    store = Store(backend)
    try:
        backend.load(store)
        return Engine(config, store)
    except BaseException as error:
        backend.close()
        if isinstance(error, StorageFailed):
            raise DataFileError(
                f"data file {config.data}: cannot be written ({error}); is another program using it, or the disk full?"
            ) from None
        raise


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens on a host and a port, 0 for any free one.

    Raises:
        CannotListen: the address is in use, unknown, or not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio switches Nagle's algorithm off only where the protocol is named; with it, answers take 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or str(error)
        mend = "choose another with --port; 0 takes any free one"
        raise CannotListen(f"cannot listen on {host} port {port}: {reason}; {mend}") from None
    listener.set_inheritable(True)
    return listener


def url_of(listener: socket.socket, tls: Tls | None = None) -> str:
    """The address of a listening socket as a URL."""
    scheme = "http" if tls is None else "https"
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def uvicorn_config(app: MockApp, tls: Tls | None = None) -> uvicorn.Config:
    """The settings under which uvicorn serves the mock.

    Args:
        app: the application.
        tls: how to be served by https; None for http.
    """
    import uvicorn

    from .protocol import MockProtocol

    return uvicorn.Config(
        app,
        http=MockProtocol,
        loop="asyncio",
        lifespan="off",
        ws="none",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=2,
        ssl_certfile=None if tls is None else tls.certificate,
        ssl_keyfile=None if tls is None else tls.key,
    )


def serve(
    config: MockConfig,
    listener: socket.socket,
    workers: int = 1,
    tls: Tls | None = None,
    announce: Callable[[], None] = lambda: None,
) -> None:
    """Serve on a socket until a signal says stop.

    Args:
        config: how to set up the mock.
        listener: a listening socket.
        workers: how many processes serve; more than one need a data file.
        tls: how to be served by https; None for http.
        announce: called once nothing can be refused any more, right before the first request is answered.

    Raises:
        DataFileError: the data file cannot be used.
        CannotShare: there can be no file beside it.
    """
    if workers == 1:
        app = MockApp(_settled_engine(config), _control)
        announce()
        _run(app, listener, tls)
        return
    from .datafile import DataFile
    from .supervisor import supervise
    from .workers import SharedFile

    # Read once: the workers are copies of this process, and share the memory of what none of them changes.
    engine = _settled_engine(config)
    backend = engine.store.backend
    if config.data is None or not isinstance(backend, DataFile):
        raise ValueError("several workers need a data file, which is what they share")
    # SQLite's connections must not be carried into another process.
    backend.close()
    shared = config.data.with_name(f"{config.data.name}-workers")
    try:
        SharedFile.create(shared, config.journal_size)
    except OSError as error:
        raise CannotShare(f"{shared}, which the workers share, cannot be made: {error.strerror}") from None

    def work() -> None:
        backend.reopen()
        _run(_worker_app(config, engine.store, shared), listener, tls)

    try:
        announce()
        supervise(work, workers)
    finally:
        shared.unlink(missing_ok=True)


def _run(app: MockApp, listener: socket.socket, tls: Tls | None) -> None:
    import uvicorn

    uvicorn.Server(uvicorn_config(app, tls)).run(sockets=[listener])


def _settled_engine(config: MockConfig) -> Engine:
    """The engine of a process that does nothing else.

    What is there from the start stays: the garbage collector need not look through it again and again, neither while it
    is read, which would double the time of a start, nor later, which would make every request pay for the number of
    stored records.
    """
    gc.disable()
    try:
        engine = open_engine(config)
        gc.freeze()
    finally:
        gc.enable()
    return engine


def _worker_app(config: MockConfig, store: Store, shared: Path) -> MockApp:
    """The application of one of several workers, over what was read before there were several."""
    from .workers import SharedFile, SharedJournal, SharedLimiter

    file = SharedFile(shared)
    return MockApp(Engine(config, store, SharedJournal(file), SharedLimiter(file)), _control)


class MockServer:
    """A mock that listens on a socket, in a thread of its own.

    Args:
        config: how to set it up; an empty account by default.
        host: address to listen on.
        port: port to listen on, 0 for any free one.
        tls: how to be served by https; None for http.

    Raises:
        CannotListen: on entering, when the address cannot be used.
        CannotEncrypt: on entering, when the certificate cannot be used.
    """

    def __init__(
        self,
        config: MockConfig | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: Tls | None = None,
    ) -> None:
        self.config = config or MockConfig()
        self.tls = tls
        self.host = host
        self.port = port
        self.url = ""
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> Self:
        import uvicorn

        if self.tls is not None:
            self.tls.check()
        listener = listen(self.host, self.port)
        self._stack.callback(listener.close)
        self.app = create_app(self.config)
        server = uvicorn.Server(uvicorn_config(self.app, self.tls))
        thread = threading.Thread(
            target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="kommo-mock"
        )
        thread.start()

        def stop() -> None:
            server.should_exit = True
            thread.join()

        self._stack.callback(stop)
        self.url = url_of(listener, self.tls)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def control(self) -> Engine:
        """The contents and the controls of the running mock; safe to use from any thread."""
        return self.app.engine
