"""Values of custom fields: every type on every entity, both versions of the API, and what happens to them later."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from kommo.mock.field_types import TYPES
from kommo.mock.model import Field, Record
from kommo.mock.platforms import LACKING_ENTITIES, LACKING_TYPES

RECORDS = {
    "leads": "/api/v4/leads",
    "contacts": "/api/v4/contacts",
    "companies": "/api/v4/companies",
    "customers": "/api/v4/customers",
    "segments": "/api/v4/customers/segments",
    "catalogs": "/api/v4/catalogs/1001/elements",
}
FIELDS = {entity: path.removesuffix("/elements") + "/custom_fields" for entity, path in RECORDS.items()}
ELEMENTS = "/api/v2/catalog_elements"
EXTRAS = {
    "monetary": {"currency": "EUR"},
    "linked_entity": {"search_in": "contacts_and_companies"},
    "chained_list": {"chained_lists": [{"title": "List", "catalog_id": 1001, "parent_catalog_id": None}]},
    "category": {"nested": [{"value": "a", "request_id": "a"}, {"value": "b", "parent_request_id": "a"}]},
    **{
        type_: {"enums": [{"value": "one"}, {"value": "two"}, {"value": "three", "code": "THREE"}]}
        for type_ in ("select", "multiselect", "radiobutton")
    },
}
QUICK = settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
IDS = st.integers(1, 2**40)
NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12), st.decimals("-1e9", "1e9", places=2).map(lambda number: f"{number:f}")
)
MOMENTS = st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(2200, 1, 1)).map(
    lambda moment: moment.replace(tzinfo=dt.UTC, microsecond=0)
)
OPTIONAL_TEXT = st.one_of(st.none(), TEXT)


def objects(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries(required, optional=optional)


OBJECTS = {
    "legal_entity": objects(
        {"name": TEXT},
        {"entity_type": st.sampled_from([1, 2]), "vat_id": TEXT, "tax_registration_reason_code": IDS},
    ),
    "linked_entity": objects(
        {"entity_id": IDS, "entity_type": st.sampled_from(["catalog_elements", "contacts", "companies"])},
        {"name": OPTIONAL_TEXT, "catalog_id": st.one_of(st.none(), IDS)},
    ),
    "file": objects({"file_uuid": TEXT}, {"version_uuid": TEXT, "file_name": TEXT, "file_size": IDS}),
    "payer": objects(
        {"name": TEXT}, {"address": TEXT, "type": st.sampled_from(["legal", "individual"]), "entity_id": IDS}
    ),
    "supplier": objects({"entity_id": IDS}, {}),
    "items": objects(
        {"description": TEXT, "unit_price": st.integers(0, 10**6), "quantity": st.integers(0, 100)},
        {
            "sku": TEXT,
            "discount": st.fixed_dictionaries(
                {"type": st.sampled_from(["amount", "percentage"]), "value": st.integers(0, 100)}
            ),
            "product_id": st.one_of(st.none(), IDS),
        },
    ),
}


def rfc3339(moment: dt.datetime) -> str:
    return moment.astimezone(ZoneInfo("Asia/Tokyo")).isoformat()


def chosen(option: dict[str, Any]) -> dict[str, Any]:
    return {"value": option["value"], "enum_id": option["id"], "enum_code": option.get("code")}


def naming(data: st.DataObject, option: dict[str, Any]) -> dict[str, Any]:
    """One of the ways to name an option."""
    ways = [{"value": option["value"]}, {"enum_id": option["id"]}]
    if option.get("code"):
        ways.append({"enum_code": option["code"]})
    return data.draw(st.sampled_from(ways))


def drawn(data: st.DataObject, field: dict[str, Any]) -> tuple[list[dict], list[dict]]:
    """Values to send, and the values to read then."""
    type_ = field["type"]
    match type_:
        case "text" | "textarea" | "streetaddress" | "url" | "tracking_data":
            sent = [{"value": data.draw(TEXT)}]
            return sent, sent
        case "numeric" | "price" | "monetary":
            number = data.draw(NUMBERS)
            return [{"value": number}], [{"value": str(number)}]
        case "checkbox":
            sent = [{"value": data.draw(st.booleans())}]
            return sent, sent
        case "date" | "birthday" | "date_time":
            moment = data.draw(MOMENTS)
            kept = moment if type_ == "date_time" else moment.replace(hour=0, minute=0, second=0)
            value = data.draw(st.sampled_from([int(moment.timestamp()), rfc3339(moment)]))
            return [{"value": value}], [{"value": int(kept.timestamp())}]
        case "select" | "radiobutton" | "category":
            option = data.draw(st.sampled_from(field["nested"] if type_ == "category" else field["enums"]))
            return [naming(data, option)], [chosen(option)]
        case "multiselect":
            options = data.draw(st.lists(st.sampled_from(field["enums"]), min_size=1, unique_by=str))
            return [naming(data, option) for option in options], [chosen(option) for option in options]
        case "multitext":
            options = data.draw(st.lists(st.sampled_from(field["enums"]), min_size=1, max_size=4))
            texts = [data.draw(TEXT) for _ in options]
            key = data.draw(st.sampled_from(["enum_id", "enum_code"]))
            part = "id" if key == "enum_id" else "code"
            sent = [{"value": text, key: kind[part]} for text, kind in zip(texts, options, strict=True)]
            return sent, [
                {"value": text, "enum_id": kind["id"], "enum_code": kind["code"]}
                for text, kind in zip(texts, options, strict=True)
            ]
        case "smart_address":
            parts = ["address_line_1", "address_line_2", "city", "state", "zip", "country"]
            wanted = data.draw(st.lists(st.sampled_from(parts), min_size=1, unique=True))
            texts = [data.draw(TEXT) for _ in wanted]
            by_id = data.draw(st.booleans())
            sent = [
                {"value": text, **({"enum_id": parts.index(part) + 1} if by_id else {"enum_code": part})}
                for text, part in zip(texts, wanted, strict=True)
            ]
            return sent, [
                {"value": text, "enum_id": parts.index(part) + 1, "enum_code": part}
                for text, part in zip(texts, wanted, strict=True)
            ]
        case "chained_list":
            link = st.fixed_dictionaries({"catalog_id": st.just(1001), "catalog_element_id": IDS})
            sent = data.draw(st.lists(link, min_size=1, max_size=5))
            return sent, sent
        case "items":
            lines = [{"value": line} for line in data.draw(st.lists(OBJECTS[type_], min_size=1, max_size=3))]
            return lines, [{"value": priced(line["value"])} for line in lines]
        case _:
            sent = [{"value": data.draw(OBJECTS[type_])}]
            return sent, sent


def priced(line: dict[str, Any]) -> dict[str, Any]:
    """A line of an invoice as it is read."""
    price, count = Decimal(line["unit_price"]), Decimal(line["quantity"])
    total = price * count
    if discount := line.get("discount"):
        off = Decimal(discount["value"])
        total -= off if discount["type"] == "amount" else total * off / 100
    return {
        "sku": "",
        "external_uid": "",
        "metadata": [],
        **line,
        "vat_rate_value": 0,
        "is_discount_recalculated": False,
        "is_total_sum_recalculated": False,
        "total_sum": pytest.approx(float(total)),
    }


def account(api):
    """An account with a list."""
    assert api("POST", "/api/v4/catalogs", [{"name": "List"}]).data["_embedded"]["catalogs"][0]["id"] == 1001
    return api


def define(api, entity, type_, **attributes):
    body = {"name": type_, "type": type_, **EXTRAS.get(type_, {}), **attributes}
    answer = api("POST", FIELDS[entity], [body])
    assert answer.status == 201, answer.body
    return answer.fields[0]


def create(api, entity, values, **attributes):
    body = {"name": "r", "custom_fields_values": values, **attributes}
    answer = api("POST", RECORDS[entity], body if entity == "segments" else [body])
    if answer.status != 200:
        return answer
    data = answer.data
    return (data if entity == "segments" else next(iter(data["_embedded"].values()))[0])["id"]


def read(api, entity, id_) -> dict[int, list[dict[str, Any]]]:
    """The values of a record by field."""
    data = api("GET", f"{RECORDS[entity]}/{id_}").data
    return {entry["field_id"]: entry["values"] for entry in data["custom_fields_values"] or []}


def returnable(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Values that were read, without the codes that options do not have."""
    return [
        {key: part for key, part in value.items() if key != "enum_code" or part is not None}
        for value in values
    ]


