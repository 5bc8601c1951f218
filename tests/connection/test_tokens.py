"""A refresh token works once: one refresh whatever happens at the same time, and no pair lost whatever breaks."""

import asyncio
import json
import os
import signal
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse
from starlette.routing import Route

from kommo.connection import Connection
from kommo.errors import ConfigurationError, TokenError, TransportError
from kommo.redaction import Secret
from kommo.token_storage import FileStorage, MemoryStorage, RedisStorage, TokenPair
from kommo.tokens import OAuthApp

APP = OAuthApp(client_id="id", client_secret="app-secret", redirect_uri="https://example.org/back")


class Account:
    """An account that issues single-use refresh tokens and accepts only its newest access token."""

    def __init__(self, refresh_takes: float = 0.0) -> None:
        self.serial = 0
        self.refreshes: list[int] = []
        self.refresh_takes = refresh_takes
        self.started, self.issued = threading.Event(), threading.Event()
        self.app = Starlette(
            routes=[
                Route("/oauth2/access_token", self.token, methods=["POST"]),
                Route("/{path:path}", self.other),
            ]
        )

    async def token(self, request):
        data = await request.json()
        right = {"refresh_token": f"refresh-{self.serial}", "code": "the-code"}
        grant = "refresh_token" if data["grant_type"] == "refresh_token" else "code"
        self.started.set()
        await asyncio.sleep(self.refresh_takes)
        if (data["client_secret"], data[grant]) != ("app-secret", right[grant]):
            return JSONResponse({"title": "Bad", "detail": f"{data[grant]} is used up", "status": 400}, 400)
        self.serial += 1
        self.refreshes.append(self.serial)
        self.issued.set()
        return JSONResponse(
            {
                "token_type": "Bearer",
                "expires_in": 86400,
                "access_token": f"access-{self.serial}",
                "refresh_token": f"refresh-{self.serial}",
            }
        )

    async def other(self, request):
        if request.headers.get("authorization") != f"Bearer access-{self.serial}":
            return JSONResponse({"title": "Unauthorized", "status": 401}, 401)
        return JSONResponse({"ok": True})


def pair(serial: int = 0, *, lives: float = 86400.0) -> TokenPair:
    now = time.time()
    return TokenPair(
        access_token=Secret(f"access-{serial}"),
        refresh_token=Secret(f"refresh-{serial}"),
        expires_at=now + lives,
        issued_at=now - 3600,
    )


def connect(url: str, storage, **more) -> Connection:
    return Connection(base_url=url, oauth=APP, token_storage=storage, limiter=None, **more)


@pytest.fixture(params=["memory", "file", "redis"])
def storage(request, tmp_path):
    if request.param == "memory":
        return MemoryStorage()
    if request.param == "file":
        return FileStorage(tmp_path / "deep" / "tokens.json")
    return RedisStorage(request.getfixturevalue("redis_url"), key=f"tokens:{tmp_path}")


def test_a_code_buys_the_first_pair(serve, storage):
    account = Account()
    connection = connect(serve(account.app), storage)

    with connection.client() as client:
        with pytest.raises(TokenError, match="authorise the integration"):
            client.get("/x")
        connection.authorize("the-code")
        assert client.get("/x").status_code == 200

    assert storage.load().refresh_token == Secret("refresh-1")


@pytest.mark.parametrize("lives", [-10.0, 60.0, 86400.0], ids=["expired", "soon", "revoked"])
def test_an_ending_token_is_renewed_once_before_or_at_a_401(serve, storage, lives):
    account = Account()
    account.serial = 1 if lives == 86400.0 else 0
    storage.save(pair(account.serial, lives=lives))
    if lives == 86400.0:
        # Valid by its date, yet the server does not take it.
        storage.save(
            TokenPair(
                access_token=Secret("access-0"),
                refresh_token=Secret("refresh-1"),
                expires_at=time.time() + 9e4,
                issued_at=0,
            )
        )

    with connect(serve(account.app), storage).client() as client:
        assert [client.get("/x").status_code for _ in range(3)] == [200, 200, 200]

    assert len(account.refreshes) == 1


def test_fifty_threads_with_one_expired_token_refresh_once(serve, storage):
    account = Account(refresh_takes=0.05)
    storage.save(pair(lives=-1))
    url = serve(account.app)
    # Some share a client, some have their own.
    clients = [connect(url, storage).client() for _ in range(5)]

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(lambda index: clients[index % 5].get("/x").status_code, range(50)))

    for client in clients:
        client.close()
    assert statuses == [200] * 50
    assert account.refreshes == [1]


