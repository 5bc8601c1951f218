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

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, Final

from kommo.record import Record
from kommo.redaction import one_line


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
        """Go on with `not_done` and the rest of the iterable; return all results, those of `done`, too.

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
