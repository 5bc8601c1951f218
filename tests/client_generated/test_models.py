"""Models keep whatever an answer holds, and say what is missing."""

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any, ClassVar

import attrs
import pytest
from attrs import define
from hypothesis import given, settings
from hypothesis import strategies as st
from kommo_client.client import UNSET
from kommo_client.errors import UnexpectedShape
from kommo_client.types import (
    Either,
    IndexedList,
    Model,
    One,
    OpenIntEnum,
    OpenStrEnum,
    Readers,
    Unset,
    model,
    plain,
    read,
)

from kommo import models

from .contract_cases import Example, examples, reached

ALL = [getattr(models, name) for name in models.__all__]
MODELS: list[type[Model]] = [found for found in ALL if issubclass(found, Model)]
ENUMS = [found for found in ALL if issubclass(found, OpenStrEnum | OpenIntEnum)]
ANSWERS = [example for example in examples() if example.status]

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def by_name(found: object) -> str:
    return getattr(found, "__name__", str(found))


def objects(model: type[Model]) -> st.SearchStrategy[dict[str, Any]]:
    """Answers with every required key and any other, anything as a value."""
    known = st.sampled_from(sorted(model._known) or ["id"])
    names = (
        known
        | st.text()
        | st.sampled_from(["to_dict", "additional_properties", "__class__", "items", "links"])
    )
    required = st.fixed_dictionaries({key: st.none() | shaped(model, key) for key in model._required})
    return st.builds(
        lambda extra, needed: {**extra, **needed}, st.dictionaries(names, json_values, max_size=6), required
    )


def shaped(model: type[Model], key: str) -> st.SearchStrategy[Any]:
    """Any JSON but an object or array of objects where a model is expected: that might lack its own keys."""
    return scalars | st.lists(scalars, max_size=3) if key in model._readers() else json_values


def same(left: object, right: object) -> bool:
    """Equal as JSON texts are, where 1, 1.0 and true are three things."""
    return json.dumps(left, sort_keys=True) == json.dumps(right, sort_keys=True)


@pytest.mark.parametrize("model", MODELS, ids=by_name)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_any_answer_is_written_as_it_was_read(model: type[Model], data: st.DataObject) -> None:
    answer = data.draw(objects(model))
    before = copy.deepcopy(answer)
    made, error = attempt(lambda: model.from_dict(answer))
    if made is None:
        assert error is not None
        assert error.path, "only something inside may be missing"
        return
    assert same(made.to_dict(), before)
    assert same(answer, before), "the caller's object is not touched"
    assert made == model.from_dict(before)
    assert repr(made).startswith(f"{model.__name__}(")
    for attribute in attrs.fields(model):
        getattr(made, attribute.name)
    assert same(pickle.loads(pickle.dumps(made)).to_dict(), before)
    assert same(copy.deepcopy(made).to_dict(), before)


def attempt(make: Callable[[], Model]) -> tuple[Model | None, UnexpectedShape | None]:
    try:
        return make(), None
    except UnexpectedShape as error:
        return None, error


def mutations(value: Any) -> st.SearchStrategy[Any]:
    """The value with one place inside changed."""
    options = [json_values]
    if isinstance(value, dict) and value:
        options.append(
            st.sampled_from(sorted(value)).flatmap(
                lambda key: mutations(value[key]).map(lambda new: {**value, key: new})
            )
        )
        options.append(
            st.sampled_from(sorted(value)).map(lambda key: {k: v for k, v in value.items() if k != key})
        )
        options.append(
            st.dictionaries(st.text(), json_values, max_size=2).map(lambda extra: {**extra, **value})
        )
    if isinstance(value, list) and value:
        options.append(
            st.integers(0, len(value) - 1).flatmap(
                lambda index: mutations(value[index]).map(
                    lambda new: [*value[:index], new, *value[index + 1 :]]
                )
            )
        )
        options.append(st.just({str(3 * index): item for index, item in enumerate(value)}))
    return st.one_of(options)


@pytest.mark.parametrize("example", ANSWERS, ids=str)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_changed_answer_is_kept_or_what_it_lacks_is_named(example: Example, data: st.DataObject) -> None:
    answer = reached()[example.operation].answer
    assert answer is not None
    changed = data.draw(mutations(example.value))
    made, error = attempt(lambda: read(answer(), copy.deepcopy(changed)))
    if made is not None:
        assert same(made.to_dict(), changed)
    elif not isinstance(changed, dict):
        assert error is not None
        assert error.key is None
    else:
        assert error is not None
        assert error.what == "missing"
        assert error.key not in holder(changed, error.path)


