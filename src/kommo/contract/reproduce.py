"""A finding as something to run: curl, and Python with the client where the client can say it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from kommo.contract.document import Contract, Operation
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.ground import split

#: Headers worth repeating; the rest is the client's own business.
_KEPT = ("content-type", "cookie")
JSON: Final = "application/json"
#: Stands for the token of the run, and for the header that a good request has.
_TOKEN: Final = "\0token\0"
_OURS: Final = f"Bearer {_TOKEN}"


def curl(exchange: Exchange, token: str = "") -> str:
    """Return the request as a curl command.

    Args:
        exchange: what to show.
        token: of the run, which becomes $KOMMO_TOKEN wherever a header of authorization holds it; "" when it is not
            known: then every bearer token counts as the run's, but the one that the suite makes up.
    """
    parts = ["curl", "-sS"]
    if exchange.method != "GET":
        parts += ["-X", exchange.method]
    words = [" ".join(parts), shlex.quote(exchange.url)]
    authorization = _authorization(exchange, token)
    if authorization is not None:
        header = f"Authorization: {authorization}"
        ours = header == f"Authorization: {_OURS}"
        words.append(
            '-H "Authorization: Bearer $KOMMO_TOKEN"'
            if ours
            else f'-H "{header.replace(_TOKEN, "${KOMMO_TOKEN}")}"'
            if _TOKEN in header
            else "-H " + shlex.quote(header)
        )
    words += [
        f"-H {shlex.quote(f'{name}: {exchange.request_headers[name]}')}"
        for name in _KEPT
        if name in exchange.request_headers
    ]
    if exchange.request_body:
        words.append("--data-binary " + shlex.quote(_short(exchange.request_body.decode("utf-8", "replace"))))
    return " ".join(words)


def _authorization(exchange: Exchange, token: str) -> str | None:
    """Return the header of authorization with `_TOKEN` in place of the token of the run; None when there is none."""
    value = exchange.request_headers.get("authorization")
    if value is None or (token and token in value):
        return value and value.replace(token, _TOKEN)
    return value if token or not value.startswith("Bearer ") or "kommo-contract" in value else _OURS


def _short(text: str, limit: int = 4000) -> str:
    return (
        text
        if len(text) <= limit
        else text[:limit] + f"... ({len(text)} characters, see the recorded exchange)"
    )


def python(contract: Contract, calls: Sequence[Exchange], token: str = "") -> str:
    """Return the calls as a Python program: with the client, or with httpx where the client would refuse.

    Args:
        contract: that was checked.
        calls: in their order.
        token: see `curl`.
    """
    if not calls:
        return ""
    base = "{0.scheme}://{0.netloc}".format(urlsplit(calls[0].url))
    lines = [_client(contract, exchange, token) or _httpx(exchange, token) for exchange in calls]
    head = ["import os"]
    if any(line.startswith("httpx") for line in lines):
        head.append("import httpx")
    if any("crm." in line for line in lines):
        head.append("from kommo import Kommo, models")
        head += ["", f'crm = Kommo(base_url={base!r}, token=os.environ["KOMMO_TOKEN"])']
    return "\n".join([*head, *(f"print({line})" for line in lines)])


def _client(contract: Contract, exchange: Exchange, token: str) -> str | None:
    operation = contract.operations.get(exchange.operation or "")
    ours = _authorization(exchange, token) == _OURS
    if operation is None or contract.request_violations(exchange) or not ours:
        return None
    verb, tag = split(operation.id)
    match = operation.pattern.match(exchange.path)
    arguments = [_literal(unquote(value)) for value in match.groups()] if match else []
    if exchange.request_body:
        model = _model(contract, operation, exchange.sent)
        if model is None:
            return None
        made = f"models.{model}.from_dict"
        sent = exchange.sent
        if isinstance(sent, list):
            arguments.append(f"[{', '.join(f'{made}({item!r})' for item in sent)}]")
        else:
            arguments.append(f"{made}({sent!r})")
    query = parse_qsl(urlsplit(exchange.url).query)
    if len({name for name, _ in query}) < len(query):
        return None
    for name, value in query:
        if name not in ("page", "limit", "id", "catalog_id", "term", "limit_rows", "limit_offset"):
            return None
        arguments.append(f"{name}={_literal(value) if name != 'term' else repr(value)}")
    return f"crm.{tag}.{verb}({', '.join(arguments)})"


def _model(contract: Contract, operation: Operation, sent: Any) -> str | None:
    """The client's model of a body, or of the items of one that is a list; None where the client sends no such body."""
    if sent is NO_JSON or JSON not in operation.request:
        return None
    schema = contract.at(operation.request[JSON])
    # Of "an array or one object" the client takes the array.
    schema = schema.get("oneOf", [schema])[0]
    if isinstance(sent, list):
        schema = schema.get("items", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    while name:
        wider = contract.at(f"/components/schemas/{name}").get("x-narrows")
        if wider is None:
            return str(name)
        name = wider
    return None


def _literal(text: str) -> str:
    return text if text.isascii() and text.isdigit() else repr(text)


def _httpx(exchange: Exchange, token: str) -> str:
    headers: dict[str, Any] = {
        name: exchange.request_headers[name] for name in _KEPT if name in exchange.request_headers
    }
    shown = [f"{name!r}: {value!r}" for name, value in headers.items()]
    authorization = _authorization(exchange, token)
    if authorization is not None and _TOKEN in authorization:
        # In this form no redaction takes it for a credential.
        value = authorization.replace(_TOKEN, "{os.environ['KOMMO_TOKEN']}")
        shown.append(f"""'authorization': f"{value}\"""")
    elif authorization is not None:
        shown.append(f"'authorization': {authorization!r}")
    content = f", content={exchange.request_body!r}" if exchange.request_body else ""
    return f"httpx.request({exchange.method!r}, {exchange.url!r}, headers={{{', '.join(shown)}}}{content})"


def pretty(content: bytes, limit: int = 2000) -> str:
    """Return a body for people: indented when it is JSON, cut when it is long."""
    try:
        text = json.dumps(json.loads(content), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = content.decode("utf-8", "replace")
    return _short(text, limit)
