"""The parts that the layers stand on: what a schema lets be written, which tags hang together, what bytes are odd."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommo.contract import drafting, shapes
from kommo.contract.checks import exchange_checks, semantic, wire
from kommo.contract.collection import Collection
from kommo.contract.exchange import Exchange
from kommo.contract.options import Options
from kommo.contract.parallel import lanes
from kommo.contract.port import Port
from kommo.contract.resources import resources, split, worlds
from kommo.contract.session import Script, Session

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def answered(body: bytes, kind: str = "application/hal+json", **headers: str) -> list[str]:
    exchange = Exchange(
        operation=None,
        method="GET",
        url="http://x/",
        request_headers={"accept-encoding": "identity"},
        request_body=b"",
        status=200,
        headers={"content-type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}},
        body=body,
        transferred=len(body),
    )
    return [violation.cause for violation in wire.check(exchange)]


@given(JSON)
@settings(max_examples=60, deadline=None)
def test_ordinary_json_is_not_odd(value):
    for ascii_only in (True, False):
        body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
        lone = any(0xD800 <= ord(character) < 0xE000 for character in json.dumps(value, ensure_ascii=False))
        assert bool(answered(body)) == lone


@pytest.mark.parametrize(
    ("body", "headers", "cause"),
    [
        (b'{"a":1,"a":1}', {}, "a key stands twice"),
        (b'[{"id":7.0}]', {}, "an id that is no whole number"),
        (b'{"a":NaN}', {}, "NaN"),
        (b"\xef\xbb\xbf{}", {}, "a byte order mark"),
        (b'{"a":"\xff"}', {}, "not UTF-8"),
        (b'{"a":"\\ud800"}', {}, "half of a surrogate pair"),
        (b"{}", {"content_length": "3"}, "Content-Length"),
        (b"{}", {"content_encoding": "gzip"}, "Content-Encoding"),
        (b"{}", {"kind": "application/json; charset=latin-1"}, "charset"),
        (
            b"{}",
            {"access_control_allow_origin": "*", "access_control_allow_credentials": "true"},
            "any origin with credentials",
        ),
    ],
)
def test_odd_answers_are_named(body, headers, cause):
    assert answered(body, **headers) == [cause]


@pytest.mark.parametrize("count", [1, 2, 3, 20])
def test_every_operation_has_one_lane_and_no_world_two(count, contract):
    found = lanes(contract, None, count)
    assert sorted(name for lane in found for name in lane) == sorted(contract.operations)
    assert len(found) <= count
    for world in worlds(contract):
        assert (
            len({index for index, lane in enumerate(found) for name in lane if split(name)[1] in world}) == 1
        )


def test_drafts_are_what_the_contract_takes(contract, app):
    with Port(None, "demo", app=app) as port:
        script = Script(Session(Options(), contract, port), "test")
        for resource in resources(contract).values():
            if "create" not in resource.operations:
                continue
            collection = Collection(script, resource, dict.fromkeys(resource.parents, 7))
            items = drafting.drafts(collection, 3, "test")
            assert collection.valid("create", drafting.body(collection, items)), resource.tag
            assert len({item[collection.label] for item in items}) == len(items)
            schema = collection.schema("create")
            for key in collection.plain("create"):
                value = shapes.another(contract, shapes.properties(schema)[key], key, items[0].get(key))
                if value is not None:
                    changed = drafting.body(collection, [{**items[0], key: value}])
                    assert collection.valid("create", changed), (resource.tag, key, value)


def test_options_that_are_the_servers_own_may_be_sent(contract, app):
    change = {"name": "kinds", "enums": [{"value": "OTHER", "sort": 1}]}
    with Port(None, "demo", app=app) as port:
        created = port.send(
            contract.operations["create_contacts_custom_fields"],
            json=[{"name": "phones", "type": "multitext"}],
        )
        (field,) = created.answer["_embedded"]["custom_fields"]
        update = contract.operations["update_contacts_custom_fields"]
        exchange = port.send(update, {"id": field["id"]}, json=change)
    assert exchange.accepted
    assert exchange.answer["enums"] == field["enums"]
    assert list(exchange_checks(contract, exchange, conformance=True)) == []


@given(
    st.lists(st.tuples(st.sampled_from(["", "a", None]), st.booleans()), min_size=1, max_size=5), st.data()
)
@settings(deadline=None)
def test_a_refusal_is_justified_by_any_item_of_its_request_id(kinds, data):
    sent = [
        {"name": "x"} | ({} if mark is None else {"request_id": mark}) | ({"fields": [1]} if refers else {})
        for mark, refers in kinds
    ]
    marks = [str(index) if mark is None else mark for index, (mark, _) in enumerate(kinds)]
    mark = data.draw(st.sampled_from(marks))
    error = {"code": "NotSupportedChoice", "path": "fields.0", "detail": "unknown"}
    exchange = Exchange(
        operation="create_leads_custom_field_groups",
        method="POST",
        url="http://x/api/v4/leads/custom_fields/groups",
        request_headers={"content-type": "application/json"},
        request_body=json.dumps(sent).encode(),
        status=400,
        headers={"content-type": "application/problem+json"},
        body=json.dumps({"validation-errors": [{"request_id": mark, "errors": [error]}]}).encode(),
    )
    refers = any(refers for own, (_, refers) in zip(marks, kinds, strict=True) if own == mark)
    assert (semantic.unjustified(exchange) is None) == refers
