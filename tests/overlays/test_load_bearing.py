"""Every quirk overlay carries weight: without it the suite objects to a server that has the quirk, with it not.

The suite's own layers (walk, media, nearmiss) are enough to see every quirk, and they need no random examples. The two
quirks of the gateway show only while the server limits or bans its caller, where a suite can do nothing but read the
answers.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from kommo.contract.document import METHODS, Contract
from kommo.contract.findings import Finding
from kommo.contract.options import Options
from kommo.contract.port import Port
from kommo.contract.run import run
from kommo.contract.violations import response_violations
from kommo.mock import MockConfig, create_app
from kommo.mock.quirks import OBSERVED, QUIRKS
from kommo.spec.assemble import assemble
from kommo.spec.bundle import references, resolve
from kommo.spec.project import find_root

LAYERS = ("walk", "media", "nearmiss")
GATEWAY = {"gateway-429-html": 429, "gateway-403-html": 403}
Document = Mapping[str, Any]


@cache
def _without(quirk: str) -> Document:
    """The contract with every overlay but one."""
    return assemble(find_root(), quirks=QUIRKS.keys() - {quirk})


@cache
def _judged(quirk: str | None) -> tuple[Finding, ...]:
    """What the suite says of a mock with the observed quirks and this one, by the contract with all overlays."""
    operations = None if quirk is None else _affected(quirk)
    return tuple(_findings(assemble(find_root()), quirk, operations))


def _findings(
    document: Document, quirk: str | None, operations: list[str] | None, *, stop: bool = False
) -> list[Finding]:
    config = MockConfig(seed="demo", profile=OBSERVED, quirks={} if quirk is None else {quirk: True})
    options = Options(
        document=document,
        app=create_app(config),
        operations=operations,
        phases=LAYERS,
        stop_at_first=stop,
    )
    return run(options).findings


def _affected(quirk: str) -> list[str]:
    """The operations whose text, references followed, is another one without the overlay."""
    with_it, without = dict(_operations(assemble(find_root()))), dict(_operations(_without(quirk)))
    assert with_it.keys() == without.keys()
    return [name for name in with_it if with_it[name] != without[name]]


def _operations(document: Document) -> Iterator[tuple[str, Any]]:
    for item in document["paths"].values():
        for method in METHODS:
            if method in item:
                yield item[method]["operationId"], _text(document, [item[method], item.get("parameters")])


def _text(document: Document, node: Any) -> tuple[Any, dict[str, Any]]:
    found: dict[str, Any] = {}
    waiting = [node]
    while waiting:
        for _, ref in references(waiting.pop()):
            if ref not in found:
                found[ref] = resolve(document, ref)
                waiting.append(found[ref])
    return node, found


def test_overlay_is_missed_when_it_is_left_out(quirk: str) -> None:
    operations = _affected(quirk)
    assert operations, f"no operation changes with {quirk}"
    if quirk in GATEWAY:
        assert _complaints(_without(quirk), quirk, operations) == set(operations)
    else:
        assert _findings(_without(quirk), quirk, operations, stop=True)


def test_contract_holds_with_all_overlays(quirk: str) -> None:
    if quirk in GATEWAY:
        assert not _complaints(assemble(find_root()), quirk, _affected(quirk))
    else:
        # What the observed profile has on anyway is on in every run: one run judges all of them.
        findings = _judged(None if OBSERVED in QUIRKS[quirk].profiles else quirk)
        assert not findings, "\n".join(str(finding) for finding in findings)


def _complaints(document: Document, quirk: str, operations: list[str]) -> set[str]:
    """The operations whose answer, given by the gateway, the contract does not know."""
    app = create_app(MockConfig(seed="demo", profile=OBSERVED, quirks={quirk: True}))
    # One request in a million seconds: every later one is refused, the one after a refusal bans the caller.
    app.engine.set_limits(rate=1e-6, ban_after=1 if GATEWAY[quirk] == 403 else None, ban_seconds=1e6)
    contract = Contract(document)
    found = set()
    with Port(None, "demo", app=app) as port:
        while port.send(contract.operations["list_v2_catalogs"]).status != GATEWAY[quirk]:
            pass
        for name in operations:
            operation = contract.operations[name]
            exchange = port.send(operation, dict.fromkeys(operation.pattern.groupindex, 1))
            assert exchange.status == GATEWAY[quirk]
            if response_violations(contract, exchange):
                found.add(name)
    return found


@pytest.mark.parametrize("status", sorted(GATEWAY.values()))
def test_gateway_speaks_html_on_every_operation(status: int) -> None:
    quirk = next(name for name, each in GATEWAY.items() if each == status)
    assert len(_affected(quirk)) == 99
