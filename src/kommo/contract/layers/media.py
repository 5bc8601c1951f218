"""Request content types: those of the contract are taken, all others are refused and change nothing."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlencode

from kommo.contract.exchange import is_json
from kommo.contract.ground import Ground, Target
from kommo.contract.session import Script, Session

LAYER = "media"

FORM: Final = "application/x-www-form-urlencoded"
_BOUNDARY: Final = "kommo-contract"


def run(session: Session) -> None:
    """Send every selected operation's good bodies in all kinds of clothing.

    Raises:
        Halted: there is nothing to stand on, or the server limits or bans the suite.
    """
    script = Script(session, LAYER)
    ground = Ground(script)
    for target in ground.targets():
        session.progress(LAYER, target.operation.id)
        for body in target.bodies[:1]:
            for name, kind, content in _clothings(body):
                if session.done:
                    return
                _try(script, target, name, kind, content)
    ground.clear()


def form(value: Any, prefix: str = "") -> list[tuple[str, str]]:
    """Return JSON in the notation of forms: `add[0][name]=...` (a habit of older clients)."""
    if isinstance(value, dict):
        pairs = value.items()
    elif isinstance(value, list):
        pairs = {str(index): entry for index, entry in enumerate(value)}.items()
    else:
        text = (
            {True: "1", False: "0", None: ""}.get(value, str(value))
            if isinstance(value, bool | None)
            else str(value)
        )
        return [(prefix, text)]
    found: list[tuple[str, str]] = []
    for key, entry in pairs:
        found += form(entry, f"{prefix}[{key}]" if prefix else str(key))
    return found


def _clothings(body: Any) -> list[tuple[str, str, bytes]]:
    text = json.dumps(body).encode()
    encoded = urlencode(form(body)).encode()
    part = b'--%b\r\ncontent-disposition: form-data; name="body"\r\n\r\n%b\r\n--%b--\r\n'
    return [
        ("a form", FORM, encoded),
        ("a form with a charset", f"{FORM}; charset=UTF-8", encoded),
        ("JSON as plain text", "text/plain", text),
        ("JSON as XML", "application/xml", text),
        ("JSON as an octet stream", "application/octet-stream", text),
        (
            "a multipart form",
            f"multipart/form-data; boundary={_BOUNDARY}",
            part % (_BOUNDARY.encode(), text, _BOUNDARY.encode()),
        ),
        ("no content type", "", text),
        ("nothing as JSON", "application/json", b""),
        ("no JSON as JSON", "application/json", b"{not json"),
        ("half of the JSON", "application/json", text[: len(text) // 2]),
        ("JSON in an unknown encoding", "application/json", text.decode().encode("utf-16")),
        ("JSON with a charset", "application/json; charset=utf-8", text),
    ]


def _try(script: Script, target: Target, name: str, kind: str, content: bytes) -> None:
    operation = target.operation
    bare = kind.partition(";")[0]
    declared = bare in operation.request
    readable = not is_json(bare) or name == "JSON with a charset"
    state = target.state()
    exchange = target.send(script, content=content, headers={"content-type": kind} if kind else {})
    if declared and readable and not exchange.accepted:
        message = f"{name}: {bare} is declared and was answered {exchange.status}"
        script.fail("refuses-valid", operation.id, f"content type: {name}", message, [exchange])
    # Without a type a server may refuse, or look for itself (RFC 9110, 8.3).
    if kind and (not declared or not readable) and exchange.accepted:
        message = f"{name}: answered {exchange.status}; the contract has {', '.join(operation.request)} only"
        script.fail("accepts-invalid", operation.id, f"content type: {name}", message, [exchange])
    target.clean(exchange)
    if not exchange.accepted and target.state() != state:
        message = f"{name}: answered {exchange.status} and changed {target.collection.tag} all the same"
        script.fail("atomicity", operation.id, "a refused request left traces", message, [exchange])
