"""What came of an exchange, as the exception for it: an answer with an error status, or none at all."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from kommo.errors import (
    STATUS_ERRORS,
    ApiError,
    ConfigurationError,
    ConnectFailed,
    Forbidden,
    Problem,
    ServerError,
    TimedOut,
    TransportError,
    UnprocessableContent,
    ValidationFailed,
    Violation,
)
from kommo.redaction import one_line, redact

# What to do where nothing was sent that could be corrected or be too much.
_MENDS_OF_READING: Final[Mapping[type[ApiError], str]] = {
    ValidationFailed: "correct the arguments named",
    UnprocessableContent: "ask for at most 250 a page, or let iterate go through the pages",
}


def api_error(operation: str, response: httpx.Response, *, items: Sequence[object] | None = None) -> ApiError:
    """Turn an answer with an error status into the exception for it. Never raises, whatever the answer holds.

    Args:
        operation: operationId of the call.
        response: the answer, its body read (an unread body counts as empty).
        items: the submitted objects, one for each element of the request's JSON array, so that violations can
            name them; without it they name the JSON that was sent.
    """
    secrets = _credentials(response)
    content_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = _json_body(response, secrets)
    problem = _problem(body)
    violations = _violations(body, _sent_json(response), items)
    status = response.status_code
    if violations and status == 400:
        cls: type[ApiError] = ValidationFailed
    elif status in STATUS_ERRORS:
        cls = STATUS_ERRORS[status]
    else:
        cls = ServerError if status >= 500 else ApiError
    what, mend = _describe(cls, response, problem, violations, content_type, secrets)
    return cls(
        f"{operation}: {status} {what}; {mend}",
        operation=operation,
        status=status,
        problem=problem,
        violations=violations,
        retry_after=retry_after(response),
        request_id=one_line(response.headers.get("x-request-id", ""), secrets=secrets) or None,
        content_type=content_type,
    )


def transport_error(operation: str, error: Exception) -> TransportError | ConfigurationError:
    """Turn what httpx raised into the exception for it; raise the result `from without_frames(error)`.

    Args:
        operation: operationId of the call.
        error: an `httpx.HTTPError`, `httpx.InvalidURL`, `httpx.StreamError`, `RuntimeError` (closed client),
            `OSError` ...
    """
    text = one_line(str(error)) or type(error).__name__
    if isinstance(error, httpx.PoolTimeout):
        return TimedOut(
            f"{operation}: no free connection in time; allow more connections or a longer pool timeout",
            operation=operation,
            sent=False,
        )
    if isinstance(error, httpx.ConnectTimeout):
        return ConnectFailed(
            f"{operation}: connecting took too long ({text}); check the address and the network",
            operation=operation,
            sent=False,
        )
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(
            f"{operation}: no complete answer in time ({text}); the request may have been carried out: "
            "check before you send it again, or allow a longer timeout",
            operation=operation,
        )
    if isinstance(error, httpx.ConnectError | httpx.ProxyError):
        return ConnectFailed(
            f"{operation}: cannot connect ({text}); check the subdomain or base_url and the network",
            operation=operation,
            sent=False,
        )
    if isinstance(error, httpx.InvalidURL | httpx.UnsupportedProtocol):
        return ConfigurationError(f"{operation}: cannot build the address ({text}); check the arguments")
    if isinstance(error, RuntimeError) and "closed" in str(error):
        return ConfigurationError(
            f"{operation}: the client is closed; open a new one, or stay inside its `with` block"
        )
    return TransportError(
        f"{operation}: the exchange broke off ({type(error).__name__}: {text}); the request may have been "
        "carried out: check before you send it again",
        operation=operation,
    )


def without_frames(error: BaseException) -> BaseException:
    """Return `error` with the frames of its whole chain dropped.

    The HTTP library's frames hold request headers, and with them the token, in local variables that
    debuggers, error trackers and `rich` print. Its message and type stay as the cause of our own exception.
    """
    seen: set[int] = set()
    pending: list[BaseException | None] = [error]
    while pending:
        link = pending.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        link.__traceback__ = None
        pending += [link.__cause__, link.__context__]
    return error


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that an answer asks to wait, None when it does not ask (or not understandably).

    Args:
        response: the answer. Its Retry-After header may hold seconds or an HTTP date; a date is compared with
            the answer's own Date where there is one, so that a wrong local clock does no harm. Without the
            header, `retry_after` of a JSON body counts.
    """
    header = response.headers.get("retry-after", "").strip()
    if header:
        if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", header, re.ASCII):
            return float(header)
        until = _http_date(header)
        if until is not None:
            now = _http_date(response.headers.get("date", "")) or datetime.now(UTC)
            return max(0.0, (until - now).total_seconds())
    body = _json_body(response, ())
    value = body.get("retry_after") if isinstance(body, dict) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e9 else None


