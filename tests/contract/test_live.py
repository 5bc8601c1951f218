"""A live account comes to no harm, whatever happens to the run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommo.contract import CannotRun, Options
from kommo.contract.domain import PREFIX
from kommo.contract.faults import FAULTS, Faulty
from kommo.contract.live.account import places, read
from kommo.contract.live.guard import Guard
from kommo.contract.live.journal import Journal
from kommo.contract.live.session import clean_up, read_and_write, read_only
from kommo.contract.port import IN_PROCESS_URL, AsgiTransport, Port, ServerGuard
from kommo.contract.session import Halted
from kommo.mock import MockConfig, create_app

AT_ONCE = {"sleep": lambda seconds: None, "clock": lambda: 0.0}
OPERATIONS = [
    "create_leads_custom_fields",
    "create_leads_custom_field_groups",
    "write_v2_catalogs",
    "write_v2_catalog_elements",
]


def operations(document) -> list[str]:
    return [
        node["operationId"]
        for item in document["paths"].values()
        for node in item.values()
        if "operationId" in node
    ]


def everything(port: Port) -> dict[str, bytes]:
    """Every object of an account, as bytes."""
    found = {path: repr(read(port, path)).encode() for path in places()}
    for item in read(port, "/api/v2/catalogs"):
        for path in (
            f"/api/v4/catalogs/{item['id']}/custom_fields",
            f"/api/v2/catalog_elements?catalog_id={item['id']}",
        ):
            bare, _, query = path.partition("?")
            found[path] = repr(read(port, bare, **dict([query.split("=")] if query else []))).encode()
    return found


@pytest.mark.parametrize(
    "fault",
    [
        None,
        "crash-now-and-then",
        "created-twice",
        "body-cut-off",
        "created-without-id",
        "delete-without-token",
    ],
)
def test_a_writing_run_leaves_the_account_as_it_was(fault, document, tmp_path):
    app = create_app(MockConfig(token="demo", seed="demo"))
    with Port(None, "demo", app=app) as port:
        before = everything(port)
        served = Faulty(app, FAULTS[fault]) if fault else app
        chosen = [name for name in operations(document) if "leads" in name or "v2" in name]
        options = Options(document=document, base_url=IN_PROCESS_URL, operations=chosen)
        journal = tmp_path / "journal"
        try:
            result, left = read_and_write(options, journal, AsgiTransport(ServerGuard(served)), AT_ONCE)
        except CannotRun:
            left = clean_up(IN_PROCESS_URL, "demo", journal, AsgiTransport(app), AT_ONCE)
        else:
            assert (result.findings == []) is (fault in (None, "delete-without-token"))
            if left:
                left = clean_up(IN_PROCESS_URL, "demo", journal, AsgiTransport(app), AT_ONCE)
        assert left == []
        assert everything(port) == before


@pytest.mark.parametrize("seed", range(4))
def test_a_killed_run_is_cleaned_up(seed, document, server, tmp_path):
    journal = tmp_path / "journal"
    with Port(server.url, "demo") as port:
        before = everything(port)
        program = textwrap.dedent(f"""
            from pathlib import Path
            from kommo.contract import Options
            from kommo.contract.live.session import read_and_write
            options = Options(document=None, base_url={server.url!r}, operations={OPERATIONS!r})
            from kommo.contract.run import complete
            quick = {{"sleep": lambda seconds: None, "clock": lambda: 0.0}}
            read_and_write(complete(options), Path({str(journal)!r}), guard_options=quick)
        """)
        process = subprocess.Popen(
            [sys.executable, "-c", program], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        wanted = random.Random(seed).randint(16, 120)
        while process.poll() is None and (not journal.exists() or journal.read_bytes().count(b"\n") < wanted):
            pass
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert clean_up(server.url, "demo", journal, guard_options=AT_ONCE) == []
        assert everything(port) == before


@pytest.mark.parametrize(
    "host", ["example.invalid", "10.0.0.5", "127.0.0.1.example.invalid", "[2001:db8::1]:80"]
)
def test_the_token_of_an_account_is_not_sent_where_it_can_be_read(host, document, tmp_path):
    options = Options(document=document, base_url=f"http://{host}", token="t")
    journal = tmp_path / "journal"
    with pytest.raises(CannotRun, match="unencrypted; use https://"):
        read_only(options)
    with pytest.raises(CannotRun, match="unencrypted; use https://"):
        read_and_write(options, journal)
    assert not journal.exists()
    Journal(journal, options.base_url).close()
    with pytest.raises(CannotRun, match="unencrypted; use https://"):
        clean_up(options.base_url, "t", journal)


@pytest.fixture
def hastily(monkeypatch):
    """Reading runs that do not pace themselves."""
    monkeypatch.setattr(
        "kommo.contract.live.session.Guard", lambda inner, journal: Guard(inner, journal, **AT_ONCE)
    )


@pytest.mark.parametrize("token", ["old", "demo", "demo-user"])
def test_an_account_that_refuses_the_token_does_not_pass_for_one_that_keeps_the_contract(
    token, document, hastily
):
    """An old token in a nightly job."""
    account = AsgiTransport(create_app(MockConfig(seed="demo")))
    options = Options(document=document, base_url=IN_PROCESS_URL, token=token)
    if token == "old":
        with pytest.raises(CannotRun, match="answers 401 to everything; check the token"):
            read_only(options, account)
    else:
        assert read_only(options, account).findings == []


def test_reading_sends_no_write(document):
    app = create_app(MockConfig(token="demo", seed="demo"))
    sent: list[str] = []

    class Watch(AsgiTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            sent.append(request.method)
            return super().handle_request(request)

    options = Options(document=document, base_url=IN_PROCESS_URL)
    import kommo.contract.live.session as session

    original = session.Guard
    try:
        session.Guard = lambda inner, journal: original(inner, journal, **AT_ONCE)  # type: ignore[misc, assignment]
        result = read_only(options, Watch(app))
    finally:
        session.Guard = original  # type: ignore[misc]
    assert result.findings == []
    assert set(sent) == {"GET"}


def test_a_run_refuses_an_account_with_leftovers(document, app, tmp_path):
    with Port(None, "demo", app=app) as port:
        stranger = [{"name": f"{PREFIX} of somebody", "type": "text"}]
        assert port.fetch("POST", port.url("/api/v4/leads/custom_fields"), json=stranger).accepted
        before = everything(port)
        options = Options(document=document, base_url=IN_PROCESS_URL, operations=OPERATIONS)
        with pytest.raises(CannotRun, match="1 things that begin with"):
            read_and_write(options, tmp_path / "journal", AsgiTransport(app), AT_ONCE)
        assert everything(port) == before


@given(
    method=st.sampled_from(["POST", "PATCH", "DELETE", "PUT"]),
    path=st.sampled_from(
        [
            "/api/v4/leads/custom_fields",
            "/api/v4/leads/custom_fields/17",
            "/api/v4/catalogs/17/custom_fields",
            "/api/v4/leads/custom_fields/groups",
            "/api/v4/leads/custom_fields/groups/default",
            "/api/v2/catalogs",
            "/api/v2/catalog_elements",
            "/api/v4/leads%2Fcustom_fields/17",
            "//api/v4/leads/custom_fields/17",
            "/api/v4/account",
        ]
    ),
    body=st.recursive(
        st.none() | st.just(17) | st.sampled_from(["x", "17"]),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(
                st.sampled_from(["add", "update", "delete", "id", "name", "fields", "catalog_id"]),
                inner,
                max_size=3,
            )
        ),
        max_leaves=6,
    ),
)
@settings(max_examples=300, deadline=None)
def test_nothing_of_others_passes_the_gate(method, path, body, tmp_path_factory):
    class Wall(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            raise AssertionError(f"sent: {request.method} {request.url} {request.content!r}")

    journal_path = tmp_path_factory.getbasetemp() / f"gate-{os.getpid()}.journal"
    Path(journal_path).unlink(missing_ok=True)
    with Journal(journal_path, "http://x") as journal:
        journal.write("existed", collection="/api/v4/leads/custom_fields", ids=["17"])
        guard = Guard(Wall(), journal, **AT_ONCE)
        request = httpx.Request(method, f"http://x{path}", json=body, headers={"authorization": "Bearer t"})
        assert guard.handle_request(request).status_code == 404


@pytest.mark.parametrize(("status", "kind"), [(402, "application/problem+json"), (403, "text/html")])
def test_a_ban_stops_the_run(status, kind):
    answer = httpx.Response(status, headers={"content-type": kind}, content=b"{}")
    guard = Guard(httpx.MockTransport(lambda request: answer), None, **AT_ONCE)
    with pytest.raises(Halted):
        guard.handle_request(httpx.Request("GET", "http://x/api/v4/leads/custom_fields"))


def test_the_gate_keeps_the_rate_and_waits_as_told():
    now, pauses, sent = [0.0], [], []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        now[0] += seconds

    def answer(request: httpx.Request) -> httpx.Response:
        sent.append(now[0])
        return answers.pop(0)

    answers = [httpx.Response(429, headers={"retry-after": "7"}), *(httpx.Response(200) for _ in range(12))]
    guard = Guard(httpx.MockTransport(answer), None, sleep=sleep, clock=lambda: now[0])
    for _ in range(11):
        guard.handle_request(httpx.Request("GET", "http://x/"))
    assert 7.0 in pauses
    assert min(later - earlier for earlier, later in pairwise(sent)) >= 0.2 - 1e-9
