"""The rate as a strict server sees it, with journeys of any length: on a clock of the test's own, so that nothing
depends on the machine."""

import random

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from kommo.errors import TransportError
from kommo.limits import RateLimit, RateLimiter, Turn
from kommo.local_bucket import LocalBucket
from kommo.redaction import Secret
from kommo.shared_bucket import _PUT, SharedBucket
from kommo.steps import Sleep


class Clock:
    """Stands in for `time`; sleeping is what moves it."""

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def finish(self, steps):
        """Drive a procedure to its end."""
        try:
            while True:
                step = next(steps)
                assert isinstance(step, Sleep)
                self.now += step.seconds
        except StopIteration as end:
            return end.value


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("kommo.limits.time", clock)
    monkeypatch.setattr(LocalBucket, "now", lambda _: int(clock.now * 1000))
    return clock


def arrivals(clock, limiter, journeys):
    """Send requests one after the other, each with its (connecting, there, back) in seconds: when they arrive."""
    for connecting, there, back in journeys:
        turn = clock.finish(limiter.turn("GET /"))
        clock.now += connecting
        clock.finish(limiter.writing(turn, "GET /"))
        clock.now += there
        yield clock.now
        clock.now += back
        clock.finish(limiter.arrived(turn, "GET"))


DELAY = st.floats(0, 0.09)


@given(st.lists(st.tuples(DELAY, DELAY, DELAY), min_size=8, max_size=60))
def test_a_strict_server_sees_no_window_too_full_whatever_delays_requests(delays):
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock = Clock()
        monkeypatch.setattr("kommo.limits.time", clock)
        monkeypatch.setattr(LocalBucket, "now", lambda _: int(clock.now * 1000))
        limiter = RateLimiter(RateLimit(longest_delay=1.0), "acme")
        fastest = [(0.0, 0.01, 0.01)]
        journeys = fastest + [(wait, 0.01 + there, 0.01 + back) for wait, there, back in delays]
        seen = list(arrivals(clock, limiter, journeys))

    assert all(later - earlier > 1.0 for earlier, later in zip(seen, seen[7:], strict=False))


def test_punctual_requests_get_98_percent_of_the_rate(clock):
    draw = random.Random(7)
    journeys = [(0.0, 0.01, 0.01), *((0.0, draw.uniform(0.01, 0.015), 0.01) for _ in range(700))]
    seen = list(arrivals(clock, RateLimiter(RateLimit(), "acme"), journeys))

    assert 700 / (seen[700] - seen[0]) > 0.98 * 7


def test_a_server_that_works_long_does_not_lower_the_rate_without_end(clock):
    journeys = [(0.0, 0.01, 0.01), *[(0.0, 0.01, 0.13)] * 70]
    seen = list(arrivals(clock, RateLimiter(RateLimit(longest_delay=0.1), "acme"), journeys))

    assert 63 / (seen[70] - seen[7]) > 7 / (1 + 0.1 + 0.02)


def test_the_measure_follows_a_network_that_became_slower(clock):
    limiter = RateLimiter(RateLimit(requests=99, per=1e-3), "acme")
    list(arrivals(clock, limiter, [(0.0, 0.001, 0.001)] + [(0.0, 0.05, 0.05)] * 1100))
    turn = clock.finish(limiter.turn("GET /"))
    before = turn.at
    clock.now += 0.1
    clock.finish(limiter.arrived(turn, "GET"))

    assert turn.at == before


@pytest.fixture
def bucket(redis_url):
    from pyrate_limiter import Rate

    name = f"test:{random.random()}"
    yield SharedBucket.open(Secret(redis_url), [Rate(2, 1000)], name)
    with redis.Redis.from_url(redis_url) as server:
        server.delete(name)


def entries(bucket):
    return [int(moment) for _, moment in bucket.redis.zrange(bucket.bucket_key, 0, -1, withscores=True)]


def test_a_shared_entry_is_moved_alone(bucket):
    first, second = bucket.claim(5000)[0], bucket.claim(5000)[0]
    bucket.move(first, 5300)

    assert entries(bucket) == [5000, 5300]
    assert (first.timestamp, second.timestamp) == (5300, 5000)
    assert [bucket.claim(moment)[1] is None for moment in (6000, 6001, 6300, 6301)] == [
        False,
        True,
        False,
        True,
    ]


def test_an_entry_that_was_forgotten_is_not_made_again(bucket):
    item, _ = bucket.claim(5000)
    bucket.leak(9000)
    bucket.move(item, 5300)

    assert entries(bucket) == []


def test_what_another_process_dates_a_moment_ahead_counts(bucket):
    assert "'+inf'" in _PUT
    assert [bucket.claim(moment)[1] is None for moment in (5001, 5001, 5000)] == [True, True, False]


def test_a_store_that_fails_after_the_answer_is_no_failure(monkeypatch):
    limiter = RateLimiter(RateLimit(redis="redis://127.0.0.1:9/0"), "acme")

    class Broken:
        def move(self, item, to_ms):
            raise TransportError("gone", operation="rate limit")

    limiter._bucket = Broken()
    turn = Turn(type("Item", (), {"timestamp": 0})(), 1000.0)
    limiter._move(turn, 0.05)

    assert turn.at == 1000.0


@given(st.lists(st.floats(0.001, 1), min_size=10, max_size=1200))
def test_the_fastest_journey_is_one_of_the_last_thousand(journeys):
    from kommo.limits import _Fastest

    fastest = _Fastest()
    found = [fastest.of(journey) for journey in journeys]

    assert found[-1] in journeys[-1000:]
    assert found[-1] <= min(journeys[-500:])
