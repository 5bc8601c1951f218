"""Reading and writing documents: what goes out comes in again, and what is wrong is named with its line."""

import json
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from kommo.command import CommandError
from kommo.spec.documents import DocumentError, line_of, load, parse, pointer, pointer_parts
from kommo.spec.output import to_json, to_yaml, write_text

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["on", "yes", "no", "null", "~", "0x1F", "0o17", "010", "1e3", "1.", ".5", "-", "2020-01-01", "<<", "=", "a: b",
     " a", "a ", "# a", "a # b", "\n", "a\nb", "a\n\nb\n", "\ta", "a\t\nb", "12:30:45", "1_000", "é", "\u2028", "\x85"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    return tmp_path_factory.mktemp("documents")


@settings(deadline=None)
@given(value=JSON)
def test_what_is_written_is_read_again(value, here):
    for text, name in ((to_yaml(value), "a.yaml"), (to_json(value), "a.json")):
        again = parse(text, here / name)
        assert json.dumps(again) == json.dumps(value)


@settings(deadline=None)
@given(value=JSON)
def test_other_readers_of_yaml_1_2_read_the_same(value, here):
    assert json.dumps(YAML(typ="safe", pure=True).load(to_yaml(value))) == json.dumps(value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("200: a", {"200": "a"}),
        ("on: yes", {"on": "yes"}),
        ("a: 2020-01-01", {"a": "2020-01-01"}),
        ("a: 0o17\nb: 0x1F\nc: 010", {"a": 15, "b": 31, "c": 10}),
        ("a: 1e3\nb: .5\nc: 1.\nd: +1", {"a": 1000.0, "b": 0.5, "c": 1.0, "d": 1}),
        ("a:\nb: ~\nc: Null\nd: 'null'", {"a": None, "b": None, "c": None, "d": "null"}),
        ("a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        ("a: 1_000\nb: 12:30", {"a": "1_000", "b": "12:30"}),
        ("\ufeffa: 1", {"a": 1}),
    ],
)
def test_yaml_1_2_core_rules(text, value, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    assert load(path) == value


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.yaml", "a: 1\nb: [\n", "a.yaml:3: not valid YAML"),
        ("a.yaml", "a: 1\nb:\n  c: 1\n  c: 2\n", "a.yaml:4: /b/c: the key 'c' stands twice"),
        ("a.yaml", "a: 1\n---\nb: 2\n", "a.yaml:2: more than one YAML document"),
        ("a.yaml", "a: &x\n  <<: *x\n", "<<"),
        ("a.yaml", "a: &x\n  b: *x\n", "/a/b: the alias refers to a node that contains it"),
        ("a.yaml", "a: .inf\n", "a.yaml:1: /a: .inf is a number that JSON cannot say"),
        ("a.yaml", "? [a]\n: 1\n", "a.yaml:1: /: a key must be a plain string"),
        ("a.yaml", "a: !!set {b}\n", "has no JSON counterpart"),
        ("a.yaml", "a: !!int b\n", "a.yaml:1: /a: 'b' is not a number"),
        ("a.yaml", "", "a.yaml:1: the file is empty"),
        ("a.json", '{"a": 1,\n "b": }', "a.json:2: not valid JSON"),
        ("a.json", '{"a": 1,\n "b": 1,\n "b": 2}', "a.json:3: the key 'b' stands twice"),
        ("a.json", '{"a": NaN}', "NaN is not JSON"),
        ("a.json", '{"a": 1e999}', "too large"),
        ("a.json", "[" * 200_000, "nested deeper"),
    ],
)
def test_malformed_documents_are_named(name, text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_text(text)
    with pytest.raises(DocumentError, match=r"^a[.]") as caught:
        load(tmp_path / name)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000 + "]" * 100_000,
        "- " * 100_000 + "a",
        "? " * 100_000 + "a",
        "\n".join(" " * depth + "a:" for depth in range(300)),
        "a:\n" + "\n".join("  " * depth + "- a:" for depth in range(150)),
    ],
    ids=["flow", "dashes", "keys", "indents", "both"],
)
def test_deep_nesting_is_an_error_of_the_document(text, tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError, match=r"nested deeper|must be a plain string"):
        load(path)


@pytest.mark.parametrize("name", ["a.yaml", "a.json"])
def test_what_real_documents_need_of_nesting_is_allowed(name, tmp_path):
    path = tmp_path / name
    path.write_text("[" * 150 + "]" * 150)
    assert json.dumps(load(path)) == "[" * 150 + "]" * 150


def test_missing_and_binary_files_are_named(tmp_path):
    with pytest.raises(DocumentError, match=r"none.yaml: No such file"):
        load(tmp_path / "none.yaml")
    (tmp_path / "b.yaml").write_bytes(b"a: \xff\xfe")
    with pytest.raises(DocumentError, match=r"not UTF-8"):
        load(tmp_path / "b.yaml")
    with pytest.raises(DocumentError, match=r"Is a directory"):
        load(tmp_path)


def test_a_changed_file_is_read_anew(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1")
    assert load(path) == {"a": 1}
    path.write_text("a: 22")
    assert load(path) == {"a": 22}


@settings(deadline=None)
@given(st.lists(TEXT))
def test_pointers_round_trip(parts):
    assert pointer_parts(pointer(parts)) == parts


def test_lines_of_pointers(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a:\n  b:\n    - 1\n    -\n      c: 2\n")
    places = (["a"], ["a", "b"], ["a", "b", 0], ["a", "b", 1, "c"])
    assert [line_of(path, parts) for parts in places] == [1, 2, 3, 5]
    assert line_of(path, ["a", "x", "y"]) == 1


def test_writing_replaces_whole_files_only(tmp_path):
    path = tmp_path / "new" / "a.txt"
    assert write_text(path, "one\n")
    assert not write_text(path, "one\n")
    before = path.stat()
    assert write_text(path, "two\n")
    assert path.read_text() == "two\n"
    assert path.stat().st_mode == before.st_mode
    assert [item.name for item in path.parent.iterdir()] == ["a.txt"]


def test_writing_through_a_link_keeps_the_link(tmp_path):
    (tmp_path / "real").write_text("old")
    os.symlink("real", tmp_path / "link")
    write_text(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"cannot write"):
        write_text(tmp_path / "file" / "below.txt", "x")