def test_fifty_tasks_refresh_once_and_a_cancelled_one_loses_nothing(serve, storage):
    account = Account(refresh_takes=0.2)
    storage.save(pair(lives=-1))
    connection = connect(serve(account.app), storage)

    async def main() -> list[int]:
        async with connection.async_client() as client:
            first = asyncio.create_task(client.get("/x"))
            await asyncio.to_thread(account.started.wait)
            first.cancel()
            answers = await asyncio.gather(*(client.get("/x") for _ in range(50)))
            assert (await asyncio.gather(first, return_exceptions=True))[
                0
            ].__class__ is asyncio.CancelledError
            return [answer.status_code for answer in answers]

    assert asyncio.run(main()) == [200] * 50
    assert account.refreshes == [1]
    assert storage.load().refresh_token == Secret("refresh-1")


WORKER = """
import sys
from kommo.connection import Connection
from kommo.token_storage import FileStorage, RedisStorage
from kommo.tokens import OAuthApp
kind, place, url = sys.argv[1:]
storage = FileStorage(place) if kind == "file" else RedisStorage(place, "tokens:processes")
app = OAuthApp(client_id="id", client_secret="app-secret", redirect_uri="https://example.org/back")
with Connection(base_url=url, oauth=app, token_storage=storage, limiter=None).client() as client:
    print("ready", flush=True)
    sys.stdin.readline()
    print(client.get("/x").status_code)
"""


