"""Several worker processes of one mock: what is set in one holds in all, and they count together."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo.mock.gateway import Limits
from kommo.mock.journal import Journal
from kommo.mock.workers import SharedFile, SharedJournal, SharedLimiter

LEADS = "/api/v4/leads/custom_fields"
WORKERS = 4
MOCK = [sys.executable, "-m", "kommo.cli", "mock", "--port", "0"]


class Mock:
    """A mock of some workers, and a connection to each of them.

    Args:
        path: the data file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.process = subprocess.Popen(
            [*MOCK, "--data", str(path), "--workers", str(WORKERS)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        match = re.search(r"http://\S+:\d+", self.process.stdout.readline())
        assert match is not None
        self.url = match[0]
        self.clients: dict[int, httpx.Client] = {}

    def connect(self) -> list[httpx.Client]:
        """One client of each worker: which one takes a new connection is for the system to say."""
        for client in self.clients.values():
            client.close()
        self.clients = {}
        spare: list[httpx.Client] = []
        for _ in range(2_000):
            client = httpx.Client(base_url=self.url, headers={"Authorization": "Bearer demo"}, timeout=60)
            number = client.get("/_mock/health").json()["process"]
            if self.clients.setdefault(number, client) is not client:
                # A connection that stays open keeps its worker from being the idle one again.
                spare.append(client)
            if len(self.clients) == WORKERS:
                break
        for client in spare:
            client.close()
        assert len(self.clients) > 1
        return list(self.clients.values())

    def close(self) -> None:
        """End every process."""
        for client in self.clients.values():
            client.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture(scope="module")
def mock(tmp_path_factory):
    mock = Mock(tmp_path_factory.mktemp("workers") / "mock.db")
    yield mock
    mock.close()


@pytest.fixture
def workers(mock):
    clients = mock.connect()
    clients[0].post("/_mock/reset").raise_for_status()
    return clients


def control(client: httpx.Client, path: str, body: object = None) -> dict:
    answer = client.get(f"/_mock{path}") if body is None else client.post(f"/_mock{path}", json=body)
    answer.raise_for_status()
    return answer.json()


def at_once(clients: list[httpx.Client], times: int) -> list[int]:
    """The statuses of a number of reads, spread over the workers, all at the same time."""

    def read(client: httpx.Client) -> list[int]:
        return [client.get(f"{LEADS}/groups").status_code for _ in range(times)]

    with ThreadPoolExecutor(len(clients)) as pool:
        return [status for statuses in pool.map(read, clients) for status in statuses]


def test_a_fault_that_is_set_in_one_happens_in_all(workers):
    for number, setter in enumerate(workers):
        assert control(setter, "/faults", {"status": 500 + number})["id"] == number + 1
        assert [client.get(LEADS).status_code for client in workers] == [500 + number] * len(workers)
        setter.delete("/_mock/faults").raise_for_status()
        assert [client.get(LEADS).status_code for client in workers] == [204] * len(workers)


def test_a_fault_happens_as_often_as_asked_in_all_together(workers):
    control(workers[0], "/faults", {"status": 503, "skip": 5, "times": 7})
    statuses = Counter(at_once(workers, 10))
    assert statuses == {503: 7, 200: 10 * len(workers) - 7}
    assert control(workers[-1], "/faults")["faults"] == [{"id": 1, "status": 503, "times": 0}]


def test_quirks_and_profiles_hold_in_all(workers):
    made = workers[0].post(LEADS, json=[{"name": "f", "type": "text"}]).json()
    path = f"{LEADS}/{made['_embedded']['custom_fields'][0]['id']}"
    for on, setter in zip([False, True, False, True], workers, strict=False):
        control(setter, "/quirks", {"quirks": {"v4-code-null": on}})
        assert ["code" in client.get(path).json() for client in workers] == [on] * len(workers)
    control(workers[-1], "/quirks", {"profile": "documented"})
    assert {control(client, "/quirks")["profile"] for client in workers} == {"documented"}


def test_the_clock_and_what_it_ends_are_those_of_all(workers):
    now = control(workers[0], "/clock", {"mode": "fixed", "now": 1_700_000_000})["now"]
    assert [control(client, "/clock")["now"] for client in workers] == [now] * len(workers)
    control(workers[1], "/tokens", {"token": "brief", "expires_at": now + 60})
    brief = {"Authorization": "Bearer brief"}
    assert {client.get(f"{LEADS}/groups", headers=brief).status_code for client in workers} == {200}
    control(workers[-1], "/clock", {"advance": 60})
    assert {client.get(f"{LEADS}/groups", headers=brief).status_code for client in workers} == {401}


def test_the_limit_is_one_limit(workers):
    """A rate of one in a thousand seconds: whatever the speed of the test, the second request is one too many."""
    control(workers[0], "/limits", {"rate": 0.001})
    assert sorted(at_once(workers, 5)) == [200] + [429] * (5 * len(workers) - 1)
    control(workers[-1], "/limits", {"ban_after": 3, "ban_seconds": 1_000_000})
    statuses = Counter(at_once(workers, 5))
    assert statuses == {200: 1, 429: 3, 403: 5 * len(workers) - 4}
    control(workers[1], "/limits", {"rate": None})
    assert set(at_once(workers, 1)) == {200}


def test_the_limit_of_the_command_line_is_one_limit(tmp_path):
    command = [*MOCK, "--workers", "2", "--rate-limit", "0.001", "--data", str(tmp_path / "mock.db")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        match = re.search(r"http://\S+:\d+", process.stdout.readline())
        statuses = [
            httpx.get(
                f"{match[0]}{LEADS}/groups", headers={"Authorization": "Bearer demo"}, timeout=60
            ).status_code
            for _ in range(10)
        ]
        process.terminate()
    assert statuses == [200] + [429] * 9


def test_the_journal_is_one_journal(mock, workers):
    control(workers[0], "/tokens", {"token": "hidden-token"})
    workers[1].delete("/_mock/journal").raise_for_status()
    assert control(workers[0], "/journal")["entries"] == []
    at_once(workers, 5)
    answer = workers[0].post(
        LEADS, json=[{"name": "f", "type": "text"}], headers={"Authorization": "Bearer hidden-token"}
    )
    assert answer.status_code == 201
    journals = [control(client, "/journal")["entries"] for client in workers]
    for journal in journals:
        for entry in journal:
            del entry["at"]  # each process makes it from its own clocks
    assert all(journal == journals[0] for journal in journals)
    assert len(journals[0]) == 5 * len(workers) + 1
    numbers = [entry["number"] for entry in journals[0]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert json.loads(journals[0][-1]["request_body"]) == [{"name": "f", "type": "text"}]
    assert [e["number"] for e in control(workers[-1], f"/journal?after={numbers[-2]}")["entries"]] == numbers[
        -1:
    ]
    assert b"hidden-token" not in mock.path.with_name("mock.db-workers").read_bytes()
    control(workers[-1], "/reset", {})
    assert all(control(client, "/journal")["entries"] == [] for client in workers)


def test_tokens_codes_and_snapshots_are_those_of_all(workers):
    control(workers[0], "/codes", {"code": "c"})
    request = {
        "client_id": "i",
        "client_secret": "s",
        "redirect_uri": "r",
        "grant_type": "authorization_code",
    }
    with ThreadPoolExecutor(len(workers)) as pool:
        statuses = list(
            pool.map(
                lambda client: client.post("/oauth2/access_token", json={**request, "code": "c"}).status_code,
                workers,
            )
        )
    assert sorted(statuses) == [200] + [400] * (len(workers) - 1)
    control(workers[1], "/snapshots", {"name": "s"})
    workers[0].post(LEADS, json=[{"name": "f", "type": "text"}]).raise_for_status()
    control(workers[-1], "/snapshots/s/restore", {})
    assert {client.get(LEADS).status_code for client in workers} == {204}


def test_another_one_takes_the_place_of_a_worker_that_was_killed(mock, workers):
    workers[0].post(LEADS, json=[{"name": "before", "type": "text"}]).raise_for_status()
    killed = next(iter(mock.clients))
    os.kill(killed, signal.SIGKILL)
    workers[-1].post(LEADS, json=[{"name": "after", "type": "text"}]).raise_for_status()
    while len(mock.clients) < WORKERS or killed in mock.clients:
        mock.connect()
    for client in mock.clients.values():
        fields = client.get(LEADS).json()["_embedded"]["custom_fields"]
        assert [field["name"] for field in fields] == ["before", "after"]
        client.post(LEADS, json=[{"name": "f", "type": "text"}]).raise_for_status()
        client.delete(f"{LEADS}/{client.get(LEADS).json()['_embedded']['custom_fields'][-1]['id']}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_them_without_a_word(tmp_path, number):
    """As from a terminal, the signal reaches every process."""
    command = [*MOCK, "--workers", "3", "--data", str(tmp_path / "mock.db")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        match = re.search(r"http://\S+:\d+", process.stdout.readline())
        httpx.get(f"{match[0]}/_mock/health", timeout=60)
        os.killpg(process.pid, number)
        assert process.wait(60) == 0
        # What each of them held open is closed by now.
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


def test_nothing_is_left_of_the_shared_file(tmp_path):
    mock = Mock(tmp_path / "mock.db")
    httpx.get(f"{mock.url}/_mock/health", timeout=60)
    assert (tmp_path / "mock.db-workers").exists()
    mock.close()
    assert not (tmp_path / "mock.db-workers").exists()


def test_there_is_no_room_for_a_shared_file(tmp_path):
    (tmp_path / "mock.db-workers").mkdir()
    done = subprocess.run(
        [*MOCK, "--workers", "2", "--data", str(tmp_path / "mock.db")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "mock.db-workers" in done.stderr


# The parts, in one process: each file that is opened has a lock of its own, as in another process.


@pytest.fixture(scope="module")
def shared_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("shared") / "shared"
    SharedFile.create(path, 5)
    return path


def stretched(strategy, unit):
    """A value, or a number of times that a unit is repeated beyond any bound: too long to be printed."""
    return strategy | st.integers(1_000, 9_000).map(lambda times: (unit, times))


def written_out(value):
    return value[0] * value[1] if isinstance(value, tuple) else value


entries = st.tuples(
    st.floats(0, 1e9),
    st.floats(0, 10),
    st.sampled_from(["GET", "POST", "M" * 60]),
    stretched(st.text(max_size=20), "/\U0001f600"),
    stretched(st.binary(max_size=20), b"\xff"),
    stretched(
        st.lists(st.tuples(st.binary(max_size=9), st.binary(max_size=9)), max_size=4), [(b"a", b"b" * 99)]
    ),
    stretched(st.binary(max_size=20), b"\0"),
    st.integers(200, 599),
    st.none() | st.just(b"application/json"),
    stretched(st.binary(max_size=20), b"\xff"),
    st.none() | st.integers(1, 9),
)


@given(st.lists(entries, min_size=1, max_size=9))
def test_the_shared_journal_is_a_journal(shared_path, written):
    files = [SharedFile(shared_path), SharedFile(shared_path)]
    journals = [SharedJournal(file) for file in files]
    journals[0].clear()
    before = files[0].count
    plain = Journal(5)
    for index, short in enumerate(written):
        entry = [written_out(value) for value in short]
        plain.record(*entry)
        journals[index % 2].record(*entry)
    expected, found = plain.entries(), journals[0].entries()
    assert [entry["number"] for entry in found] == [entry["number"] for entry in journals[1].entries()]
    assert [entry["number"] - before for entry in found] == [entry["number"] for entry in expected]
    for entry, same in zip(found, expected, strict=True):
        assert entry["request_headers"].items() <= same["request_headers"].items()
        for key in ("path", "query", "request_body", "response_body", "status", "content_type", "fault"):
            assert entry[key] == same[key]
    assert journals[0].entries(found[-1]["number"]) == []
    for file in files:
        file.close()


def test_what_a_killed_worker_left_half_written_is_left_out(shared_path):
    file = SharedFile(shared_path)
    journal, limiter = SharedJournal(file), SharedLimiter(file)
    journal.clear()
    for status in (200, 201):
        journal.record(0.0, 0.0, "GET", "/", b"", [], b"", status, None, b"", None)
    limiter.forget()
    assert limiter.judge("t", Limits(rate=0.001)) == "pass"
    with shared_path.open("r+b") as raw:  # the length of a part is what is written last
        raw.seek(4096)
        raw.write(bytes(4))
        raw.seek(4096 + 1024 * 1024 + (file.count - 1) % 5 * 24 * 1024)
        raw.write(bytes(4))
    assert [entry["status"] for entry in journal.entries()] == [200]
    assert limiter.judge("t", Limits(rate=0.001)) == "pass"
    assert limiter.judge("t", Limits(rate=0.001)) == "limited"
    file.close()


def test_the_shared_limiter_forgets_those_it_has_no_room_for(shared_path):
    file = SharedFile(shared_path)
    limiter, other = SharedLimiter(file), SharedLimiter(file)
    limiter.forget()
    once = Limits(rate=0.001)
    for number in range(1_200):
        assert limiter.judge(f"t{number}", once) == "pass"
    assert other.judge("t1199", once) == "limited"
    assert other.judge("t0", once) == "pass"
    file.close()
