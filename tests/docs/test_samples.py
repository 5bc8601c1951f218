"""Every sample of the reference runs against the mock, in each of its languages."""

import contextlib
import io
import os
import shutil
import subprocess

import pytest

from kommo.docs.quirk_places import operations_of
from kommo.docs.requests import EXAMPLE_IDS, HOST, requests_of
from kommo.docs.samples import samples_of


@pytest.fixture(scope="module")
def samples(document, codegen, ids):
    """Pairs of a request and its text in each language, with ids that exist on the mock."""
    requests = requests_of(document, codegen, ids)
    return list(zip(requests, samples_of(requests, codegen), strict=True))


def check(entry, request):
    """An entry of the mock's journal is this request, and it succeeded."""
    assert entry["method"] == request.method
    assert entry["path"] == request.target.partition("?")[0]
    assert 200 <= entry["status"] < 300, entry


def run_python(text, url):
    code = text.replace("Kommo()", f'Kommo(base_url="{url}", token="demo", limiter=None)')
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "sample.py", "exec"), {"__name__": "sample"})


def run_curl(text, url):
    return [
        "bash",
        "-c",
        text.replace(HOST, url).replace("curl ", "curl --silent --show-error --fail-with-body ", 1),
    ]


def run_php(text, url):
    return ["php", "-r", text.replace(HOST, url).removeprefix("<?php")]


@pytest.mark.parametrize(
    ("language", "run"),
    [
        ("curl", run_curl),
        ("Python", run_python),
        pytest.param(
            "PHP",
            run_php,
            marks=pytest.mark.skipif(shutil.which("php") is None, reason="php is not installed"),
        ),
    ],
    ids=["curl", "python", "php"],
)
def test_every_sample_is_one_request_that_succeeds(samples, mock, subtests, language, run):
    for request, texts in samples:
        with subtests.test(operation=request.operation_id, example=request.title):
            assert mock.control.restore("ready")
            mock.control.journal.clear()
            command = run(texts[language], mock.url)
            if command is not None:
                outcome = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    timeout=60,
                    check=False,
                    env={**os.environ, "KOMMO_TOKEN": "demo"},
                )
                assert outcome.returncode == 0, outcome.stdout + outcome.stderr
                assert outcome.stderr == ""
            (entry,) = mock.control.journal.entries(0)
            check(entry, request)


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_every_sample_in_javascript_is_one_request_that_succeeds(samples, mock):
    """All in one process: starting node takes longer than everything else."""
    restore = f'await fetch("{mock.url}/_mock/snapshots/ready/restore", {{ method: "POST" }});'
    script = "\n".join(
        f"{restore}\n{{ {texts['JavaScript'].replace(HOST, mock.url)} }}" for _, texts in samples
    )
    mock.control.journal.clear()
    outcome = subprocess.run(
        ["node", "--input-type=module"],
        input=script,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "KOMMO_TOKEN": "demo"},
    )
    assert (outcome.returncode, outcome.stderr) == (0, "")
    for entry, (request, _) in zip(mock.control.journal.entries(0), samples, strict=True):
        check(entry, request)


def test_every_operation_has_samples(document, codegen):
    requests = requests_of(document, codegen, EXAMPLE_IDS)
    operations = [operation["operationId"] for _, _, operation in operations_of(document)]
    assert list(dict.fromkeys(request.operation_id for request in requests)) == operations


def test_no_sample_holds_a_token(document, codegen):
    requests = requests_of(document, codegen)
    for request, texts in zip(requests, samples_of(requests, codegen), strict=True):
        assert "demo" not in "".join(texts.values())
        for language in ("curl", "JavaScript", "PHP"):
            assert "KOMMO_TOKEN" in texts[language], request.operation_id


def test_every_model_in_a_sample_is_written_as_a_model(document, codegen):
    """A body that falls back to plain dicts would run as well, and teach nobody the types."""
    requests = requests_of(document, codegen)
    for request, texts in zip(requests, samples_of(requests, codegen), strict=True):
        assert "{" not in texts["Python"], request.operation_id
