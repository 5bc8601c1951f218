"""A data file: killed at any moment, shared by several workers, damaged, foreign."""

from __future__ import annotations

import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from kommo.mock import MockConfig
from kommo.mock.datafile import DataFile, DataFileError
from kommo.mock.server import open_engine
from kommo.mock.store import Store

LEADS = "/api/v4/leads/custom_fields"
BATCH = 5


class Process:
    """`kommo mock` in a process group of its own."""

    def __init__(self, path: Path, *options: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "kommo.cli", "mock", "--port", "0", "--data", str(path), *options],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        match = re.search(r"http://\S+:\d+", line)
        assert match is not None, line
        self.url = match[0]

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, headers={"Authorization": "Bearer demo"}, timeout=30)

    def kill(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()


def everything(client: httpx.Client) -> list[dict]:
    found: list[dict] = []
    href: str | None = f"{LEADS}?limit=250"
    while href:
        answer = client.get(href)
        if answer.status_code == 204:
            break
        found += answer.json()["_embedded"]["custom_fields"]
        href = answer.json()["_links"].get("next", {}).get("href")
    return found


def write_until_killed(process: Process, name: str, answered: list[str], ready: threading.Event) -> None:
    with process.client() as client:
        index = 0
        while True:
            batch = f"{name}-{index}"
            body = [{"name": f"{batch}-{part}", "type": "text"} for part in range(BATCH)]
            try:
                answer = client.post(LEADS, json=body)
            except httpx.TransportError:
                return
            assert answer.status_code == 201
            answered.append(batch)
            index += 1
            if index == 3:
                ready.set()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_kill_loses_nothing_that_was_answered_and_leaves_no_half_batch(tmp_path, workers):
    path = tmp_path / "mock.db"
    rng = random.Random(workers)
    answered: list[str] = []
    for life in range(3):
        process = Process(path, "--workers", str(workers))
        ready = [threading.Event() for _ in range(4)]
        with ThreadPoolExecutor(4) as pool:
            tasks = [
                pool.submit(write_until_killed, process, f"{life}-{index}", answered, event)
                for index, event in enumerate(ready)
            ]
            for event in ready:
                assert event.wait(60)
            time.sleep(rng.random() * 0.1)
            process.kill()
            for task in tasks:
                task.result()
    process = Process(path)
    with process.client() as client:
        fields = everything(client)
    process.kill()
    assert len({field["id"] for field in fields}) == len(fields)
    parts: dict[str, int] = {}
    for field in fields:
        batch = field["name"].rpartition("-")[0]
        parts[batch] = parts.get(batch, 0) + 1
    assert set(parts.values()) == {BATCH}
    assert set(answered) <= set(parts)


def test_workers_on_one_file_see_each_other_s_writes(tmp_path):
    process = Process(tmp_path / "mock.db", "--workers", "3", "--seed", "demo")
    try:
        ids: list[int] = []
        for index in range(12):
            # A new connection each time, so that it is any of the workers.
            with process.client() as client:
                made = client.post(LEADS, json=[{"name": f"n{index}", "type": "text"}]).json()
                ids.append(made["_embedded"]["custom_fields"][0]["id"])
            with process.client() as client:
                assert client.get(f"{LEADS}/{ids[-1]}").json()["name"] == f"n{index}"
        assert len(set(ids)) == 12
        httpx.post(f"{process.url}/_mock/snapshots", json={"name": "s"})
        httpx.post(f"{process.url}/_mock/reset")
        with process.client() as client:
            assert client.get(f"{LEADS}/{ids[0]}").status_code == 404
        for _ in range(4):
            assert httpx.post(f"{process.url}/_mock/snapshots/s/restore").status_code == 200
            with process.client() as client:
                assert client.get(f"{LEADS}/{ids[0]}").status_code == 200
    finally:
        process.kill()


def opened(path: Path):
    return open_engine(MockConfig(data=path, seed="documented"))


def test_two_processes_interleave(tmp_path):
    """Two engines on one file stand for two processes: each has its own connection and its own memory."""
    one, two = opened(tmp_path / "mock.db"), opened(tmp_path / "mock.db")
    for index in range(20):
        writer, reader = (one, two) if index % 2 else (two, one)
        writer.add_token(f"t{index}")
        reader.store.refresh()
        assert reader.store.tables() == writer.store.tables()
    one.reset("empty")
    two.store.refresh()
    assert two.store.tables() == one.store.tables()
    one.store.backend.close()
    two.store.backend.close()


def test_what_is_loaded_is_what_was_stored(tmp_path):
    engine = opened(tmp_path / "mock.db")
    engine.reset("demo")
    engine.add_fault(status=503, times=3)
    engine.set_quirks(profile="lenient")
    tables = engine.store.tables()
    engine.store.backend.close()
    again = opened(tmp_path / "mock.db")
    assert again.store.tables() == tables
    assert [list(table) for table in again.store.tables().values()] == [
        list(table) for table in tables.values()
    ]
    assert again.faults == engine.faults
    assert again.quirks == engine.quirks
    again.store.backend.close()


def test_removed_records_are_not_kept_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr("kommo.mock.datafile._MAX_TOMBSTONES", 50)
    one, two = opened(tmp_path / "mock.db"), opened(tmp_path / "mock.db")
    for _ in range(4):
        one.reset("demo")
        one.reset("empty")
    two.store.refresh()
    assert two.store.tables() == one.store.tables()
    one.store.backend.close()
    two.store.backend.close()
    db = sqlite3.connect(tmp_path / "mock.db")
    assert db.execute("SELECT count(*) FROM records WHERE value IS NULL").fetchone()[0] <= 150
    db.close()


def foreign(path: Path) -> None:
    db = sqlite3.connect(path)
    db.execute("CREATE TABLE t (x)")
    db.commit()
    db.close()


def flipped(path: Path) -> None:
    opened(path).store.backend.close()
    data = bytearray(path.read_bytes())
    for index in range(4096, len(data), 97):
        data[index] ^= 0x5A
    path.write_bytes(data)


def cut(path: Path) -> None:
    opened(path).store.backend.close()
    path.write_bytes(path.read_bytes()[:5000])


def nonsense(path: Path) -> None:
    opened(path).store.backend.close()
    db = sqlite3.connect(path)
    db.execute("UPDATE records SET value = '{\"id\": \"x\"}' WHERE kind = 'Field'")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def later(path: Path) -> None:
    opened(path).store.backend.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


def earlier(path: Path) -> None:
    opened(path).store.backend.close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 1")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_text("a letter\n" * 40), "not a file of kommo mock"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "not a file of kommo mock"),
        (foreign, "another program"),
        (later, "another version"),
        (earlier, "format 1, this one reads 2); name a new file"),
        (flipped, "damaged"),
        (cut, "damaged"),
        (nonsense, "damaged"),
    ],
)
def test_a_bad_file_is_refused_in_one_line_and_left_as_it_was(tmp_path, make, said):
    path = tmp_path / "mock.db"
    make(path)
    before = path.read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "kommo.cli", "mock", "--port", "0", "--data", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert str(path) in done.stderr
    assert said in done.stderr
    assert path.read_bytes() == before


