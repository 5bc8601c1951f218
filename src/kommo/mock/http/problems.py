"""How what is wrong with a request looks on the wire: from a refusal to a status and its body."""

from __future__ import annotations

from typing import Final

from kommo.mock.store import StorageFailed
from kommo.mock.violations import (
    NOT_SUPPORTED_CHOICE,
    Invalid,
    Malformed,
    NotFound,
    Refused,
    TooMany,
    Violation,
)
from kommo.mock.writes import NOT_FOUND, Failed

from .reply import HttpError, shown

REFUSALS: Final = (HttpError, Invalid, Malformed, TooMany, NotFound, Refused, Failed, StorageFailed)
"""What `problem_of` can say on the wire."""


def problem_of(error: Exception, method: str, path: str) -> HttpError:
    """The refusal of a request in the terms of HTTP.

    Args:
        error: one of `REFUSALS`.
        method, path: the request.
    """
    match error:
        case HttpError():
            return error
        case Invalid():
            return HttpError(400, "Request validation failed", errors=error.items)
        case Malformed() | Refused():
            return HttpError(400, str(error))
        case TooMany():
            return HttpError(422, str(error))
        case NotFound():
            return HttpError(404, f"Cannot {method} {shown(path)}", legacy_code=NOT_FOUND)
        case Failed():
            return _failed(error)
        case StorageFailed():
            return not_kept(error)
    raise error


def not_kept(error: StorageFailed) -> HttpError:
    """The refusal of a request while the data file cannot be used."""
    return HttpError(503, f"The data file could not be used: {error}")


def _failed(error: Failed) -> HttpError:
    """A v2 write that failed as a whole: 404 when all that is wrong is an unknown id, 400 otherwise."""
    first = error.failures[0]
    if all(failure.code == NOT_FOUND for failure in error.failures):
        return HttpError(404, first.message, legacy_code=first.code)
    errors = [
        (failure.request_id, [Violation(NOT_SUPPORTED_CHOICE, failure.path, failure.message)])
        for failure in error.failures
    ]
    return HttpError(400, "Request validation failed", errors=errors, legacy_code=first.code)
