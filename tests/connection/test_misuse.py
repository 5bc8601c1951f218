"""What a caller can get wrong is said before anything is sent."""

import asyncio
import json
import math
import traceback
from datetime import date
from decimal import Decimal
from functools import partial

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo import NO_RETRY, UNSET, AsyncKommo, Kommo, MemoryStorage, OAuthApp, batches, models
from kommo.errors import ConfigurationError, KommoError, ServerError
from kommo.token_storage import RedisStorage

APP = OAuthApp(client_id="i", client_secret="s", redirect_uri="https://acme.example/")
LINKS = {"self": {"href": "/api/v2/catalogs", "method": "get"}}
ACCOUNT = {"base_url": "http://127.0.0.1:9", "token": "t"}


@pytest.mark.parametrize("client", [Kommo, AsyncKommo])
@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"subdomain": 5, "token": "t"}, "subdomain"),
        ({"subdomain": "acme", "domain": 3, "token": "t"}, "domain"),
        ({"base_url": b"https://acme.kommo.com", "token": "t"}, "base_url"),
        ({**ACCOUNT, "token": 5}, "token"),
        ({**ACCOUNT, "token": b"t"}, "token"),
        ({**ACCOUNT, "timeout": "5"}, "timeout"),
        ({**ACCOUNT, "timeout": -1}, "timeout"),
        ({**ACCOUNT, "timeout": float("nan")}, "timeout"),
        ({**ACCOUNT, "timeout": True}, "timeout"),
        ({**ACCOUNT, "retry": 3}, "NO_RETRY"),
        ({**ACCOUNT, "limiter": 7}, "limiter"),
        ({**ACCOUNT, "ssl_context": True}, "ssl_context"),
        ({**ACCOUNT, "headers": {"A": 1}}, "'A'"),
        ({**ACCOUNT, "headers": {"a b": "1"}}, "'a b'"),
        ({**ACCOUNT, "headers": {"": "1"}}, "headers"),
        ({**ACCOUNT, "headers": 5}, "headers"),
        ({"base_url": "http://127.0.0.1:9", "oauth": 5, "token_storage": MemoryStorage()}, "OAuthApp"),
        ({"base_url": "http://127.0.0.1:9", "oauth": APP, "token_storage": "tokens.json"}, "FileStorage"),
    ],
)
def test_a_wrong_argument_is_named(client, arguments, named):
    with pytest.raises(ConfigurationError, match=named):
        client(**arguments)


def test_a_wrong_argument_of_a_call_is_named():
    with Kommo(**ACCOUNT, http=httpx.MockTransport(lambda _: pytest.fail("sent"))) as crm:
        for wrong in ({"timeout": -1}, {"timeout": "5"}, {"headers": {"a b": "1"}}, {"headers": {"a": 1}}):
            with pytest.raises(ConfigurationError, match=next(iter(wrong))):
                crm.leads_custom_fields.list(**wrong)
        with pytest.raises(ConfigurationError, match="size='5'"):
            batches.send(crm.leads_custom_fields.create, [], size="5")


FIELD = models.CustomFieldCreate(name="n", type="text")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda crm: crm.leads_custom_fields.create(None),
            "create_leads_custom_fields: items is None; give a list",
        ),
        (
            lambda crm: crm.leads_custom_fields.create(FIELD),
            "items is of type CustomFieldCreate; give a list of models or",
        ),
        (lambda crm: crm.leads_custom_fields.create({"name": "n"}), "items is of type dict; give a list"),
        (lambda crm: crm.leads_custom_fields.create("name"), "items is of type str; give a list"),
        (
            lambda crm: crm.leads_custom_fields.create([FIELD, None]),
            r"items\[1\] is None; give models or dicts",
        ),
        (
            lambda crm: crm.leads_custom_fields.update_batch(5),
            "update_batch_leads_custom_fields: items is of type int;",
        ),
        (
            lambda crm: crm.leads_custom_fields.update(5, None),
            "update_leads_custom_fields: body is None; give a model",
        ),
        (
            lambda crm: crm.leads_custom_fields.update(5, [FIELD]),
            "body is of type list; give a model or a dict",
        ),
        (lambda crm: crm.v2_catalogs.add(None), "write_v2_catalogs: items is None; give a list of models"),
        (lambda crm: crm.v2_catalogs.delete(5), "items is of type int; give a list of ids"),
        (lambda crm: crm.v2_catalogs.delete([5, True]), r"items\[1\] is True; give ids"),
        (lambda crm: crm.v2_catalogs.delete(["5"]), r"items\[0\] is of type str; give ids"),
        (lambda crm: crm.v2_catalogs.write("add"), "body is of type str; give a model or a dict"),
        (
            lambda crm: crm.leads_custom_fields.list(limit=b"5"),
            "list_leads_custom_fields: limit is bytes; give text",
        ),
        (lambda crm: batches.send(crm.leads_custom_fields.create, None), "batch: items is None; give a list"),
        (
            lambda crm: batches.send(crm.leads_custom_fields.create, FIELD),
            "batch: items is of type CustomFieldCreate",
        ),
    ],
)
def test_something_else_than_what_is_to_be_sent_is_named(call, message):
    with (
        Kommo(**ACCOUNT, http=httpx.MockTransport(lambda _: pytest.fail("sent"))) as crm,
        pytest.raises(ConfigurationError, match=message),
    ):
        call(crm)


