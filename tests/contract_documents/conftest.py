"""The base contract, bundled once, and a validator for its schemas."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from kommo.spec.assemble import assemble
from kommo.spec.project import find_root

METHODS = ("get", "post", "patch", "delete")
Operation = tuple[str, str, dict[str, Any]]  # path, method, operation
Check = Callable[[dict[str, Any], Any], list[str]]


@pytest.fixture(scope="session")
def contract() -> dict[str, Any]:
    return assemble(find_root(), quirks=())


@pytest.fixture(scope="session")
def quirky() -> dict[str, Any]:
    """The contract with all quirk overlays."""
    return assemble(find_root())


@pytest.fixture(scope="session")
def operations(contract: dict[str, Any]) -> list[Operation]:
    return [
        (path, method, item[method])
        for path, item in contract["paths"].items()
        for method in METHODS
        if method in item
    ]


@pytest.fixture(scope="session")
def schemas(contract: dict[str, Any]) -> dict[str, Any]:
    return contract["components"]["schemas"]


@pytest.fixture(scope="session")
def check(contract: dict[str, Any]) -> Check:
    """What is wrong with a value by a schema of the base contract; nothing when the list is empty."""
    return validator(contract)


def validator(document: dict[str, Any]) -> Check:
    """A function that checks values by the schemas of a document, references included."""

    def check(schema: dict[str, Any], value: Any) -> list[str]:
        # The components stand beside the schema, so that its references lead somewhere.
        errors = Draft202012Validator({**schema, "components": document["components"]}).iter_errors(value)
        return [f"{error.json_path}: {error.message}" for error in errors]

    return check


def walk(node: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Every object of a document with its place; the value of an example is data and not looked into."""
    if isinstance(node, dict):
        yield place, node
        for key, item in node.items():
            if not (key == "value" and "summary" in node):
                yield from walk(item, (*place, key))
    elif isinstance(node, list):
        for index, item in enumerate(node):
            yield from walk(item, (*place, str(index)))
