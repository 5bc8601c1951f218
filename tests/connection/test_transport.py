"""Between client and network: rate, retries, safety. Sync and async do the same."""

import asyncio
import itertools
import logging
import ssl
import threading
import time
import traceback
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from kommo import AsyncKommo, Kommo
from kommo.connection import Connection
from kommo.errors import ConfigurationError, KommoError, RateLimited, TimedOut, TransportError
from kommo.limits import RateLimit, RateLimiter
from kommo.redaction import RedactingFilter
from kommo.retry import NO_RETRY, RetryPolicy

TOKEN = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXRva2Vu.signature"
QUICK = RetryPolicy(first_pause=0.001)


class Strict:
    """Counts requests as the vendor does: more than 7 within any second get 429."""

    def __init__(self, requests: int = 7, per: float = 1.0) -> None:
        self.requests, self.per = requests, per
        self.accepted: deque[float] = deque()
        self.refused = 0

    async def __call__(self, scope, receive, send):
        now = time.monotonic()
        while self.accepted and self.accepted[0] <= now - self.per:
            self.accepted.popleft()
        if len(self.accepted) < self.requests:
            self.accepted.append(now)
            response = JSONResponse({})
        else:
            self.refused += 1
            response = PlainTextResponse("<html>slow down", 429, {"content-type": "text/html"})
        await response(scope, receive, send)


def answers(*outcomes):
    """An httpx transport that gives these outcomes one after the other, and counts."""
    left = iter(outcomes)
    seen = []

    def handle(request):
        seen.append(request)
        outcome = next(left)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return httpx.MockTransport(handle), seen


def exchange(world: str, http, method="GET", **arguments) -> httpx.Response:
    arguments = {"limiter": None, "retry": QUICK, **arguments}
    connection = Connection(base_url="https://acme.kommo.com", token=TOKEN, http=http, **arguments)
    if world == "sync":
        with connection.client() as client:
            return client.request(method, "/x")

    async def main():
        async with connection.async_client() as client:
            return await client.request(method, "/x")

    return asyncio.run(main())


worlds = pytest.mark.parametrize("world", ["sync", "async"])


@worlds
@pytest.mark.parametrize(
    ("method", "outcomes", "sent"),
    [
        ("GET", lambda: [httpx.Response(503), httpx.ReadTimeout(""), httpx.Response(200)], 3),
        (
            "POST",
            lambda: [httpx.Response(429, html="<h1>slow"), httpx.ConnectError(""), httpx.Response(200)],
            3,
        ),
        ("POST", lambda: [httpx.Response(502), httpx.Response(200)], 1),
        ("PATCH", lambda: [httpx.ReadError(""), httpx.Response(200)], 1),
        ("DELETE", lambda: [httpx.RemoteProtocolError(""), httpx.Response(200)], 1),
        ("GET", lambda: [httpx.Response(404), httpx.Response(200)], 1),
        ("GET", lambda: [httpx.Response(500) for _ in range(9)], 4),
        # A pause beyond the total time is not begun.
        ("GET", lambda: [httpx.Response(429, headers={"retry-after": "300"}), httpx.Response(200)], 1),
        ("GET", lambda: [httpx.Response(429, json={"retry_after": 300}), httpx.Response(200)], 1),
        ("GET", lambda: [httpx.Response(429, headers={"retry-after": "0"}), httpx.Response(200)], 2),
        # A refusal that cannot be decoded is a refusal all the same.
        (
            "GET",
            lambda: [
                httpx.Response(429, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"no")),
                httpx.Response(200),
            ],
            2,
        ),
    ],
)
def test_requests_are_repeated_only_where_that_is_safe(world, method, outcomes, sent):
    outcomes = outcomes()
    http, seen = answers(*outcomes)

    last = outcomes[sent - 1]
    if isinstance(last, Exception):
        with pytest.raises(type(last)):
            exchange(world, http, method)
    else:
        assert exchange(world, http, method).status_code == last.status_code
    assert len(seen) == sent