@pytest.mark.parametrize("kind", ["file", "redis"])
def test_four_processes_with_one_expired_token_refresh_once(serve, run_python, kind, tmp_path, request):
    account = Account(refresh_takes=0.3)
    place = str(tmp_path / "tokens.json") if kind == "file" else request.getfixturevalue("redis_url")
    storage = FileStorage(place) if kind == "file" else RedisStorage(place, "tokens:processes")
    storage.save(pair(lives=-1))
    url = serve(account.app)

    workers = [run_python(WORKER, kind, place, url) for _ in range(4)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()

    assert [worker.communicate(timeout=60)[0] for worker in workers] == ["200\n"] * 4
    assert account.refreshes == [1]


@pytest.mark.parametrize("moment", ["asking", "any"])
def test_a_killed_refresh_leaves_a_usable_store(serve, run_python, tmp_path, moment):
    account = Account(refresh_takes=0.2)
    storage = FileStorage(tmp_path / "tokens.json")
    storage.save(pair(lives=-1))
    url = serve(account.app)
    worker = run_python(WORKER, "file", str(storage.path), url)
    assert worker.stdout.readline() == "ready\n"
    worker.stdin.write("\n")
    worker.stdin.flush()

    assert account.started.wait(30)
    if moment == "any":
        time.sleep(0.2)
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait(30)
    assert account.issued.wait(30)

    stored = storage.load()
    assert stored.refresh_token.reveal() in ("refresh-0", "refresh-1")
    # The lock died with its holder, and whoever comes next can work with what is stored. Had the answer been on its way
    # when the process died, only the account knows the new pair: that is for an administrator.
    account.serial = int(stored.refresh_token.reveal().removeprefix("refresh-"))
    with connect(url, storage).client() as client:
        assert client.get("/x").status_code == 200


def test_a_crash_between_writing_and_renaming_loses_nothing(tmp_path, monkeypatch):
    storage = FileStorage(tmp_path / "tokens.json")
    storage.save(pair(0))
    newer = TokenPair(
        access_token=Secret("a"),
        refresh_token=Secret("b"),
        expires_at=time.time() + 9e4,
        issued_at=time.time(),
    )
    for step in ("replace", "fsync"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                storage.save(newer)
        assert FileStorage(storage.path).load() == newer

    storage.save(newer)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tokens.json"]


@given(cut=st.integers(0, 200))
def test_a_half_written_file_never_hides_the_old_pair(tmp_path_factory, cut):
    storage = FileStorage(tmp_path_factory.mktemp("s") / "tokens.json")
    old = pair(0)
    storage.save(old)
    newer = pair(1).to_json()
    storage.path.with_name("tokens.json.new").write_text(newer[:cut])

    assert storage.load() in (old, TokenPair.from_json(newer))


def test_the_file_is_its_owners_alone(tmp_path):
    storage = FileStorage(tmp_path / "new" / "tokens.json")
    storage.save(pair())
    with storage.lock():
        pass

    assert stat.S_IMODE(storage.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(storage.path.parent.stat().st_mode) == 0o700


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | st.text(max_size=4) | st.floats(), st.lists, max_leaves=4).map(
        lambda v: json.dumps(v).encode()
    )
)
def test_a_damaged_file_is_one_clear_error(tmp_path_factory, content):
    storage = FileStorage(tmp_path_factory.mktemp("s") / "tokens.json")
    storage.path.write_bytes(content)

    with pytest.raises(TokenError, match=r"tokens\.json: not a token pair .*authorise again"):
        storage.load()


def test_a_storage_that_cannot_save_does_not_throw_the_new_pair_away(serve, caplog):
    class Full(MemoryStorage):
        full = True

        def save(self, pair):
            if self.full:
                raise OSError(28, "No space left on device")
            super().save(pair)

    account = Account()
    storage = Full(pair(lives=-1))
    with connect(serve(account.app), storage).client() as client:
        assert client.get("/x").status_code == 200
        assert client.get("/x").status_code == 200
        assert storage.load().access_token == Secret("access-0")
        storage.full = False
        assert client.get("/x").status_code == 200

    assert storage.load().refresh_token == Secret("refresh-1")
    assert account.refreshes == [1]
    assert "kept in memory" in caplog.text


def test_a_refused_refresh_says_what_to_do_and_shows_no_token(serve):
    account = Account()
    account.serial = 7
    with (
        connect(serve(account.app), MemoryStorage(pair(3, lives=-1))).client() as client,
        pytest.raises(TokenError, match="authorise the integration again") as raised,
    ):
        client.get("/x")

    assert "refresh-3" not in str(raised.value)


def test_an_unreachable_token_endpoint_is_a_transport_error():
    with (
        connect("http://127.0.0.1:9", MemoryStorage(pair(lives=-1))).client() as client,
        pytest.raises(TransportError) as raised,
    ):
        client.get("/x")

    assert raised.value.sent is False


@given(
    answer=st.binary(max_size=40)
    | st.fixed_dictionaries(
        {
            "expires_in": st.none() | st.integers() | st.text(max_size=3),
            "access_token": st.none() | st.text(max_size=3),
        },
        optional={"refresh_token": st.none() | st.integers() | st.text(max_size=3)},
    ).map(lambda value: json.dumps(value).encode())
)
def test_a_token_endpoint_that_answers_garbage_is_a_token_error_or_a_pair(answer):
    http = httpx.MockTransport(lambda request: httpx.Response(200, content=answer))
    storage = MemoryStorage(pair(lives=-1))
    with connect("https://acme.kommo.com", storage, http=http).client() as client:
        try:
            client.get("/x")
        except TokenError:
            assert storage.load().refresh_token == Secret("refresh-0")
        else:
            assert storage.load().refresh_token.reveal().isascii()


def test_a_401_for_a_brand_new_token_does_not_burn_another(serve):
    account = Account()
    storage = MemoryStorage(pair(lives=-1))
    with connect(serve(account.app), storage).client() as client:
        assert client.get("/x").status_code == 200
        account.serial = 9
        assert client.get("/x").status_code == 401

    assert account.refreshes == [1]


def test_a_function_is_asked_for_the_token_each_time():
    tokens = iter(["one", "two", "three"])
    seen = []

    def handle(request):
        seen.append(request.headers["authorization"])
        return httpx.Response(401 if len(seen) == 1 else 200)

    connection = Connection(
        base_url="https://acme.kommo.com",
        token=lambda: next(tokens),
        http=httpx.MockTransport(handle),
        limiter=None,
    )
    with connection.client() as client:
        assert client.get("/x").status_code == 200

    assert seen == ["Bearer one", "Bearer two"]


@pytest.mark.parametrize(
    "arguments",
    [
        {"oauth": APP},
        {"oauth": APP, "token": "x", "token_storage": MemoryStorage()},
        {"token": "x", "token_storage": MemoryStorage()},
    ],
)
def test_half_configured_authentication_is_refused(arguments):
    with pytest.raises(ConfigurationError):
        Connection(base_url="https://acme.kommo.com", **arguments)


def test_the_authorize_page_names_the_integration():
    url = httpx.URL(APP.authorize_url("st&te"))

    assert url.host == "www.kommo.com"
    assert dict(url.params) == {"client_id": "id", "state": "st&te", "mode": "popup"}
