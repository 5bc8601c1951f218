"""Findings, reports, replay and traffic: what people do with a failure."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shutil
import subprocess
from types import SimpleNamespace
from xml.etree import ElementTree

import h11
import httpx
import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from kommo import Kommo, models
from kommo.cli import main
from kommo.contract import ContractBroken, Options, har, run, validates
from kommo.contract.exchange import Exchange
from kommo.contract.faults import FAULTS, Faulty
from kommo.contract.findings import Finding, Findings
from kommo.contract.layers.walk.access import _nearly
from kommo.contract.port import Port
from kommo.contract.recording import Recorder, read
from kommo.contract.replay import Replayer
from kommo.contract.reports import files, findings
from kommo.contract.reproduce import curl, python
from kommo.docs.requests import requests_of
from kommo.mock import MockConfig, create_app
from kommo.published import bundle_path
from kommo.redaction import MASK

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
TOKEN = "s3cr3t-canary-token-of-this-test"
#: Longer by a little: what hides the one must not leave the rest of the other.
USER_TOKEN = f"{TOKEN}-user"
TOKENS = {TOKEN: "KOMMO_TOKEN", USER_TOKEN: "KOMMO_USER_TOKEN"}
OPERATIONS = [
    "list_leads_custom_fields",
    "create_leads_custom_fields",
    "delete_leads_custom_fields",
    "get_leads_custom_fields",
]


def faulty(fault):
    app = create_app(MockConfig(token=TOKEN, user_token=USER_TOKEN, seed="demo"))
    return app if fault is None else Faulty(app, FAULTS[fault])


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    """A run against a server that repeats the caller's headers, and everything it wrote."""
    from kommo.contract.document import Contract
    from kommo.published import load_bundle

    directory = tmp_path_factory.mktemp("reports")
    recorded = directory / "recorded.ndjson"
    document = load_bundle()
    options = Options(
        document=document,
        app=faulty("token-in-error"),
        token=TOKEN,
        phases=("walk",),
        operations=OPERATIONS,
    )
    with Recorder(recorded, [TOKEN]) as recorder:
        result = run(evolve(options, on_exchange=recorder))
    report = findings.document(
        result, Contract(document), [TOKEN], base_url="http://testserver", version="1", tokens=options.tokens
    )
    made = files.write(directory / "out", report, [recorded], [TOKEN])
    return result, made


def test_no_report_holds_the_token(broken):
    result, made = broken
    assert any(finding.check == "secrets" for finding in result.findings)
    for path in made:
        assert path.stat().st_size > 0
        assert TOKEN.encode() not in path.read_bytes(), path.name


def test_the_reports_are_well_formed(broken):
    _, made = broken
    by_name = {path.name: path for path in made}
    suite = ElementTree.parse(by_name["junit.xml"]).getroot().find("testsuite")
    assert suite is not None
    assert int(suite.get("failures", "0")) == len(suite.findall("testcase/failure/..")) > 0
    page = by_name["report.html"].read_text()
    assert not re.search(r"""(?:src|href)\s*=\s*["']?https?:""", page)
    assert 'style="background: #4477aa"></span>walk' in page
    archive = list(har.read(by_name["exchanges.har"]))
    recorded = [exchange for exchange, _ in read(by_name["exchanges.ndjson"])]
    assert [(e.method, e.url, e.status, e.body) for e in archive] == [
        (e.method, e.url, e.status, e.body) for e in recorded
    ]
    _, loaded = findings.load(by_name["report.json"].parent)
    assert loaded
    written = json.loads(by_name["report.json"].read_text())["findings"]
    assert written[0]["curl"]
    programs = [item["python"] for item in written]
    assert any("Bearer {os.environ['KOMMO_TOKEN']}" in program for program in programs)
    for program in programs:
        compile(program, "program", "exec")
        assert MASK not in program  # it would not run


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
@pytest.mark.parametrize("width", [390, 1200])
def test_nothing_of_the_page_is_cut_off(broken, width):
    from playwright.sync_api import sync_playwright

    _, made = broken
    page_file = next(path for path in made if path.name == "report.html")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.goto(page_file.as_uri())
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        cut = page.evaluate(
            "[...document.querySelectorAll('*')].filter(one => one.getBoundingClientRect().right > innerWidth"
            " || one.clientWidth && one.scrollWidth > one.clientWidth + 1).map(one => one.outerHTML.slice(0, 99))"
        )
        browser.close()
    assert cut == []


def test_every_layer_that_ran_has_its_seconds(document):
    app = create_app(MockConfig(token=TOKEN, seed="demo"))
    phases = ("media", "examples", "fuzzing")
    result = run(
        Options(document=document, app=app, token=TOKEN, phases=phases, operations=OPERATIONS, max_examples=1)
    )
    assert set(result.seconds) == set(phases)
    assert all(seconds > 0 for seconds in result.seconds.values())