@pytest.mark.parametrize("type_", TYPES)
def test_values_of_every_type_are_written_read_sent_back_and_cleared(make_api, type_):
    api = account(make_api())
    fields = {entity: define(api, entity, type_) for entity in sorted(TYPES[type_])}

    @QUICK
    @given(data=st.data())
    def check(data):
        entity = data.draw(st.sampled_from(sorted(fields)))
        field = fields[entity]
        sent, expected = drawn(data, field)
        id_ = create(api, entity, [{"field_id": field["id"], "values": sent}])
        assert read(api, entity, id_) == {field["id"]: expected}
        entry = api("GET", f"{RECORDS[entity]}/{id_}").data["custom_fields_values"][0]
        assert (entry["field_name"], entry["field_type"], entry["field_code"]) == (
            field["name"],
            type_,
            field["code"],
        )
        one = f"{RECORDS[entity]}/{id_}"
        back = [{**entry, "values": returnable(entry["values"])}]
        assert api("PATCH", one, {"custom_fields_values": back}).status == 200
        assert read(api, entity, id_) == {field["id"]: expected}
        assert api("PATCH", one, {"name": "other", "custom_fields_values": None}).status == 200
        assert read(api, entity, id_) == {field["id"]: expected}
        again, changed = drawn(data, field)
        change = {"custom_fields_values": [{"field_id": field["id"], "values": again}]}
        assert api("PATCH", one, change).status == 200
        assert read(api, entity, id_) == {field["id"]: changed}
        nothing = data.draw(st.sampled_from([None, [{"value": None}]]))
        clear = {"custom_fields_values": [{"field_id": field["id"], "values": nothing}]}
        assert api("PATCH", one, clear).status == 200
        assert read(api, entity, id_) == {}

    check()


