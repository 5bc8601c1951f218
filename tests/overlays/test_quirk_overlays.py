"""The quirk overlays: complete, in line with the mock's switches, free to apply in any order and choice."""

from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kommo.mock.quirks import QUIRKS
from kommo.spec.assemble import assemble, quirk_overlays
from kommo.spec.documents import load_mapping
from kommo.spec.overlay import apply
from kommo.spec.project import find_root

CONFIDENCES = {"vendor-page", "recorded-response", "client-code", "inferred"}
X_QUIRK = {"id", "ledger", "documented", "observed", "evidence", "confidence", "mock"}
OVERLAYS = quirk_overlays(find_root())


@cache
def _base() -> dict[str, Any]:
    # Not a fixture: hypothesis would print the whole document when a test fails.
    return assemble(find_root(), quirks=())


def _beginnings(order: list[int]) -> list[list[int]]:
    return [order[:length] for length in range(1, len(order) + 1)]


def test_overlays_are_the_switches_of_the_mock(overlays):
    assert overlays.keys() == QUIRKS.keys()


def test_head_is_complete(quirk, overlays, sources):
    info = overlays[quirk].info
    about = info["x-quirk"]
    assert about.keys() == X_QUIRK
    assert about["id"] == quirk
    assert about["confidence"] in CONFIDENCES
    assert about["mock"] == {"switch": quirk, "profiles": list(QUIRKS[quirk].profiles)}
    for sentence in (about["documented"], about["observed"]):
        assert sentence.endswith(".")
    assert about["evidence"]
    for evidence in about["evidence"]:
        source = sources[evidence["source"]]
        if source["kind"] == "vendor-document":
            first, last = evidence["lines"]
            assert 1 <= first <= last <= source["lines"]
        else:
            assert evidence["locator"]


def test_titles_differ(overlays):
    assert len({overlay.info["title"] for overlay in overlays.values()}) == len(overlays)


def test_every_action_says_what_it_does(quirk, overlays):
    actions = load_mapping(overlays[quirk].path, "an overlay")["actions"]
    for action in actions:
        assert action.get("description", "").endswith("."), action["target"]


def test_each_overlay_applies_alone(quirk, overlays, base):
    assert apply(base, [overlays[quirk]]) != base


@settings(max_examples=15, deadline=None)
@given(
    chosen=st.permutations(range(len(OVERLAYS))).flatmap(lambda order: st.sampled_from(_beginnings(order)))
)
def test_any_choice_applies_and_order_does_not_matter(chosen: list[int]) -> None:
    base = _base()
    in_order = apply(base, [OVERLAYS[index] for index in chosen])
    assert in_order == apply(base, [OVERLAYS[index] for index in sorted(chosen)])


@settings(max_examples=5, deadline=None)
@given(order=st.permutations(range(len(OVERLAYS))))
def test_all_overlays_give_one_document_in_every_order(order: list[int]) -> None:
    base = _base()
    assert apply(base, [OVERLAYS[index] for index in order]) == apply(base, OVERLAYS)