def test_the_nightly_profile_runs_with_one_seed_after_the_other(tmp_path):
    cases = {}
    for profile in ("default", "nightly"):
        report = tmp_path / profile
        arguments = [
            "--profile",
            profile,
            "--layers",
            "media,fuzzing",
            "--operation",
            "get_leads_custom_fields",
        ]
        assert main(["contract", *arguments, "--seed", "7", "--report", str(report)]) == 0
        data, _ = findings.load(report)
        cases[profile] = data["cases"]["fuzzing"]
        recorded = list(read(report / "exchanges.ndjson"))
        assert len(recorded) == sum(data["cases"].values())
        assert data["seconds"]["wall"] > 0
    assert cases["nightly"] > 5 * cases["default"] > 0
    assert {
        finding.seed
        for finding in run(
            Options(
                app=faulty("sort-forgotten"), token=TOKEN, seed=7, phases=("walk",), operations=OPERATIONS
            )
        ).findings
    } == {7}


def test_each_defect_is_reported_once_in_its_shortest_form(app, contract):
    with Port(None, "demo", app=app) as port:
        calls = [port.send(contract.operations["list_v2_catalogs"]) for _ in range(3)]
    one = Finding("walk", "echo", "x", "cause", "long", calls=tuple(calls))
    found = Findings([one, Finding("model", "echo", "x", "cause", "short", calls=tuple(calls[:1]))])
    assert [(finding.layer, finding.message) for finding in found] == [("walk", "short")]


def test_a_failure_stands_alone(document):
    """What was made for a call that fails comes with it, or nobody could make the call again."""
    options = Options(document=document, app=faulty("field-without-name"), token=TOKEN, phases=("walk",))
    operations = ["create_leads_custom_fields", "update_leads_custom_fields", "get_leads_custom_fields"]
    found = [one for one in run(evolve(options, operations=operations)).findings if one.check == "schema"]
    assert found
    for finding in found:
        *before, last = finding.calls
        id_ = last.path.rpartition("/")[2]
        if id_.isdigit():
            assert any(id_.encode() in call.body for call in before), str(last)


REPLAYED = [
    "field-without-name",
    "sort-forgotten",
    "delete-without-effect",
    "unknown-id-200",
    "order-ignored",
    "half-batch",
    "any-scheme",
    # What the calls of the report alone do not show.
    "basic-accepted",
    "crash-unknown-id",
    "crash-deleted",
]
#: What the calls leave behind, and what they would leave in the way of the layer.
REPLAYED_ELSEWHERE = [
    ("v2-delete-first-only", ["list_v2_catalogs", "write_v2_catalogs"]),
    ("values-codeless", ["get_customers_segments"]),
]


def reported(result, contract, directory):
    """The findings of a run as they come out of its report."""
    report = findings.document(
        result, contract, [TOKEN], base_url="http://testserver", version="1", tokens=TOKENS
    )
    (directory / "report.json").write_text(json.dumps(report))
    _, found = findings.load(directory)
    assert TOKEN not in str(found)
    return found


@pytest.mark.parametrize(
    ("fault", "operations"), [*((fault, OPERATIONS) for fault in REPLAYED), *REPLAYED_ELSEWHERE]
)
def test_a_replayed_failure_is_there_until_it_is_mended(fault, operations, document, contract, tmp_path):
    options = Options(
        document=document, app=faulty(fault), token=TOKEN, phases=("walk",), operations=operations
    )
    found = reported(run(options), contract, tmp_path)[:4]
    assert found
    with Port(None, TOKEN, app=faulty(fault)) as port:
        # On another server, with other things in it: neither ids nor times are those of the report.
        port.send(contract.operations["create_leads_custom_fields"], json=[{"name": "other", "type": "text"}])
        replayer = Replayer(contract, port, evolve(options, app=faulty(fault)))
        assert [finding for finding in found if not replayer.replay(finding).again] == []
    sound = create_app(MockConfig(token=TOKEN, seed="demo"))
    with Port(None, TOKEN, app=sound) as port:
        replayer = Replayer(contract, port, evolve(options, app=sound))
        assert [finding for finding in found if replayer.replay(finding).again] == []


def test_a_finding_is_shown_as_curl_and_as_python(document, contract):
    result = run(
        Options(
            document=document,
            app=faulty("sort-forgotten"),
            token=TOKEN,
            phases=("walk",),
            operations=OPERATIONS,
        )
    )
    finding = next(one for one in result.findings if one.check == "echo")
    assert "$KOMMO_TOKEN" in curl(finding.calls[-1])
    assert TOKEN not in curl(finding.calls[-1])
    program = python(contract, finding.calls)
    compile(program, "program", "exec")
    assert "crm.leads_custom_fields.create([models.CustomFieldCreate.from_dict(" in program
    assert TOKEN not in program