def holder(value: Any, path: str) -> dict[str, Any]:
    """The object at a path like `_embedded.custom_fields[3]`."""
    for step in path.replace("[", ".[").strip(".").split(".") if path else ():
        if step.startswith("["):
            position = int(step.strip("[]"))
            value = list(value.values())[position] if isinstance(value, dict) else value[position]
        else:
            value = value[step]
    return value


@pytest.mark.parametrize("example", ANSWERS, ids=str)
def test_every_required_key_is_missed_by_name(example: Example) -> None:
    answer = reached()[example.operation].answer
    assert answer is not None
    model = answer()
    assert model._required
    for key in model._required:
        lacking = {name: value for name, value in example.value.items() if name != key}
        with pytest.raises(UnexpectedShape) as caught:
            model.from_dict(lacking)
        assert (caught.value.what, caught.value.key, caught.value.path) == ("missing", key, "")


def test_what_is_missing_is_named_with_its_place() -> None:
    link = {"self": {"href": "https://acme.kommo.com/"}}
    field = {"id": 1, "name": "n", "sort": 1, "type": "text", "_links": link}
    page = {
        "_total_items": 1,
        "_page": 1,
        "_page_count": 1,
        "_links": link,
        "_embedded": {"custom_fields": [field, {**field, "enums": {"4": {"id": 1, "sort": 1}}}]},
    }
    with pytest.raises(UnexpectedShape) as caught:
        models.CustomFieldPage.from_dict(page)
    assert str(caught.value) == "_embedded.custom_fields[1].enums[0].value: missing"


def test_an_empty_object_lacks_what_is_required() -> None:
    field = {"id": 1, "name": "n", "sort": 1, "type": "text", "_links": {}}
    with pytest.raises(UnexpectedShape) as caught:
        models.CustomField.from_dict(field)
    assert str(caught.value) == "_links.self: missing"


@model
@define(slots=False, kw_only=True, eq=False, repr=False)
class Text(Model):
    value: str
    _required: ClassVar[frozenset[str]] = frozenset(["value"])


@model
@define(slots=False, kw_only=True, eq=False, repr=False)
class Option(Model):
    value: str
    enum_id: int | Unset = UNSET
    enum_code: str | Unset = UNSET
    _required: ClassVar[frozenset[str]] = frozenset(["value"])


@model
@define(slots=False, kw_only=True, eq=False, repr=False)
class Firm(Model):
    name: str
    vat_id: str | Unset = UNSET
    _required: ClassVar[frozenset[str]] = frozenset(["name"])


@model
@define(slots=False, kw_only=True, eq=False, repr=False)
class Line(Model):
    sku: str | Unset = UNSET
    quantity: int | Unset = UNSET


@model
@define(slots=False, kw_only=True, eq=False, repr=False)
class OfFirm(Model):
    value: Firm
    _required: ClassVar[frozenset[str]] = frozenset(["value"])

    @classmethod
    def _readers(cls) -> Readers:
        return {"value": One(Firm)}


@model
@define(slots=False, kw_only=True, eq=False, repr=False)
class OfLine(Model):
    value: Line
    _required: ClassVar[frozenset[str]] = frozenset(["value"])

    @classmethod
    def _readers(cls) -> Readers:
        return {"value": One(Line)}


EITHER = Either(One(Text), One(Option), One(OfFirm), One(OfLine))
answers = st.fixed_dictionaries(
    {"value": scalars | st.lists(scalars)},
    optional={"enum_id": scalars, "enum_code": scalars, "colour": scalars},
)


@settings(max_examples=100, deadline=None)
@given(st.lists(answers | scalars, min_size=1, max_size=8))
def test_of_several_schemas_an_object_is_read_as_the_one_that_knows_most_of_it(values: list[Any]) -> None:
    made = EITHER(copy.deepcopy(values))
    assert same(plain(made), values)
    for value, one in zip(values, made, strict=True):
        if isinstance(value, dict):
            assert type(one) is (Option if "enum_id" in value or "enum_code" in value else Text)
            assert set(one.additional_properties) == {"colour"} & set(value)


