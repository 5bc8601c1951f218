"""For ordinary tests: does this recorded traffic obey the contract?

from kommo.contract import validates
validates(httpx.get(f"{url}/api/v4/leads/custom_fields", headers=...))
validates(Path("traffic.har"))
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from kommo.contract import har
from kommo.contract.checks import exchange_checks
from kommo.contract.document import Contract
from kommo.contract.exchange import Exchange
from kommo.contract.violations import Violation, request_violations
from kommo.published import load_bundle


class ContractBroken(AssertionError):
    """Traffic departs from the contract. `departures` holds pairs of exchange and violation."""

    def __init__(self, departures: list[tuple[Exchange, Violation]]) -> None:
        self.departures = departures
        shown = [
            f"{exchange}: {violation.check}: {violation.message}" for exchange, violation in departures[:10]
        ]
        more = f"\n... and {len(departures) - 10} more" if len(departures) > 10 else ""
        super().__init__("traffic departs from the contract:\n  " + "\n  ".join(shown) + more)


@cache
def _published() -> Contract:
    return Contract(load_bundle())


def is_call(exchange: Exchange, contract: Contract) -> bool:
    """Say whether a request is for this API: an operation of the contract, or something where its operations are."""
    path = exchange.path
    return contract.match(exchange.method, path) is not None or (
        path.startswith(("/api/v2/catalog", "/api/v4/")) and ("custom_fields" in path or "catalog" in path)
    )


def departures(
    traffic: Iterable[Exchange], contract: Contract | None = None, *, ignore_others: bool = True
) -> list[tuple[Exchange, Violation]]:
    """Judge exchanges one by one: requests and answers.

    Args:
        traffic: what was recorded.
        contract: to judge by; None for the published one.
        ignore_others: pass over requests that are not for this API (browsers record everything).
    """
    judge = contract or _published()
    found = []
    for exchange in traffic:
        if ignore_others and not is_call(exchange, judge):
            continue
        known = judge.match(exchange.method, exchange.path)
        # A request that the server refused may have been wrong on purpose.
        if known is None or exchange.accepted:
            found += [(exchange, violation) for violation in request_violations(judge, exchange)]
        if known is not None:
            found += [
                (exchange, violation) for violation in exchange_checks(judge, exchange, conformance=True)
            ]
    return found


def validates(
    traffic: httpx.Response | Exchange | str | os.PathLike[str] | Iterable[httpx.Response | Exchange],
    *,
    document: Mapping[str, Any] | None = None,
) -> None:
    """Assert that recorded traffic obeys the contract, requests and answers alike.

    Args:
        traffic: an httpx response (it knows its request), an `Exchange`, the path of a HAR file, or several responses.
        document: the contract; None for the published one.

    Raises:
        ContractBroken: it does not; the message says where.
        TypeError: the traffic is none of these.
    """
    contract = Contract(document) if document is not None else None
    if isinstance(traffic, str | os.PathLike):
        found = departures(har.read(Path(traffic)), contract)
    elif isinstance(traffic, httpx.Response | Exchange):
        found = departures([exchange_of(traffic)], contract, ignore_others=False)
    elif isinstance(traffic, Iterable):
        found = departures([exchange_of(one) for one in traffic], contract, ignore_others=False)
    else:
        raise TypeError(
            f"expected an httpx response, an exchange or the path of a HAR file, got {type(traffic).__name__}"
        )
    if found:
        raise ContractBroken(found)


def exchange_of(response: httpx.Response | Exchange) -> Exchange:
    """Return an httpx response with its request as an exchange.

    Raises:
        TypeError: it is no response.
    """
    if isinstance(response, Exchange):
        return response
    if not isinstance(response, httpx.Response):
        raise TypeError(f"expected an httpx response or an exchange, got {type(response).__name__}")
    request = response.request
    return Exchange(
        operation=None,
        method=request.method,
        url=str(request.url),
        request_headers={name.lower(): value for name, value in request.headers.items()},
        request_body=request.content,
        status=response.status_code,
        headers={name.lower(): value for name, value in response.headers.items()},
        body=response.content,
    )
