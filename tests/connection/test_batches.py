"""Any number of items in chunks: in order, paired, and resumable after any failure."""

import asyncio
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo import batches, errors
from kommo.errors import BatchFailed, ConfigurationError, ItemFailure, PartialFailure, Violation
from kommo.pairing import partial_failure, positions


class Server:
    """Creates items; can shuffle its answers, and fail at chosen requests."""

    def __init__(self, failures=None, shuffle=None):
        self.requests = []
        self.failures = failures or {}
        self.shuffle = shuffle or (lambda items: items)

    def create(self, items):
        number = len(self.requests)
        self.requests.append(items)
        if number in self.failures:
            raise self.failures[number]
        made = [SimpleNamespace(request_id=item["request_id"], made_of=item["name"]) for item in items]
        return SimpleNamespace(items=self.shuffle(made))

    async def create_async(self, items):
        await asyncio.sleep(0)
        return self.create(items)


def send(world, server, items, **options):
    if world == "sync":
        return batches.send(server.create, items, **options)
    return asyncio.run(batches.send_async(server.create_async, items, **options))


def resume(world, failed, **options):
    return failed.resume(**options) if world == "sync" else asyncio.run(failed.resume(**options))


def named(count):
    return [{"name": f"n{index}"} for index in range(count)]


worlds = st.sampled_from(["sync", "async"])


@given(world=worlds, count=st.integers(0, 120), size=st.integers(1, 60), lazily=st.booleans())
def test_all_items_go_in_order_and_come_back_with_their_result(world, count, size, lazily):
    server, items, seen = Server(shuffle=lambda made: made[::-1]), named(count), []

    pairs = send(world, server, iter(items) if lazily else items, size=size, progress=seen.append)

    assert [given for given, _ in pairs] == items
    assert [result.made_of for _, result in pairs] == [item["name"] for item in items]
    assert all(len(request) <= size for request in server.requests)
    assert items == named(count), "the caller's items are not touched"
    assert [state.done for state in seen] == [min(count, size * (n + 1)) for n in range(len(server.requests))]
    assert all(state.total == (None if lazily else count) for state in seen)


refusals = st.sampled_from(
    [
        errors.RateLimited("429", operation="op", status=429),
        errors.BadRequest("400", operation="op", status=400),
        errors.ConnectFailed("no", operation="op", sent=False),
        errors.TokenError("no"),
    ]
)
doubts = st.sampled_from(
    [
        errors.ServerError("504", operation="op", status=504),
        errors.TimedOut("late", operation="op"),
        errors.UnexpectedResponse("op", what="not JSON"),
    ]
)


@given(world=worlds, count=st.integers(1, 40), size=st.integers(1, 10), at=st.integers(0, 4), error=refusals)
def test_a_refused_chunk_is_not_done_and_resuming_completes(world, count, size, at, error):
    server, items = Server({at: error}), named(count)
    if at * size >= count:
        assert len(send(world, server, iter(items), size=size)) == count
        return

    with pytest.raises(BatchFailed) as raised:
        send(world, server, iter(items), size=size)

    failed = raised.value
    assert failed.cause is error
    assert [item for item, _ in failed.done] == items[: at * size]
    assert list(failed.not_done) == items[at * size : (at + 1) * size]
    assert failed.unknown == ()
    assert [item for item, _ in resume(world, failed)] == items


@given(world=worlds, count=st.integers(1, 40), size=st.integers(1, 10), error=doubts, resend=st.booleans())
def test_a_chunk_in_doubt_is_sent_again_only_when_asked(world, count, size, error, resend):
    server, items = Server({0: error}), named(count)

    with pytest.raises(BatchFailed) as raised:
        send(world, server, items, size=size)

    assert list(raised.value.unknown) == items[:size]
    assert raised.value.not_done == ()
    pairs = resume(world, raised.value, resend_unknown=resend)
    assert [item for item, _ in pairs] == (items if resend else items[size:])


def test_a_broken_rule_is_paired_with_the_callers_item():
    violations = (Violation("name", "X", "too long", "1", 1, None),)
    error = errors.ValidationFailed("400", operation="op", status=400, violations=violations)
    items = named(5)

    with pytest.raises(BatchFailed, match="2 items done") as raised:
        batches.send(Server({1: error}).create, items, size=2)

    assert raised.value.invalid == ((items[3], violations[0]),)


