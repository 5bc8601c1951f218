"""What released clients do on the wire, over a real socket."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import socket
import ssl
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from kommo.mock import MockConfig, MockServer, Tls
from kommo.mock.server import CannotEncrypt

HERE = Path(__file__).parent
TLS = Tls(HERE / "tls/certificate.pem", HERE / "tls/key.pem")
LEADS = "/api/v4/leads/custom_fields"
FIELD = json.dumps([{"name": "f", "type": "text"}]).encode()
JSON = ("Content-Type: application/json",)


class Wire:
    """One connection, spoken to in bytes."""

    def __init__(self, url: str) -> None:
        host, port = httpx.URL(url).host, httpx.URL(url).port
        self.authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self.socket = socket.create_connection((host, port), timeout=10)
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def ask(self, method: str, target: str, body: bytes | None = None, *headers: str) -> None:
        lines = [
            f"{method} {target} HTTP/1.1",
            f"Host: {self.authority}",
            "Authorization: Bearer demo",
            *headers,
        ]
        if body is not None and not any(header.lower().startswith("transfer-encoding") for header in headers):
            lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join([*lines, "", ""]).encode() + (body or b""))

    def answer(self, method: str = "GET") -> tuple[int, dict[str, str], bytes]:
        status = int(self.file.readline().split()[1])
        headers: dict[str, str] = {}
        while line := self.file.readline().strip().decode():
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
        body = b"" if method == "HEAD" else self.file.read(int(headers.get("content-length", 0)))
        return status, headers, body

    def close(self) -> None:
        self.file.close()
        self.socket.close()


@pytest.fixture(scope="module")
def server():
    with MockServer(MockConfig(seed="demo", max_body=100_000)) as server:
        yield server


@pytest.fixture
def wire(server):
    server.control.reset()
    wire = Wire(server.url)
    yield wire
    wire.close()


def ask(wire, method, target, body=None, *headers):
    wire.ask(method, target, body, *headers)
    return wire.answer(method)


def test_a_connection_serves_many_requests(wire):
    for _ in range(3):
        status, headers, body = ask(wire, "GET", LEADS)
        assert (status, headers["content-type"]) == (200, "application/hal+json")
        assert json.loads(body)["_links"]["self"]["href"].startswith(f"http://{wire.authority}/api/v4/leads/")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_bodies_in_chunks(wire, size):
    pieces = [FIELD[start : start + size] for start in range(0, len(FIELD), size)]
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
    assert ask(wire, "POST", LEADS, body, *JSON, "Transfer-Encoding: chunked")[0] == 201


def test_deletes_with_and_without_bodies(wire):
    created = ask(wire, "POST", LEADS, json.dumps([{"name": "f", "type": "text"}] * 4).encode(), *JSON)
    ids = [field["id"] for field in json.loads(created[2])["_embedded"]["custom_fields"]]
    assert ask(wire, "DELETE", f"{LEADS}/{ids[0]}", b"[]", *JSON)[0] == 204
    assert ask(wire, "DELETE", f"{LEADS}/{ids[1]}", None, *JSON)[0] == 204
    assert ask(wire, "DELETE", f"{LEADS}/{ids[2]}")[0] == 204
    assert ask(wire, "DELETE", f"{LEADS}/{ids[3]}", b"\xff{")[0] == 204
    assert ask(wire, "GET", LEADS, None, *JSON)[0] == 200


@pytest.mark.parametrize(
    "target",
    [
        "//api/v4/contacts/custom_fields",
        "/api/v4/customers%2Fsegments/custom_fields",
        "/api/v4/catalogs%2F4101/custom_fields",
        "/api/v4/contacts/custom_fields/",
        "/api/v4/contacts/custom_fields?filter%5Btype%5D%5B0%5D=text",
        "/api/v4/contacts/custom_fields?limit=250&page=1&query=&with=companies,leads,tags",
        "/api/v2/catalogs?limit_rows=500&limit_offset=0",
        "/api/v2//catalog_elements?catalog_id=4101&page=1",
    ],
)
def test_targets_as_clients_write_them(wire, target):
    assert ask(wire, "GET", target)[0] == 200


def test_head_and_options(wire):
    length = len(ask(wire, "GET", LEADS)[2])
    status, headers, _ = ask(wire, "HEAD", LEADS)
    assert (status, int(headers["content-length"])) == (200, length)
    status, headers, _ = ask(wire, "OPTIONS", LEADS)
    assert (status, headers["allow"]) == (204, "GET, POST, PATCH, HEAD, OPTIONS")
    assert ask(wire, "GET", LEADS)[0] == 200  # the connection is in step


def test_gzip_both_ways():
    with MockServer(MockConfig(seed="demo", compress=True)) as server:
        wire = Wire(server.url)
        assert ask(wire, "POST", LEADS, gzip.compress(FIELD), *JSON, "Content-Encoding: gzip")[0] == 201
        plain = ask(wire, "GET", LEADS)
        packed = ask(wire, "GET", LEADS, None, "Accept-Encoding: gzip, deflate")
        assert "content-encoding" not in plain[1]
        assert packed[1]["content-encoding"] == "gzip"
        assert gzip.decompress(packed[2]) == plain[2]
        wire.close()


def test_an_offer_to_change_the_protocol_is_ignored(wire):
    """Java's HTTP client offers h2c with every request that it sends unencrypted."""
    offer = ("Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAEAAEAAAAIAAAAB", "Upgrade: h2c")
    for _ in range(2):
        assert ask(wire, "POST", LEADS, FIELD, *JSON, *offer)[0] == 201


