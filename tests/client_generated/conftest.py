"""A mock in this process, and clients that reach it without a network."""

from collections.abc import Iterator

import httpx
import pytest

from kommo import Kommo
from kommo.mock import MockConfig, MockServer


@pytest.fixture(scope="module")
def mock_url() -> Iterator[str]:
    with MockServer(MockConfig(token="demo", seed="documented")) as server:
        yield server.url


@pytest.fixture
def crm(mock_url: str) -> Iterator[Kommo]:
    httpx.post(f"{mock_url}/_mock/reset").raise_for_status()
    with Kommo(base_url=mock_url, token="demo", limiter=None) as client:
        yield client
