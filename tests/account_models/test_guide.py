"""The guide to models of an account: its command and its code run, and what it shows is what is written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kommo.mock import MockConfig, MockServer

GUIDE = (Path(__file__).parents[2] / "docs/guides/account-models.md").read_text(encoding="utf-8")
RUN = re.findall(r"<!-- run: models -->\n```py\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
SHOWN = re.findall(r"(?<!-->\n)```py\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, server_of_guide):
    """Where the guide's command was run."""
    place = tmp_path_factory.mktemp("guide")
    (command,) = re.findall(r"^```sh\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    program, *arguments = shlex.split(command)
    assert program == "kommo"
    given = ["--base-url", server_of_guide.url, "--token", "demo"]
    subprocess.run([sys.executable, "-m", "kommo.cli", *arguments, *given], cwd=place, check=True)
    return place


@pytest.fixture(scope="module")
def server_of_guide():
    with MockServer(MockConfig(token="demo", seed="demo")) as running:
        yield running


@pytest.mark.parametrize("code", RUN, ids=range(len(RUN)))
def test_code_runs(code, folder, server_of_guide):
    outcome = subprocess.run(
        [sys.executable, "-W", "error", "-c", code.replace("http://127.0.0.1:8080", server_of_guide.url)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr


def test_what_is_shown_is_what_is_written(folder):
    module = (folder / "my_crm.py").read_text(encoding="utf-8")
    assert len(SHOWN) == 1
    assert len(RUN) == 4
    for line in SHOWN[0].splitlines():
        assert f"{line}\n" in module
