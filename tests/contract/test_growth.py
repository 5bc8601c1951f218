"""The contract grows, the suite follows: a tag that it has never heard of is exercised like the oldest one."""

from __future__ import annotations

import pytest

from kommo.contract import Options, run
from kommo.contract.document import Contract
from kommo.mock import MockConfig, create_app
from kommo.published import load_bundle
from tests.contract.made_up import OPERATIONS, Shop, document

LAYERS = ("walk", "media", "nearmiss", "leaks")
FAULTS = {
    "the list forgets the newest": "list-contains",
    "request ids are swapped": "read-after-write",
    "a change loses other keys": "read-after-write",
    "half a batch is stored": "atomicity",
    "the next link goes in circles": "paging",
    "parts need no token": "authentication",
    "parts are shared": "leak",
    "a deletion does nothing": "deleted-stays-deleted",
}


@pytest.fixture(scope="module")
def grown() -> Contract:
    return Contract(document(load_bundle()))


def judged(grown, fault):
    app = Shop(grown, create_app(MockConfig(token="demo", seed="documented")), fault)
    return run(Options(document=grown.document, app=app, operations=OPERATIONS, phases=LAYERS))


def test_unknown_collections_are_exercised_in_full(grown):
    result = judged(grown, "")
    assert result.findings == []
    assert set(OPERATIONS) <= result.operations


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_of_unknown_collections_are_found(grown, fault):
    found = judged(grown, fault).findings
    assert FAULTS[fault] in {finding.check for finding in found}, [str(finding) for finding in found]
    assert {finding.operation.endswith(("gadgets", "gadget_parts")) for finding in found} == {True}
