"""Seeded faults: each layer sees those that are its business."""

from __future__ import annotations

import pytest

from kommo.cli import main
from kommo.contract import score
from kommo.contract.faults import FAULTS, Faulty
from kommo.contract.port import Port
from kommo.mock import MockConfig, create_app

#: Faults whose very effect is an answer of 500.
SERVER_ERRORS = {"head-fails"}

#: One or two per class and layer; `kommo contract score` runs them all.
SAMPLE = [
    ("field-without-name", "walk"),
    ("v2-items-keyed", "walk"),
    ("name-ascii", "walk"),
    ("change-pretended", "model"),
    ("pages-overlap", "walk"),
    ("request-ids-swapped", "walk"),
    ("option-ids-renewed", "walk"),
    ("entities-mixed", "leaks"),
    ("half-batch", "walk"),
    ("delete-without-token", "walk"),
    ("stack-trace", "walk"),
    ("type-defaults", "nearmiss"),
    ("long-batch-cut", "nearmiss"),
    ("content-type-ignored", "media"),
    ("crash-null-item", "nearmiss"),
    ("405-without-allow", "walk"),
    ("crash-id-text", "walk"),
    ("next-loses-filter", "walk"),
    ("key-twice", "walk"),
    ("gzip-label", "walk"),
    ("longer-token", "walk"),
    ("total-never-falls", "walk"),
    ("crash-deep-body", "nearmiss"),
    ("users-change-one", "walk"),
    ("strangers-delete-refused", "walk"),
    ("users-see-less", "walk"),
]


def test_there_are_many_faults_of_every_kind():
    kinds = [fault.kind for fault in FAULTS.values()]
    assert len(kinds) >= 60
    assert min(kinds.count(kind) for kind in ("shape", "semantics", "protocol", "robustness")) >= 15


@pytest.mark.parametrize(("fault", "layer"), SAMPLE)
def test_a_layer_finds_its_fault(fault, layer, document):
    (verdict,) = score.judge(document, score.Job(fault, (layer,)))
    assert verdict.finding


def test_the_score_counts_faults_and_false_alarms():
    verdicts = [
        score.Verdict("half-batch", "walk", "found", 1.0),
        score.Verdict("half-batch", "model", "", 1.0),
        score.Verdict("stack-trace", "walk", "", 1.0),
        score.Verdict(score.SOUND, "walk", "false", 1.0),
    ]
    assert score.detection(verdicts) == 0.5
    assert score.false_alarms(verdicts) == 1
    assert "missed: stack-trace" in score.table(verdicts)
    assert "1 false alarms" in score.table(verdicts)


def test_a_fault_passes_what_it_is_not_made_for(document):
    """Otherwise it would be found because it crashes, whatever it does."""
    odd = [None, [], {}, 7, "text", [7], [{"enums": 7, "nested": "x", "name": [], "sort": {}, "id": None}]]
    calls = [
        ("GET", "leads/custom_fields?limit=x&page="),
        ("PATCH", "leads/custom_fields/x"),
        ("POST", "leads"),
    ]
    crashes = {name for name in FAULTS if name.startswith(("crash", "unhandled"))}
    for name in FAULTS.keys() - crashes:
        with Port(None, "demo", app=Faulty(create_app(MockConfig(token="demo")), FAULTS[name])) as port:
            for method, path in calls:
                for body in odd if method != "GET" else [...]:
                    status = port.fetch(method, port.url(f"/api/v4/{path}"), json=body).status
                    assert status < 500 or FAULTS[name].kind == "robustness" or name in SERVER_ERRORS, name


def test_the_command_keeps_a_floor(capsys):
    arguments = [
        "contract",
        "score",
        "--fault",
        "half-batch",
        "--fault",
        "crash-many-fields",
        "--layers",
        "media",
    ]
    assert main(arguments) == 0
    assert "missed: half-batch" in capsys.readouterr().out
    assert main(["contract", "score", "--layers", "nothing"]) == 2