@pytest.mark.parametrize(
    ("header", "shell", "program"),
    [
        ("Bearer %s", "Bearer $KOMMO_TOKEN", "crm.v2_catalogs.list()"),
        ("Bearer %s0", "Bearer ${KOMMO_TOKEN}0", "Bearer {os.environ['KOMMO_TOKEN']}0"),
        (f"Bearer {USER_TOKEN}", "Bearer ${KOMMO_USER_TOKEN}", "Bearer {os.environ['KOMMO_USER_TOKEN']}"),
        ("Token %s", "Token ${KOMMO_TOKEN}", "Token {os.environ['KOMMO_TOKEN']}"),
        ("Bearer kommo-contract-invalid", "Bearer kommo-contract-invalid", "Bearer kommo-contract-invalid"),
    ],
)
def test_a_wrong_token_is_shown_as_it_was_sent(header, shell, program, contract, app):
    sent = header.replace("%s", TOKEN)
    with Port(None, "demo", app=app) as port:
        call = port.send(contract.operations["list_v2_catalogs"], authorization=sent)
    assert shell in curl(call, TOKENS)
    assert program in python(contract, [call], TOKENS)
    assert TOKEN not in curl(call, TOKENS) + python(contract, [call], TOKENS)


def calls_nearly_right(token):
    """A call with each header that is made of the token and is not the token's."""
    for _, sent in _nearly(token):
        yield sent, Exchange("list_leads", "GET", "http://x/", {"authorization": sent}, b"", 401, {}, b"")


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=8))
def test_a_program_makes_the_same_header_again_without_showing_the_token(contract, token):
    """The token in another case, all but its end, or in base64, is as good as the token to who sees it."""
    for sent, call in calls_nearly_right(token):
        program = python(contract, [call], {token: "KOMMO_TOKEN"})
        assert "os.environ['KOMMO_TOKEN']" in program
        assert sent.rpartition(" ")[2] not in program + curl(call, {token: "KOMMO_TOKEN"})
        made = {}
        stand_in = SimpleNamespace(request=lambda *_, made=made, headers: made.update(headers))
        *_, request = program.splitlines()
        exec(
            request,
            {"httpx": stand_in, "base64": base64, "os": SimpleNamespace(environ={"KOMMO_TOKEN": token})},
        )
        assert made == {"authorization": sent}


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), min_size=1).filter(str.strip))
def test_every_header_that_is_nearly_right_can_be_sent(token):
    for sent, _ in calls_nearly_right(token.strip()):
        message = h11.Request(
            method="GET", target="/", headers=[("host", "x"), ("authorization", sent.encode())]
        )
        assert dict(message.headers)[b"authorization"] == sent.encode()


@pytest.mark.parametrize("token", ["eyJ0eXAi.Ab-c_9", "tOken", "a'b\"c$d`e\\f!", "x" * 200])
def test_a_shell_makes_the_same_header_again_without_showing_the_token(token):
    for sent, call in calls_nearly_right(token):
        line = curl(call, {token: "KOMMO_TOKEN"})
        assert sent.rpartition(" ")[2] not in line
        done = subprocess.run(
            ["bash", "-c", line.replace("curl -sS", "printf '%s\\n'", 1)],
            env={**os.environ, "KOMMO_TOKEN": token},
            capture_output=True,
            text=True,
        )
        assert f"Authorization: {sent}" in done.stdout.splitlines()


def test_the_user_without_rights_is_named_and_not_shown(document, contract, tmp_path):
    options = Options(
        document=document,
        app=faulty("users-write"),
        token=TOKEN,
        user_token=USER_TOKEN,
        phases=("walk",),
        operations=OPERATIONS,
    )
    recorded = tmp_path / "recorded.ndjson"
    with Recorder(recorded, [*options.tokens]) as recorder:
        result = run(evolve(options, on_exchange=recorder))
    found = [finding for finding in result.findings if finding.check == "rights"]
    assert {finding.operation for finding in found} == {
        name for name in OPERATIONS if contract.operations[name].roles - {"user"}
    }
    report = findings.document(
        result, contract, options.secrets, base_url="http://testserver", version="1", tokens=options.tokens
    )
    shown = next(one for one in report["findings"] if one["check"] == "rights")
    assert "Bearer ${KOMMO_USER_TOKEN}" in shown["curl"][-1]
    assert "Bearer {os.environ['KOMMO_USER_TOKEN']}" in shown["python"]
    for path in files.write(tmp_path / "out", report, [recorded], options.secrets):
        for token in (TOKEN, USER_TOKEN):
            assert token.encode() not in path.read_bytes(), path.name
    with Port(None, TOKEN, app=options.app) as port:
        assert Replayer(contract, port, options).replay(found[0]).again
    sound = evolve(options, app=faulty(None))
    with Port(None, TOKEN, app=sound.app) as port:
        assert not Replayer(contract, port, sound).replay(found[0]).again


