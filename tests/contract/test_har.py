"""Archives of other tools: what is in them is read, what cannot be is named."""

import base64
import copy
import json
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kommo.command import CommandError
from kommo.contract import har

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
# As a browser writes it.
ENTRY = {
    "_initiator": {"type": "script"},
    "startedDateTime": "2026-01-01T00:00:00.000Z",
    "time": 12.5,
    "request": {
        "method": "POST",
        "url": "https://acme.kommo.com/api/v4/leads",
        "httpVersion": "h2",
        "headers": [
            {"name": ":method", "value": "POST"},
            {"name": "Content-Type", "value": "application/json"},
        ],
        "queryString": [{"name": "with", "value": "contacts"}],
        "postData": {"mimeType": "application/json", "text": "[]", "params": []},
    },
    "response": {
        "status": 200,
        "headers": [{"name": "Content-Type", "value": "application/hal+json"}],
        "content": {"size": 2, "mimeType": "application/hal+json", "text": "e30=", "encoding": "base64"},
    },
    "cache": {},
    "timings": {},
}


def places(value, path=()):
    """The path of everything inside JSON."""
    yield path
    for key, inner in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield from places(inner, (*path, key))


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("har") / "traffic.har"

    def read(whole):
        path.write_text(json.dumps(whole))
        return list(har.read(path))

    return read


def logged(*entries):
    return {"log": {"version": "1.2", "entries": list(entries)}}


@given(path=st.sampled_from(list(places(logged(ENTRY)))), put=st.just(...) | JSON)
def test_whatever_stands_in_an_archive_is_read_or_named_with_its_place(archive, path, put):
    whole = copy.deepcopy(logged(ENTRY))
    if not path:
        whole = None if put is ... else put
    else:
        *way, last = path
        holder = whole
        for key in way:
            holder = holder[key]
        if put is ...:
            del holder[last]
        else:
            holder[last] = put
    try:
        found = archive(whole)
    except CommandError as error:
        message = str(error)
        assert "log.entries[" in message or "expected JSON with a list log.entries" in message
        assert "\n" not in message
        # Words of ours, not of Python.
        assert not any(word in message for word in ("NoneType'", "Error(", "subscriptable", "iterable"))
    else:
        assert all(exchange.method and exchange.status > 0 for exchange in found)


@given(
    body=st.binary(),
    encoded=st.booleans(),
    query=st.lists(st.tuples(st.text(min_size=1), st.text()), max_size=3),
    params=st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=1, max_size=3),
)
def test_bodies_queries_and_forms_are_what_was_sent(archive, body, encoded, query, params):
    try:
        text = body.decode()
    except UnicodeDecodeError:
        encoded = True
    content = {"text": base64.b64encode(body).decode(), "encoding": "base64"} if encoded else {"text": text}
    entry = copy.deepcopy(ENTRY)
    entry["response"]["content"] = {"size": len(body), "mimeType": "application/json", **content}
    entry["request"]["queryString"] = [{"name": name, "value": value} for name, value in query]
    entry["request"]["postData"] = {
        "mimeType": "application/x-www-form-urlencoded",
        "params": [{"name": name, "value": value} for name, value in params],
    }
    (exchange,) = archive(logged(entry))
    assert exchange.body == body
    assert parse_qsl(urlsplit(exchange.url).query, keep_blank_values=True) == query
    assert parse_qsl(exchange.request_body.decode()) == params
    assert not any(name.startswith(":") for name in exchange.request_headers)


@given(status=st.sampled_from([0, -1, None, "0"]), kept=st.booleans())
def test_requests_without_an_answer_are_left_out(archive, status, kept):
    aborted = copy.deepcopy(ENTRY)
    aborted["response"] = {"status": status, "headers": [], "content": {"size": 0, "mimeType": "x-unknown"}}
    assert len(archive(logged(aborted, *([ENTRY] if kept else [])))) == kept


@pytest.mark.parametrize(("kind", "judged"), [("application/hal+json", True), ("image/png", False)])
def test_answers_that_were_not_recorded_are_not_taken_for_empty(archive, kind, judged):
    entry = copy.deepcopy(ENTRY)
    entry["response"] = {"status": 200, "content": {"size": 512, "mimeType": kind}}
    if judged:
        with pytest.raises(CommandError, match="512 bytes of which none were recorded"):
            archive(logged(entry))
    else:
        assert len(archive(logged(entry))) == 1
