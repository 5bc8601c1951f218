"""What is wrong with an overlay is one line that names file, line, action and mend, and nothing is written."""

import pytest

from kommo.spec.documents import DocumentError, load
from kommo.spec.overlay import apply
from kommo.spec.overlay_file import OverlayError, load_overlay

DOCUMENT = """\
info:
  title: t
  tags: [a, b]
paths:
  /a: {get: {x: 1}}
  /b: [1]
"""
HEAD = "overlay: 1.1.0\ninfo: {title: t, version: '1'}\nactions:\n"
HEAD_1_0 = HEAD.replace("1.1.0", "1.0.0")

MALFORMED = {
    "no overlay field": ("info: {title: t, version: '1'}\nactions: []\n", ":1: no `overlay` field"),
    "unknown version": (HEAD.replace("1.1.0", "2.0.0"), ":1: /overlay: overlay version '2.0.0' is not known"),
    "version 1.2": (HEAD.replace("1.1.0", "1.2.0"), "write 1.0.0 or 1.1.0"),
    "version as a number": (
        HEAD.replace("1.1.0", "1.1"), "overlay version '1.1' is not known|must be a string",
    ),
    "not a mapping": ("- a\n", ":1: an overlay must be a mapping, this is an array"),
    "no info": ("overlay: 1.0.0\nactions: [{target: $, update: {}}]\n", "the field 'info' is missing"),
    "no title": (
        "overlay: 1.0.0\ninfo: {version: '1'}\nactions: [{target: $, remove: true}]\n", "'title' is missing",
    ),
    "no actions": ("overlay: 1.0.0\ninfo: {title: t, version: '1'}\n", "the field 'actions' is missing"),
    "empty actions": (HEAD + "  []\n", ":3: /actions: the list is empty"),
    "unknown field": (
        HEAD + "  - {target: $, updte: {}}\n",
        ":4: /actions/0: 'updte' is no field of Overlay 1.1 here; did you mean 'update'?",
    ),
    "copy in 1.0": (HEAD_1_0 + "  - {target: $.info, copy: $.paths}\n", "'copy' is no field of Overlay 1.0"),
    "no target": (HEAD + "  - {update: {}}\n", ":4: /actions/0: the field 'target' is missing"),
    "no verb": (HEAD + "  - {target: $}\n", "the action does nothing; give it update or remove or copy"),
    "update and copy": (
        HEAD + "  - {target: $, update: {}, copy: $}\n", "update and copy exclude each other",
    ),
    "twice the same": (HEAD + "  - &a {target: $, update: {}}\n  - *a\n", "two actions are identical"),
    "target no query": (HEAD + "  - {target: info, remove: true}\n", "a JSONPath begins with \\$"),
    "remove no boolean": (
        HEAD + "  - {target: $, remove: 'yes'}\n", "a string; give a value of the type boolean",
    ),
    "bad query": (
        HEAD + "  - target: $.info[\n    remove: true\n",
        r":4: /actions/0/target: '\$\.info\[' is not a JSONPath \(RFC 9535\): .*; mend the query",
    ),
    "query not of the RFC": (
        HEAD + "  - {target: '$.info[?@.a =~ /b/]', remove: true}\n", "is not a JSONPath",
    ),
    "query of two": (HEAD + "  - {target: '$.info | $.paths', remove: true}\n", "is not a JSONPath"),
    "bad copy query": (
        HEAD + "  - {target: $.info, copy: '$..'}\n", r":4: /actions/0/copy: '\$\.\.' is not a JSONPath",
    ),
    "syntax": (HEAD + "  - {target: $.info\n", "not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_malformed_overlays(case, kommo, tmp_path, monkeypatch, snapshot):
    text, message = MALFORMED[case]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    (tmp_path / "o.yaml").write_text(text)
    (tmp_path / "out.yaml").write_text("precious\n")
    before = snapshot(tmp_path)
    code, out, err = kommo("spec", "overlay", "d.yaml", "o.yaml", "-o", "out.yaml")
    assert (code, out) == (1, "")
    assert err.startswith("kommo spec: o.yaml:")
    assert err.count("\n") == 1
    with pytest.raises(DocumentError, match=message):
        load_overlay(tmp_path / "o.yaml")
    assert snapshot(tmp_path) == before


DOES_NOT_APPLY = {
    "dead target": (
        "1.1", "{target: $.info.nme, remove: true}",
        r"/actions/0/target: \$\.info\.nme matches nothing \(\$\.info does\)",
    ),
    "update to the same": (
        "1.1", "{target: $.info, update: {title: t}}", "/actions/0/update: the action changes nothing",
    ),
    "empty update": ("1.1", "{target: $.info, update: {}}", "the action changes nothing"),
    "nothing to append": ("1.1", "{target: $.info.tags, update: []}", "the action changes nothing"),
    "only remove false": (
        "1.1", "{target: $.info, remove: false}", "/actions/0/remove: the action changes nothing",
    ),
    "root removed": ("1.1", "{target: $, remove: true}", "the whole document cannot be removed"),
    "mixed targets": (
        "1.1", "{target: $.paths.*, update: {x: 1}}", r"different kinds: array \(/paths/~1b\), object \(/paths/~1a\)",
    ),
    "object with a string": ("1.1", "{target: $.info, update: x}", "/info is an object, the value a string"),
    "object with an array": (
        "1.1", "{target: $.info, update: [x]}", "/info is an object, the value an array",
    ),
    "string with an object": (
        "1.1", "{target: $.info.title, update: {a: 1}}", "/info/title is a string, the value an object",
    ),
    "inner object with a string": (
        "1.1", "{target: $, update: {paths: x}}", "/paths is an object, the value a string",
    ),
    "inner array with an entry": (
        "1.1", "{target: $.info, update: {tags: c}}", "/info/tags is an array, the value a string",
    ),
    "inner object with null": (
        "1.1", "{target: $, update: {info: null}}", "/info is an object, the value null",
    ),
    "inner string with an array": (
        "1.1", "{target: $.info, update: {title: [x]}}", "remove it in an action before this one",
    ),
    "primitive in 1.0": (
        "1.0", "{target: $.info.title, update: x}", "Overlay 1.0 updates objects and arrays only",
    ),
    "primitive item in 1.0": (
        "1.0", "{target: '$.info.tags[0]', remove: true}", "which Overlay 1.0 cannot remove",
    ),
    "copy of nothing": (
        "1.1", "{target: $.info, copy: $.none}", r"\$\.none selects 0 nodes; a copy needs exactly one",
    ),
    "copy of two": (
        "1.1", "{target: $.info, copy: $.paths.*}", r"selects 2 nodes; a copy needs exactly one source",
    ),
    "copy of another kind": (
        "1.1", "{target: $.info, copy: $.info.tags}", "/info is an object, the value an array",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", DOES_NOT_APPLY)
def test_overlays_that_do_not_apply(case, kommo, tmp_path, snapshot):
    version, action, message = DOES_NOT_APPLY[case]
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    # An action before it that does apply: nothing of it may be left behind.
    text = f"overlay: {version}.0\ninfo: {{title: t, version: '1'}}\nactions:\n  - {{target: $, update: {{new: 1}}}}\n"
    (tmp_path / "good.yaml").write_text(text)
    (tmp_path / "o.yaml").write_text(text.replace("{target: $, update: {new: 1}}", action))
    before = snapshot(tmp_path)
    out = tmp_path / "out.yaml"
    code, printed, err = kommo(
        "spec", "overlay", tmp_path / "d.yaml", tmp_path / "good.yaml", tmp_path / "o.yaml", "-o", out
    )
    assert (code, printed, err.count("\n")) == (1, "", 1)
    assert snapshot(tmp_path) == before
    document = load(tmp_path / "d.yaml")
    with pytest.raises(OverlayError, match=message):
        apply(document, [load_overlay(tmp_path / "o.yaml")])


@pytest.mark.parametrize(
    "case", ["dead target", "update to the same", "empty update", "nothing to append", "only remove false"]
)
def test_lenient_lets_pass_what_changes_nothing_and_says_so(case, kommo, tmp_path):
    version, action, _ = DOES_NOT_APPLY[case]
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    (tmp_path / "o.yaml").write_text(
        f"overlay: {version}.0\ninfo: {{title: t, version: '1'}}\nactions:\n  - {action}\n"
    )
    code, out, err = kommo("spec", "overlay", tmp_path / "d.yaml", tmp_path / "o.yaml", "--lenient")
    assert (code, out) == (0, DOCUMENT)
    assert err.startswith("kommo spec: note: ")


@pytest.mark.parametrize("case", sorted(set(DOES_NOT_APPLY) - {
    "dead target", "update to the same", "empty update", "nothing to append", "only remove false",
}))  # fmt: skip
def test_lenient_forgives_nothing_else(case, kommo, tmp_path):
    version, action, _ = DOES_NOT_APPLY[case]
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    (tmp_path / "o.yaml").write_text(
        f"overlay: {version}.0\ninfo: {{title: t, version: '1'}}\nactions:\n  - {action}\n"
    )
    assert kommo("spec", "overlay", tmp_path / "d.yaml", tmp_path / "o.yaml", "--lenient")[0] == 1


@pytest.mark.parametrize(
    ("extends", "applies"),
    [
        ("d.yaml", True),
        ("./sub/../d.yaml", True),
        ("d%2eyaml", True),
        ("https://example.com/other.yaml", True),
        ("other.yaml", False),
        ("../d.yaml", False),
    ],
)
def test_extends_must_name_the_document_when_it_names_a_file(extends, applies, kommo, tmp_path):
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    (tmp_path / "o.yaml").write_text(f"extends: {extends}\n{HEAD}  - {{target: $.info, update: {{x: 1}}}}\n")
    arguments = ("spec", "overlay", tmp_path / "d.yaml", tmp_path / "o.yaml")
    code, _, err = kommo(*arguments)
    assert code == (0 if applies else 1)
    assert ("it extends" in err) is not applies
    assert kommo(*arguments, "--lenient")[0] == 0


def test_missing_files_and_unwritable_places(kommo, tmp_path):
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    (tmp_path / "o.yaml").write_text(HEAD + "  - {target: $.info, update: {x: 1}}\n")
    for arguments, message in (
        (("none.yaml", tmp_path / "o.yaml"), "none.yaml: No such file"),
        ((tmp_path / "d.yaml", tmp_path / "none.yaml"), "none.yaml: No such file"),
        ((tmp_path / "d.yaml", tmp_path / "o.yaml", "-o", tmp_path / "d.yaml" / "x"), "cannot write"),
    ):
        code, out, err = kommo("spec", "overlay", *arguments)
        assert code in (1, 2)
        assert (out, err.count("\n")) == ("", 1)
        assert message in err


def test_output_s_name_decides_its_format(kommo, tmp_path):
    (tmp_path / "d.yaml").write_text(DOCUMENT)
    (tmp_path / "o.yaml").write_text(HEAD + "  - {target: $.info, update: {x: 1}}\n")
    assert (
        kommo("spec", "overlay", tmp_path / "d.yaml", tmp_path / "o.yaml", "-o", tmp_path / "a.json")[0] == 0
    )
    assert (
        kommo("spec", "overlay", tmp_path / "a.json", tmp_path / "o2.yaml", "-o", tmp_path / "b.yaml")[0] == 1
    )
    (tmp_path / "o2.yaml").write_text(HEAD + "  - {target: $.info, update: {y: 1}}\n")
    assert (
        kommo("spec", "overlay", tmp_path / "a.json", tmp_path / "o2.yaml", "-o", tmp_path / "b.yaml")[0] == 0
    )
    assert load(tmp_path / "b.yaml") == {
        **load(tmp_path / "d.yaml"),
        "info": {"title": "t", "tags": ["a", "b"], "x": 1, "y": 1},
    }
