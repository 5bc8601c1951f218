"""The way to a server whose kept connections break."""

from __future__ import annotations

import socket
import struct
import threading

import h11
import pytest
from httpcore._sync.http11 import HTTP11Connection
from hypothesis import given
from hypothesis import strategies as st

from kommo.contract.options import CannotRun
from kommo.contract.port import Port

ANSWER = b'{"title":"Not Found","status":404}'
HEAD = b"HTTP/1.1 404 Not Found\r\ncontent-type: application/problem+json\r\ncontent-length: %d\r\n\r\n"


class Breaking:
    """A server on a socket, one connection after the other: the first one answers once and then breaks.

    Args:
        at_once: whether it breaks right after its answer, by a reset; else when the next request is there.
    """

    def __init__(self, *, at_once: bool) -> None:
        self.at_once = at_once
        self.seen: list[str] = []
        self.broken = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self) -> None:
        for number in range(100):
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                while self._read(connection):
                    if number == 0 and len(self.seen) > 1:
                        break
                    connection.sendall(HEAD % len(ANSWER) + ANSWER)
                    if number == 0 and self.at_once:
                        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        break
            self.broken.set()

    def _read(self, connection: socket.socket) -> bool:
        data = b""
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return False
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        length = next(
            (int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0
        )
        while len(body) < length:
            body += connection.recv(65536)
        self.seen.append(head.split(b" ")[0].decode())
        return True


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_read_that_meets_a_closing_connection_is_sent_again(method):
    with Breaking(at_once=False) as server, Port(server.url, "t") as port:
        assert port.fetch("GET", "/a").status == 404
        assert port.fetch(method, "/a").status == 404
        assert server.seen == ["GET", method, method]


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE", "PUT"])
def test_a_write_that_may_have_arrived_is_not_sent_again(method):
    with Breaking(at_once=False) as server, Port(server.url, "t") as port:
        port.fetch("GET", "/a")
        exchange = port.fetch(method, "/a", json=[{"name": "x"}])
        assert exchange.status == 0
        assert "without sending a response" in exchange.failure
        assert server.seen == ["GET", method]
        assert port.fetch(method, "/a").status == 404


@pytest.mark.parametrize("unnoticed", [False, True])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_request_that_no_server_can_have_seen_is_sent_again(method, unnoticed, monkeypatch):
    if unnoticed:  # as when the connection breaks between the look at it and its use
        monkeypatch.setattr(HTTP11Connection, "has_expired", lambda self: False)
    with Breaking(at_once=True) as server, Port(server.url, "t") as port:
        port.fetch("GET", "/a")
        assert server.broken.wait(10)
        assert port.fetch(method, "/a", json=[{"name": "x"}]).status == 404
        assert server.seen == ["GET", method]


@pytest.mark.parametrize("secret", ["Bearer s3cr3t ", "s3cr3t\n", "Basic s3cr3t\x00"])
def test_a_request_that_cannot_be_sent_is_not_told_as_a_server_that_does_not_answer(secret):
    with Breaking(at_once=False) as server, Port(server.url, "t") as port:
        with pytest.raises(CannotRun, match=r"^GET /a: .* cannot be sent \(Illegal header value\)$"):
            port.fetch("GET", "/a?b=c", authorization=secret)
        assert port.fetch("GET", "/a").status == 404
        assert server.seen == ["GET"]


@given(st.text(st.sampled_from("a!~ \n\0ü")))
def test_a_port_takes_the_tokens_that_a_header_can_hold(token):
    try:
        h11.Request(
            method="GET", target="/", headers=[("host", "x"), ("a", f"Bearer {token}".encode("ascii"))]
        )
    except (UnicodeEncodeError, h11.LocalProtocolError):
        with pytest.raises(CannotRun, match="cannot be sent"):
            Port(None, token)
    else:
        Port(None, token).close()