def test_of_several_schemas_an_object_inside_decides() -> None:
    line, unknown, firm = EITHER(
        [
            {"value": {"sku": "A-1", "quantity": 2, "new": 3}},
            {"value": {"a": 1}},
            {"value": {"name": "Acme", "vat_id": "1"}},
        ]
    )
    assert type(line) is OfLine
    assert type(line.value) is Line
    assert unknown.to_dict() == {"value": {"a": 1}}
    assert type(firm) is OfFirm
    assert firm.value.vat_id == "1"


def test_of_several_schemas_what_none_of_them_fits_lacks_a_key() -> None:
    with pytest.raises(UnexpectedShape) as caught:
        EITHER([{"value": "a"}, {"enum_id": 1}])
    assert (caught.value.key, caught.value.steps) == ("value", (1,))


@pytest.mark.parametrize("enum", ENUMS, ids=by_name)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_unknown_value_is_a_member(
    enum: type[OpenStrEnum] | type[OpenIntEnum], data: st.DataObject
) -> None:
    kind = str if issubclass(enum, str) else int
    value = data.draw(st.text() if kind is str else st.integers())
    member = enum(value)  # type: ignore[arg-type]
    assert isinstance(member, enum)
    assert member == value
    assert hash(member) == hash(value)
    assert str(member) == str(value)
    assert member.is_known == (value in [known.value for known in enum])
    assert pickle.loads(pickle.dumps(member)) == member
    assert plain(member) == value
    assert type(plain(member)) is kind


def test_an_array_with_holes_is_a_list() -> None:
    keyed = {"3": {"id": 1, "value": "a", "sort": 1}, "5": {"id": 2, "value": "b", "sort": 2}}
    field = models.CustomField.from_dict(
        {"id": 1, "name": "n", "sort": 1, "type": "select", "_links": {"self": {"href": "/"}}, "enums": keyed}
    )
    assert isinstance(field.enums, list)
    assert [option.value for option in field.enums] == ["a", "b"]
    assert field.to_dict()["enums"] == keyed
    assert isinstance(copy.deepcopy(field).enums, IndexedList)
    field.enums.append(models.EnumValue(id=3, value="c", sort=3))
    assert field.to_dict()["enums"] == [*keyed.values(), {"id": 3, "value": "c", "sort": 3}]


def test_absent_and_null_are_two_things() -> None:
    change = models.CustomFieldUpdate(group_id=None, remind=models.Remind.WEEK)
    assert change.to_dict() == {"group_id": None, "remind": "week"}
    assert change.name is UNSET
    assert not change.name
    change.group_id = UNSET
    change.remind = UNSET
    assert change.to_dict() == {}
    assert copy.deepcopy(UNSET) is UNSET
    assert pickle.loads(pickle.dumps(UNSET)) is UNSET


def test_extra_keys_are_kept_beside_the_fields() -> None:
    value = models.EnumValue.from_dict({"id": 1, "value": "a", "sort": 1, "colour": "red"})
    assert value.additional_properties == {"colour": "red"}
    value.additional_properties["colour"] = "blue"
    assert attrs.evolve(value, sort=2).to_dict() == {"id": 1, "value": "a", "sort": 2, "colour": "blue"}
    assert "additional_properties={'colour': 'blue'}" in repr(value)
    assert models.EnumValue(id=1, value="a", sort=1).additional_properties == {}


def test_a_written_object_shares_nothing_with_its_model() -> None:
    field = models.CustomFieldUpdate(enums=[models.EnumValueWrite(value="a", sort=1)])
    field.to_dict()["enums"].clear()
    assert len(field.to_dict()["enums"]) == 1


@pytest.mark.parametrize("data", [None, [], "text", 1, True])
def test_a_body_of_another_kind_is_refused(data: object) -> None:
    with pytest.raises(UnexpectedShape, match="body: expected an object"):
        read(models.CustomField, data)


def test_an_enum_may_be_given_as_its_value():
    field = models.CustomFieldCreate(name="n", type="birthday", remind="week")

    assert field == models.CustomFieldCreate(
        name="n", type=models.FieldType.BIRTHDAY, remind=models.Remind.WEEK
    )
    assert (field.type, field.remind) == (models.FieldType.BIRTHDAY, models.Remind.WEEK)
    assert field.to_dict() == {"name": "n", "type": "birthday", "remind": "week"}
    assert models.CustomFieldCreate(name="n", type="text", remind=None).to_dict()["remind"] is None