@pytest.mark.parametrize("type_", TYPES)
def test_values_of_another_kind_are_refused(make_api, type_):
    """Whatever is sent, the answer is 200 or names the place; what was accepted is read again."""
    api = account(make_api())
    entity = sorted(TYPES[type_])[0]
    field = define(api, entity, type_)
    scalars = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=9),
    )
    values = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=9), inner, max_size=2),
    )
    keys = st.sampled_from(["value", "enum_id", "enum_code", "enum", "catalog_id", "catalog_element_id", "x"])

    @QUICK
    @given(sent=st.one_of(values, st.lists(st.dictionaries(keys, values, max_size=3), max_size=3)))
    def check(sent):
        answer = create(api, entity, [{"field_id": field["id"], "values": sent}])
        if isinstance(answer, int):
            assert set(read(api, entity, answer)) <= {field["id"]}
        else:
            assert answer.status == 400
            assert all(path.startswith("custom_fields_values.0.") for _, path, _ in answer.errors)

    check()


@pytest.mark.parametrize(
    ("type_", "value", "path", "code"),
    [
        ("text", {"value": 5}, "value", "InvalidType"),
        ("text", {"value": "x", "enum": "WORK"}, "enum", "FieldNotExpected"),
        ("text", {"value": "x", "enum_code": None}, "enum_code", "FieldNotExpected"),
        ("numeric", {"value": "1,5"}, "value", "InvalidType"),
        ("numeric", {"value": True}, "value", "InvalidType"),
        ("checkbox", {"value": "yes"}, "value", "InvalidType"),
        ("date", {"value": "tomorrow"}, "value", "InvalidType"),
        ("date_time", {"value": 10**15}, "value", "InvalidType"),
        ("date_time", {"value": "2020-01-01T00:00:00"}, "value", "InvalidType"),
        ("select", {"value": "four"}, "value", "NotSupportedChoice"),
        ("select", {"enum_id": 7}, "enum_id", "NotSupportedChoice"),
        ("select", {"enum_code": "FOUR"}, "enum_code", "NotSupportedChoice"),
        ("select", {"value": "one", "enum_code": None}, "enum_code", "FieldNotExpected"),
        ("select", {"value": "three", "enum_code": "ONE"}, "enum_code", "NotSupportedChoice"),
        ("legal_entity", {"value": {"vat_id": "1"}}, "value.name", "RequiredFilled"),
        (
            "legal_entity",
            {"value": {"name": "x", "entity_type": 3}},
            "value.entity_type",
            "NotSupportedChoice",
        ),
        ("legal_entity", {"value": {"name": "x", "colour": 3}}, "value.colour", "FieldNotExpected"),
        ("smart_address", {"value": "x", "enum_id": 7}, "enum_id", "NotSupportedChoice"),
        ("smart_address", {"value": "x"}, "enum_id", "RequiredFilled"),
        ("multitext", {"value": "x", "enum": "WORK"}, "enum", "FieldNotExpected"),
        ("multitext", {"value": "x", "enum_code": "PRIV"}, "enum_code", "NotSupportedChoice"),
        ("monetary", {"value": "a lot"}, "value", "InvalidType"),
        ("file", {"value": "name"}, "value", "InvalidType"),
    ],
)
def test_refusals_name_the_rule_and_the_place(make_api, type_, value, path, code):
    api = account(make_api())
    field = define(api, "contacts", type_)
    body = {"custom_fields_values": [{"field_id": field["id"], "values": [value]}], "request_id": "mark"}
    answer = api("POST", RECORDS["contacts"], [{"name": "good"}, body])
    assert answer.status == 400
    assert ("mark", f"custom_fields_values.0.values.0.{path}", code) in answer.errors
    assert api("GET", RECORDS["contacts"]).status == 204


