"""Document, overlay, expected: what each feature of the Overlay Specification does, and what becomes of the text."""

import json
from pathlib import Path

import pytest

from kommo.spec.documents import load
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import load_overlay

CASES = sorted(path for path in (Path(__file__).parent / "golden").iterdir())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_result_is_the_expected_document(case):
    document = load(case / "document.yaml")
    before = json.dumps(document)
    result = apply(document, [load_overlay(case / "overlay.yaml")])
    assert json.dumps(result, sort_keys=True) == json.dumps(load(case / "expected.yaml"), sort_keys=True)
    assert json.dumps(document) == before


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_command_keeps_the_comments_and_the_untouched_lines(case, kommo, tmp_path):
    out = tmp_path / "out.yaml"
    code, printed, _ = kommo("spec", "overlay", case / "document.yaml", case / "overlay.yaml", "-o", out)
    assert (code, printed) == (0, "")
    assert load(out) == load(case / "expected.yaml")
    text = out.read_text()
    for line in (case / "document.yaml").read_text().splitlines():
        if line.lstrip().startswith("#"):
            assert line in text.splitlines()
    # A line of the document that the expected text still has is in the result as it was written.
    kept = set((case / "expected.yaml").read_text().splitlines()) & set(
        (case / "document.yaml").read_text().splitlines()
    )
    assert kept <= set(text.splitlines())


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.name)
def test_json_in_and_out_says_the_same(case, kommo, tmp_path):
    document = tmp_path / "document.json"
    document.write_text(json.dumps(load(case / "document.yaml")))
    overlay = tmp_path / "overlay.json"
    overlay.write_text(json.dumps(load(case / "overlay.yaml")))
    code, printed, _ = kommo("spec", "overlay", document, overlay)
    assert code == 0
    assert json.loads(printed) == load(case / "expected.yaml")