@worlds
def test_a_429_makes_everybody_wait(world):
    http, seen = answers(httpx.Response(429, headers={"retry-after": "0.2"}), httpx.Response(200))
    limiter = RateLimiter(RateLimit(requests=99), "acme")

    exchange(world, http, limiter=limiter)

    assert len(seen) == 2
    assert limiter._held_until > 0


@worlds
def test_a_dripping_body_ends_with_the_total_time(world):
    class Drip(httpx.SyncByteStream, httpx.AsyncByteStream):
        def __iter__(self):
            for _ in range(1000):
                time.sleep(0.01)
                yield b"x"

        async def __aiter__(self):
            for _ in range(1000):
                await asyncio.sleep(0.01)
                yield b"x"

    with pytest.raises(httpx.ReadTimeout):
        exchange(world, answers(httpx.Response(200, stream=Drip()))[0], retry=RetryPolicy(total=0.1))


def assert_never_more_than(requests: int, per: float, moments: list[int]) -> None:
    """The turns counted, in milliseconds: whatever the machine does, a window holds no more than allowed."""
    assert len(moments) > requests
    assert all(
        later - earlier > per * 1000 for earlier, later in zip(moments, moments[requests:], strict=False)
    )


def test_threads_tasks_and_clients_of_an_account_share_one_rate(serve):
    # Ten times the real rate, to be quick.
    url = serve(Strict(requests=999))
    limit = RateLimit(requests=7, per=0.1, guard=0, longest_delay=0)
    first, second = (Connection(base_url=url, token="x", limiter=limit, retry=NO_RETRY) for _ in range(2))
    assert first.limiter is second.limiter

    async def tasks():
        async with second.async_client() as client:
            return [r.status_code for r in await asyncio.gather(*(client.get("/") for _ in range(20)))]

    with first.client() as client, ThreadPoolExecutor(9) as pool:
        in_tasks = pool.submit(lambda: asyncio.run(tasks()))
        in_threads = [answer.status_code for answer in pool.map(lambda _: client.get("/"), range(20))]

    assert in_threads + in_tasks.result() == [200] * 40
    assert_never_more_than(7, 0.1, [item.timestamp for item in first.limiter._bucket.items])


LIMITED = """
import sys
from kommo.connection import Connection
from kommo.limits import RateLimit
from kommo.retry import NO_RETRY
url, redis = sys.argv[1:]
limit = RateLimit(requests=7, per=0.2, guard=0, longest_delay=0, redis=redis)
with Connection(base_url=url, token="x", limiter=limit, retry=NO_RETRY).client() as client:
    print("ready", flush=True)
    sys.stdin.readline()
    print([client.get("/").status_code for _ in range(12)])
"""