def test_lists_have_types_of_their_own(make_api):
    api = account(make_api())
    items = define(api, "catalogs", "items")
    bad = {"value": {"unit_price": "10", "discount": {"type": "half"}}}
    answer = create(api, "catalogs", [{"field_id": items["id"], "values": [bad]}])
    place = "custom_fields_values.0.values.0.value"
    assert set(answer.errors) == {
        ("0", f"{place}.unit_price", "InvalidType"),
        ("0", f"{place}.discount.type", "NotSupportedChoice"),
        ("0", f"{place}.discount.value", "RequiredFilled"),
    }
    chain = define(api, "leads", "chained_list")
    link = {"catalog_id": 1001, "catalog_element_id": 5}
    answer = create(api, "leads", [{"field_id": chain["id"], "values": [link] * 6}])
    assert answer.errors == [("0", "custom_fields_values.0.values", "OutOfRange")]
    answer = create(api, "leads", [{"field_id": chain["id"], "values": [{**link, "value": 1}]}])
    assert answer.errors == [("0", "custom_fields_values.0.values.0.value", "FieldNotExpected")]
    supplier = define(api, "catalogs", "supplier")
    assert supplier["code"] == "SUPPLIER"


def test_a_field_is_named_by_its_id_or_its_code(make_api):
    api = account(make_api())
    field = define(api, "leads", "text", code="NOTE")
    other = define(api, "contacts", "text")
    values = [{"value": "x"}]
    for entry in (
        {"field_id": field["id"]},
        {"field_code": "NOTE"},
        {"field_id": field["id"], "field_code": None},
        {"field_id": None, "field_code": "NOTE"},
    ):
        id_ = create(api, "leads", [{**entry, "values": values}])
        assert read(api, "leads", id_) == {field["id"]: values}
    for entry, path, code in (
        ({"field_id": other["id"]}, "field_id", "NotSupportedChoice"),
        ({"field_id": 5}, "field_id", "NotSupportedChoice"),
        ({"field_code": "NO"}, "field_code", "NotSupportedChoice"),
        ({"field_id": "5"}, "field_id", "InvalidType"),
        ({}, "field_id", "RequiredFilled"),
    ):
        answer = create(api, "leads", [{**entry, "values": values}])
        assert answer.errors == [("0", f"custom_fields_values.0.{path}", code)]
    answer = create(api, "leads", [{"field_id": field["id"], "values": values * 2}])
    assert answer.errors == [("0", "custom_fields_values.0.values", "OutOfRange")]
    for values in ([], {}, "x"):
        assert create(api, "leads", [{"field_id": field["id"], "values": values}]).status == 400
    assert create(api, "leads", {"x": 1}).status == 400


