"""The text of a module: Python for every account, as formatters leave it, and its own memory of names."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kommo.account_models import Option, Record
from kommo.account_models.account import EntityFound, FieldFound, OptionFound
from kommo.account_models.changes import changes
from kommo.account_models.earlier import read_module, sealed
from kommo.account_models.marks import marks_of
from kommo.account_models.plan import Module, plan
from kommo.account_models.render import render
from kommo.account_models.source import Source
from kommo.command import CommandError
from tests.account_models.strategies import accounts, changed, some

COMMAND = "kommo models --entity leads --out my_crm.py"
zones = st.sampled_from([None, "Europe/Moscow"])


def executed(text: str) -> types.ModuleType:
    module = types.ModuleType("my_crm")
    sys.modules["my_crm"] = module  # attrs looks there for the class's module
    exec(compile(text, "my_crm.py", "exec"), module.__dict__)
    return module


@some
@given(accounts(), zones)
def test_a_module_is_read_as_it_was_planned(tmp_path_factory, entities, zone):
    module = plan(entities, Module(), zone)
    path = tmp_path_factory.mktemp("m") / "my_crm.py"
    path.write_text(sealed(render(module), COMMAND), encoding="utf-8")
    earlier = read_module(path)
    assert earlier is not None
    assert earlier.module == module
    assert changes(earlier.module, module) == []
    again = plan(entities, earlier.module, zone)
    assert again == module
    assert earlier.is_same(sealed(render(again), "kommo models --entity other --out other.py"))


HALVED = EntityFound(
    Source("catalogs", 9),
    "CatalogElement",
    "\ud800",
    {"name": "str | None"},
    (FieldFound(7, "\ud801", "select", None, (OptionFound(1, "half \udfff", None),)),),
)


@some
@example([HALVED])
@given(accounts())
def test_a_module_runs_and_has_an_attribute_for_every_field(entities):
    module = executed(sealed(render(plan(entities, Module(), None)), COMMAND))
    found = [each for each in vars(module).values() if isinstance(each, type) and issubclass(each, Record)]
    classes = {str(each._source): each for each in found if each is not Record}
    assert classes.keys() == {str(entity.source) for entity in entities}
    for entity in entities:
        of_class = classes[str(entity.source)]
        assert attrs.has(of_class)
        marks = {getattr(mark, "id", None) or mark.key: mark for mark in marks_of(of_class).values()}
        assert marks.keys() == {*entity.own, *(found.id for found in entity.fields)}
        for found in entity.fields:
            options = marks[found.id].options
            if options is not None:
                assert issubclass(options, Option)
                assert {(each.value, each.text, each.code) for each in options} == {
                    (each.id, each.text, each.code) for each in found.options
                }


@some
@given(st.data())
def test_names_stay_when_the_account_changes(data):
    entities = data.draw(accounts())
    old = plan(entities, Module(), None)
    new = plan(data.draw(changed(entities)), old, None)
    before = {
        (each.source, attribute.key): attribute for each in old.classes for attribute in each.attributes
    }
    after = {(each.source, attribute.key): attribute for each in new.classes for attribute in each.attributes}
    for key, attribute in after.items():
        earlier = before.get(key)
        if earlier is not None:
            assert attribute.name == earlier.name
            if attribute.options and earlier.options:
                assert attribute.options.name == earlier.options.name
                kept = {each.id: each.name for each in earlier.options.members}
                assert all(kept.get(each.id, each.name) == each.name for each in attribute.options.members)
    lines = changes(old, new)
    assert (lines == []) == (old == new)
    assert changes(new, new) == []
    gone = {key[1] for key in before.keys() - after.keys() if new.of(key[0])}
    assert sum(line.startswith("- ") and ".OPTION" not in line for line in lines) >= len(gone)


@pytest.fixture(scope="module")
def hard_text():
    """A module with every name that the strategies know."""
    from tests.account_models import strategies

    names = strategies.hard.elements
    options = tuple(OptionFound(1000 + number, name, name or None) for number, name in enumerate(names))
    found = tuple(
        FieldFound(
            number, name, ("select", "text", "multiselect", "newer")[number % 4 - 1], name or None, options
        )
        for number, name in enumerate(names, 1)
    )
    entities = [
        EntityFound(Source("leads"), "Lead", None, {"name": "str | None", "price": "int | None"}, found),
        EntityFound(Source("catalogs", 1234), "CatalogElement", "Товары", {"name": "str | None"}, found),
    ]
    return sealed(render(plan(entities, Module(), "Europe/Moscow")), COMMAND)


@pytest.mark.parametrize("width", [88, 110])
def test_formatters_have_nothing_to_do(hard_text, tmp_path, width):
    path = tmp_path / "my_crm.py"
    path.write_text(hard_text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--isolated", "--diff", "--line-length", str(width), path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_another_style_is_no_edit(hard_text, tmp_path):
    path = tmp_path / "my_crm.py"
    path.write_text(hard_text, encoding="utf-8")
    before = read_module(path)
    style = ["--line-length", "60", "--config", "format.quote-style='single'"]
    command = [sys.executable, "-m", "ruff", "format", "--quiet", "--isolated", *style, path]
    subprocess.run(command, check=True)
    assert path.read_text(encoding="utf-8") != hard_text
    assert read_module(path) == before


EDITS = {
    "a value": lambda text: text.replace("field(1,", "field(2,", 1),
    "a name": lambda text: text.replace("    name: str", "    title: str", 1),
    "a method": lambda text: text + "\n    def mine(self) -> None: ...\n",
    "a comment": lambda text: text + "# mine\n",
    "a docstring": lambda text: text.replace("A record of leads", "My leads"),
    "no Python": lambda text: text + "(",
    "half a file": lambda text: text[: len(text) // 2],
    "nothing left": lambda text: text[: text.index('"""')],
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_noticed(hard_text, tmp_path, edit):
    path = tmp_path / "my_crm.py"
    path.write_text(EDITS[edit](hard_text), encoding="utf-8")
    with pytest.raises(CommandError, match=r"my_crm\.py: was edited since kommo models made it") as refused:
        read_module(path)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (b"print()\n", "was not made by kommo models"),
        (b"", "was not made by kommo models"),
        (b"\xff\xfe", "was not made by kommo models"),
        (
            b"# Made by: kommo models x\n# Do not edit; run that again. Contents, format 2: 00\n",
            "a newer kommo",
        ),
    ],
)
def test_a_foreign_file_is_refused(tmp_path: Path, contents: bytes, said: str) -> None:
    path = tmp_path / "my_crm.py"
    path.write_bytes(contents)
    with pytest.raises(CommandError, match=said):
        read_module(path)


def test_a_module_is_small() -> None:
    """A field is its line, its docstring and the blank line before: nothing else is repeated."""
    found = tuple(FieldFound(number, f"Field {number}", "text", None) for number in range(1, 101))
    text = render(plan([EntityFound(Source("leads"), "Lead", None, {}, found)], Module(), None))
    assert text.count("\n") <= 3 * 100 + 20
