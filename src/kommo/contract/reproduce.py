"""A finding as something to run: curl, and Python with the client where the client can say it."""

from __future__ import annotations

import json
import re
import shlex
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from kommo.contract.document import Contract
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.ground import split
from kommo.contract.operations import Operation
from kommo.contract.violations import request_violations

#: Headers worth repeating; the rest is the client's own business.
_KEPT = ("content-type", "cookie")
JSON: Final = "application/json"
#: Stands for a token, or for what was made of it: the environment variable that holds it, and how it was made.
_TOKEN: Final = re.compile("\0([A-Z_]+)(?::([a-z]+))?\0")


class _Form(NamedTuple):
    """Something from which a token could be told: how it is made here, in a shell and in a Python program."""

    make: Callable[[str], str]
    shell: str
    program: str


_FORMS: Final = {
    "shorter": _Form(lambda token: token[:-1], "${%s%%?}", "{os.environ['%s'][:-1]}"),
    "swapped": _Form(str.swapcase, '$(printf %%s "$%s" | tr a-zA-Z A-Za-z)', "{os.environ['%s'].swapcase()}"),
    "user": _Form(
        lambda token: b64encode(f"{token}:".encode()).decode(),
        '$(printf %%s: "$%s" | base64 | tr -d "\\n")',
        "{base64.b64encode((os.environ['%s'] + ':').encode()).decode()}",
    ),
}
#: The header that a good request has.
_OURS: Final = "Bearer \0KOMMO_TOKEN\0"


def curl(exchange: Exchange, tokens: Mapping[str, str] | None = None) -> str:
    """Return the request as a curl command.

    Args:
        exchange: what to show.
        tokens: of the run, each with the environment variable that stands for it wherever a header of authorization
            holds it; None when they are not known: then every bearer token counts as $KOMMO_TOKEN, but the one that
            the suite makes up.
    """
    parts = ["curl", "-sS"]
    if exchange.method != "GET":
        parts += ["-X", exchange.method]
    words = [" ".join(parts), shlex.quote(exchange.url)]
    authorization = _authorization(exchange, tokens)
    if authorization is not None:
        header = f"Authorization: {authorization}"
        words.append(
            '-H "Authorization: Bearer $KOMMO_TOKEN"'
            if authorization == _OURS
            else '-H "' + _TOKEN.sub(_in_shell, header) + '"'
            if _TOKEN.search(header)
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


def _authorization(exchange: Exchange, tokens: Mapping[str, str] | None) -> str | None:
    """Return the header of authorization with what stands for a token in its place; None when there is none."""
    value = exchange.request_headers.get("authorization")
    if value is None:
        return None
    for token in sorted(tokens or (), key=len, reverse=True):  # one may be the beginning of the other
        if token in value:
            return value.replace(token, f"\0{tokens[token]}\0") if tokens else value
    scheme, blank, word = value.rpartition(" ")
    for token, variable in (tokens or {}).items():
        for name, form in _FORMS.items():
            if word and word == form.make(token):
                return f"{scheme}{blank}\0{variable}:{name}\0"
    return value if tokens or not value.startswith("Bearer ") or "kommo-contract" in value else _OURS


def _in_shell(found: re.Match[str]) -> str:
    variable, form = found.groups()
    return _FORMS[form].shell % variable if form else f"${{{variable}}}"


def _in_program(found: re.Match[str]) -> str:
    variable, form = found.groups()
    return _FORMS[form].program % variable if form else f"{{os.environ['{variable}']}}"


def _short(text: str, limit: int = 4000) -> str:
    return (
        text
        if len(text) <= limit
        else text[:limit] + f"... ({len(text)} characters, see the recorded exchange)"
    )


def python(contract: Contract, calls: Sequence[Exchange], tokens: Mapping[str, str] | None = None) -> str:
    """Return the calls as a Python program: with the client, or with httpx where the client would refuse.

    Args:
        contract: that was checked.
        calls: in their order.
        tokens: see `curl`.
    """
    if not calls:
        return ""
    base = "{0.scheme}://{0.netloc}".format(urlsplit(calls[0].url))
    lines = [_client(contract, exchange, tokens) or _httpx(exchange, tokens) for exchange in calls]
    head = ["import os"] if not any("base64." in line for line in lines) else ["import base64", "import os"]
    if any(line.startswith("httpx") for line in lines):
        head.append("import httpx")
    if any("crm." in line for line in lines):
        head.append("from kommo import Kommo, models")
        head += ["", f'crm = Kommo(base_url={base!r}, token=os.environ["KOMMO_TOKEN"])']
    return "\n".join([*head, *(f"print({line})" for line in lines)])


def _client(contract: Contract, exchange: Exchange, tokens: Mapping[str, str] | None) -> str | None:
    operation = contract.operations.get(exchange.operation or "")
    ours = _authorization(exchange, tokens) == _OURS
    if operation is None or request_violations(contract, exchange) or not ours:
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


def _httpx(exchange: Exchange, tokens: Mapping[str, str] | None) -> str:
    headers: dict[str, Any] = {
        name: exchange.request_headers[name] for name in _KEPT if name in exchange.request_headers
    }
    shown = [f"{name!r}: {value!r}" for name, value in headers.items()]
    authorization = _authorization(exchange, tokens)
    if authorization is not None and _TOKEN.search(authorization):
        # In this form no redaction takes it for a credential.
        value = _TOKEN.sub(_in_program, authorization)
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
