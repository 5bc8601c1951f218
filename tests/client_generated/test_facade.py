"""The resources reach exactly the operations of the contract, sync and async alike."""

import asyncio
import inspect
from typing import Any

import pytest
from kommo_client.client import UNSET, AsyncResources, SyncResources

from kommo import AsyncKommo, Kommo

from .contract_cases import (
    Everything,
    arguments,
    bundle,
    codegen_bundle,
    operations,
    public_methods,
    reached,
    resolved,
    verb_and_tag,
)

TAGS = sorted({verb_and_tag(operation)[1] for _, _, operation in operations(bundle())})
SYNC = Kommo(base_url="http://127.0.0.1:1", token="t")
ASYNC = AsyncKommo(base_url="http://127.0.0.1:1", token="t")


def test_every_operation_is_reached_as_the_contract_says() -> None:
    told = {
        operation["operationId"]: (method.upper(), path) for path, method, operation in operations(bundle())
    }
    assert len(told) == 99
    assert {found.id: (found.method, found.path) for found in reached().values()} == told


def test_every_tag_is_an_attribute_and_nothing_else_is() -> None:
    assert public_methods(SyncResources) == TAGS
    assert public_methods(AsyncResources) == TAGS


@pytest.mark.parametrize("tag", TAGS)
def test_a_resource_has_the_verbs_of_its_operations(tag: str) -> None:
    verbs = {
        verb
        for _, _, operation in operations(bundle())
        for verb, found in [verb_and_tag(operation)]
        if found == tag
    }
    more = {"iterate"} if "list" in verbs else set()
    more |= {"add", "update", "delete"} if "write" in verbs else set()
    assert set(public_methods(getattr(SYNC, tag))) == verbs | more


@pytest.mark.parametrize("tag", TAGS)
def test_async_methods_have_the_same_arguments(tag: str) -> None:
    sync, asynchronous = getattr(SYNC, tag), getattr(ASYNC, tag)
    assert public_methods(sync) == public_methods(asynchronous)
    for name in public_methods(sync):
        one, other = getattr(sync, name), getattr(asynchronous, name)
        assert inspect.signature(one).parameters == inspect.signature(other).parameters
        assert inspect.iscoroutinefunction(other) == (name != "iterate")
        assert inspect.getdoc(one) == inspect.getdoc(other)


@pytest.mark.parametrize("tag", TAGS)
def test_every_argument_and_every_error_is_documented(tag: str) -> None:
    for name in public_methods(getattr(SYNC, tag)):
        method = getattr(getattr(SYNC, tag), name)
        text = inspect.getdoc(method) or ""
        for parameter in inspect.signature(method).parameters:
            line = next((line for line in text.splitlines() if line.startswith(f"    {parameter}: ")), "")
            assert len(line) > len(f"    {parameter}: "), f"{name}({parameter})"
    for _, _, operation in operations(bundle()):
        verb, found = verb_and_tag(operation)
        if found == tag and "404" in operation["responses"]:
            assert "kommo.errors.NotFound: " in (inspect.getdoc(getattr(getattr(SYNC, tag), verb)) or "")


def test_arguments_arrive_under_their_own_names() -> None:
    """Each query parameter of the contract can be given, and goes out as the contract spells it."""
    document = codegen_bundle()
    for _, _, operation in operations(document):
        names = [
            parameter["name"]
            for parameter in (resolved(document, found) for found in operation.get("parameters", ()))
            if parameter["in"] == "query"
        ]
        if not names:
            continue
        verb, tag = verb_and_tag(operation)
        root = Everything()
        method = getattr(getattr(root, tag), verb)
        given: dict[str, Any] = {}
        for name, parameter in inspect.signature(method).parameters.items():
            if parameter.kind is parameter.KEYWORD_ONLY and name not in ("timeout", "headers"):
                given[name] = f"value of {name}"
        method(*arguments(method), **given)
        [(_, _, options)] = root.recorder.calls
        assert list(options["query"]) == names
        assert list(options["query"].values()) == list(given.values())


def test_options_of_a_call_reach_the_core() -> None:
    root = Everything()
    root.leads_custom_fields.get(5)
    root.leads_custom_fields.get(5, timeout=3, headers={"X-A": "b"})
    assert [(path, options) for _, path, options in root.recorder.calls] == [
        ((5,), {"timeout": UNSET, "headers": None}),
        ((5,), {"timeout": 3, "headers": {"X-A": "b"}}),
    ]


def test_a_resource_is_made_once() -> None:
    assert SYNC.leads_custom_fields is SYNC.leads_custom_fields


def test_clients_close() -> None:
    with Kommo(base_url="http://127.0.0.1:1", token="t"):
        pass

    async def closing() -> None:
        async with AsyncKommo(base_url="http://127.0.0.1:1", token="t"):
            pass

    asyncio.run(closing())