def _http_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _credentials(response: httpx.Response) -> tuple[str, ...]:
    """The credentials that went out with the request; an answer may repeat them."""
    try:
        headers = response.request.headers
    except RuntimeError:
        return ()
    values = [headers.get("authorization", "").partition(" ")[2], headers.get("cookie", "")]
    return tuple(value for value in values if value)


def _sends(response: httpx.Response) -> bool:
    """Whether the request had something to send, or is not known."""
    try:
        return response.request.method not in ("GET", "HEAD")
    except RuntimeError:
        return True


def _json_body(response: httpx.Response, secrets: Iterable[str]) -> object:
    try:
        return json.loads(redact(response.content.decode(errors="replace"), secrets))
    except (ValueError, RecursionError, httpx.StreamError):
        return None


def _sent_json(response: httpx.Response) -> object:
    try:
        return json.loads(response.request.content)
    except (RuntimeError, ValueError, RecursionError):
        return None


def _text(body: Mapping[str, object], key: str) -> str:
    value = body.get(key)
    return "" if value is None else one_line(str(value))


def _problem(body: object) -> Problem:
    if not isinstance(body, dict):
        return Problem(body=body)
    # v2 and some gateways wrap the error: {"response": {"error": "...", "error_code": "110"}}, {"error":
    # "..."}.
    inner = body["response"] if isinstance(body.get("response"), dict) else body
    status = inner.get("status")
    return Problem(
        title=_text(inner, "title"),
        detail=_text(inner, "detail") or _text(inner, "error"),
        type=_text(inner, "type"),
        status=status if isinstance(status, int) and not isinstance(status, bool) else None,
        code=_text(inner, "error_code") or None,
        trace_id=_text(inner, "trace_id") or None,
        body=body,
    )


def _violations(body: object, sent: object, items: Sequence[object] | None) -> tuple[Violation, ...]:
    groups = body.get("validation-errors") if isinstance(body, dict) else None
    found = []
    for group in groups if isinstance(groups, list) else ():
        if not isinstance(group, dict):
            continue
        request_id = _text(group, "request_id") or None
        index = _item_index(request_id, sent)
        if index is not None and items is not None and index < len(items):
            item = items[index]
        else:
            item = sent[index] if isinstance(sent, list) and index is not None else None
        entries = group.get("errors")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                path, code, detail = (_text(entry, key) for key in ("path", "code", "detail"))
                found.append(Violation(path, code, detail, request_id, index, item))
    return tuple(found)


def _item_index(request_id: str | None, sent: object) -> int | None:
    """Position of the item that a request_id names: the item that carries it, else the one of that number."""
    if request_id is None or not isinstance(sent, list):
        return None
    for index, item in enumerate(sent):
        given = item.get("request_id") if isinstance(item, dict) else None
        if given is not None and str(given) == request_id:
            return index
    if not re.fullmatch(r"\d{1,6}", request_id, re.ASCII):
        return None
    index = int(request_id)
    # An item that carries another request_id is not the one that the server means.
    if index < len(sent) and not (
        isinstance(sent[index], dict) and sent[index].get("request_id") is not None
    ):
        return index
    return None


def _describe(
    cls: type[ApiError],
    response: httpx.Response,
    problem: Problem,
    violations: tuple[Violation, ...],
    content_type: str,
    secrets: Iterable[str],
) -> tuple[str, str]:
    """What happened and what to do about it, as the two halves of the message."""
    mend = cls.mend if _sends(response) else _MENDS_OF_READING.get(cls, cls.mend)
    if violations:
        first, *rest = violations
        more = f" (and {len(rest)} more)" if rest else ""
        return f"{problem.title or 'Bad Request'}: {first}{more}", mend
    if 300 <= response.status_code < 400:
        target = one_line(response.headers.get("location", ""), 100, secrets) or "nowhere"
        return f"redirect to {target}, not followed", "check the subdomain and the domain of the account"
    spoken = ": ".join(dict.fromkeys(part for part in (problem.title, problem.detail) if part))
    if spoken:
        return spoken, mend
    if cls is Forbidden:
        return (
            f"Forbidden (answer: {content_type or 'no content type'})",
            "the account seems to block this address after too many requests: stop, ask the vendor's support",
        )
    return f"{one_line(response.reason_phrase) or 'error'} (no readable problem in the answer)", mend