def test_dates_are_midnights_of_the_account(make_api):
    api = account(make_api(timezone="Europe/Moscow"))
    date, moment = define(api, "leads", "date"), define(api, "leads", "date_time")
    evening = "2024-03-09T22:30:00+00:00"
    id_ = create(
        api, "leads", [{"field_id": field["id"], "values": [{"value": evening}]} for field in (date, moment)]
    )
    midnight = dt.datetime(2024, 3, 10, tzinfo=ZoneInfo("Europe/Moscow"))
    assert read(api, "leads", id_) == {
        date["id"]: [{"value": int(midnight.timestamp())}],
        moment["id"]: [{"value": int(dt.datetime.fromisoformat(evening).timestamp())}],
    }


# Both versions

V2_TEXT = {
    "checkbox": lambda value: str(int(value)),
    "date": lambda value: dt.datetime.fromtimestamp(value, dt.UTC).strftime("%Y-%m-%d %H:%M:%S"),
    "date_time": lambda value: dt.datetime.fromtimestamp(value, dt.UTC).strftime("%Y-%m-%d %H:%M:%S"),
}
V2_TYPES = [
    "text", "textarea", "streetaddress", "url", "numeric", "price", "checkbox", "date", "date_time",
    "select", "radiobutton", "multiselect", "category",
]  # fmt: skip
OBJECT_TYPES = ["items", "linked_entity", "file", "payer", "supplier"]


def element(api, id_):
    return api("GET", f"{ELEMENTS}?id={id_}").items[0]


@pytest.mark.parametrize("type_", V2_TYPES)
def test_what_one_version_writes_the_other_reads(make_api, type_):
    api = account(make_api())
    field = define(api, "catalogs", type_)

    @QUICK
    @given(data=st.data())
    def check(data):
        sent, expected = drawn(data, field)
        id_ = create(api, "catalogs", [{"field_id": field["id"], "values": sent}])
        (seen,) = element(api, id_)["custom_fields"]
        text = V2_TEXT.get(type_, str)
        if "enum_id" in expected[0]:
            wanted = [{"value": part["value"], "enum": str(part["enum_id"])} for part in expected]
        else:
            wanted = [{"value": text(part["value"])} for part in expected]
        assert seen["values"] == wanted
        add = {"catalog_id": 1001, "name": "copy", "custom_fields": [{"id": field["id"], "values": wanted}]}
        (copy,) = api("POST", ELEMENTS, {"add": [add]}).items
        assert read(api, "catalogs", copy["id"]) == read(api, "catalogs", id_)
        other, changed = drawn(data, field)
        entry = {"field_id": field["id"], "values": other}
        api("PATCH", f"{RECORDS['catalogs']}/{copy['id']}", {"custom_fields_values": [entry]})
        assert len(element(api, copy["id"])["custom_fields"][0]["values"]) == len(changed)
        clear = {"id": copy["id"], "custom_fields": [{"id": field["id"], "values": []}]}
        api("POST", ELEMENTS, {"update": [clear]})
        assert read(api, "catalogs", copy["id"]) == {}

    check()


