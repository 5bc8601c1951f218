"""A request is sent again only when that is harmless, and never for longer than allowed."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo.retry import NO_RETRY, RetryPolicy

methods = st.sampled_from(["GET", "POST", "PATCH", "DELETE"])
maybe_arrived = st.sampled_from(
    [httpx.ReadTimeout(""), httpx.ReadError(""), httpx.WriteError(""), httpx.RemoteProtocolError("")]
)
never_sent = st.sampled_from([httpx.ConnectError(""), httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
statuses = st.integers(200, 599).map(httpx.Response)


@given(st.sampled_from(["POST", "PATCH", "DELETE"]), maybe_arrived | statuses)
def test_a_write_that_may_have_arrived_is_never_sent_again(method, outcome):
    pause = RetryPolicy().pause(method, outcome, attempt=1, elapsed=0)

    assert (pause is None) is not (isinstance(outcome, httpx.Response) and outcome.status_code == 429)


@given(methods, never_sent | st.just(httpx.Response(429)))
def test_what_was_not_carried_out_is_sent_again_by_any_method(method, outcome):
    assert RetryPolicy().pause(method, outcome, attempt=1, elapsed=0) is not None
    assert NO_RETRY.pause(method, outcome, attempt=1, elapsed=0) is None


@given(maybe_arrived | st.sampled_from([500, 502, 503, 504]).map(httpx.Response))
def test_a_read_is_sent_again_after_any_failure(outcome):
    assert RetryPolicy().pause("GET", outcome, attempt=1, elapsed=0) is not None


@given(
    attempt=st.integers(1, 20),
    elapsed=st.floats(0, 1000),
    asked=st.none() | st.floats(0, 1e6),
    draw=st.floats(0, 1, exclude_max=True),
    policy=st.builds(
        RetryPolicy, attempts=st.integers(1, 10), total=st.floats(0, 500), jitter=st.floats(0, 1)
    ),
)
def test_pauses_grow_are_bounded_and_keep_what_the_server_asks(attempt, elapsed, asked, draw, policy):
    pause = policy.pause(
        "GET", httpx.Response(429), attempt=attempt, elapsed=elapsed, asked=asked, draw=lambda: draw
    )

    if pause is None:
        return
    assert attempt < policy.attempts
    assert elapsed + pause <= policy.total
    assert pause >= (asked or 0)
    assert pause - (asked or 0) <= min(policy.longest_pause, policy.first_pause * 2 ** (attempt - 1)) + 1e-6


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"total": -1}, {"jitter": 2}])
def test_an_impossible_policy_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RetryPolicy(**wrong)
