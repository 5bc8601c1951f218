"""Every operation asks for a valid token before it does or says anything; links lead where they say."""

from __future__ import annotations

from typing import Any, Final

from kommo.contract import domain
from kommo.contract.checks.links import links
from kommo.contract.domain import PREFIX
from kommo.contract.session import BLOCKED, Script

#: Authorization headers that give no access.
_BAD: Final[tuple[tuple[str, str | None], ...]] = (
    ("no token", None),
    ("an unknown token", "Bearer kommo-contract-invalid"),
    ("an empty token", "Bearer "),
    ("basic authentication", "Basic a29tbW86Y29udHJhY3Q="),
)


def walk(script: Script) -> None:
    """Try every selected operation without access, then follow the links of what lies around."""
    for operation in script.contract.operations.values():
        if not operation.secured or not script.session.selected(operation.id):
            continue
        body = _harmless(operation.id)
        parameters = {
            item["name"]: "none_1" if item["schema"].get("type") == "string" else 2**40 + 11
            for item in map(_typed, operation.parameters)
            if item["in"] == "path"
        }
        query = [(item["name"], 2**40 + 11) for item in operation.query if item.get("required")]
        for what, header in _BAD:
            exchange = script.call(operation.id, parameters, query=query, json=body, authorization=header)
            if exchange.status != 401 and BLOCKED not in exchange.headers:
                message = f"{operation.method} {operation.path} with {what}: {exchange.status}; expected 401"
                script.fail(
                    "authentication",
                    operation.id,
                    what,
                    message,
                    [exchange],
                    expected=401,
                    got=exchange.status,
                )
    _links(script)


def _typed(parameter: Any) -> Any:
    return {**parameter, "schema": parameter.get("schema", {})}


def _harmless(operation_id: str) -> Any:
    """A body that would be accepted and, if it were carried out, would leave a trace of the suite's own name."""
    verb, _, tag = operation_id.partition("_")
    if verb == "write":
        return {"add": [{"name": f"{PREFIX} unauthorized", "catalog_id": 2**40 + 11}]}
    if verb == "create":
        extra = {"sort": 1} if tag.endswith("groups") else {"type": "text"}
        return [{"name": f"{PREFIX} unauthorized", **extra}]
    if verb == "update":
        return (
            [{"id": 2**40 + 11, "name": "x"}]
            if tag.startswith("batch_")
            else {"name": f"{PREFIX} unauthorized"}
        )
    return ...


def _links(script: Script) -> None:
    """Links inside answers of reads lead to what they name."""
    for entity in domain.ENTITIES:
        if entity == "catalogs":
            continue
        for collection in (domain.fields(script, entity), domain.groups(script, entity)):
            if not collection.has("list") or not script.session.selected(collection.op("list")):
                continue
            exchange = collection.page(1, 3) if collection.declares("page") else collection.read_page()
            _follow(script, exchange)


def _follow(script: Script, exchange: Any) -> None:
    tried = 0
    for _, relation, link, owner in links(exchange.answer):
        href = link.get("href") if isinstance(link, dict) else None
        if not isinstance(href, str) or not href.startswith(script.session.port.base_url) or tried >= 8:
            continue
        tried += 1
        read = script.session.port.fetch("GET", href)
        operation = script.contract.match("GET", read.path)
        if operation is None:
            message = f"the {relation} link {href!r} fits no operation of the contract"
            script.fail(
                "links",
                exchange.operation or "",
                f"{relation} link fits no operation",
                message,
                [exchange, read],
            )
            continue
        if not read.accepted:
            message = f"the {relation} link {href!r} is answered {read.status}"
            script.fail(
                "links",
                exchange.operation or "",
                f"{relation} link does not resolve",
                message,
                [exchange, read],
            )
        elif (
            "id" in owner
            and isinstance(read.answer, dict)
            and read.answer.get("id", owner["id"]) != owner["id"]
        ):
            message = f"the self link of {owner['id']} leads to {read.answer.get('id')}"
            script.fail(
                "links", exchange.operation or "", "self link leads elsewhere", message, [exchange, read]
            )
