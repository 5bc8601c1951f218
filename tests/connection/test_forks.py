"""Processes and event loops have connections of their own, a forked process waits for no lock of its parent, and a
client is not copied."""

import asyncio
import copy
import multiprocessing
import pickle
import threading

import pytest
from starlette.responses import JSONResponse

from kommo import AsyncKommo, FileStorage, Kommo, MemoryStorage, OAuthApp, RateLimit, Secret, TokenPair
from kommo.errors import ConfigurationError
from kommo.limits import RateLimiter

FORK = multiprocessing.get_context("fork")
LINKS = {"self": {"href": "/api/v2/catalogs", "method": "get"}}
PAIR = TokenPair(access_token=Secret("a"), refresh_token=Secret("r"), expires_at=9e9, issued_at=1e9)
APP = OAuthApp(client_id="i", client_secret="s", redirect_uri="https://acme.example/")


@pytest.fixture
def counted(serve):
    """A server, and the connections over which its requests came."""
    peers = []

    async def app(scope, receive, send):
        peers.append(scope["client"])
        await JSONResponse({"_embedded": {"items": []}, "_links": LINKS})(scope, receive, send)

    return serve(app), peers


def forked(target):
    """Run a function in a forked process and return its exit code."""
    process = FORK.Process(target=target)
    process.start()
    process.join(60)
    if process.is_alive():
        process.kill()
        process.join()
    return process.exitcode


def test_a_forked_process_makes_connections_of_its_own(counted):
    url, peers = counted
    with Kommo(base_url=url, token="t", limiter=None) as crm:
        crm.v2_catalogs.list()
        assert forked(crm.v2_catalogs.list) == 0
        crm.v2_catalogs.list()

    assert peers[0] == peers[2] != peers[1]


def test_so_does_one_with_an_async_client(counted):
    url, peers = counted

    async def main():
        async with AsyncKommo(base_url=url, token="t", limiter=None) as crm:
            await crm.v2_catalogs.list()
            code = forked(lambda: asyncio.run(crm.v2_catalogs.list()))
            await crm.v2_catalogs.list()
            return code

    assert asyncio.run(main()) == 0
    assert peers[0] == peers[2] != peers[1]


def test_every_event_loop_has_connections_of_its_own(counted):
    url, peers = counted
    crm = AsyncKommo(base_url=url, token="t", limiter=None)

    async def twice():
        await crm.v2_catalogs.list()
        await crm.v2_catalogs.list()
        await crm._core.connection._transport.aclose()

    for _ in range(3):
        asyncio.run(twice())
    assert [peers[index] == peers[index + 1] for index in range(5)] == [True, False, True, False, True]


@pytest.mark.parametrize("storage", ["memory", "file"])
def test_a_forked_process_waits_for_no_thread_of_its_parent(counted, tmp_path, storage):
    """Every lock of the client is held while the process is forked."""
    url, _ = counted
    kept = MemoryStorage(PAIR) if storage == "memory" else FileStorage(tmp_path / "tokens.json")
    kept.save(PAIR)
    crm = Kommo(base_url=url, oauth=APP, token_storage=kept)
    other = Kommo(base_url=url, token="t")
    other.v2_catalogs.list()
    limiter = crm._connection.limiter
    assert limiter is other._connection.limiter
    locks = [
        limiter._lock,
        limiter._bucket._lock,
        crm._connection._oauth._mutex,
        crm._core._opening,
        crm._connection._transport._making,
    ]
    if storage == "memory":
        locks.append(kept._lock)
    held, done = threading.Event(), threading.Event()

    def hold():
        for lock in locks:
            lock.acquire()
        held.set()
        done.wait()
        for lock in locks:
            lock.release()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    try:
        assert (
            forked(lambda: (crm.v2_catalogs.list(), Kommo(base_url=url, token="t").v2_catalogs.list())) == 0
        )
    finally:
        done.set()
        thread.join()
    crm.close()
    other.close()


def test_a_forked_process_counts_on_from_its_parent(redis_url):
    for limit in (RateLimit(requests=3, per=600), RateLimit(requests=3, per=600, redis=redis_url)):
        limiter = RateLimiter(limit, f"fork {limit}")
        assert not isinstance(limiter._claim(), float)
        assert not isinstance(limiter._claim(), float)

        def child(limiter=limiter):
            assert not isinstance(limiter._claim(), float)
            assert isinstance(limiter._claim(), float)

        assert forked(child) == 0
        # Only what is counted in Redis is counted together.
        assert isinstance(limiter._claim(), float) == (limit.redis is not None)


@pytest.mark.parametrize("client", [Kommo, AsyncKommo])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_client_is_not_copied(client, copied):
    crm = client(base_url="http://127.0.0.1:9", token="t")
    with pytest.raises(ConfigurationError, match="cannot be copied or pickled; make one where it is needed"):
        copied(crm)
    if copied is not copy.copy:
        for inner in (crm.leads_custom_fields, crm.leads_custom_fields.list):
            with pytest.raises(ConfigurationError, match="cannot be copied or pickled"):
                copied(inner)
