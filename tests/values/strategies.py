"""What values can be, per field type: in Python (`VALUES`), and as a server answers them (`ANSWERS`)."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from kommo import values as v

# 25 types in each of these tests: fewer examples for each, and no time limit on a shared machine.
each_type = settings(max_examples=40, deadline=None)
any_type = settings(max_examples=200, deadline=None)

texts = st.text(st.characters(codec="utf-8"), max_size=20)
some_text = texts.filter(bool)
ids = st.integers(1, 2**53)
codes = st.sampled_from(["WORK", "HOME", "city", "address_line_1", "my_code"])
decimals = st.decimals(
    allow_nan=False, allow_infinity=False, places=None, min_value=-(10**15), max_value=10**15
)
# Exactly what a JSON number holds: at most 15 significant digits.
json_decimals = st.builds(
    lambda digits, places: Decimal(digits).scaleb(-places),
    st.integers(-(10**12), 10**12),
    st.integers(0, 6),
)
zones = st.sampled_from(
    [dt.UTC, dt.timezone(dt.timedelta(hours=3)), dt.timezone(dt.timedelta(hours=-9, minutes=-30))]
)
moments = st.builds(
    lambda moment, zone: moment.replace(tzinfo=zone, microsecond=0),
    st.datetimes(dt.datetime(1800, 1, 1), dt.datetime(2400, 1, 1)),
    zones,
)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


# One name of an option each: what is read from such an entry is the same Choice again.
choices = st.one_of(
    st.builds(v.Choice, texts),
    st.builds(v.Choice, enum_id=ids),
    st.builds(v.Choice, enum_code=codes),
)
multitexts = st.one_of(st.builds(v.Multitext, texts, codes), st.builds(v.Multitext, texts, st.none(), ids))
addresses = st.builds(
    v.SmartAddress,
    st.lists(
        st.one_of(
            st.builds(v.AddressPart, texts, st.sampled_from(sorted(v.ADDRESS_PARTS))),
            st.builds(v.AddressPart, texts, st.none(), st.integers(1, 6)),
        ),
        min_size=1,
        max_size=6,
    ).map(tuple),
)
organisation = {
    key: maybe(texts)
    for key in (
        "address",
        "real_address",
        "bank_account_number",
        "director",
        "vat_id",
        "kpp",
        "bank_code",
        "unp",
        "bin",
        "egrpou",
        "mfo",
        "oked",
    )
} | {"tax_registration_reason_code": maybe(texts | ids)}
legal_entities = st.builds(
    v.LegalEntity,
    name=texts,
    entity_type=maybe(st.sampled_from([1, 2, 3])),
    external_uid=maybe(texts),
    **organisation,
)
payers = st.builds(
    v.Payer,
    name=texts,
    entity_type=maybe(st.sampled_from(["contacts", "companies"])),
    entity_id=maybe(ids),
    type=maybe(st.sampled_from(["legal", "individual"])),
    **organisation,
)
items = st.builds(
    v.Item,
    sku=some_text,
    description=maybe(texts),
    unit_price=maybe(json_decimals),
    quantity=maybe(json_decimals | st.integers(0, 1000)),
    unit_type=maybe(texts),
    discount=maybe(
        st.builds(v.Discount, type=st.sampled_from(["percentage", "amount"]), value=json_decimals)
    ),
    vat_rate_id=maybe(st.integers(0, 30)),
    external_uid=maybe(texts),
    product_id=maybe(ids),
    bonus_points_per_purchase=maybe(st.integers(0, 1000)),
    metadata=maybe(st.just([]) | st.dictionaries(some_text, texts, max_size=2)),
)
linked_entities = st.builds(
    v.LinkedEntity,
    name=maybe(texts),
    entity_id=ids,
    entity_type=st.sampled_from(["contacts", "companies", "catalog_elements"]),
    catalog_id=maybe(ids),
)
chained_items = st.builds(v.ChainedItem, catalog_id=ids, catalog_element_id=ids)
files = st.builds(
    v.File, file_uuid=some_text, version_uuid=maybe(texts), file_name=maybe(texts), file_size=maybe(ids)
)
suppliers = st.builds(v.Supplier, entity_id=ids)


def several(strategy: st.SearchStrategy[Any], most: int = 4) -> st.SearchStrategy[list[Any]]:
    return st.lists(strategy, min_size=1, max_size=most)


VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("text", "textarea", "streetaddress", "url", "tracking_data"), texts),
    **dict.fromkeys(("numeric", "price", "monetary"), decimals),
    "checkbox": st.booleans(),
    **dict.fromkeys(("date", "date_time", "birthday"), moments),
    **dict.fromkeys(("select", "radiobutton", "category"), choices),
    "multiselect": several(choices),
    "multitext": several(multitexts),
    "smart_address": addresses,
    "legal_entity": legal_entities,
    "payer": payers,
    "items": several(items),
    "linked_entity": linked_entities,
    "chained_list": several(chained_items, 5),
    "file": files,
    "supplier": suppliers,
}


# ---- the other side: what a server answers, without any help of the code under test


def record(required: dict[str, Any], optional: dict[str, Any]) -> st.SearchStrategy[Any]:
    """An object on the wire with keys that may be missing or null."""
    return st.fixed_dictionaries(required, optional={key: maybe(part) for key, part in optional.items()})


def under_value(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({"value": strategy})


wire_numbers = decimals.map(lambda number: format(number, "f"))
wire_texts = under_value(texts)
wire_options = st.fixed_dictionaries({"value": texts, "enum_id": ids}, optional={"enum_code": maybe(codes)})
wire_organisation = {
    "address": texts,
    "real_address": texts,
    "vat_id": texts,
    "kpp": texts,
    "bank_code": texts,
    "tax_registration_reason_code": texts | ids,
    "a_key_of_tomorrow": texts,
}
floats = st.integers(-(10**9), 10**9).map(lambda cents: cents / 100)
WIRE: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("text", "textarea", "streetaddress", "url", "tracking_data"), wire_texts),
    **dict.fromkeys(("numeric", "price", "monetary"), under_value(wire_numbers)),
    "checkbox": under_value(st.booleans()),
    **dict.fromkeys(
        ("date", "date_time", "birthday"), under_value(st.integers(-5_000_000_000, 13_000_000_000))
    ),
    **dict.fromkeys(("select", "radiobutton", "category", "multiselect"), wire_options),
    "multitext": st.fixed_dictionaries({"value": texts, "enum_id": ids, "enum_code": maybe(codes)}),
    "smart_address": st.sampled_from(sorted(v.ADDRESS_PARTS.items())).flatmap(
        lambda part: st.fixed_dictionaries(
            {"value": texts, "enum_id": st.just(part[1]), "enum_code": st.just(part[0])}
        )
    ),
    "legal_entity": under_value(
        record({"name": texts}, wire_organisation | {"entity_type": st.sampled_from([1, 2])})
    ),
    "payer": under_value(record({}, wire_organisation | {"name": texts, "entity_id": ids})),
    "items": under_value(
        record(
            {"sku": texts, "unit_price": floats, "total_sum": floats},
            {
                "quantity": floats,
                "discount": record({"type": texts, "value": floats}, {}),
                "vat_rate_id": st.integers(0, 20),
                "vat_rate_value": st.integers(0, 20),
                "is_discount_recalculated": st.booleans(),
                "is_total_sum_recalculated": st.booleans(),
                "metadata": st.just([]),
            },
        )
    ),
    "linked_entity": under_value(
        record({"entity_id": ids, "entity_type": texts}, {"catalog_id": ids, "name": texts})
    ),
    "chained_list": st.fixed_dictionaries({"catalog_id": ids, "catalog_element_id": ids}),
    "file": under_value(record({"file_uuid": texts}, {"file_name": texts, "file_size": ids})),
    "supplier": under_value(
        record({"entity_id": ids}, dict.fromkeys(("name", "vat_id", "kpp", "address"), texts))
    ),
}
MANY = {"multiselect", "multitext", "smart_address", "items", "chained_list"}


def answers(name: str, wire: st.SearchStrategy[Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """An entry of a type as a v4 answer holds it."""
    wire = WIRE[name] if wire is None else wire
    return st.fixed_dictionaries(
        {
            "field_id": ids,
            "field_name": texts,
            "field_code": maybe(some_text),
            "field_type": st.just(name),
            "values": st.lists(wire, min_size=1, max_size=4 if name in MANY else 1),
        }
    )