@pytest.mark.parametrize("type_", OBJECT_TYPES)
def test_v2_leaves_values_alone_that_it_has_no_form_for(make_api, type_):
    api = account(make_api())
    field = define(api, "catalogs", type_)

    @QUICK
    @given(data=st.data())
    def check(data):
        sent, expected = drawn(data, field)
        id_ = create(api, "catalogs", [{"field_id": field["id"], "values": sent}])
        assert element(api, id_)["custom_fields"] == []
        values = [{"id": field["id"], "values": [{"value": "x"}]}]
        refused = api("POST", ELEMENTS, {"update": [{"id": id_, "custom_fields": values}]})
        assert "no form in v2" in refused.data["_embedded"]["errors"]["update"][str(id_)]
        assert api("POST", ELEMENTS, {"update": [{"id": id_, "name": "other"}]}).items
        assert read(api, "catalogs", id_) == {field["id"]: expected}

    check()


@pytest.mark.parametrize(
    ("type_", "text"),
    [("numeric", "many"), ("checkbox", "yes"), ("date", "2024-13-01"), ("date_time", "noon")],
)
def test_v2_refuses_text_that_is_no_value_of_the_type(make_api, type_, text):
    api = account(make_api())
    field = define(api, "catalogs", type_)
    add = {
        "catalog_id": 1001,
        "name": "x",
        "custom_fields": [{"id": field["id"], "values": [{"value": text}]}],
    }
    answer = api("POST", ELEMENTS, {"add": [add]})
    assert answer.items == []
    assert "can not have this value" in answer.data["_embedded"]["errors"]["add"]["0"]


def test_no_element_is_saved_without_what_is_required(make_api):
    api = account(make_api())
    field = define(api, "catalogs", "text", is_required=True)
    path = "custom_fields_values"
    for values in ([], None, [{"field_id": field["id"], "values": None}]):
        assert create(api, "catalogs", values).errors == [("0", path, "RequiredFilled")]
    refused = api("POST", ELEMENTS, {"add": [{"catalog_id": 1001, "name": "x"}]})
    assert refused.data["_embedded"]["errors"]["add"] == {"0": f"Custom field {field['id']} is required"}
    id_ = create(api, "catalogs", [{"field_id": field["id"], "values": [{"value": "x"}]}])
    one = f"{RECORDS['catalogs']}/{id_}"
    assert api("PATCH", one, {"name": "other"}).status == 200
    clear = [{"field_id": field["id"], "values": [{"value": None}]}]
    assert api("PATCH", one, {path: clear}).errors == [("0", path, "RequiredFilled")]
    clear = {"id": id_, "custom_fields": [{"id": field["id"], "values": []}]}
    assert api("POST", ELEMENTS, {"update": [clear]}).items == []
    api("PATCH", f"{FIELDS['catalogs']}/{field['id']}", {"is_required": False})
    assert create(api, "catalogs", []) > id_


@pytest.mark.parametrize("seed", ["documented", "demo"])
@pytest.mark.parametrize("platform", ["kommo", "amocrm"])
def test_seeds_leave_out_what_a_platform_does_not_have(make_api, seed, platform):
    store = make_api(platform=platform, seed=seed).control.store
    held = {(field.type, field.entity) for field in store.all(Field)}
    assert held
    lacking = LACKING_ENTITIES.get(platform, ())
    assert not held & LACKING_TYPES[platform]
    assert not {record.entity for record in [*store.all(Record), *store.all(Field)]} & set(lacking)
    for record in store.all(Record):
        assert all(store.field(record.scope, field_id) for field_id in record.values)