def test_a_client_may_wait_for_permission_to_send_its_body(wire):
    wire.ask("POST", LEADS, None, *JSON, "Expect: 100-continue", f"Content-Length: {len(FIELD)}")
    assert wire.file.readline() == b"HTTP/1.1 100 Continue\r\n"
    assert wire.file.readline() == b"\r\n"
    wire.send(FIELD)
    assert wire.answer()[0] == 201


def test_a_request_in_small_pieces(wire):
    head = f"POST {LEADS} HTTP/1.1\r\nHost: {wire.authority}\r\nAuthorization: Bearer demo\r\n"
    message = (
        head.encode() + b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(FIELD) + FIELD
    )
    for start in range(0, len(message), 9):
        wire.send(message[start : start + 9])
    assert wire.answer()[0] == 201


def test_requests_in_one_piece_are_answered_in_order(wire):
    """Some of them wait for something, which the later ones must not overtake."""
    head = f" HTTP/1.1\r\nHost: {wire.authority}\r\nAuthorization: Bearer demo\r\n"
    post = f"POST {LEADS}{head}Content-Type: application/json\r\nContent-Length: {len(FIELD)}\r\n\r\n"
    wire.send(
        f"GET {LEADS}?limit=1{head}\r\n".encode()
        + f"GET /_mock/health{head}\r\n".encode()
        + f"HEAD {LEADS}{head}\r\n".encode()
        + post.encode()
        + FIELD
        + f"DELETE {LEADS}/1{head}\r\n".encode()
    )
    assert json.loads(wire.answer()[2])["_page"] == 1
    assert json.loads(wire.answer()[2])["status"] == "ok"
    assert wire.answer("HEAD")[0] == 200
    assert wire.answer()[0] == 201
    assert wire.answer()[0] == 404


def test_a_request_that_waits_holds_up_no_other():
    """What is answered at once and what goes on as a task of its own are served side by side."""
    with MockServer(MockConfig(faults=[{"path": "/api/v4/contacts/*", "latency": 600}])) as server:
        slow, quick = Wire(server.url), Wire(server.url)
        slow.ask("GET", "/api/v4/contacts/custom_fields")
        assert ask(quick, "GET", f"{LEADS}/groups")[0] == 200
        server.control.remove_faults()
        assert ask(quick, "GET", "/api/v4/contacts/custom_fields")[0] == 204
        assert [entry["fault"] for entry in server.control.journal.entries()] == [None, None]
        slow.close()
        quick.close()


def test_a_body_over_the_limit_ends_the_connection(wire):
    status, headers, _ = ask(wire, "POST", LEADS, b" " * 100_001, *JSON)
    assert (status, headers["connection"]) == (413, "close")
    assert wire.file.read() == b""


def test_heads_without_end_are_cut_off(server, wire):
    try:
        for _ in range(100):
            wire.send(b"GET / HTTP/1.1\r\n" if _ == 0 else b"X: " + b"a" * 9_000 + b"\r\n")
        assert wire.answer()[0] == 431
    except ConnectionError:
        pass  # the server closed before everything was sent, and what it said is lost
    other = Wire(server.url)
    assert ask(other, "GET", LEADS)[0] == 200
    other.close()


@pytest.mark.parametrize(
    "noise",
    [
        b"\x00\xff\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
    ],
)
def test_noise_is_a_bad_request(server, noise):
    wire = Wire(server.url)
    wire.send(noise)
    assert wire.answer()[0] in (400, 401)
    wire.close()


def test_connections_that_end_early_do_no_harm(server):
    for data in (b"", b"GET", f"POST {LEADS} HTTP/1.1\r\nContent-Length: 99\r\n\r\n[".encode()):
        wire = Wire(server.url)
        wire.send(data)
        wire.close()
    assert httpx.get(f"{server.url}/_mock/health").json()["status"] == "ok"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HT",
        f"POST {LEADS} HTTP/1.1\r\nAuthorization: Bearer demo\r\nContent-Length: 9\r\n\r\n[".encode(),
    ],
)
def test_connections_that_keep_the_server_waiting_are_closed(server, monkeypatch, data):
    monkeypatch.setattr("kommo.mock.protocol.REQUEST_SECONDS", 0.05)
    wire = Wire(server.url)
    wire.send(data)
    with contextlib.suppress(ConnectionResetError):
        assert wire.file.read() == b""
    wire.close()


