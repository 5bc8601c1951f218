"""Every item once, whatever the server does to its pages: shown on a simulated list."""

import asyncio
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo import AsyncKommo, Kommo
from kommo.address import account_address
from kommo.errors import UnexpectedResponse
from kommo.pagination import Pager

ADDRESS = account_address("acme")
PATH = "/api/v4/leads/custom_fields"


def page_of(total, page, size, *, links=True, counts=True, limit=None):
    """The answer of a server that has `total` items and pages of `size`."""
    start = (page - 1) * size
    items = [{"id": index} for index in range(start, min(start + size, total))]
    if not items:
        return None
    limit = limit or size

    def href(number):
        return {"href": f"{ADDRESS}{PATH}?page={number}&limit={limit}"}

    body = {"_embedded": {"custom_fields": items}}
    if counts:
        body |= {"_page": page, "_page_count": -(-total // size), "_total_items": total}
    if links:
        body["_links"] = {"self": href(page)} | ({"next": href(page + 1)} if start + size < total else {})
    return body


def walk(answer, first=f"{PATH}?limit=50", most=400):
    """All items that a pager takes, asking `answer(page, limit)` for the pages."""
    pager = Pager("list_leads_custom_fields", ADDRESS, first)
    taken, asked = [], 0
    while pager.url is not None:
        asked += 1
        assert asked < most, "endless"
        query = {key: int(value[0]) for key, value in parse_qs(urlsplit(pager.url).query).items()}
        body = answer(query.get("page", 1), query.get("limit", 50))
        items = body["_embedded"]["custom_fields"] if body else []
        taken += [items[index]["id"] for index in pager.take(body)]
    return taken


@given(total=st.integers(0, 300), size=st.integers(1, 60), links=st.booleans(), counts=st.booleans())
def test_every_item_comes_once(total, size, links, counts):
    taken = walk(lambda page, limit: page_of(total, page, size, links=links, counts=counts))

    assert taken == list(range(total))


@given(total=st.integers(0, 300), asked=st.integers(1, 250), cap=st.integers(1, 100))
def test_a_server_that_caps_the_page_size_loses_nothing(total, asked, cap):
    taken = walk(lambda page, limit: page_of(total, page, min(limit, cap)), f"{PATH}?limit={asked}")

    assert taken == list(range(total))


@given(total=st.integers(0, 300), cap=st.integers(1, 100), counts=st.booleans())
def test_shorter_pages_without_next_link_or_told_size_lose_nothing(total, cap, counts):
    taken = walk(
        lambda page, limit: page_of(total, page, min(limit, cap), links=False, counts=counts),
        f"{PATH}?limit=250",
    )

    assert taken == list(range(total))


@given(
    total=st.integers(0, 300), before=st.integers(1, 60), after=st.integers(1, 60), change=st.integers(0, 12)
)
def test_a_page_size_that_changes_on_the_way_loses_and_repeats_nothing(total, before, after, change):
    calls = iter(range(10**6))

    def answer(page, limit):
        return page_of(total, page, before if next(calls) < change else after)

    assert walk(answer, most=1000) == list(range(total))


@given(total=st.integers(1, 300), size=st.integers(1, 60))
def test_v2_ends_at_an_empty_or_a_repeated_page(total, size):
    def ignores_page(page, limit):
        return page_of(total, 1, total, links=False, counts=False)

    assert walk(ignores_page) == list(range(total))
    assert walk(lambda page, limit: page_of(total, page, size, links=False, counts=False)) == list(
        range(total)
    )


def test_items_that_slid_to_the_next_page_come_once():
    pages = {1: [1, 2, 3], 2: [3, 4, 5]}

    def answer(page, limit):
        body = page_of(6, page, 3)
        body["_embedded"]["custom_fields"] = [{"id": id_} for id_ in pages[page]]
        return body

    assert walk(answer) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.org/api/v4/leads/custom_fields?page=2",
        "http://acme.kommo.com/api/v4/leads/custom_fields?page=2",
        "//evil.org/?page=2",
        "https://acme.kommo.com@evil.org/",
        "https://acme.kommo.com:8443/",
        "http://[",
        "https://acme.kommo.com\\@evil.org/",
        "javascript:alert(1)",
    ],
)
def test_a_next_link_elsewhere_is_refused_after_the_items_of_its_page(href):
    pager = Pager("list_leads_custom_fields", ADDRESS, PATH)

    assert pager.take({"_links": {"next": {"href": href}}, "_embedded": {"custom_fields": [{"id": 1}]}}) == [
        0
    ]
    for _ in range(2):
        with pytest.raises(UnexpectedResponse, match=r"^list_leads_custom_fields: .*_links\.next\.href"):
            _ = pager.url


def test_a_client_gives_the_items_of_a_page_before_it_refuses_the_link_of_it():
    link = {"self": {"href": f"{ADDRESS}{PATH}"}, "next": {"href": "https://evil.example/"}}
    field = {"id": 1, "name": "n", "sort": 1, "type": "text", "_links": {"self": {"href": "/"}}}
    page = {
        "_page": 1,
        "_total_items": 2,
        "_page_count": 2,
        "_links": link,
        "_embedded": {"custom_fields": [field]},
    }
    sent = []

    def answer(request):
        sent.append(request.url.host)
        return httpx.Response(200, json=page)

    arguments = {"token": "t", "limiter": None, "http": httpx.MockTransport(answer)}
    seen = []

    def walk_all():
        with Kommo("acme", **arguments) as crm:
            for item in crm.leads_custom_fields.iterate():
                seen.append(item.id)

    with pytest.raises(UnexpectedResponse, match=r"evil\.example"):
        walk_all()

    async def main():
        async with AsyncKommo("acme", **arguments) as acrm:
            async for item in acrm.leads_custom_fields.iterate():
                seen.append(item.id)

    with pytest.raises(UnexpectedResponse, match=r"evil\.example"):
        asyncio.run(main())
    assert seen == [1, 1]
    assert sent == 2 * [ADDRESS.host]


def test_links_that_go_in_circles_are_refused():
    def answer(page, limit):
        body = page_of(100, min(page, 10), 10)
        body["_links"]["next"] = {"href": f"{PATH}?page=1&limit=10"}
        return body

    with pytest.raises(UnexpectedResponse, match="goes in circles"):
        walk(answer)


def test_a_server_that_ignores_the_page_but_links_on_is_refused():
    def answer(page, limit):
        body = page_of(10**6, 1, 10)
        body["_links"] = {"next": {"href": f"{PATH}?page={page + 1}"}}
        return body

    with pytest.raises(UnexpectedResponse, match="nothing new"):
        walk(answer)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "href", "next", "self", "items"]) | st.text(max_size=4), inner, max_size=3
        )
    ),
    max_leaves=8,
)
links = st.fixed_dictionaries(
    {},
    optional={name: json_values | st.fixed_dictionaries({"href": json_values}) for name in ("self", "next")},
)


@given(
    st.lists(
        json_values
        | st.fixed_dictionaries(
            {},
            optional={
                "_links": json_values | links,
                "_embedded": json_values,
                "_page_count": json_values,
                "_page": json_values,
            },
        ),
        min_size=1,
        max_size=5,
    )
)
def test_any_json_is_a_page_or_a_documented_error(bodies):
    pager = Pager("op", ADDRESS, PATH)
    try:
        for body in bodies:
            if pager.url is None:
                break
            assert pager.url.startswith("/")
            pager.take(body)
    except UnexpectedResponse as error:
        message = str(error)
        assert "\n" not in message
