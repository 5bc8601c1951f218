"""Any name becomes an identifier, and the same one every time."""

from __future__ import annotations

import keyword

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo.account_models import naming
from tests.account_models.strategies import names


@pytest.mark.parametrize(
    ("name", "attribute", "member", "of_class"),
    [
        ("Budget", "budget", "BUDGET", "Budget"),
        ("Дата рождения", "data_rozhdeniya", "DATA_ROZHDENIYA", "DataRozhdeniya"),
        ("Стоимость, ₽", "stoimost_rb", "STOIMOST_RB", "StoimostRb"),
        ("5 звёзд", "field_5_zvezd", "OPTION_5_ZVEZD", "List5Zvezd"),
        ("日本", "riben", "RIBEN", "Riben"),
        ("Größe", "grosse", "GROSSE", "Grosse"),
        ("class", "class_", "CLASS", "Class"),
        ("None", "none", "NONE", "None"),
        ("\u200b", "field", "OPTION", "List"),
        ("😀", "grinning", "GRINNING", "Grinning"),
    ],
)
def test_examples(name: str, attribute: str, member: str, of_class: str) -> None:
    assert naming.attribute_name(name, "field") == attribute
    assert naming.member_name(name) == member
    assert naming.class_name(name, "List") == of_class


@given(names)
def test_every_name_is_an_identifier_of_its_kind(name: str) -> None:
    attribute = naming.attribute_name(name, "field")
    member, of_class = naming.member_name(name), naming.class_name(name, "List")
    for made in (attribute, member, of_class):
        assert made.isidentifier()
        assert made.isascii()
        assert len(made) <= naming.LONGEST + 1
        assert not made.startswith("_")
    assert attribute == attribute.lower()
    assert not keyword.iskeyword(attribute)
    assert member == member.upper()
    assert not member.endswith("_")
    assert of_class[0].isupper()


@given(
    st.dictionaries(
        st.integers(1, 10**12), st.sampled_from(["size", "Size", "size 5", "", "save"]), max_size=8
    ),
    st.dictionaries(st.integers(1, 10**12), st.sampled_from(["size", "colour", "save"]), max_size=3),
)
def test_distinct_names_are_stable(called: dict[int, str], earlier: dict[int, str]) -> None:
    earlier = {key: name for name, key in {name: key for key, name in earlier.items()}.items()}
    wanted = sorted({**dict.fromkeys(earlier, "other"), **called}.items())

    def name(text: str) -> str:
        return naming.attribute_name(text, "field")

    found = naming.distinct(wanted, name, earlier=earlier, taken={"save"})
    assert found.keys() == dict(wanted).keys()
    assert len(set(found.values())) == len(found)
    assert "save" not in found.values()
    assert all(found[key] == kept for key, kept in earlier.items() if kept != "save")
    # Asked again, with or without something new, nothing moves.
    assert naming.distinct(wanted, name, earlier=found, taken={"save"}) == found
    more = naming.distinct([(0, "size"), *wanted], name, earlier=found, taken={"save"})
    assert {key: more[key] for key in found} == found


def test_collisions_are_told_apart_by_id() -> None:
    found = naming.distinct(
        [(5, "Размер"), (9, "Razmer"), (11, "РАЗМЕР!"), (13, "razmer 9")],
        lambda text: naming.attribute_name(text, "field"),
        earlier={},
        taken=(),
    )
    assert found == {5: "razmer", 9: "razmer_9", 11: "razmer_11", 13: "razmer_9_13"}
