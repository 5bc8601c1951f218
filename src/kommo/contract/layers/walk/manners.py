"""Manners of a server that no schema states: odd addresses and queries, HEAD, compression, other websites.

Most probes expect nothing but an answer that the contract knows; every exchange is judged anyway.
"""

from __future__ import annotations

from typing import Any, Final

from kommo.contract import drafting
from kommo.contract.collection import Collection
from kommo.contract.exchange import NO_JSON, Exchange
from kommo.contract.session import BLOCKED, Script

#: Ids as only careless or hostile callers write them; the path is sent as it stands here.
_IDS: Final = (
    "0",
    "-1",
    "9007199254740993",
    "9223372036854775808",
    "340282366920938463463374607431768211456",
    "1.0",
    "1e3",
    "0x10",
    "null",
    "%20",
    "%00",
    "%2e%2e%2f",
    "%D1%91%E2%98%95",
    "%F0%9F%A6%94",
    "%FF",
    "a" * 120,
    "';--",
    "{id}",
)
#: Queries that say nothing, too much or nonsense.
_QUERIES: Final = (
    "kc_unknown=1",
    "page=1&page=2",
    "limit=0",
    "limit=-1",
    "limit=251",
    "limit=1e2",
    "limit=",
    "page=0",
    "page=9223372036854775808",
    "page=340282366920938463463374607431768211456",
    "page=%00",
    "%FF=%FF",
    "&&&",
    "filter=1",
    "filter[kc_unknown]=1",
    "filter[id][kc]=1",
    "filter[id]=1&filter[id][]=2",
    "order=1",
    "order[kc_unknown]=asc",
    "with=kc_unknown",
    "query=" + "x" * 3000,
)
_ORIGIN: Final = "https://kommo-contract.example"


def check(collection: Collection, id_: Any) -> None:
    """Approach a collection and one of its things in odd ways.

    Args:
        collection: any.
        id_: of one of its things, None when there is none.
    """
    script, operation = collection.script, collection.resource.operations["list"]
    list_url = script.session.port.url(_path(operation.path, collection.parameters), collection.query)
    joint = "&" if "?" in list_url else "?"
    for query in _QUERIES:
        exchange = _get(script, list_url + joint + query, collection.op("list"))
        items = collection.items(exchange)
        if len(items) > 250:
            message = f"{query} answers {len(items)} things; a page holds 250 at most"
            script.fail("paging", operation.id, "more than a page may hold", message, [exchange])
    _head(collection, list_url)
    _compressed(collection, list_url)
    if collection.has("get") and id_ is not None:
        one = collection.resource.operations["get"]
        path = _path(one.path, {**collection.parameters, collection.resource.own: "\0"})
        for odd in _IDS:
            for verb, method in (("get", "GET"), ("update", "PATCH"), ("delete", "DELETE")):
                if collection.has(verb):
                    _odd_id(collection, verb, method, script.session.port.url(path.replace("\0", odd)))


def _path(template: str, parameters: Any) -> str:
    for name, value in parameters.items():
        template = template.replace("{" + name + "}", str(value))
    return template


def _get(script: Script, url: str, operation: str, **arguments: Any) -> Exchange:
    exchange = script.session.port.fetch("GET", url, operation=operation, **arguments)
    script.note(exchange)
    return exchange


def _odd_id(collection: Collection, verb: str, method: str, url: str) -> None:
    """Nothing has such an id: it is refused, or there is nothing."""
    script = collection.script
    change: Any = ...
    if verb == "update":
        change = {collection.label: "x"} if collection.label else drafting.drafts(collection, 1, "x")[0]
    exchange = script.session.port.fetch(method, url, operation=collection.op(verb), json=change)
    script.note(exchange)
    if exchange.accepted and not (verb == "get" and exchange.status == 204):
        message = f"{exchange} was answered, though nothing has that id"
        script.fail("unknown-id", collection.op(verb), f"{verb} of an odd id", message, [exchange])


def _head(collection: Collection, url: str) -> None:
    """HEAD is GET without the body, where it is answered at all (RFC 9110, 9.3.2)."""
    script, operation = collection.script, collection.op("list")
    read = _get(script, url, operation)
    head = script.session.port.fetch("HEAD", url)
    if head.status in (405, 501) or BLOCKED in head.headers:
        return
    kinds = (head.headers.get("content-type", ""), read.headers.get("content-type", ""))
    if head.status != read.status or head.body or (kinds[0] and kinds[0] != kinds[1]):
        message = f"HEAD is answered {head.status} {kinds[0]}, GET {read.status} {kinds[1]}"
        script.fail("method", operation, "HEAD differs from GET", message, [read, head])


def _compressed(collection: Collection, url: str) -> None:
    """Whoever takes gzip reads the same, and so does a page of another website, or cannot read at all."""
    script, operation = collection.script, collection.op("list")
    read = _get(script, url, operation)
    for headers in ({"accept-encoding": "gzip"}, {"origin": _ORIGIN}):
        other = _get(script, url, operation, headers=headers)
        if other.status != read.status or _core(other) != _core(read):
            message = f"with {headers} the list is another one: {other} instead of {read.status}"
            script.fail("read-after-write", operation, f"with {next(iter(headers))}", message, [read, other])


def _core(exchange: Exchange) -> Any:
    return exchange.body if exchange.answer is NO_JSON else exchange.answer
