"""Every operation asks for a valid token before it does or says anything."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any, Final

from kommo.contract import drafting, shapes
from kommo.contract.collection import Collection
from kommo.contract.exchange import Exchange
from kommo.contract.operations import Operation
from kommo.contract.places import old_draft
from kommo.contract.port import sendable
from kommo.contract.resources import resource, split
from kommo.contract.session import BLOCKED, Script
from kommo.contract.shapes import PREFIX

#: An id that nothing has.
_NOWHERE: Final = 2**40 + 11

#: Authorization headers that give no access.
_BAD: Final[tuple[tuple[str, str | None], ...]] = (
    ("no token", None),
    ("an unknown token", "Bearer kommo-contract-invalid"),
    # Without the blank behind it, which httpx sends to nobody.
    ("an empty token", "Bearer"),
    ("a user name and a password", "Basic a29tbW86Y29udHJhY3Q="),
)


def walk(script: Script) -> None:
    """Try every selected operation without access."""
    for operation in script.contract.operations.values():
        if not operation.secured or not script.session.selected(operation.id):
            continue
        body = _harmless(script, operation)
        parameters: dict[str, str | int] = {
            item["name"]: _NOWHERE
            if shapes.of_type(script.contract, item.get("schema", {}), "integer")
            else "kc_no_such_1"
            for item in operation.parameters
            if item["in"] == "path"
        }
        query = [(item["name"], _NOWHERE) for item in operation.query if item.get("required")]
        token = script.session.options.token
        for place in ("access_token", "token", "api_key"):
            exchange = script.call(
                operation.id, parameters, query=[*query, (place, token)], json=body, authorization=None
            )
            _refused(script, operation, "the token in the address", exchange)
        if operation.method == "GET":
            url = script.session.port.url(_filled(operation.path, parameters), query)
            head = script.session.port.fetch("HEAD", url, authorization=None)
            if head.status not in (405, 501):
                _refused(script, operation, "HEAD and no token", head)
        for what, header in (*_BAD, *_nearly(token)):
            exchange = script.call(operation.id, parameters, query=query, json=body, authorization=header)
            _refused(script, operation, what, exchange)


def methods(script: Script) -> None:
    """Try what the contract has no operation for: nothing is done, and no method but OPTIONS is a success."""
    by_path: dict[str, dict[str, Operation]] = {}
    for operation in script.contract.operations.values():
        by_path.setdefault(operation.path, {})[operation.method] = operation
    for path, declared in by_path.items():
        first = next(iter(declared.values()))
        if not any(script.session.selected(operation.id) for operation in declared.values()):
            continue
        parameters = dict.fromkeys(first.pattern.groupindex, _NOWHERE)
        for method in ("PUT", "POST", "PATCH", "DELETE", "OPTIONS", "TRACE", "KC"):
            if method in declared:
                continue
            body: Any = {} if method in ("PUT", "POST", "PATCH") else ...
            exchange = script.session.port.fetch(
                method, script.session.port.url(_filled(path, parameters)), json=body
            )
            harmless = method == "OPTIONS" and not exchange.body
            if exchange.status < 400 and not harmless and BLOCKED not in exchange.headers:
                message = f"{method} {path} is no operation of the contract and answered {exchange.status}"
                script.fail("method", first.id, f"{method} answered", message, [exchange])
            told = {word.strip().upper() for word in exchange.headers.get("allow", "").split(",")} - {""}
            if exchange.status == 405 and told - {"HEAD", "OPTIONS"} != set(declared):
                message = f"405 of {method} {path} allows {sorted(told) or 'nothing'}, not {sorted(declared)}"
                script.fail("method", first.id, "Allow", message, [exchange])


def _filled(path: str, parameters: Mapping[str, str | int]) -> str:
    for name, value in parameters.items():
        path = path.replace("{" + name + "}", str(value))
    return path


def _refused(script: Script, operation: Operation, what: str, exchange: Exchange) -> None:
    if exchange.status != 401 and BLOCKED not in exchange.headers:
        message = f"{operation.method} {operation.path} with {what}: {exchange.status}; expected 401"
        script.fail(
            "authentication", operation.id, what, message, [exchange], expected=401, got=exchange.status
        )


def _nearly(token: str) -> list[tuple[str, str]]:
    """Authorization headers that hold the token and still give no access."""
    found = [
        ("more than the token", f"Bearer {token}0"),
        ("less than the token", f"Bearer {token[:-1]}"),
        ("the token twice", f"Bearer {token} {token}"),
        ("the token under another scheme", f"Token {token}"),
        ("the token as a user name", f"Basic {b64encode(f'{token}:'.encode()).decode()}"),
        ("the token without a scheme", token),
    ]
    if token.swapcase() != token:
        found.append(("the token in another case", f"Bearer {token.swapcase()}"))
    # Without its last character, a token may be empty or end with a blank.
    return [(what, header) for what, header in found if sendable(header)]


def _harmless(script: Script, operation: Operation) -> Any:
    """A body that would be accepted and, if it were carried out, would leave a trace of the suite's own name."""
    verb, tag = split(operation.id)
    found = resource(script.contract, tag)
    collection = Collection(script, found, dict.fromkeys(found.parents, _NOWHERE))
    if verb == "write":
        return {"add": [old_draft(collection, "unauthorized")]}
    if verb == "create":
        return drafting.body(collection, drafting.drafts(collection, 1, "unauthorized")[:1])
    if verb in ("update", "update_batch"):
        change = {collection.label or "name": f"{PREFIX} unauthorized"}
        return change if verb == "update" else [{"id": found.unknown_id, **change}]
    return ...