def test_four_processes_share_one_rate_through_redis(serve, redis_url, run_python):
    import redis

    url = serve(Strict(requests=999))
    workers = [run_python(LIMITED, url, redis_url) for _ in range(4)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()

    assert [worker.communicate(timeout=60)[0] for worker in workers] == [f"{[200] * 12}\n"] * 4
    with redis.Redis.from_url(redis_url) as server:
        counted = server.zrange(f"kommo:limit:{url}", 0, -1, withscores=True)
    assert_never_more_than(7, 0.2, [int(moment) for _, moment in counted])


@worlds
def test_a_turn_that_ended_while_connecting_is_taken_again(world):
    class Slow(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request):
            time.sleep(0.02)
            request.extensions["trace"]("http11.send_request_headers.started", {})
            return httpx.Response(200)

        async def handle_async_request(self, request):
            await asyncio.sleep(0.02)
            await request.extensions["trace"]("http11.send_request_headers.started", {})
            return httpx.Response(200)

    limiter = RateLimiter(RateLimit(per=0.01, guard=9.0), "acme")
    exchange(world, Slow(), limiter=limiter)
    exchange(world, Slow(), limiter=limiter)

    assert limiter._bucket.count() == 4


def test_the_shared_rate_survives_a_redis_that_forgot_its_scripts(redis_url):
    import redis

    http, seen = answers(*(httpx.Response(200) for _ in range(4)))
    connection = Connection(base_url="https://forgetful.kommo.com", token="x", http=http, limiter=redis_url)
    with connection.client() as client, redis.Redis.from_url(redis_url) as server:
        client.get("/x")
        server.script_flush()
        client.get("/x")

    assert len(seen) == 2


@pytest.mark.parametrize("user", ["", "u", "user"])
@worlds
def test_an_unreachable_redis_is_one_clear_error_without_its_password(world, user):
    http, seen = answers(httpx.Response(200))

    with pytest.raises(TransportError, match=r"rate limit: cannot use Redis at 127\.0\.0\.1:9 ") as raised:
        exchange(world, http, limiter=f"redis://{user}:hunter2@127.0.0.1:9/0")

    assert raised.value.sent is False
    assert not seen
    assert "hunter2" not in str(raised.value) + str(raised.value.__cause__)
    assert "refused" in str(raised.value)


@pytest.mark.parametrize("url", ["http://x", "redis", "memory://"])
def test_a_limiter_that_is_no_redis_url_is_refused(url):
    with pytest.raises(ConfigurationError, match="redis://"):
        Connection(base_url="https://acme.kommo.com", token="x", limiter=url)


@worlds
def test_a_queue_too_long_for_max_wait_fails_before_sending(world):
    http, seen = answers(httpx.Response(200), httpx.Response(200))
    limiter = RateLimiter(RateLimit(requests=1, per=60, max_wait=0.01), "acme")
    exchange(world, http, limiter=limiter)

    with pytest.raises(TimedOut, match="no turn within") as raised:
        exchange(world, http, limiter=limiter)

    assert raised.value.sent is False
    assert len(seen) == 1


@worlds
@pytest.mark.parametrize(
    "url", ["https://evil.org/x", "http://acme.kommo.com/x", "https://acme.kommo.com:8443/x"]
)
def test_nothing_is_sent_to_another_origin(world, url):
    http, seen = answers(httpx.Response(200))
    connection = Connection(base_url="https://acme.kommo.com", token=TOKEN, http=http, limiter=None)

    def go():
        if world == "sync":
            with connection.client() as client:
                client.get(url)
        else:

            async def main():
                async with connection.async_client() as client:
                    await client.get(url)

            asyncio.run(main())

    with pytest.raises(ConfigurationError, match="refusing to send the token"):
        go()
    assert not seen


@worlds
def test_redirects_and_cookies_are_not_followed(world):
    http, seen = answers(
        httpx.Response(
            302, headers={"location": "https://evil.org/", "set-cookie": "session_id=x; Domain=kommo.com"}
        )
    )

    assert exchange(world, http).status_code == 302
    assert len(seen) == 1


def test_tls_is_always_verified():
    careless = ssl.create_default_context()
    careless.check_hostname = False
    careless.verify_mode = ssl.CERT_NONE

    with pytest.raises(ConfigurationError, match="TLS is always verified"):
        Connection("acme", token="x", ssl_context=careless)


@pytest.mark.parametrize("name", ["Authorization", "COOKIE", "host"])
def test_headers_that_are_the_clients_own_cannot_be_replaced(name):
    with pytest.raises(ConfigurationError, match="set by the client"):
        Connection("acme", token="x", headers={name: "x"})


def test_the_token_shows_nowhere(serve, caplog):
    """Logs of every library at the finest level, reprs, and tracebacks with all local variables."""
    caplog.set_level(logging.DEBUG)
    refuse = Starlette(
        routes=[Route("/{path:path}", lambda r: Response(r.headers["authorization"], 401), methods=["GET"])]
    )
    shown = []
    for base_url in (serve(refuse), "http://127.0.0.1:9"):
        with Kommo(base_url=base_url, token=TOKEN, retry=NO_RETRY) as crm:
            shown += [repr(crm), repr(vars(crm._connection)), repr(vars(crm._connection.auth))]
            try:
                crm.leads_custom_fields.list()
            except KommoError as error:
                trace = traceback.TracebackException.from_exception(error, capture_locals=True)
                shown += ["".join(trace.format()), repr(vars(error))]
    shown.append(caplog.text)

    assert all(TOKEN not in text for text in shown)


def test_the_logging_filter_cleans_other_peoples_lines(caplog):
    caplog.handler.addFilter(cleaner := RedactingFilter())
    try:
        logging.getLogger("somebody").warning("sending %s", {"refresh_token": "secret-one"})
        logging.getLogger("somebody").warning("Authorization: Bearer secret-two")
    finally:
        caplog.handler.removeFilter(cleaner)

    assert "secret" not in caplog.text.replace("[secret]", "")


ANY_ANSWER = st.one_of(
    st.binary(max_size=300),
    st.builds(
        lambda status, headers, body: b"HTTP/1.1 " + status + b"\r\n" + headers + b"\r\n" + body,
        st.sampled_from(
            [
                b"200 OK",
                b"204 No",
                b"100 Go",
                b"302 Go",
                b"400 Bad",
                b"429 Slow",
                b"503 Later",
                b"999 X",
                b"2x0 ?",
            ]
        ),
        st.lists(
            st.sampled_from(
                [
                    b"Content-Type: application/hal+json\r\n",
                    b"Content-Type: text/html; charset=rot13\r\n",
                    b"Content-Encoding: gzip\r\n",
                    b"Content-Length: 5\r\n",
                    b"Content-Length: -1\r\n",
                    b"Transfer-Encoding: chunked\r\n",
                    b"Location: http://[\r\n",
                    b"Retry-After: \xff\r\n",
                    b"Set-Cookie: a=b\r\n",
                    b"Broken\r\n",
                ]
            ),
            max_size=4,
        ).map(b"".join),
        st.binary(max_size=60)
        | st.sampled_from(
            [
                b"",
                b"{",
                b"[]",
                b"null",
                b'{"_embedded":{"custom_fields":[{}]}}',
                b'{"_embedded":null,"_links":{"next":{"href":"http://["}}}',
                b'{"_embedded":{"custom_fields":7}}',
                b"[" * 3000,
                b'{"a":"\\ud800"}',
                b'{"id":1e999}',
            ]
        ),
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answer=ANY_ANSWER, data=st.data())
def test_a_server_that_answers_garbage_raises_only_documented_errors(serve_bytes, answer, data):
    url = serve_bytes(answer)
    call = data.draw(st.sampled_from(["list", "iterate", "get", "create", "v2", "async"]))
    arguments = {"base_url": url, "token": "x", "limiter": None, "retry": NO_RETRY, "timeout": 5.0}

    async def asynchronously():
        async with AsyncKommo(**arguments) as crm:
            await crm.leads_custom_fields.list()

    try:
        if call == "async":
            asyncio.run(asynchronously())
            return
        with Kommo(**arguments) as crm:
            if call == "list":
                crm.leads_custom_fields.list()
            elif call == "iterate":
                list(itertools.islice(crm.leads_custom_fields.iterate(), 5))
            elif call == "get":
                crm.leads_custom_fields.get(1)
            elif call == "create":
                crm.leads_custom_fields.create([])
            else:
                crm.v2_catalogs.delete([1])
    except KommoError as error:
        message = str(error)
        assert message
        assert "\n" not in message


def test_a_limited_request_past_its_retries_is_a_rate_limited_error(serve):
    url = serve(Strict(requests=0))
    with (
        Kommo(base_url=url, token="x", retry=NO_RETRY, limiter=None) as crm,
        pytest.raises(RateLimited, match="lower the rate") as raised,
    ):
        crm.leads_custom_fields.list()

    assert raised.value.content_type == "text/html"


def test_many_threads_make_one_transport_at_the_first_request(serve):
    url = serve(Strict(requests=999))
    barrier = threading.Barrier(8)
    with Connection(base_url=url, token="x", limiter=None).client() as client:

        def first(_):
            barrier.wait()
            return client.get("/").status_code

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(first, range(8))) == [200] * 8