def test_the_platforms_have_habits_of_their_own(make_api):
    for platform, create, change in (("any", 201, 201), ("kommo", 201, 200), ("amocrm", 400, 201)):
        quirks = {"v4-group-create-name-only": True, "v4-update-fields-200": False}
        api = make_api(platform=platform, quirks=quirks)
        assert api("POST", f"{FIELDS['leads']}/groups", [{"name": "g"}]).status == create
        field = define(api, "leads", "text")
        assert api("PATCH", f"{FIELDS['leads']}/{field['id']}", {"name": "g"}).status == change


def test_the_platforms_have_types_and_entities_of_their_own(make_api):
    for platform in ("any", "kommo", "amocrm"):
        api = account(make_api(platform=platform))
        for entity in RECORDS:
            known = entity not in LACKING_ENTITIES.get(platform, ())
            assert (api("GET", RECORDS[entity]).status == 204) is known
            assert (api("GET", FIELDS[entity]).status == 204) is known
            if not known:
                assert api("POST", FIELDS[entity], [{}]).status == 404
                assert api("OPTIONS", RECORDS[entity]).status == 404
                continue
            for type_, entities in TYPES.items():
                body = {"name": "f", "type": type_, **EXTRAS.get(type_, {})}
                answer = api("POST", FIELDS[entity], [body])
                allowed = entity in entities and (type_, entity) not in LACKING_TYPES.get(platform, ())
                assert answer.status == (201 if allowed else 400)


# Definitions and values together

NAMES = st.text("abcxyz", min_size=1, max_size=3)


