"""Answers that come from in front of the API: faults, the limit of requests, tokens and sessions."""

from __future__ import annotations

from typing import Final

from kommo.mock.gateway import Fault, Limits, Verdict
from kommo.mock.oauth import GrantRefused, Tokens

from .reply import HTML, JSON, HttpError, Reply, dumps, html

TOKEN_PATH: Final = "/oauth2/access_token"
SESSION_PATH: Final = "/private/api/auth.php"
_DEFAULT_WAIT: Final = 300


def limited(verdict: Verdict, limits: Limits, quirks: frozenset[str]) -> Reply:
    """The answer to one request too many, or to a banned caller."""
    headers: list[tuple[bytes, bytes]] = []
    if verdict == "banned":
        if "gateway-403-html" in quirks:
            return html(403)
        return HttpError(403, "The account is blocked after repeated 429").problem()
    if limits.retry_after is not None:
        headers.append((b"retry-after", b"%d" % limits.retry_after))
    if "gateway-429-html" in quirks:
        return html(429, headers)
    wait = _DEFAULT_WAIT if limits.retry_after is None else limits.retry_after
    return HttpError(429, headers=headers, extra={"retry_after": wait}).problem()


def fault_reply(fault: Fault) -> Reply:
    """The answer that a fault puts in place of the real one."""
    status = fault.status or 500
    headers = [] if fault.retry_after is None else [(b"retry-after", b"%d" % fault.retry_after)]
    if status == 204 or fault.body == "empty":
        return Reply(status, b"", None if status == 204 else HTML, headers)
    if fault.body == "html":
        return html(status, headers)
    extra = {"retry_after": fault.retry_after} if fault.retry_after is not None else None
    return HttpError(status, headers=headers, extra=extra).problem()


def tokens_reply(tokens: Tokens) -> Reply:
    """New tokens."""
    body = {
        "token_type": "Bearer",
        "expires_in": tokens.expires_in,
        "server_time": tokens.server_time,
        "access_token": tokens.access_token,
        "refresh_token": tokens.refresh_token,
    }
    return Reply(200, dumps(body), JSON, [(b"cache-control", b"no-store")])


def grant_refused_reply(error: GrantRefused) -> Reply:
    """The refusal of a code or a refresh token: plain JSON, not a problem document."""
    body = {
        "hint": error.hint,
        "title": "Bad Request",
        "type": "https://httpstatus.es/400",
        "status": 400,
        "detail": "The request for tokens was refused",
    }
    return Reply(400, dumps(body), JSON)


def session_reply(session: str | None) -> Reply:
    """The answer to a legacy login: the session goes into a cookie."""
    if session is None:
        body = {"response": {"auth": False, "error": "Invalid user name or password", "error_code": "110"}}
        return Reply(401, dumps(body), JSON)
    cookie = f"session_id={session}; Path=/; HttpOnly".encode()
    return Reply(200, dumps({"response": {"auth": True}}), JSON, [(b"set-cookie", cookie)])
