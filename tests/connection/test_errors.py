"""Whatever a server answers becomes one documented exception, which says what to do and shows no secret."""

import copy
import json
import pickle

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kommo import errors
from kommo.errors import ApiError, KommoError
from kommo.failures import api_error, retry_after, transport_error
from kommo.redaction import redact

TOKEN = "eyJhbGciOi.geheim-token.abc"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
# Bodies that are nearly right reach deeper than random ones.
violation_like = st.fixed_dictionaries(
    {
        "validation-errors": st.lists(
            json_values
            | st.fixed_dictionaries(
                {
                    "request_id": json_values,
                    "errors": json_values
                    | st.lists(
                        st.fixed_dictionaries(
                            {"path": json_values, "code": json_values, "detail": json_values}
                        )
                    ),
                }
            )
        )
    },
    optional={"status": json_values, "title": json_values, "detail": json_values, "retry_after": json_values},
)
bodies = st.binary(max_size=200) | (json_values | violation_like).map(
    lambda value: json.dumps(value).encode()
)
header_text = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


def answer(status: int, content: bytes = b"", headers: dict[str, str] | None = None, sent: object = None):
    request = httpx.Request(
        "POST", "https://acme.kommo.com/x", json=sent, headers={"Authorization": f"Bearer {TOKEN}"}
    )
    return httpx.Response(status, content=content, headers=headers, request=request)


@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PATCH", "DELETE"]),
    status=st.sampled_from([400, 422]),
    places=st.lists(st.sampled_from(["limit", "page", "id"]), max_size=3),
)
def test_what_to_do_fits_what_was_done(method, status, places):
    """Who only reads has sent no items that could be corrected or be too many."""
    broken = [{"errors": [{"path": place, "code": "OutOfRange", "detail": "No."}]} for place in places]
    error = api_error(
        "list_leads",
        httpx.Response(
            status,
            json={"validation-errors": broken},
            request=httpx.Request(method, "https://acme.kommo.com/api/v4/leads"),
        ),
    )
    reads = method in ("GET", "HEAD")
    message = str(error).rpartition("; ")[2]
    assert ("items" in message) == (not reads and (status == 422 or bool(places)))
    if reads and status == 422:
        assert "250 a page" in message
    if reads and status == 400 and places:
        assert "arguments" in message


@given(
    status=st.integers(300, 599),
    content=bodies,
    headers=st.fixed_dictionaries(
        {}, optional={"retry-after": header_text, "content-type": header_text, "date": header_text}
    ),
    sent=json_values,
)
def test_any_error_answer_becomes_one_complete_exception(status, content, headers, sent):
    error = api_error("list_leads_custom_fields", answer(status, content, headers, sent))

    assert error.status == status
    assert str(error).startswith(f"list_leads_custom_fields: {status} ")
    assert "\n" not in str(error)
    assert error.retry_after is None or error.retry_after >= 0
    assert type(error) is errors.STATUS_ERRORS.get(status) or isinstance(
        error, errors.ServerError if status >= 500 else ApiError
    )
    clone = pickle.loads(pickle.dumps(error))
    assert (type(clone), str(clone), clone.violations) == (type(error), str(error), error.violations)
    assert str(copy.copy(error)) == str(error)


@given(
    status=st.integers(300, 599),
    before=st.text(),
    after=st.text(),
    key=st.sampled_from(["detail", "title", "other"]),
)
def test_a_server_that_repeats_the_token_does_not_put_it_into_the_exception(status, before, after, key):
    body = json.dumps({key: f"{before}{TOKEN}{after}"}).encode()

    error = api_error(
        "op", answer(status, body, {"x-request-id": "abc", "location": "https://e.org/?t=" + TOKEN})
    )

    assert TOKEN not in str(error)
    assert TOKEN not in repr(vars(error)) + repr(error.problem.body)
    assert TOKEN not in str(api_error("op", answer(status, TOKEN.encode())))


@pytest.mark.parametrize(
    ("status", "cls"), [*errors.STATUS_ERRORS.items(), (500, errors.ServerError), (504, errors.ServerError)]
)
def test_status_decides_the_class(status, cls):
    assert type(api_error("op", answer(status))) is cls


