"""Seeded faults: each layer sees those that are its business."""

from __future__ import annotations

import pytest

from kommo.contract import score
from kommo.contract.faults import FAULTS

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
    ("405-without-allow", "coverage"),
    ("crash-id-text", "coverage"),
]


def test_there_are_many_faults_of_every_kind():
    kinds = [fault.kind for fault in FAULTS.values()]
    assert len(kinds) >= 60
    assert min(kinds.count(kind) for kind in ("shape", "semantics", "protocol", "robustness")) >= 15


@pytest.mark.parametrize(("fault", "layer"), SAMPLE)
def test_a_layer_finds_its_fault(fault, layer, document):
    assert score.judge(document, fault, layer).finding


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
