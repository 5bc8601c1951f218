"""What a caller can get wrong is said before anything is sent; a forked process keeps its hands off its parent's
connections."""

import multiprocessing

import httpx
import pytest
from starlette.responses import JSONResponse

from kommo import AsyncKommo, Kommo, MemoryStorage, OAuthApp, batches
from kommo.errors import ConfigurationError

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


def test_a_proxy_that_is_no_url_is_named():
    with Kommo(**ACCOUNT, proxy=5) as crm, pytest.raises(ConfigurationError, match="proxy"):
        crm.leads_custom_fields.list()


def test_a_forked_process_makes_connections_of_its_own(serve):
    peers = []

    async def app(scope, receive, send):
        peers.append(scope["client"])
        await JSONResponse({"_embedded": {"items": []}, "_links": LINKS})(
            scope, receive, send
        )

    with Kommo(base_url=serve(app), token="t", limiter=None) as crm:
        crm.v2_catalogs.list()
        process = multiprocessing.get_context("fork").Process(target=crm.v2_catalogs.list)
        process.start()
        process.join(30)
        crm.v2_catalogs.list()

    assert process.exitcode == 0
    assert peers[0] == peers[2] != peers[1]