def test_a_partial_failure_keeps_what_succeeded():
    items = named(3)

    def create(sent):
        if len(sent) == 1:
            return SimpleNamespace(items=[SimpleNamespace(request_id=sent[0]["request_id"])])
        raise PartialFailure(
            "op",
            failures=[ItemFailure("add", "no", index=1, item=sent[1])],
            succeeded=[(sent[0], "first"), (sent[2], "third")],
        )

    with pytest.raises(BatchFailed) as raised:
        batches.send(create, items)

    assert raised.value.done == ((items[0], "first"), (items[2], "third"))
    assert raised.value.not_done == (items[1],)
    assert [item for item, _ in raised.value.resume()] == items


def test_an_answer_that_lacks_results_leaves_them_in_doubt():
    def create(sent):
        return SimpleNamespace(items=[SimpleNamespace(request_id=sent[0]["request_id"])])

    with pytest.raises(BatchFailed, match="no result for 2 of 3") as raised:
        batches.send(create, named(3))

    assert raised.value.unknown == tuple(named(3)[1:])


def test_an_interrupted_request_is_in_doubt_when_the_batch_goes_on():
    items = named(4)
    server = Server({1: KeyboardInterrupt(), 2: errors.TokenError("x")})
    batch = batches._Batch(iter(items), 1)

    with pytest.raises(KeyboardInterrupt):
        batches.run(batch.steps(server.create, lambda _: None, lambda: None))
    with pytest.raises(BatchFailed) as raised:
        batches.run(batch.steps(server.create, lambda _: None, lambda: None))

    assert raised.value.unknown == (items[1],)


def test_a_batch_that_is_interrupted_says_where_it_stands_and_goes_on():
    items = named(5)
    server = Server({1: KeyboardInterrupt()})

    with pytest.raises(KeyboardInterrupt) as raised:
        batches.send(server.create, iter(items), size=2)
    failure = batches.stopped(raised.value)

    assert failure is not None
    assert [item for item, _ in failure.done] == items[:2]
    assert failure.unknown == tuple(items[2:4])
    assert "2 items done (2 unknown)" in raised.value.__notes__[0]
    assert [item for item, _ in failure.resume(resend_unknown=True)] == items
    assert batches.stopped(failure) is failure
    assert batches.stopped(KeyboardInterrupt()) is None


def test_nothing_is_lost_when_the_iterable_or_the_report_fails():
    class Source:
        def __init__(self):
            self.left, self.failed = named(5), False

        def __iter__(self):
            return self

        def __next__(self):
            if len(self.left) == 2 and not self.failed:
                self.failed = True
                raise OSError("disk")
            if not self.left:
                raise StopIteration
            return self.left.pop(0)

    server = Server()
    with pytest.raises(OSError, match="disk") as raised:
        batches.send(server.create, Source(), size=2)
    failure = batches.stopped(raised.value)
    assert failure is not None
    assert failure.not_done == (named(5)[2],)
    assert [item for item, _ in failure.resume()] == named(5)

    def report(_):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as raised:
        batches.send(server.create, named(3), size=1, progress=report)
    failure = batches.stopped(raised.value)
    assert failure is not None
    assert [item for item, _ in failure.done] == named(3)[:1]


def test_a_cancelled_batch_says_where_it_stands():
    async def create(sent):
        await asyncio.sleep(60)

    async def main():
        task = asyncio.create_task(batches.send_async(create, named(3), size=2))
        await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError as error:
            return batches.stopped(error)

    failure = asyncio.run(main())
    assert failure is not None
    assert failure.unknown == tuple(named(3)[:2])


@given(names=st.lists(st.text(min_size=1), min_size=1, max_size=4), explicit=st.booleans())
def test_what_is_raised_from_the_end_of_a_batch_still_knows_it(names, explicit):
    """A time limit turns the cancellation of a batch into an exception of its own, and so do layers of a program."""
    server = Server({0: KeyboardInterrupt()})

    def wrapped(left):
        if not left:
            return batches.send(server.create, named(2))
        try:
            return wrapped(left[1:])
        except BaseException as error:
            raise RuntimeError(left[0]) from (error if explicit else None)

    with pytest.raises(RuntimeError) as raised:
        wrapped(names)
    failure = batches.stopped(raised.value)
    if explicit:
        assert failure is not None
        assert failure.unknown == tuple(named(2))
    else:
        assert failure is None


@pytest.mark.parametrize(
    "limited",
    [
        lambda batch: asyncio.wait_for(batch, 0.01),
        lambda batch: _within(batch, 0.01),
        lambda batch: _as_older_pythons(batch, 0.01),
    ],
)
def test_a_batch_that_runs_out_of_time_says_where_it_stands(limited):
    async def create(sent):
        await asyncio.sleep(60)

    with pytest.raises(TimeoutError) as raised:
        asyncio.run(limited(batches.send_async(create, named(3), size=2)))
    failure = batches.stopped(raised.value)
    assert failure is not None
    assert failure.unknown == tuple(named(3)[:2])