@given(depth=st.integers(0, 3), data=st.data())
def test_a_batch_is_told_that_its_method_is_of_the_other_client_before_anything_is_sent(depth, data):
    async def made_by_hand(items):
        pytest.fail("sent")

    nowhere = {**ACCOUNT, "http": httpx.MockTransport(lambda _: pytest.fail("sent"))}
    crm, acrm = Kommo(**nowhere), AsyncKommo(**nowhere)
    method, message = data.draw(
        st.sampled_from(
            [
                (acrm.leads_custom_fields.create, "send_async"),
                (acrm.v2_catalogs.add, "send_async"),
                (made_by_hand, "send_async"),
                (crm.leads_custom_fields.create, "batches.send$"),
                (crm.v2_catalogs.add, "batches.send$"),
                (crm.leads_custom_fields, "type LeadsCustomFields; give a method"),
                (None, "type NoneType; give a method"),
            ]
        )
    )
    for _ in range(depth):
        method = partial(method) if callable(method) else method
    send = batches.send if message == "send_async" else lambda *args: asyncio.run(batches.send_async(*args))
    with pytest.raises(ConfigurationError, match=message):
        send(method, [FIELD])


def test_any_collection_is_taken():
    sent = []

    def answer(request):
        sent.append(json.loads(request.content))
        return httpx.Response(200, json={"_embedded": {"items": []}, "_links": LINKS})

    with Kommo(**ACCOUNT, http=httpx.MockTransport(answer)) as crm:
        for ids in ([1, 2], (1, 2), iter([1, 2]), {1: "a", 2: "b"}.keys(), (number for number in (1, 2))):
            crm.v2_catalogs.delete(ids)
    assert sent == 5 * [{"delete": [1, 2]}]


# What Python has and JSON has not.
FOREIGN = [
    b"a",
    bytearray(b"a"),
    {1},
    frozenset([1]),
    date(2026, 1, 1),
    Decimal("1.5"),
    math.nan,
    math.inf,
    1j,
    UNSET,
]


def spots(value):
    """The value inside other values, and where it is then."""
    return st.recursive(
        st.just((value, "")),
        lambda inner: st.one_of(
            st.tuples(inner, st.lists(st.none(), max_size=2)).map(
                lambda pair: ([*pair[1], pair[0][0]], f"[{len(pair[1])}]{pair[0][1]}")
            ),
            st.tuples(inner, st.sampled_from(["name", "value"])).map(
                lambda pair: ({"id": 1, pair[1]: pair[0][0]}, f".{pair[1]}{pair[0][1]}")
            ),
        ),
        max_leaves=3,
    )


@given(st.sampled_from(FOREIGN).flatmap(spots).filter(lambda spot: spot[0] is not UNSET))
def test_what_json_does_not_have_is_named_with_its_place(spot):
    value, place = spot
    field = models.CustomFieldCreate(name="n", type="text")
    field.additional_properties["new"] = value
    sent = []

    def answer(request):
        sent.append(request)
        return httpx.Response(500)

    with Kommo(**ACCOUNT, retry=NO_RETRY, http=httpx.MockTransport(answer)) as crm:
        for item in (field, {"name": "n", "new": value}):
            with pytest.raises((ConfigurationError, ServerError)) as caught:
                crm.leads_custom_fields.create([FIELD, item])
            if isinstance(caught.value, ServerError):
                # A key that is unset is left out.
                assert b"UNSET" not in sent.pop().content
                assert "UNSET" in repr(value)
            else:
                assert f"create_leads_custom_fields: body[1].new{place} is " in str(caught.value)
                assert str(caught.value).endswith("which JSON does not have; convert it")
    assert not sent


# A reader gives them out as a server sent them; UTF-8 has no way to send them back.
halves = st.builds(
    "{}{}{}".format, st.text(), st.characters(min_codepoint=0xD800, max_codepoint=0xDFFF), st.text()
)


