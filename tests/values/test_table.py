"""The table of types agrees with the contract's evidence, and the public names are complete."""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from kommo import values as v

ROOT = Path(__file__).parents[2]
EVIDENCE = ROOT / "openapi" / "evidence"


def load(name: str) -> Any:
    return YAML(typ="safe").load((EVIDENCE / name).read_text(encoding="utf-8"))


def test_types_and_their_entities_are_those_of_the_evidence() -> None:
    matrix = load("field-types.yaml")["types"]
    assert {row.type: (row.documented, set(row.entities)) for row in v.table()} == {
        name: (line["documented"], set(line["entities"])) for name, line in matrix.items()
    }


def test_sources_exist() -> None:
    sources = load("sources.yaml")["sources"]
    for row in v.table():
        source, _, place = row.source.partition(":")
        assert source in sources
        if place:
            first, last = (int(number) for number in place.split("-"))
            assert first < last <= sources[source]["lines"]


def test_rows_are_complete() -> None:
    assert len(v.table()) == 25
    assert [row.type for row in v.table()] == list(v.FIELD_TYPES)
    for row in v.table():
        assert row.title
        assert row.wire
        assert row.python


def test_v2_numbers_are_unique() -> None:
    numbers = [each.v2_number for each in v.FIELD_TYPES.values() if each.v2_number is not None]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("name", v.FIELD_TYPES)
def test_a_type_is_called_by_its_name(name: str) -> None:
    assert getattr(v, name) is v.FIELD_TYPES[name]
    if v.FIELD_TYPES[name].documented:
        assert getattr(v.v2, name).name == name
        assert repr(getattr(v.v2, name)) == f"<field type {name} (v2)>"


def test_public_names() -> None:
    parts = {module.name for module in pkgutil.iter_modules(v.__path__)} - {"v2"}
    # pytest puts names of its own, which are no identifiers, into the modules that it rewrites.
    public = {name for name in vars(v) if name.isidentifier() and not name.startswith("_")} - parts
    assert public == set(v.__all__)
    assert len(v.__all__) == len(set(v.__all__))
    assert all(hasattr(v.v2, name) for name in v.v2.__all__)
