"""Puts the token on requests, and renews it once when the server answers 401."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from functools import partial
from typing import Any

import httpx

from kommo.address import Address
from kommo.errors import ConfigurationError
from kommo.redaction import Secret, one_line
from kommo.steps import Call
from kommo.token_source import TokenSource


class TokenAuth(httpx.Auth):
    """Bearer authentication against one account and no other host.

    Args:
        address: the only origin that sees the token.
        source: gives the token and renews it.
    """

    def __init__(self, address: Address, source: TokenSource) -> None:
        self._address = address
        self._source = source

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign the request, and once more with a renewed token after a 401; httpx calls this."""
        flow = self._flow(request)
        wanted = next(flow)
        try:
            while True:
                result = wanted.run() if isinstance(wanted, Call) else (yield wanted)
                wanted = flow.send(result)
        except StopIteration:
            return

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """As `sync_auth_flow`, without blocking the event loop."""
        flow = self._flow(request)
        wanted = next(flow)
        try:
            while True:
                result = await wanted.arun() if isinstance(wanted, Call) else (yield wanted)
                wanted = flow.send(result)
        except StopIteration:
            return

    def _flow(self, request: httpx.Request) -> Generator[Call | httpx.Request, Any, None]:
        token = self._source.ready()
        if token is None:
            token = yield Call(self._source.obtain)
        self._sign(request, token)
        response: httpx.Response = yield request
        if response.status_code == 401:
            other = yield Call(partial(self._source.renew, token))
            if other is not None:
                self._sign(request, other)
                yield request

    def _sign(self, request: httpx.Request, token: Secret) -> None:
        if not self._address.owns(request.url):
            raise ConfigurationError(
                f"refusing to send the token of {self._address} to {one_line(request.url.host, 100)}"
            )
        request.headers["Authorization"] = f"Bearer {token.reveal()}"
