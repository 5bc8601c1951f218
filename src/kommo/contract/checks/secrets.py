"""No answer gives away the caller's credentials or the server's inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from kommo.contract.exchange import Exchange
from kommo.contract.violations import Violation

# What a stack trace, a query or a path of the server's machine looks like in an answer. Only errors are searched:
# an account's own data may hold any text.
_INSIDE: Final = re.compile(
    rb"Traceback \(most recent call last\)|\bFile \\?\"[^\"]+\.py\\?\", line \d+|^\s+at [\w.$<>]+\([\w.]+:\d+\)"
    rb"|\bORA-\d{5}\b|\bSQLSTATE\[|\bin /(?:usr|var|home|srv|app)/[\w./-]+\.(?:php|py|rb|js) on line \d+",
    re.MULTILINE,
)


def check(exchange: Exchange) -> Iterator[Violation]:
    """Yield a violation when the answer shows the token that was sent, or an error shows the server's inside."""
    sent = exchange.request_headers.get("authorization", "")
    token = sent.rpartition(" ")[2] if sent.casefold() != "bearer" else ""
    # A short token ("demo") may be part of the account's data by chance; together with its scheme it is not.
    needle = token if len(token) >= 12 else sent if " " in sent else ""
    shown = exchange.body + b"\n" + "\n".join(exchange.headers.values()).encode()
    if token and needle and needle.encode() in shown:
        yield Violation(
            "secrets", "credential in the answer", "the answer shows the credential that was sent", ""
        )
    if exchange.status >= 400:
        match = _INSIDE.search(exchange.body)
        if match is not None:
            shown_text = match.group().decode("utf-8", "replace").strip()
            yield Violation(
                "secrets",
                "server internals in an error",
                f"the error shows the server's inside: {shown_text}",
                "",
            )