def test_faults_break_connections_off(server, wire):
    whole = ask(wire, "GET", LEADS)[2]
    server.control.add_fault(drop=True, times=1)
    wire.ask("GET", LEADS)
    with contextlib.suppress(ConnectionResetError):
        assert wire.file.read() == b""
    server.control.add_fault(truncate=True, times=1)
    other = Wire(server.url)
    other.ask("GET", LEADS)
    got = other.file.read()
    head, _, body = got.partition(b"\r\n\r\n")
    assert b"content-length: %d" % len(whole) in head
    assert body == whole[: len(body)]
    assert 0 < len(body) < len(whole)
    other.close()
    with httpx.Client(base_url=server.url, headers={"Authorization": "Bearer demo"}) as client:
        before = client.get(LEADS).json()["_total_items"]
        server.control.add_fault(drop=True, after=True, times=1)
        with pytest.raises(httpx.TransportError):
            client.post(LEADS, json=[{"name": "lost", "type": "text"}])
        assert client.get(LEADS).json()["_total_items"] == before + 1


def test_https():
    """Many clients have https in their code, so that a mock without it could not take the vendor's place."""
    with MockServer(MockConfig(seed="demo"), tls=TLS) as server:
        assert server.url.startswith("https://127.0.0.1:")
        context = ssl.create_default_context(cafile=TLS.certificate)
        headers = {"Authorization": "Bearer demo", "Host": "demo.kommo.com"}
        with httpx.Client(base_url=server.url, headers=headers, verify=context) as client:
            page = client.get(f"{LEADS}?limit=1").json()
            assert page["_links"]["next"]["href"].startswith(f"https://demo.kommo.com{LEADS}?")
            large = [{"name": f"f{index}", "type": "text"} for index in range(250)]
            assert len(client.post(LEADS, json=large).json()["_embedded"]["custom_fields"]) == 250
            whole = client.get(f"{LEADS}?limit=250").content
            assert len(whole) > 65_536
            for fault in ({"drop": True}, {"truncate": True}):
                server.control.add_fault(**fault, times=1)
                with pytest.raises(httpx.TransportError):
                    client.get(LEADS)
            assert client.get(f"{LEADS}?limit=250").content == whole
        with pytest.raises(httpx.TransportError):
            httpx.get(server.url.replace("https:", "http:"))


@pytest.mark.parametrize(
    "tls",
    [Tls(Path("no/such.pem"), TLS.key), Tls(TLS.certificate, Path(__file__)), Tls(TLS.certificate, HERE)],
)
def test_a_certificate_that_cannot_be_used_is_named(tls):
    with pytest.raises(CannotEncrypt, match=re.escape(str(tls.key))), MockServer(tls=tls):
        pass


def test_ipv6():
    try:
        server = MockServer(host="::1")
        server.__enter__()
    except OSError as error:
        pytest.skip(f"no IPv6 here: {error}")
    with server:
        wire = Wire(server.url)
        assert server.url.startswith("http://[::1]:")
        status, _, body = ask(wire, "GET", f"{LEADS}/groups")
        assert status == 200
        href = json.loads(body)["_embedded"]["custom_field_groups"][0]["_links"]["self"]["href"]
        assert href.startswith(f"{server.url}/api/v4/")
        wire.close()


def test_writers_at_once_lose_and_double_nothing(server):
    server.control.reset()
    writers, each = 64, 5
    start = threading.Barrier(writers)

    def write(number: int) -> list[int]:
        with httpx.Client(base_url=server.url, headers={"Authorization": "Bearer demo"}) as client:
            start.wait()
            ids: list[int] = []
            for index in range(each):
                body = [{"name": f"w{number}-{index}-{part}", "type": "text"} for part in "ab"]
                answer = client.post(LEADS, json=body)
                assert answer.status_code == 201
                ids += [field["id"] for field in answer.json()["_embedded"]["custom_fields"]]
            return ids

    with ThreadPoolExecutor(writers) as pool:
        ids = [id_ for found in pool.map(write, range(writers)) for id_ in found]
    assert len(set(ids)) == len(ids) == writers * each * 2
    names: list[str] = []
    with httpx.Client(base_url=server.url, headers={"Authorization": "Bearer demo"}) as client:
        href: str | None = f"{LEADS}?limit=250"
        while href:
            page = client.get(href).json()
            names += [field["name"] for field in page["_embedded"]["custom_fields"]]
            href = page["_links"].get("next", {}).get("href")
    written = [name for name in names if name.startswith("w")]
    assert sorted(written) == sorted(
        f"w{n}-{i}-{p}" for n in range(writers) for i in range(each) for p in "ab"
    )


def test_a_port_in_use_is_named(server):
    port = httpx.URL(server.url).port
    with pytest.raises(OSError, match=f"port {port}"), MockServer(port=port):
        pass