class Together(RuleBasedStateMachine):
    """Options and fields come, go and are renamed while elements choose them; both versions agree with the model."""

    make_api: Any
    fields = Bundle("fields")
    elements = Bundle("elements")

    def __init__(self) -> None:
        super().__init__()
        self.api = account(self.make_api())
        self.known_fields: dict[int, dict[str, Any]] = {}
        self.known_values: dict[int, dict[int, list[int]]] = {}

    @rule(target=fields, values=st.lists(NAMES, min_size=1, max_size=3, unique=True), many=st.booleans())
    def define(self, values, many):
        type_ = "multiselect" if many else "select"
        field = define(self.api, "catalogs", type_, enums=[{"value": value} for value in values])
        self.known_fields[field["id"]] = field
        return field["id"]

    @rule(target=elements, count=st.integers(1, 2), by_v2=st.booleans())
    def create(self, count, by_v2):
        if by_v2:
            items = self.api("POST", ELEMENTS, {"add": [{"catalog_id": 1001, "name": "e"}] * count}).items
        else:
            items = self.api("POST", RECORDS["catalogs"], [{"name": "e"}] * count).data["_embedded"][
                "elements"
            ]
        for item in items:
            self.known_values[item["id"]] = {}
        return multiple(*(item["id"] for item in items))

    @rule(id_=elements, field_id=fields, places=st.sets(st.integers(0, 2), max_size=3), by_v2=st.booleans())
    def choose(self, id_, field_id, places, by_v2):
        field = self.known_fields.get(field_id)
        options = [] if field is None else [o["id"] for i, o in enumerate(field["enums"]) if i in places]
        if by_v2:
            entry = {"id": field_id, "values": [{"value": "", "enum": str(option)} for option in options]}
            answer = self.api("POST", ELEMENTS, {"update": [{"id": id_, "custom_fields": [entry]}]})
            done = bool(answer.items)
        else:
            entry = {"field_id": field_id, "values": [{"enum_id": option} for option in options] or None}
            answer = self.api("PATCH", RECORDS["catalogs"], [{"id": id_, "custom_fields_values": [entry]}])
            done = answer.status == 200
        allowed = (
            id_ in self.known_values
            and field is not None
            and (field["type"] == "multiselect" or len(options) <= 1)
        )
        assert done is allowed
        if allowed:
            self.known_values[id_].pop(field_id, None) if not options else None
            if options:
                self.known_values[id_][field_id] = options

    @rule(field_id=fields, kept=st.sets(st.integers(0, 3)), new=st.lists(NAMES, max_size=1), name=NAMES)
    def change_options(self, field_id, kept, new, name):
        field = self.known_fields.get(field_id)
        old = [] if field is None else [o for i, o in enumerate(field["enums"]) if i in kept]
        enums = [{"id": option["id"], "value": f"{name}{i}"} for i, option in enumerate(old)]
        body = {"enums": [*enums, *({"value": f"new {value}"} for value in new)]}
        answer = self.api("PATCH", f"{FIELDS['catalogs']}/{field_id}", body)
        if field is None:
            assert answer.status == 404
            return
        field["enums"] = self.api("GET", f"{FIELDS['catalogs']}/{field_id}").data["enums"]
        left = {option["id"] for option in field["enums"]}
        for values in self.known_values.values():
            if field_id in values:
                values[field_id] = [option for option in values[field_id] if option in left]
                if not values[field_id]:
                    del values[field_id]

    @rule(field_id=fields)
    def delete_field(self, field_id):
        known = self.known_fields.pop(field_id, None)
        answer = self.api("DELETE", f"{FIELDS['catalogs']}/{field_id}")
        assert answer.status == (204 if known else 404)
        for values in self.known_values.values():
            values.pop(field_id, None)

    @rule(id_=elements)
    def delete_element(self, id_):
        known = self.known_values.pop(id_, None)
        assert len(self.api("POST", ELEMENTS, {"delete": [id_]}).items) == (known is not None)

    @rule()
    def go_back(self):
        self.api.control.snapshot("s")
        for field_id in self.known_fields:
            self.api("DELETE", f"{FIELDS['catalogs']}/{field_id}")
        for id_ in self.known_values:
            self.api("POST", ELEMENTS, {"delete": [id_]})
        assert self.api.control.restore("s")

    @invariant()
    def both_versions_say_what_the_model_says(self):
        texts = {
            option["id"]: option["value"] for field in self.known_fields.values() for option in field["enums"]
        }
        wanted = {
            id_: {field: [(option, texts[option]) for option in chosen] for field, chosen in values.items()}
            for id_, values in self.known_values.items()
        }
        answer = self.api("GET", f"{RECORDS['catalogs']}?limit=250")
        rows = [] if answer.status == 204 else answer.data["_embedded"]["elements"]
        assert wanted == {
            row["id"]: {
                entry["field_id"]: [(value["enum_id"], value["value"]) for value in entry["values"]]
                for entry in row["custom_fields_values"] or []
            }
            for row in rows
        }
        assert wanted == {
            row["id"]: {
                entry["id"]: [(int(value["enum"]), value["value"]) for value in entry["values"]]
                for entry in row["custom_fields"]
            }
            for row in self.api("GET", f"{ELEMENTS}?limit=250").items
        }


def test_values_follow_their_definitions(make_api):
    machine = type("Bound", (Together,), {"make_api": staticmethod(make_api)})
    run_state_machine_as_test(
        machine, settings=settings(max_examples=80, stateful_step_count=25, deadline=None)
    )


@pytest.mark.parametrize("entity", sorted(RECORDS))
def test_values_go_with_their_option_and_their_field(make_api, entity):
    api = account(make_api())
    field = define(api, entity, "multiselect")
    one, two, three = field["enums"]
    id_ = create(
        api, entity, [{"field_id": field["id"], "values": [{"enum_id": o["id"]} for o in (one, three)]}]
    )
    path = f"{FIELDS[entity]}/{field['id']}"
    api("PATCH", path, {"enums": [{**one, "value": "uno"}, two]})
    assert read(api, entity, id_) == {
        field["id"]: [{"value": "uno", "enum_id": one["id"], "enum_code": None}]
    }
    # An option that comes again is another one.
    api("PATCH", path, {"enums": [{**one, "value": "uno"}, two, {"value": "three", "code": "THREE"}]})
    assert len(read(api, entity, id_)[field["id"]]) == 1
    assert api("DELETE", path).status == 204
    assert read(api, entity, id_) == {}