def test_violations_name_the_submitted_item():
    body = {
        "validation-errors": [
            {
                "request_id": "b",
                "errors": [{"code": "InvalidType", "path": "name", "detail": "Not a string"}],
            },
            {
                "request_id": "2",
                "errors": [{"code": "NotSupportedChoice", "path": "enums.0.value", "detail": ""}],
            },
            {"request_id": "9", "errors": [{"code": "X", "path": "p", "detail": "d"}]},
        ]
    }
    sent = [{"request_id": "a"}, {"request_id": "b"}, {"name": "third"}]
    mine = ["first object", "second object", "third object"]

    error = api_error("create", answer(400, json.dumps(body).encode(), sent=sent), items=mine)

    assert type(error) is errors.ValidationFailed
    assert [(v.index, v.item, v.path) for v in error.violations] == [
        (1, "second object", "name"),
        (2, "third object", "enums.0.value"),
        (None, None, "p"),
    ]
    assert "item 1, name: Not a string (InvalidType)" in str(error)


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({"Retry-After": "7"}, {}, 7.0),
        ({"Retry-After": "0.5"}, {"retry_after": 300}, 0.5),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:09 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}, 9.0),
        ({"Retry-After": "Wed, 21 Oct 2026 07:00:00 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, {}, 0.0),
        ({"Retry-After": "soon"}, {"retry_after": 300}, 300.0),
        ({}, {"retry_after": 300}, 300.0),
        ({}, {"retry_after": -1}, None),
        ({}, {"retry_after": True}, None),
        ({}, {}, None),
    ],
)
def test_retry_after(headers, body, seconds):
    assert retry_after(answer(429, json.dumps(body).encode(), headers)) == seconds


def test_older_error_bodies_are_read():
    error = api_error("op", answer(401, b'{"response":{"error":"Wrong login","error_code":"110"}}'))

    assert (error.problem.detail, error.problem.code) == ("Wrong login", "110")


@pytest.mark.parametrize(
    ("raised", "cls", "sent"),
    [
        (httpx.ConnectError("refused"), errors.ConnectFailed, False),
        (httpx.ConnectTimeout(""), errors.ConnectFailed, False),
        (httpx.PoolTimeout(""), errors.TimedOut, False),
        (httpx.ReadTimeout(""), errors.TimedOut, True),
        (httpx.ReadError("reset"), errors.TransportError, True),
        (httpx.DecodingError("gzip"), errors.TransportError, True),
    ],
)
def test_http_library_errors_are_wrapped(raised, cls, sent):
    error = transport_error("op", raised)

    assert type(error) is cls
    assert error.sent is sent
    assert pickle.loads(pickle.dumps(error)).sent is sent


def test_a_closed_client_is_the_users_mistake():
    with httpx.Client() as client:
        pass
    with pytest.raises(RuntimeError) as raised:
        client.get("https://acme.kommo.com/")

    assert isinstance(transport_error("op", raised.value), errors.ConfigurationError)


def every_error() -> list[KommoError]:
    return [
        errors.ConfigurationError("x"),
        errors.UnexpectedResponse("op", "_embedded.items[0]", "id", status=200),
        errors.PartialFailure(
            "op", failures=[errors.ItemFailure("update", "old", id=4)], succeeded=[("a", "b")]
        ),
        errors.BatchFailed("x", cause=errors.TokenError("y"), done=[(1, 2)], resume=lambda: None),
        errors.TokenError("x"),
    ]


@pytest.mark.parametrize("error", every_error(), ids=lambda error: type(error).__name__)
def test_every_error_survives_pickling(error):
    clone = pickle.loads(pickle.dumps(error))

    assert (type(clone), str(clone)) == (type(error), str(error))
    assert isinstance(clone, KommoError)


def test_a_pickled_batch_says_where_to_resume():
    clone = pickle.loads(
        pickle.dumps(errors.BatchFailed("x", cause=errors.TokenError("y"), resume=lambda: None))
    )

    with pytest.raises(errors.ConfigurationError, match="resume the batch there"):
        clone.resume()


@given(
    st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\"'&\\[]"), min_size=9),
    st.text(),
)
@example("a.b-c", "")
def test_redaction_finds_credentials_in_every_notation(secret, around):
    lines = [
        f'{around}"access_token": "{secret}"',
        f"refresh_token={secret}&x=1",
        f"{around}{secret}{around}",
        f"Cookie: session_id={secret}",
    ]
    for line in lines:
        assert (
            secret not in redact(line, [secret] if line == lines[2] else []).replace(around, "")
            or secret in "[secret]"
        )
