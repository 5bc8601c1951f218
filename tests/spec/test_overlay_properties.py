"""Laws that hold for any document and any overlay."""

import copy
import json

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonpath import JSONPathEnvironment

from kommo.spec.documents import parse
from kommo.spec.output import to_yaml
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import OverlayError, load_overlay
from kommo.spec.yamledit import rewrite

KEYS = st.sampled_from(["a", "b", "c", "x-d", "200", "/p/{id}", "it's"])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from([1.0, "", "a", "1", "true", "a\nb\n", "# no"])
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, min_size=1, max_size=4)


def places(value, parts=()):
    yield parts
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, (*parts, key))


def query(parts):
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f"[{json.dumps(part)}]" for part in parts)


@st.composite
def actions(draw, document):
    parts = draw(st.sampled_from(list(places(document))))
    target = draw(
        st.sampled_from([query(parts), "$..*", f"$..[{json.dumps(draw(KEYS))}]", query(parts) + ".*"])
    )
    verb = draw(st.sampled_from(["update", "remove", "copy"]))
    if verb == "remove":
        return {"target": target, "remove": True}
    if verb == "copy":
        return {"target": target, "copy": query(draw(st.sampled_from(list(places(document)))))}
    return {"target": target, "update": draw(VALUES)}


def canonical(value):
    """One text for all JSON that is equal: an overlay may not say the same action twice, in whatever order of keys."""
    return json.dumps(
        json.loads(json.dumps(value), parse_float=lambda text: int(float(text))), sort_keys=True
    )


@st.composite
def documents_with_actions(draw, least=1, most=3):
    document = draw(DOCUMENTS)
    listed = draw(st.lists(actions(document), min_size=least, max_size=most, unique_by=canonical))
    return document, listed


@pytest.fixture(scope="module")
def overlay(tmp_path_factory):
    path = tmp_path_factory.mktemp("overlays") / "o.json"

    def make(listed):
        path.write_text(
            json.dumps({"overlay": "1.1.0", "info": {"title": "t", "version": "1"}, "actions": listed})
        )
        return load_overlay(path)

    return make


def containers(value, found=None):
    found = [] if found is None else found
    if isinstance(value, dict | list):
        found.append(id(value))
        for item in value.values() if isinstance(value, dict) else value:
            containers(item, found)
    return found


def outcome(document, overlays, **options):
    try:
        return json.dumps(apply(document, overlays, **options), sort_keys=True)
    except OverlayError:
        return None


@settings(deadline=None)
@given(documents_with_actions())
def test_inputs_never_change_and_nothing_is_shared(overlay, case):
    document, listed = case
    made = overlay(listed)
    kept = copy.deepcopy((document, [action.value for action in made.actions if action.verb == "update"]))
    try:
        result = apply(document, [made], lenient=True)
    except OverlayError:
        result = {}
    assert (document, [action.value for action in made.actions if action.verb == "update"]) == kept
    inside = containers(result)
    assert len(inside) == len(set(inside))
    assert not set(inside) & set(containers(document))
    assert not set(inside) & {each for action in made.actions for each in containers(action.value)}


@settings(deadline=None)
@given(documents_with_actions())
def test_strict_is_lenient_without_the_dead_actions(overlay, case):
    document, listed = case
    strict, lenient = (outcome(document, [overlay(listed)], lenient=flag) for flag in (False, True))
    notes = []
    if lenient is not None:
        apply(document, [overlay(listed)], lenient=True, note=notes.append)
    if strict is not None:
        assert strict == lenient
    # Strict fails exactly when lenient fails or had something to let pass.
    assert (strict is None) == (lenient is None or bool(notes))


@settings(deadline=None)
@given(documents_with_actions(least=2, most=4))
def test_one_overlay_of_many_actions_is_many_overlays_of_one(overlay, case):
    document, listed = case
    whole = outcome(document, [overlay(listed)])
    assert outcome(document, [overlay([action]) for action in listed]) == whole


@settings(deadline=None)
@given(DOCUMENTS, VALUES, VALUES)
def test_overlays_of_different_places_commute(overlay, document, first, second):
    assume(len(document) > 1)
    one, two = (
        overlay([{"target": query((key,)), "update": value}])
        for key, value in zip(list(document)[:2], (first, second), strict=True)
    )
    results = [
        json.loads(text) if (text := outcome(document, order)) else None for order in ([one, two], [two, one])
    ]
    assert results[0] == results[1]


@settings(deadline=None)
@given(DOCUMENTS, st.data())
def test_removing_leaves_nothing_that_the_query_selects(overlay, document, data):
    key = data.draw(KEYS)
    target = f"$..[{json.dumps(key)}]"
    result = apply(document, [overlay([{"target": target, "remove": True}])], lenient=True)
    assert JSONPathEnvironment(strict=True).findall(target, result) == []


@settings(deadline=None)
@given(DOCUMENTS, VALUES)
def test_merging_an_object_means_what_the_specification_says(overlay, document, value):
    update = {"a": value}
    old = document.get("a")
    kinds = [type(each) if isinstance(each, dict | list) else None for each in (old, value)]
    try:
        result = apply(document, [overlay([{"target": "$", "update": update}])], lenient=True)
    except OverlayError:
        assert "a" in document
        return
    assert {key: item for key, item in result.items() if key != "a"} == {
        key: item for key, item in document.items() if key != "a"
    }
    if "a" not in document or kinds == [None, None]:
        assert json.dumps(result["a"]) == json.dumps(value)
    elif kinds == [list, list]:
        assert result["a"] == old + value
    else:
        assert kinds == [dict, dict]
        assert set(result["a"]) == set(old) | set(value)


def commented(draw, value):
    """The value as YAML text with comments in many places, and in other styles than our own writer's."""
    lines = []
    for line in to_yaml(value).splitlines():
        if draw(st.integers(0, 3)) == 0:
            indent = len(line) - len(line.lstrip())
            lines.append(" " * indent + f"# note {len(lines)}")
        lines.append(line)
    return "\n".join([*lines, "# the end"]) + "\n"


@settings(deadline=None)
@given(documents_with_actions(), st.data())
def test_edited_text_says_the_result_and_keeps_comments_of_what_stays(tmp_path_factory, overlay, case, data):
    document, listed = case
    path = tmp_path_factory.getbasetemp() / "d.yaml"
    text = commented(data.draw, document)
    try:
        unchanged = json.dumps(parse(text, path)) == json.dumps(document)
    except Exception:  # a comment inside a block of text may break it: not a document to test with
        unchanged = False
    assume(unchanged)
    try:
        result = apply(document, [overlay(listed)], lenient=True)
    except OverlayError:
        result = document
    written, kept = rewrite(text, result, path)
    assert json.dumps(parse(written, path), sort_keys=True) == json.dumps(result, sort_keys=True)
    assert kept == ("#" in written or "#" not in text)
    if json.dumps(result) == json.dumps(document):
        assert written == text
    if result:
        assert "# the end" in written
