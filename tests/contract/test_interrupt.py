"""Ctrl-C ends a run with what it has, and a run on a live account with nothing left there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kommo.contract.live.account import places, read
from kommo.contract.live.journal import Journal
from kommo.contract.port import Port
from kommo.contract.shapes import PREFIX

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start `kommo contract` in a process group of its own, as a shell does."""
    started: list[subprocess.Popen[str]] = []

    def begin(*arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "kommo.cli", "contract", *arguments],
            start_new_session=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def interrupt(process: subprocess.Popen[str], ready: Callable[[], bool]) -> tuple[str, str]:
    """Press Ctrl-C, which reaches every process of the group, as soon as it is worth it."""
    while not ready():
        assert process.poll() is None, process.communicate()
    os.killpg(process.pid, signal.SIGINT)
    return process.communicate(timeout=120)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_an_interrupted_run_reports_what_it_has(jobs, server, start, tmp_path):
    chosen = [
        f"--operation={verb}_{of}_custom_fields"
        for verb in ("create", "list")
        for of in ("leads", "contacts")
    ]
    # Far more than can be done before somebody notices that it has begun, however slow the machine is.
    chosen += ["--max-examples", "300"]
    process = start("--base-url", server.url, "--jobs", jobs, "--report", str(tmp_path / "out"), *chosen)
    with Port(server.url, "demo") as port:

        def ready() -> bool:
            fields = read(port, "/api/v4/leads/custom_fields")
            return any(str(field["name"]).startswith(PREFIX) for field in fields)

        out, err = interrupt(process, ready)
    assert process.returncode == 130, err
    assert out.startswith("interrupted: ")
    assert "Traceback" not in err
    report = json.loads((tmp_path / "out" / "report.json").read_text())
    assert report["interrupted"]
    recorded = (tmp_path / "out" / "exchanges.ndjson").read_bytes()
    # The exchange during which the run ends may be counted and not be written any more.
    assert 0 <= sum(report["cases"].values()) - recorded.count(b"\n") <= 1 <= recorded.count(b"\n")
    assert "interrupted" in (tmp_path / "out" / "report.html").read_text()


def test_an_interrupted_run_on_a_live_account_leaves_nothing(server, start, tmp_path):
    journal = tmp_path / "journal"
    with Port(server.url, "demo") as port:
        before = {path: read(port, path) for path in places()}
        process = start("--live", "--write", "--base-url", server.url, "--journal", str(journal))

        def ready() -> bool:
            return journal.exists() and b'"made"' in journal.read_bytes()

        out, err = interrupt(process, ready)
        assert process.returncode == 130, err
        assert "Traceback" not in err
        assert out.startswith("interrupted: ")
        assert {path: read(port, path) for path in places()} == before
    with Journal(Path(journal), server.url) as kept:
        assert kept.contents.made
        assert kept.contents.done