@pytest.mark.parametrize("lock", ["BEGIN IMMEDIATE", "PRAGMA locking_mode = EXCLUSIVE"])
def test_a_file_that_another_program_keeps_to_itself_is_refused(tmp_path, monkeypatch, lock):
    path = tmp_path / "mock.db"
    opened(path).store.backend.close()
    monkeypatch.setattr("kommo.mock.datafile._BUSY_SECONDS", 0.1)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute(lock)
    if not lock.startswith("BEGIN"):
        other.execute("BEGIN EXCLUSIVE")
        other.execute("UPDATE numbers SET value = value")
    with pytest.raises(DataFileError, match=f"{re.escape(str(path))}.*cannot be.*locked"):
        open_engine(MockConfig(data=path, token="another-one-than-is-in-the-file"))
    other.close()
    opened(path).store.backend.close()


def test_places_where_no_file_can_be(tmp_path):
    for path in (tmp_path / "none" / "mock.db", tmp_path):
        with pytest.raises(DataFileError, match="data file"):
            DataFile(path)


def test_an_empty_file_is_a_new_one(tmp_path):
    path = tmp_path / "mock.db"
    path.touch()
    backend = DataFile(path)
    backend.load(Store(backend))
    backend.close()
    assert path.stat().st_size > 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["mock.db"]


def test_a_write_that_cannot_be_kept_is_not_made(make_api, tmp_path):
    api = make_api(data=tmp_path / "mock.db")
    database = api.control.store.backend._db
    database.execute("PRAGMA max_page_count = 1")
    answer = api("POST", LEADS, [{"name": "f" * 60_000, "type": "text"}])
    assert (answer.status, answer.data["status"]) == (503, 503)
    database.execute("PRAGMA max_page_count = 100000")
    assert api("GET", LEADS).status == 204
    assert api("POST", LEADS, [{"name": "f", "type": "text"}]).status == 201
    api.control.store.backend.close()


def test_a_fault_that_cannot_be_counted_is_no_answer_of_500(make_api, tmp_path):
    api = make_api(data=tmp_path / "mock.db")
    api.control.add_fault(status=418, times=2)
    api.control.store.backend._db.execute("PRAGMA query_only = ON")
    assert [api("GET", LEADS).status for _ in range(3)] == [503, 503, 503]
    api.control.store.backend._db.execute("PRAGMA query_only = OFF")
    assert [api("GET", LEADS).status for _ in range(3)] == [418, 418, 204]
    api.control.store.backend.close()
