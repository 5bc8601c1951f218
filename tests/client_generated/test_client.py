"""What the client does with requests and answers, over a transport that plays the server."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kommo import AsyncKommo, Kommo, models
from kommo.errors import ConfigurationError, KommoError, NotFound, PartialFailure, UnexpectedResponse
from kommo.retry import RetryPolicy

LINK = {"self": {"href": "http://127.0.0.1:1/"}}
FIELD = {"id": 1, "name": "n", "sort": 1, "type": "text", "_links": LINK}
PAGE = {
    "_total_items": 1,
    "_page": 1,
    "_page_count": 1,
    "_links": LINK,
    "_embedded": {"custom_fields": [FIELD]},
}


def client(handler: Callable[[httpx.Request], httpx.Response], kind: type = Kommo) -> Any:
    return kind(
        base_url="http://127.0.0.1:1",
        token="t",
        limiter=None,
        retry=RetryPolicy(attempts=1),
        http=httpx.MockTransport(handler),
    )


def answering(status: int, body: object = None, **options: Any) -> Callable[[httpx.Request], httpx.Response]:
    return lambda request: (
        httpx.Response(status, json=body, **options) if body is not None else httpx.Response(status)
    )


def test_an_empty_list_is_an_empty_page() -> None:
    crm = client(answering(204))
    assert crm.leads_custom_fields.list().items == []
    assert crm.v2_catalogs.list(id=5).items == []
    assert list(crm.leads_custom_fields.iterate()) == []


def test_nothing_found_is_an_error_where_one_thing_was_asked_for() -> None:
    with pytest.raises(NotFound, match="get_leads_custom_fields: 204"):
        client(answering(204)).leads_custom_fields.get(1)


def test_a_missing_key_names_operation_place_and_key() -> None:
    lacking = {key: value for key, value in FIELD.items() if key != "name"}
    broken = {**PAGE, "_embedded": {"custom_fields": [FIELD, lacking]}}
    with pytest.raises(UnexpectedResponse) as caught:
        client(answering(200, broken)).leads_custom_fields.list()
    error = caught.value
    assert (error.operation, error.path, error.key) == (
        "list_leads_custom_fields",
        "_embedded.custom_fields[1]",
        "name",
    )
    assert str(error).startswith(
        "list_leads_custom_fields: unexpected answer: _embedded.custom_fields[1].name: missing"
    )


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"null", b"{", b"\xff", b'"text"', b"[" * 100_000])
def test_a_body_that_is_no_object_is_unexpected(body: bytes) -> None:
    with pytest.raises(UnexpectedResponse):
        client(lambda request: httpx.Response(200, content=body)).leads_custom_fields.list()


def test_laxer_json_is_read() -> None:
    body = json.dumps({**FIELD, "name": "\ud800"}).encode()
    assert (
        client(lambda request: httpx.Response(200, content=body)).leads_custom_fields.get(1).name == "\ud800"
    )


@settings(max_examples=100, deadline=None)
@given(
    status=st.integers(200, 599),
    body=st.binary() | st.text().map(str.encode),
    kind=st.sampled_from(["html", "json"]),
)
def test_nothing_but_documented_exceptions(status: int, body: bytes, kind: str) -> None:
    crm = client(
        lambda request: httpx.Response(status, content=body, headers={"Content-Type": f"text/{kind}"})
    )
    calls: list[Callable[[], object]] = [
        crm.leads_custom_fields.list,
        lambda: crm.leads_custom_fields.get(1),
        lambda: crm.leads_custom_fields.delete(1),
        lambda: list(crm.v2_catalogs.iterate()),
        lambda: crm.v2_catalogs.add([models.V2CatalogAdd(name="n")]),
    ]
    for call in calls:
        try:
            call()
        except KommoError as error:
            assert str(error)  # noqa: PT017


def test_timeout_and_headers_of_one_call() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json=FIELD)

    crm = client(handler)
    crm.leads_custom_fields.get(1, timeout=3.5, headers={"X-Trace": "a"})
    crm.leads_custom_fields.get(1, timeout=None)
    crm.leads_custom_fields.get(1)
    assert [request.extensions["timeout"]["read"] for request in seen] == [3.5, None, 30.0]
    assert [request.headers.get("X-Trace") for request in seen] == ["a", None, None]


@pytest.mark.parametrize("headers", [{"Authorization": "x"}, {"X\n": "a"}, {"X": "ü"}])
def test_headers_that_cannot_be_are_refused_before_anything_is_sent(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError):
        client(answering(500)).leads_custom_fields.list(headers=headers)


@pytest.mark.parametrize("id", ["", ".", "..", True, None, 1.5])
def test_an_id_that_would_name_another_path_is_refused(id: Any) -> None:
    with pytest.raises(ConfigurationError, match="delete_leads_custom_field_groups: id="):
        client(answering(500)).leads_custom_field_groups.delete(id)


@given(st.text(st.characters(), min_size=1).filter(lambda text: text not in (".", "..")))
@settings(deadline=None)
def test_an_id_stays_one_segment_of_the_path(id: str) -> None:
    seen: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.raw_path)
        return httpx.Response(204)

    try:
        client(handler).leads_custom_field_groups.delete(id)
    except ConfigurationError:
        assert any("\ud800" <= character <= "\udfff" for character in id), "only surrogates cannot be sent"
    else:
        assert seen[0].count(b"/") == "/api/v4/leads/custom_fields/groups/x".count("/")
        assert b"?" not in seen[0]


def test_query_values_are_written_as_the_server_reads_them() -> None:
    seen: list[httpx.QueryParams] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.params)
        return httpx.Response(204)

    client(handler).leads_custom_fields.list(
        limit=5,
        filter_type=[models.FieldType.TEXT, models.FieldType("new")],
        order_sort=models.SortOrder.DESC,
    )
    assert seen[0].multi_items() == [
        ("limit", "5"),
        ("filter[type][]", "text"),
        ("filter[type][]", "new"),
        ("order[sort]", "desc"),
    ]


def test_bodies_are_what_was_set_and_no_more() -> None:
    seen: list[Any] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content))
        assert request.headers["Content-Type"] == "application/json"
        return httpx.Response(200, json=FIELD)

    client(handler).leads_custom_fields.update(1, models.CustomFieldUpdate(name="n", group_id=None))
    assert seen == [{"name": "n", "group_id": None}]


def test_what_has_no_json_is_refused() -> None:
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ConfigurationError, match="cannot be written as JSON"):
        client(answering(500)).leads_custom_fields.create([{"name": endless}])


def test_raw_gives_the_answer_beside_the_result() -> None:
    crm = client(answering(200, FIELD, headers={"X-Request-Id": "r"}))
    answer = crm.raw(crm.leads_custom_fields.get, 1, headers={"X-A": "b"})
    assert answer.data == crm.leads_custom_fields.get(1)
    assert answer.response.status_code == 200
    assert answer.response.headers["X-Request-Id"] == "r"
    assert answer.response.request.headers["X-A"] == "b"


def test_raw_takes_only_its_own_methods() -> None:
    crm = client(answering(200, FIELD))
    for method in (client(answering(200)).leads_custom_fields.get, crm.leads_custom_fields.iterate, print):
        with pytest.raises(ConfigurationError, match="raw takes a method"):
            crm.raw(method)


def test_async_answers_alike() -> None:
    async def main() -> None:
        async with client(answering(200, PAGE), AsyncKommo) as crm:
            page = await crm.leads_custom_fields.list()
            assert [field.id for field in page.items] == [1]
            assert [field.id async for field in crm.leads_custom_fields.iterate()] == [1]
            answer = await crm.raw(crm.leads_custom_fields.list)
            assert answer.data == page
            with pytest.raises(UnexpectedResponse):
                await crm.leads_custom_fields.get(1)

    asyncio.run(main())


def test_a_refused_part_of_a_v2_write_raises() -> None:
    answer = {
        "_links": {"self": {"href": "/api/v2/catalogs", "method": "post"}},
        "_embedded": {
            "items": [{"id": 7, "request_id": 0, "_links": {"self": {"href": "/x", "method": "get"}}}],
            "errors": {"update": {"5": "Last modified date is older than in database"}},
        },
    }
    crm = client(answering(200, answer))
    body = models.V2CatalogsWrite(
        add=[models.V2CatalogAdd(name="a", request_id=0)], update=[models.V2CatalogUpdate(id=5, name="b")]
    )
    with pytest.raises(PartialFailure) as caught:
        crm.v2_catalogs.write(body)
    [failure] = caught.value.failures
    assert (failure.action, failure.id) == ("update", 5)
    assert failure.item is body.update[0]  # type: ignore[index]


def test_iterate_asks_for_the_largest_pages_and_only_when_needed() -> None:
    seen: list[str] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request.url.query.decode())
        number = len(seen)
        link = {
            "self": {"href": str(request.url)},
            "next": {"href": f"http://127.0.0.1:1/api/v4/x?page={number + 1}"},
        }
        field = {**FIELD, "id": number}
        return httpx.Response(200, json={**PAGE, "_links": link, "_embedded": {"custom_fields": [field]}})

    fields = client(handler).leads_custom_fields.iterate()
    assert seen == []
    assert [next(fields).id, next(fields).id] == [1, 2]
    assert seen == ["limit=250", "page=2"]