async def _within(awaitable, seconds):
    async with asyncio.timeout(seconds):
        return await awaitable


async def _as_older_pythons(awaitable, seconds):
    try:
        return await _within(awaitable, seconds)
    except TimeoutError:
        raise TimeoutError  # noqa: B904 (that there is no "from" is the point)


@pytest.mark.parametrize("size", [0, -1, 251])
def test_an_impossible_size_is_refused(size):
    with pytest.raises(ConfigurationError, match="1 to 250"):
        batches.send(Server().create, [], size=size)


def test_two_items_with_one_request_id_are_refused_before_sending():
    server = Server()
    with pytest.raises(BatchFailed, match="request_id 'a' is on two items"):
        batches.send(server.create, [{"name": "x", "request_id": "a"}, {"name": "y", "request_id": "a"}])

    assert not server.requests


def test_own_request_ids_are_kept_and_never_doubled():
    server = Server()
    items = [{"name": "x", "request_id": "0"}, {"name": "y"}]

    pairs = batches.send(server.create, items)

    assert [item["request_id"] for item in server.requests[0]] == ["0", "1"]
    assert [result.made_of for _, result in pairs] == ["x", "y"]


def test_a_bar_is_drawn_on_request(capsys):
    batches.send(Server().create, named(3), progress=True)

    assert "3/3" in capsys.readouterr().out


@given(st.permutations(range(6)), st.sampled_from(["id", "request_id"]))
def test_results_find_their_items_in_any_order(order, by):
    sent = [{by: number} for number in range(6)]

    assert positions(sent, [{by: str(number)} for number in order]) == list(order)


def test_ids_and_nameless_results_are_paired_too():
    assert positions([5, 6], [{"id": 6}]) == [1]
    assert positions([{"name": "x"}, {"name": "y"}], [{"x": 1}, {"x": 2}]) == [0, 1]
    assert positions([{"id": 4}, {"id": 4}], [{"id": 4}, {"id": 4}]) == [0, 1]
    assert positions([{"name": "x"}], [{"x": 1}, {"x": 2}]) == [None, None]


OLD = "Last modified date is older than in database"


@pytest.mark.parametrize(
    ("sent", "embedded", "failures", "succeeded"),
    [
        (
            {"update": [{"id": 21388995}, {"id": 7}]},
            {"items": [{"id": 7}], "errors": {"update": {"21388995": OLD}}},
            [("update", OLD, None, 21388995, 0)],
            [({"id": 7}, {"id": 7})],
        ),
        (
            {"add": [{"name": "x"}, {"name": "y", "request_id": 5}]},
            {
                "items": [],
                "errors": {"add": [{"code": 244, "msg": "no", "request_id": 5}, {"code": 1, "msg": "?"}]},
            },
            [("add", "no", "244", None, 1), ("add", "?", "1", None, None)],
            [],
        ),
        (
            {"delete": [1, 2, 3]},
            {"items": [{"id": 1}], "errors": [{"id": 2, "msg": "gone", "code": "282"}]},
            [("delete", "gone", "282", 2, 1)],
            [(1, {"id": 1})],
        ),
        ({"delete": [1]}, {"items": None, "errors": "broken"}, [("delete", "broken", None, None, 0)], []),
    ],
)
def test_errors_inside_a_200_are_paired_with_the_items(sent, embedded, failures, succeeded):
    error = partial_failure("write_v2_catalogs", sent, {"_embedded": embedded})

    assert error is not None
    assert [(f.action, f.message, f.code, f.id, f.index) for f in error.failures] == failures
    assert [f.item for f in error.failures] == [
        None if index is None else sent[action][index] for action, _, _, _, index in failures
    ]
    assert list(error.succeeded) == succeeded


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["add", "update", "id", "msg", "code", "0"]) | st.text(max_size=4),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@given(
    json_values,
    st.fixed_dictionaries(
        {}, optional={"add": st.lists(json_values, max_size=3), "update": st.lists(json_values, max_size=3)}
    ),
)
def test_any_errors_become_one_exception_or_none(errors_inside, sent):
    error = partial_failure("op", sent, {"_embedded": {"items": [{"id": 1}], "errors": errors_inside}})

    assert (error is None) is not bool(errors_inside)
    assert error is None or "\n" not in str(error)
