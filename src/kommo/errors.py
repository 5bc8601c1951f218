"""Everything the client raises. Nothing else escapes it.

    KommoError
      ConfigurationError        an argument or environment variable cannot work (also a ValueError)
      TransportError            no usable answer arrived
        ConnectFailed             the request was certainly not sent
        TimedOut                  it may have been
      ApiError                  an answer with an error status
        BadRequest                400
          ValidationFailed          400 with errors per submitted item
        Unauthorized              401
        PaymentRequired           402
        Forbidden                 403
        NotFound                  404
        MethodNotAllowed          405
        UnprocessableContent      422
        RateLimited               429
        ServerError               5xx
      UnexpectedResponse        a success status, but a body outside the contract
      PartialFailure            a success status, but some of the submitted items failed (v2)
      BatchFailed               a batch stopped before its end
      TokenError                no valid token could be had

All of them can be pickled, and none holds a credential.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, ClassVar, Final

import httpx

from kommo.record import Record
from kommo.redaction import redact

_LONGEST_QUOTE: Final = 300


class Violation(Record):
    """One rule that one submitted item broke.

    Attributes:
        path: dotted place inside the item, with indexes, as the server gave it:
            `custom_fields_values.0.values.0.value`.
        code: the server's code, an open set: `NotSupportedChoice`, `FieldNotExpected`, `InvalidType`, ...
        detail: the server's sentence.
        request_id: the id by which the server names the item, None when it named none.
        index: position of the item in the submitted list, from 0; None when the request was not a list or the
            server's id fits no item of it.
        item: the submitted item: the caller's own object where one is known, else the JSON that was sent;
            None as above.
    """

    path: str
    code: str
    detail: str
    request_id: str | None = None
    index: int | None = None
    item: object = None

    _hidden: ClassVar = frozenset({"item"})

    def __str__(self) -> str:
        place = ", ".join(
            part for part in (f"item {self.index}" if self.index is not None else "", self.path) if part
        )
        what = self.detail or self.code or "invalid"
        code = f" ({self.code})" if self.code and self.code != what else ""
        return f"{place}: {what}{code}" if place else f"{what}{code}"


class Problem(Record):
    """The body of an error answer, as far as there was one (problem+json, or one of the older JSON shapes).

    Attributes:
        title, detail: the server's text, one line each, at most 300 characters; may be empty.
        type: a link that names the kind of problem; may be empty.
        status: the status repeated in the body, None when it is missing or not a number.
        code: error code of the older shapes (`"110"`), None otherwise.
        trace_id: the server's own id for the incident, None when it sent none.
        body: the parsed JSON, None when the body was not JSON.
    """

    title: str = ""
    detail: str = ""
    type: str = ""
    status: int | None = None
    code: str | None = None
    trace_id: str | None = None
    body: object = None

    _hidden: ClassVar = frozenset({"body"})


def _restore(cls: type[KommoError], args: tuple[object, ...], state: dict[str, object]) -> KommoError:
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error


class KommoError(Exception):
    """Base of every exception of this library."""

    def __reduce__(self) -> tuple[Callable[..., KommoError], tuple[Any, ...]]:
        return _restore, (type(self), self.args, self.__dict__)


class ConfigurationError(KommoError, ValueError):
    """An argument, an environment variable or a combination of them cannot work. Nothing was sent."""


class TransportError(KommoError):
    """No usable answer arrived: network, TLS or protocol failure.

    Attributes:
        operation: operationId of the call, for example `list_leads_custom_fields`.
        sent: False when the request certainly did not reach the server, True when it may have.
    """

    def __init__(self, message: str, *, operation: str, sent: bool = True) -> None:
        super().__init__(message)
        self.operation = operation
        self.sent = sent


class ConnectFailed(TransportError):
    """No connection could be made (address, network, TLS or proxy); the request was not sent."""


class TimedOut(TransportError):
    """A timeout ran out, or the total time allowed. `sent` says whether the request may have arrived."""


class ApiError(KommoError):
    """The server answered with an error status.

    Attributes:
        operation: operationId of the call.
        status: HTTP status.
        problem: what the body said; its parts are empty when the body was empty, HTML or cut off.
        violations: broken rules by submitted item; empty unless the server named some.
        retry_after: seconds to wait before another attempt, from the Retry-After header (seconds or date) or
            the body's `retry_after`; None when the server named none.
        request_id: the server's X-Request-Id, None when it sent none.
        content_type: media type of the answer, without parameters, in lower case.
    """

    mend: ClassVar[str] = "read the server's text above"

    def __init__(
        self,
        message: str,
        *,
        operation: str,
        status: int,
        problem: Problem | None = None,
        violations: tuple[Violation, ...] = (),
        retry_after: float | None = None,
        request_id: str | None = None,
        content_type: str = "",
    ) -> None:
        super().__init__(message)
        self.operation = operation
        self.status = status
        self.problem = problem if problem is not None else Problem()
        self.violations = violations
        self.retry_after = retry_after
        self.request_id = request_id
        self.content_type = content_type


class BadRequest(ApiError):
    """400: the server refused the request."""

    mend = "correct the request"


class ValidationFailed(BadRequest):
    """400 with `violations`: which submitted item broke which rule, where."""

    mend = "correct the items named and send them again"


class Unauthorized(ApiError):
    """401: the token is missing, expired, revoked or of another account."""

    mend = "check that the token belongs to this account and is still valid"


class PaymentRequired(ApiError):
    """402: the account is not paid for."""

    mend = "renew the account's subscription"


class Forbidden(ApiError):
    """403: no right to do this; as HTML or plain text, a block after too many requests."""

    mend = "give the token's user the right to do this"


class NotFound(ApiError):
    """404: no such entity or path."""

    mend = "check the ids in the call"


class MethodNotAllowed(ApiError):
    """405: the path does not take this method."""

    mend = "check the account's domain; this account may not offer the operation"


class UnprocessableContent(ApiError):
    """422: understood, but not accepted; mostly more than 250 items in a request."""

    mend = "send at most 250 items a request, or let kommo.batches do it"


class RateLimited(ApiError):
    """429: too many requests, and the retries allowed are used up."""

    mend = "lower the rate, share one limiter among your workers, or wait `retry_after` seconds"


class ServerError(ApiError):
    """5xx: the server or a gateway in front of it failed."""

    mend = "try again later; on 504 send fewer items a request"


class UnexpectedResponse(KommoError):
    """A success status with a body that the contract does not allow.

    Attributes:
        operation: operationId of the call.
        path: place in the body, like `_embedded.custom_fields[3]`; empty for the body as a whole.
        key: the key concerned, None when it is not about one key.
        status: HTTP status, None when unknown.
    """

    def __init__(
        self,
        operation: str,
        path: str = "",
        key: str | None = None,
        *,
        what: str = "missing",
        status: int | None = None,
    ) -> None:
        place = ".".join(part for part in (path, key) if part) or "body"
        super().__init__(
            f"{operation}: unexpected answer: {one_line(place)}: {one_line(what)}; "
            "the server does not keep the contract here: please report it"
        )
        self.operation = operation
        self.path = path
        self.key = key
        self.status = status


class ItemFailure(Record):
    """One submitted item that failed inside an answer that succeeded (v2 `_embedded.errors`).

    Attributes:
        action: `add`, `update` or `delete`; empty when the server did not say.
        message: the server's text.
        code: the server's code as text, None when it sent none.
        id: id of the entity, None for an item that was to be added or when the server named none.
        index: position among the submitted items of that action, None when it cannot be told.
        item: the submitted item, None when it cannot be told.
    """

    action: str
    message: str
    code: str | None = None
    id: int | None = None
    index: int | None = None
    item: object = None

    _hidden: ClassVar = frozenset({"item"})


class PartialFailure(KommoError):
    """The server answered 200 and refused some of the submitted items (v2 writes).

    Attributes:
        operation: operationId of the call.
        failures: the refused items, in the order of the answer.
        succeeded: pairs of submitted item and what the server answered for it, in submitted order.
        result: the whole answer, parsed.
    """

    def __init__(
        self,
        operation: str,
        *,
        failures: Sequence[ItemFailure],
        succeeded: Sequence[tuple[object, object]] = (),
        result: object = None,
    ) -> None:
        first = failures[0] if failures else ItemFailure("", "no reason given")
        place = " ".join(
            part for part in (first.action, f"id {first.id}" if first.id is not None else "") if part
        )
        more = f" (and {len(failures) - 1} more)" if len(failures) > 1 else ""
        super().__init__(
            f"{operation}: {len(failures)} of {len(failures) + len(succeeded)} items refused: "
            f"{place + ': ' if place else ''}{one_line(first.message)}{more}; "
            "see .failures, correct them and send only those again"
        )
        self.operation = operation
        self.failures = tuple(failures)
        self.succeeded = tuple(succeeded)
        self.result = result


class BatchFailed(KommoError):
    """A batch stopped before its end. Correct what `cause` names, then `resume()`.

    Attributes:
        done: pairs of input and result, in input order: these are on the server.
        unknown: inputs of the request that failed, when it may have been carried out all the same; else
            empty.
        not_done: inputs that were in hand and certainly not carried out, in input order. Inputs that were not
            yet taken from the iterable are not in here.
        invalid: pairs of an input in `not_done` and the rule that it broke, where the server named some.
        cause: the exception that stopped the batch: a `KommoError`, unless `batches.stopped` gave this.
    """

    def __init__(
        self,
        message: str,
        *,
        cause: BaseException,
        done: Sequence[tuple[Any, Any]] = (),
        unknown: Sequence[Any] = (),
        not_done: Sequence[Any] = (),
        invalid: Sequence[tuple[Any, Violation]] = (),
        resume: Callable[..., Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.cause = cause
        self.done = tuple(done)
        self.unknown = tuple(unknown)
        self.not_done = tuple(not_done)
        self.invalid = tuple(invalid)
        self._resume = resume

    def resume(self, *, resend_unknown: bool = False) -> Any:
        """Go on with `not_done` and the rest of the iterable, and return all results, those of `done`
        included.

        To be awaited after an async batch. Not possible on a copy that was pickled.

        Args:
            resend_unknown: send `unknown` again too; look first whether the server has them already.
        """
        if self._resume is None:
            raise ConfigurationError(
                "this BatchFailed was copied from another process; resume the batch there"
            )
        return self._resume(resend_unknown=resend_unknown)

    def __reduce__(self) -> tuple[Callable[..., KommoError], tuple[Any, ...]]:
        return _restore, (type(self), self.args, {**self.__dict__, "_resume": None})


class TokenError(KommoError):
    """No valid token could be had: refresh refused, storage damaged, or the lock on it not obtained."""


STATUS_ERRORS: Final[Mapping[int, type[ApiError]]] = {
    400: BadRequest,
    401: Unauthorized,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    422: UnprocessableContent,
    429: RateLimited,
}


def one_line(text: str, limit: int = _LONGEST_QUOTE, secrets: Iterable[str] = ()) -> str:
    """Return foreign text fit for a message: redacted, printable, on one line, at most `limit` characters."""
    text = redact(text, secrets)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


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
    if violations:
        first, *rest = violations
        more = f" (and {len(rest)} more)" if rest else ""
        return f"{problem.title or 'Bad Request'}: {first}{more}", cls.mend
    if 300 <= response.status_code < 400:
        target = one_line(response.headers.get("location", ""), 100, secrets) or "nowhere"
        return f"redirect to {target}, not followed", "check the subdomain and the domain of the account"
    spoken = ": ".join(dict.fromkeys(part for part in (problem.title, problem.detail) if part))
    if spoken:
        return spoken, cls.mend
    if cls is Forbidden:
        return (
            f"Forbidden (answer: {content_type or 'no content type'})",
            "the account seems to block this address after too many requests: stop, ask the vendor's support",
        )
    return f"{one_line(response.reason_phrase) or 'error'} (no readable problem in the answer)", cls.mend
