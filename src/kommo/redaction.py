"""Keep secrets out of everything that people read: logs, messages, reprs and tracebacks.

Two lines of defence. A credential lives in a `Secret`, whose repr shows nothing. Text that came from outside
(a server's answer, a library's message) passes through `redact`, because a server may echo what it was sent.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Final, TypeVar

T = TypeVar("T")

MASK: Final = "[secret]"

# Names under which the API and its OAuth endpoint carry credentials, in JSON, form or query notation.
_NAMES = (
    r"access_token|refresh_token|client_secret|authorization_code|authorization|user_hash|session_id|password"
    r"|set-cookie|cookie"
)
# As text: compiling them takes longer than the rest of an import, and most programs never show a message.
_PATTERNS: Final = (
    # "refresh_token": "…"   'client_secret': '…'
    (rf"""(["'](?:{_NAMES})["']\s*:\s*["'])(?:\\.|[^"'\\])*""", re.IGNORECASE, rf"\1{MASK}"),
    # refresh_token=…&   client_secret=…
    (rf"(\b(?:{_NAMES})=)[^&\s\"'\\]+", re.IGNORECASE, rf"\1{MASK}"),
    # Bearer …
    (r"(\b(?:Bearer|Basic)\s+)(?!\[secret\])[\w.~+/=-]+", re.IGNORECASE, rf"\1{MASK}"),
    # A JWT wherever it stands: the vendor's access tokens are JWTs.
    (r"\beyJ[\w-]{4,}(?:\.[\w-]+){1,2}", re.NOFLAG, MASK),
)


class Secret:
    """A credential that no repr, log line or traceback shows.

    `reveal()` gives the text to whoever must send it.

    Args:
        value: the credential, a non-empty string.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the credential itself."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({MASK!r})"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)


def as_secret(value: T) -> T | Secret:
    """Return text as a `Secret`, and anything else as it is."""
    return Secret(value) if isinstance(value, str) else value


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return `text` with every credential replaced by `[secret]`.

    Args:
        text: anything that may be shown to people.
        secrets: credentials known to the caller; replaced wherever they occur, whatever surrounds them.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    for pattern, flags, replacement in _PATTERNS:
        text = re.sub(pattern, replacement, text, flags=flags)
    return text


def one_line(text: str, limit: int = 300, secrets: Iterable[str] = ()) -> str:
    """Return foreign text fit for a message: redacted, printable, on one line, at most `limit` characters."""
    text = redact(text, secrets)
    text = "".join(char if char.isprintable() else " " for char in text)
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


class RedactingFilter(logging.Filter):
    """A logging filter that redacts the finished message of a record, and its traceback.

    The library's own logger carries one. Add it to your handlers to protect the lines of other libraries too:
    `handler.addFilter(RedactingFilter())`.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record in place; it is always logged."""
        try:
            message = record.getMessage()
        except Exception:
            # A malformed log call is for the handler to report, as it would without this filter.
            return True
        record.msg, record.args = redact(message), None
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        return True


logger: Final = logging.getLogger("kommo")
logger.addFilter(RedactingFilter())
logger.addHandler(logging.NullHandler())