@given(halves.flatmap(spots))
def test_half_a_surrogate_pair_is_named_with_its_place(spot):
    value, place = spot
    field = models.CustomFieldCreate(name="n", type="text")
    field.additional_properties["new"] = value
    with Kommo(**ACCOUNT, http=httpx.MockTransport(lambda _: pytest.fail("sent"))) as crm:
        for item in (field, {"name": "n", "new": value}):
            with pytest.raises(ConfigurationError) as caught:
                crm.leads_custom_fields.create([FIELD, item])
            assert f"create_leads_custom_fields: body[1].new{place} holds half" in str(caught.value)
        with pytest.raises(ConfigurationError, match=r"a key of body\[0\].settings holds half"):
            crm.leads_custom_fields.create([{"settings": {"\ud83d": 1}}])


@given(half=halves)
def test_half_a_surrogate_pair_in_an_address_is_named(half):
    with Kommo(**ACCOUNT, http=httpx.MockTransport(lambda _: pytest.fail("sent"))) as crm:
        for call, name in (
            (lambda: crm.leads_custom_field_groups.get(half), "id"),
            (lambda: crm.leads.list(query=half), "query"),
            (lambda: crm.leads_custom_fields.list(filter_type=["text", half]), r"filter\[type\]\[\]"),
        ):
            with pytest.raises(ConfigurationError, match=f": {name} holds half a surrogate pair"):
                call()


def test_a_key_that_json_does_not_have_is_named():
    with (
        Kommo(**ACCOUNT, http=httpx.MockTransport(lambda _: pytest.fail("sent"))) as crm,
        pytest.raises(ConfigurationError, match=r"a key of body\[0\].settings is of type bytes"),
    ):
        crm.leads_custom_fields.create([{"settings": {b"a": 1}}])


def token():
    """Put together here, so that no frame of a test holds it."""
    return "secret-" + "token"


def send_once(client):
    """One request, whichever client it is."""
    if isinstance(client, Kommo):
        return client.leads.list()

    async def main():
        async with client:
            await client.leads.list()

    return asyncio.run(main())


@pytest.mark.parametrize("client", [Kommo, AsyncKommo])
@pytest.mark.parametrize(
    "make",
    [
        lambda client: client(base_url="http://example.org", token=token()),
        lambda client: client("a.b", token=token()),
        lambda client: client("acme", token=f"{token()} {token()}"),
        lambda client: client("acme", token=f"Bearer {token()}"),
        lambda client: client("acme", token=token(), retry=3),
        lambda client: client("a.b"),
        lambda client: client(),
        lambda client: client(
            "acme", token=lambda: f"{token()}\n{token()}"
        )._connection.auth._source.obtain(),
        lambda client: client("acme", token="t").authorize(token()),
        lambda client: client("a.b", proxy=f"http://u:{token()}@127.0.0.1:9", token="t"),
        lambda client: client("acme", proxy=f"http://u:{token()}@127.0.0.1:9", token="t", timeout=-1),
        lambda client: client("a.b", limiter=f"redis://u:{token()}@127.0.0.1:9", token="t"),
        lambda client: client("acme", limiter=f"http://u:{token()}@127.0.0.1:9", token="t"),
        lambda client: send_once(
            client("acme", limiter=f"redis://u:{token()}@127.0.0.1:9", token="t", retry=NO_RETRY)
        ),
        lambda client: send_once(
            client("acme", proxy=f"http://u:{token()}@127.0.0.1:9", token="t", retry=NO_RETRY)
        ),
        lambda client: RedisStorage(f"redis://u:{token()}@127.0.0.1:9", "k").load(),
        lambda client: RedisStorage(f"no://u:{token()}@127.0.0.1:9", "k"),
    ],
)
def test_no_frame_of_an_error_shows_the_token(client, make, monkeypatch):
    monkeypatch.setenv("KOMMO_TOKEN", f"{token()} {token()}")
    with pytest.raises(KommoError) as caught:
        make(client)
    frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert token() not in "".join(frames.format())


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, ValueError, asyncio.CancelledError])
def test_no_frame_shows_what_buys_tokens_however_that_ends(end):
    def answer(request):
        raise end

    app = OAuthApp(client_id="i", client_secret=token(), redirect_uri="https://acme.example/")
    with Kommo(
        base_url="http://127.0.0.1:9",
        oauth=app,
        token_storage=MemoryStorage(),
        http=httpx.MockTransport(answer),
    ) as crm:
        with pytest.raises(end) as caught:
            crm.authorize(token())
        frames = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert token() not in "".join(frames.format())


def test_a_proxy_that_is_no_url_is_named():
    with Kommo(**ACCOUNT, proxy=5) as crm, pytest.raises(ConfigurationError, match="proxy"):
        crm.leads_custom_fields.list()
