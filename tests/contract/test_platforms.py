"""The suite on the accounts of one platform."""

from __future__ import annotations

import json

import pytest

from kommo.cli import main
from kommo.contract import Options, run
from kommo.mock import MockConfig, MockServer
from kommo.published import load_bundle


@pytest.mark.parametrize("platform", ["kommo", "amocrm"])
def test_the_contract_of_a_platform_holds_on_its_accounts(platform):
    result = run(Options(platform=platform, phases=("walk", "media"), max_examples=2))
    assert result.findings == []
    paths = load_bundle(platform)["paths"]
    assert result.operations == {
        operation["operationId"]
        for item in paths.values()
        for operation in item.values()
        if "operationId" in operation
    }


def test_a_platform_s_contract_tells_other_accounts_apart(tmp_path, capsys):
    with MockServer(MockConfig(token="demo", platform="kommo")) as server:
        call = ["contract", "--base-url", server.url, "--token", "demo", "--layers", "walk"]
        call += ["--operation", "list_customers", "--report", str(tmp_path)]
        assert main([*call, "--platform", "amocrm"]) == 1
        assert json.loads((tmp_path / "report.json").read_text())["platform"] == "amocrm"
        replayed = ["contract", "replay", str(tmp_path), "--base-url", server.url, "--token", "demo"]
        assert main(replayed) == 1
    with MockServer(MockConfig(token="demo", platform="amocrm")) as server:
        call[2] = replayed[4] = server.url
        assert main([*call, "--platform", "amocrm"]) == 0
    assert "list_customers" in capsys.readouterr().out


def test_a_run_that_sends_nothing_does_not_pass(capsys):
    assert main(["contract", "--layers", "media", "--operation", "list_customers"]) == 2
    assert "nothing to send" in capsys.readouterr().err