def test_every_documented_request_is_shown_with_its_method_and_models(document, contract):
    codegen = json.loads(bundle_path().with_name("kommo.codegen.json").read_bytes())
    with Kommo(base_url="http://127.0.0.1:1", token=TOKEN) as crm:
        for request in requests_of(document, codegen):
            body = b"" if request.body is None else json.dumps(request.body).encode()
            call = Exchange(
                request.operation_id,
                request.method,
                f"http://127.0.0.1:1{request.target}",
                {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"},
                body,
                200,
                {},
                b"",
            )
            program = python(contract, [call])
            verb = request.operation_id.removesuffix(f"_{request.tag}")
            assert f"crm.{request.tag}.{verb}(" in program
            assert callable(getattr(getattr(crm, request.tag), verb))
            named = re.findall(r"models\.(\w+)\.from_dict", program)
            assert len(named) == (len(request.body) if isinstance(request.body, list) else bool(body))
            assert all(hasattr(models, name) for name in named)


def test_traffic_is_validated(server, tmp_path, capsys):
    headers = {"authorization": "Bearer demo"}
    good = httpx.get(f"{server.url}/api/v4/leads/custom_fields", headers=headers)
    validates(good)
    bad = httpx.Response(
        200, json={"nothing": 1}, request=good.request, headers={"content-type": "application/hal+json"}
    )
    with pytest.raises(ContractBroken, match=r"list_leads|schema"):
        validates([good, bad])
    from kommo.contract.assertion import exchange_of

    archive = tmp_path / "traffic.har"
    with archive.open("w") as stream:
        har.write(stream, [(exchange_of(good), ""), (exchange_of(bad), "")], [])
    with pytest.raises(ContractBroken):
        validates(archive)
    assert main(["contract", "check", str(archive)]) == 1
    assert "check: 2 exchanges judged, " in capsys.readouterr().out


def _archive(path, *asked):
    """Write an archive of sound answers to some requests, one as (method, URL)."""
    answers = [Exchange(None, method, url, {}, b"", 204, {}, b"") for method, url in asked]
    with path.open("w") as stream:
        har.write(stream, [(answer, "") for answer in answers], [])
    return str(path)


OTHER_TRAFFIC = [
    ("GET", "https://example.com/"),
    ("GET", "https://example.com/custom_fields"),
    ("POST", "https://acme.kommo.com/oauth2/token"),
    ("GET", "https://acme.kommo.com/api/v4/unheard"),
]


@pytest.mark.parametrize("others", range(len(OTHER_TRAFFIC) + 1))
def test_traffic_that_is_no_call_of_the_api_is_not_counted_as_judged(others, tmp_path, capsys):
    traffic = OTHER_TRAFFIC[:others]
    call = ("GET", "https://acme.kommo.com/api/v4/leads/custom_fields")
    without = _archive(tmp_path / "without.har", *traffic)
    assert main(["contract", "check", without]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert f"no answered call of the API among {others} exchanges" in said.err
    assert main(["contract", "check", without, _archive(tmp_path / "with.har", *traffic, call)]) in (0, 1)
    passed_over = f" ({2 * others} of other traffic passed over)" if others else ""
    assert f"check: 1 exchanges judged{passed_over}, " in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "{tmp}/none.har"],
        ["replay", "{tmp}"],
        ["cleanup", "{tmp}/none.journal"],
        ["--live"],
        ["--write"],
        ["--live", "--base-url", "http://127.0.0.1:9", "--profile", "nightly"],
        ["--document", "{tmp}/none.json"],
        ["--base-url", "ftp://x"],
        ["--operation", "no_such"],
        ["--layers", "nothing"],
        ["score", "--fault", "no_such"],
    ],
)
def test_mistakes_get_one_line_and_code_2(arguments, tmp_path, capsys):
    (tmp_path / "report.json").write_text("{}")
    code = main(["contract", *(argument.format(tmp=tmp_path) for argument in arguments)])
    said = capsys.readouterr()
    assert code == 2
    assert "Traceback" not in said.err
    assert said.err.strip()


@pytest.mark.parametrize(
    ("action", "said"),
    [
        ([], "without it, the embedded mock"),
        (["replay"], "needed for the report of one"),
        (["cleanup"], "without it, the one of the journal"),
    ],
)
def test_the_help_of_each_action_says_which_server_it_asks(action, said, capsys):
    with contextlib.suppress(SystemExit):
        main(["contract", *action, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert said in shown
    assert not action or "without it, the embedded mock" not in shown
