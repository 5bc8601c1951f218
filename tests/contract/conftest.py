from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kommo.contract.document import Contract
from kommo.mock import MockConfig, MockServer, create_app
from kommo.published import load_bundle
from kommo.spec.assemble import assemble
from kommo.spec.project import find_root


@pytest.fixture(scope="session")
def document() -> dict[str, Any]:
    return load_bundle()


@pytest.fixture(scope="session")
def base_document() -> dict[str, Any]:
    return assemble(find_root(), quirks=())


@pytest.fixture(scope="session")
def contract(document) -> Contract:
    return Contract(document)


@pytest.fixture
def app() -> Any:
    return create_app(MockConfig(token="demo", seed="demo"))


@pytest.fixture
def server() -> Iterator[MockServer]:
    with MockServer(MockConfig(token="demo", seed="demo")) as running:
        yield running
