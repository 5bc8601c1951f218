"""`kommo mock` as a program, the fixtures for other people's tests, and what both cost."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo.cli import main
from kommo.mock import AccountConfig, ConfigError, MockConfig, MockServer
from kommo.mock.command import ACTIONS
from kommo.mock.control import create_control
from kommo.mock.engine import Engine
from kommo.mock.model import Clock

MOCK = [sys.executable, "-m", "kommo.cli", "mock"]
LEADS = "/api/v4/leads/custom_fields"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MOCK, *words], capture_output=True, text=True, timeout=60)


@pytest.fixture
def start():
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str) -> str:
        process = subprocess.Popen([*MOCK, "--port", "0", *words], stdout=subprocess.PIPE, text=True)
        started.append(process)
        match = re.search(r"http://\S+:\d+", process.stdout.readline())
        assert match is not None
        return match[0]

    yield begin
    for process in started:
        process.send_signal(signal.SIGINT)
        assert process.wait(30) in (0, 130)
        process.stdout.close()


def test_it_serves_what_the_options_say(start):
    url = start(
        "--token", "t", "--user-token", "u", "--seed", "documented", "--profile", "documented",
        "--quirk", "v4-code-null", "--clock", "fixed:1700000000", "--account", "beta=b",
        "--code", "c", "--fault", '{"status": 503, "path": "/api/v2/*"}', "--max-body", "1000",
        "--platform", "kommo", "--timezone", "Europe/Moscow",
    )  # fmt: skip
    with httpx.Client(base_url=url) as client:
        fields = client.get(LEADS, headers={"Authorization": "Bearer t"}).json()["_embedded"]["custom_fields"]
        assert (fields[0]["id"], fields[0]["code"]) == (4439091, None)
        assert client.get(LEADS, headers={"Authorization": "Bearer u"}).status_code == 200
        assert client.get(LEADS, headers={"Authorization": "Bearer demo"}).status_code == 401
        assert client.get("/api/v2/catalogs", headers={"Authorization": "Bearer t"}).status_code == 503
        known = [("/api/v4/leads", 200), ("/api/v4/customers", 404)]
        for path, status in known:
            assert client.get(path, headers={"Authorization": "Bearer t"}).status_code == status
        day = [{"field_id": 4440043, "values": [{"value": "2024-03-09T22:30:00Z"}]}]
        lead = {"custom_fields_values": day}
        client.patch("/api/v4/leads/5002", json=lead, headers={"Authorization": "Bearer t"})
        read = client.get("/api/v4/leads/5002", headers={"Authorization": "Bearer t"}).json()
        assert read["custom_fields_values"][0]["values"] == [{"value": 1_710_018_000}]
        assert client.get("/_mock/health").json()["accounts"] == ["demo", "beta"]
        tokens = {"client_id": "i", "client_secret": "s", "redirect_uri": "r", "code": "c"}
        answer = client.post(
            "/oauth2/access_token", json={**tokens, "grant_type": "authorization_code"}
        ).json()
        assert answer["server_time"] == 1700000000
        large = client.post(LEADS, headers={"Authorization": "Bearer t"}, content=b" " * 1001)
        assert large.status_code == 413


def test_a_running_mock_is_steered_from_the_command_line(start):
    url = start()

    def control(*words: str) -> dict:
        done = run("--url", url, "--control", *words)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert control("health")["status"] == "ok"
    assert control("reset", "seed=documented")["stored"]["catalogs"] == 11
    assert control("set-clock", "mode=fixed", "now=7")["now"] == 7
    assert control("add-fault", "status=418", "times=1")["id"] == 1
    with httpx.Client(base_url=url, headers={"Authorization": "Bearer demo"}) as client:
        assert client.get(LEADS).status_code == 418
        control("snapshot", "name=s")
        client.delete(f"{LEADS}/4439091")
        control("restore", "name=s")
        assert client.get(f"{LEADS}/4439091").status_code == 200
    assert control("set-quirks", 'quirks={"v4-code-null": false}')["profile"] == "observed"
    assert control("set-limits", "rate=7")["rate"] == 7
    assert len(control("journal", "after=1")["entries"]) == 2
    assert "observed" in json.dumps(control("quirks"))
    refused = run("--url", url, "--control", "reset", "seed=no")
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)


PYTHON = {
    "health": lambda control: control.health(),
    "reset": lambda control: control.reset("demo"),
    "seeds": lambda control: control.seeds,
    "quirks": lambda control: control.describe_quirks(),
    "set-quirks": lambda control: control.set_quirks("lenient", {"v4-code-null": False}),
    "clock": lambda control: control.clock,
    "set-clock": lambda control: control.set_clock(mode="fixed", now=7),
    "journal": lambda control: control.journal.entries(),
    "clear-journal": lambda control: control.journal.clear(),
    "faults": lambda control: control.faults,
    "add-fault": lambda control: control.add_fault(status=503),
    "remove-fault": lambda control: control.remove_faults(1),
    "clear-faults": lambda control: control.remove_faults(),
    "limits": lambda control: control.limits,
    "set-limits": lambda control: control.set_limits(rate=7),
    "snapshots": lambda control: control.snapshots,
    "snapshot": lambda control: control.snapshot("s"),
    "restore": lambda control: control.restore("s"),
    "forget-snapshot": lambda control: control.forget_snapshot("s"),
    "tokens": lambda control: control.tokens,
    "add-token": lambda control: control.add_token("t"),
    "add-code": lambda control: control.add_code("c"),
    "contents": lambda control: control.contents(),
}
WORDS = {
    "remove-fault": ["id=1"],
    "add-fault": ["status=503"],
    "add-token": ["token=t"],
    "add-code": ["code=c"],
    "snapshot": ["name=s"],
    "restore": ["name=s"],
    "forget-snapshot": ["name=s"],
}


def test_every_control_is_there_over_http_from_the_command_line_and_from_python(make_api, capsys):
    control = make_api().control
    for action in PYTHON.values():
        action(control)
    routes = {
        (method, route.path.replace(":int", ""))
        for route in create_control(control).routes
        for method in route.methods - {"HEAD"}
    }
    people = {("GET", f"/_mock{path}") for path in ("", "/", "/docs")}
    assert {(method, f"/_mock{path}") for method, path in ACTIONS.values()} == routes - people
    assert PYTHON.keys() == ACTIONS.keys()
    with MockServer() as server:
        for action in ACTIONS:
            assert main(["mock", "--url", server.url, "--control", action, *WORDS.get(action, [])]) == 0
            json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--seed", "no"], "documented"),
        (["--seed", "large:x"], "large:N"),
        (["--quirk", "no"], "v4-code-null"),
        (["--profile", "no"], "lenient"),
        (["--platform", "no"], "amocrm"),
        (["--timezone", "Mars"], "IANA"),
        (["--port", "70000"], "65535"),
        (["--host", "no.such.host.invalid"], "no.such.host.invalid"),
        (["--workers", "2"], "--data"),
        (["--workers", "0"], "use 1 or more; more than one needs --data"),
        (["--tls-cert", "cert.pem"], "needs both"),
        (["--tls-cert", "/nowhere/cert.pem", "--tls-key", "/nowhere/key.pem"], "/nowhere/cert.pem"),
        (["--clock", "sundial"], "stepped"),
        (["--clock", "fixed:99999999999999999999"], "clock: times"),
        (["--clock", "real:99999999999999999999"], "clock: times"),
        (["--token", ""], "printable ASCII"),
        (["--rate-limit", "0"], "above 0"),
        (["--account", "beta"], "SUBDOMAIN=TOKEN"),
        (["--account", "beta=demo"], "token"),
        (["--account", "demo=x"], "subdomain"),
        (["--account", "a b=x"], "subdomain 'a b'"),
        (["--fault", "{"], "not JSON"),
        (["--fault", '{"status": 1}'], "200 to 599"),
        (["--data", "/nowhere/at/all.db"], "/nowhere/at/all.db"),
        (["--control", "no"], "reset"),
        (["--control", "reset", "seed"], "KEY=VALUE"),
        (["--control", "remove-fault"], "id="),
        (["--url", "http://127.0.0.1:1", "--control", "health"], "no mock answers"),
    ],
)
def test_mistakes_get_one_line(words, said):
    done = run(*(["--port", "0", *words] if "--port" not in words else words))
    assert done.returncode == 2
    assert done.stdout == ""
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("workers", "broken"), [("1", "data.db"), ("2", "data.db"), ("2", "data.db-workers")]
)
def test_a_file_that_cannot_be_used_is_refused_before_an_address_is_told(workers, broken, tmp_path):
    if broken == "data.db":
        (tmp_path / broken).write_text("no data file " * 100)
    else:
        (tmp_path / broken).mkdir()
    done = run("--port", "0", "--workers", workers, "--data", str(tmp_path / "data.db"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert broken in done.stderr


def test_a_port_in_use_gets_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("--port", str(port))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert f"port {port}" in done.stderr


def test_secrets_are_not_shown():
    config = MockConfig(token="hidden-token", client_secret="hidden-secret", authorization_code="hidden-code")
    assert "hidden" not in repr(config)
    with pytest.raises(ConfigError) as caught:
        MockConfig(token="hidden-token", user_token="hidden-token")
    assert "hidden" not in str(caught.value)


@given(token=st.text(max_size=12), among=st.sampled_from(["token", "user_token", "account", "control"]))
def test_a_token_opens_an_account_or_is_refused(token, among):
    """What no request can carry would leave an account that nobody reaches."""
    carried = bool(token) and all("!" <= character <= "~" for character in token)
    taken = token in ("demo", "demo-user") and among != "control"

    def make():
        if among == "account":
            return Engine(MockConfig(accounts=(AccountConfig("beta", token),)))
        control = Engine(MockConfig(**({among: token} if among != "control" else {})))
        if among == "control":
            control.add_token(token)
        return control

    if carried and not (taken and {"token": "demo", "user_token": "demo-user"}.get(among) != token):
        assert token in [known.value for known in make().tokens]
    else:
        with pytest.raises(ConfigError, match="token"):
            make()


@given(
    mode=st.sampled_from(["fixed", "stepped", "real"]),
    now=st.integers(-(2**70), 2**70) | st.integers(-(2**40) - 2, 2**40 + 2),
    step=st.integers(-2, 2**40 + 2),
)
def test_a_clock_that_is_taken_can_be_read(mode, now, step):
    clock = Clock(mode=mode, now=now, step=step)
    if step < 0 or step > 2**40 or abs(now) > 2**40 or (now < 0 and mode != "real"):
        with pytest.raises(ConfigError, match="clock"):
            MockConfig(clock=clock)
    else:
        config = MockConfig(clock=clock)
        assert abs(Engine(config).health()["clock"]["now"]) < 2**63


def test_a_clock_that_runs_starts_from_the_time_given(start):
    url = start("--clock", "real:1700000000")
    assert 1_700_000_000 <= httpx.get(f"{url}/_mock/health").json()["clock"]["now"] < 1_700_000_120


def test_importing_the_plugin_and_the_package_loads_nothing():
    code = (
        "import sys, kommo.mock, kommo.pytest_plugin\n"
        "heavy = {'uvicorn', 'starlette', 'orjson', 'httpx', 'kommo_client', 'sqlite3'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_fixtures_make_a_test_of_three_lines(tmp_path: Path):
    (tmp_path / "test_three_lines.py").write_text(
        "import pytest\n"
        "def test_writes(kommo_client, kommo_mock):\n"
        "    made = kommo_client.leads_custom_field_groups.list()\n"
        "    assert kommo_mock.control.journal.entries()[0]['status'] == 200\n"
        "@pytest.mark.kommo_mock(seed='demo', quirks={'v4-code-null': False})\n"
        "def test_marks(kommo_client, kommo_mock):\n"
        "    assert {field.name for field in kommo_client.contacts_custom_fields.iterate()} >= {'Phone', 'Email'}\n"
        "    assert 'v4-code-null' not in kommo_mock.control.quirks\n"
        "def test_starts_anew(kommo_mock):\n"
        "    assert kommo_mock.control.health()['stored']['fields'] == 0\n"
        "    assert kommo_mock.control.journal.entries() == []\n"
        "    assert 'v4-code-null' in kommo_mock.control.quirks\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--strict-markers",
            "-p",
            "no:cacheprovider",
            ".",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout
    assert "3 passed" in done.stdout


def test_a_mistake_in_a_mark_is_named_in_one_line(tmp_path: Path):
    mistakes = {
        "sead='demo'": "the mark has no sead: kommo_mock(seed=None",
        "'demo'": "the mark takes keywords only",
        "timezone='UTC'": "override the fixture kommo_mock_config",
        "seed='no'": "the mark kommo_mock: seed 'no': use one of empty",
        "seed=5": "the mark kommo_mock: seed 5: use one of empty",
        "profile='no'": "the mark kommo_mock: no profile 'no'",
        "quirks={'no': True}": "the mark kommo_mock: no quirk 'no'",
        "quirks=['v4-code-null']": "quirks=['v4-code-null']: use quirks={",
        "faults={'status': 503}": "faults={'status': 503}: use faults=[{",
        "faults=[503]": "faults=[503]: use faults=[{",
        "faults=[{'state': 503}]": "the mark kommo_mock: fault: Object contains unknown field `state`",
        "limits=7": "limits=7: use limits={",
        "limits={'rate': -1}": "the mark kommo_mock: limits: rate -1",
    }
    (tmp_path / "test_mistakes.py").write_text(
        "import pytest\n"
        + "".join(
            f"@pytest.mark.kommo_mock({mistake})\ndef test_{index}(kommo_mock): pass\n"
            for index, mistake in enumerate(mistakes)
        )
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--strict-markers", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert f"{len(mistakes)} errors" in done.stdout
    for index, message in enumerate(mistakes.values()):
        (line,) = (
            line for line in done.stdout.splitlines() if line.startswith("E ") and f"::test_{index}:" in line
        )
        assert "UsageError" in line
        assert message in line


def test_no_arbitrary_request_is_answered_500():
    """A short run; the program itself takes a number of requests and a seed."""
    program = Path(__file__).parent / "fuzzing.py"
    done = subprocess.run(
        [sys.executable, str(program), "--requests", "3000", "--seed", "7"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 answered 500" in done.stdout


def test_fuzzing_that_is_ended_ends_its_server():
    program = Path(__file__).parent / "fuzzing.py"
    command = [sys.executable, str(program), "--requests", "1000000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as fuzzing:
        port = int(fuzzing.stdout.readline().split()[1].rstrip(","))
        fuzzing.terminate()
        assert fuzzing.wait(60) == 128 + signal.SIGTERM
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=10)
