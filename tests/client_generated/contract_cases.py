"""What the published contract and the generator's own bundle say about each operation, as test cases."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from kommo_client.client import Operation, SyncResources

from kommo import models
from kommo.published import load_bundle

ROOT = Path(__file__).parents[2]
METHODS = ("get", "post", "patch", "delete")


class Example(NamedTuple):
    """A named example of an operation: what is sent, or what is answered with `status`."""

    operation: str
    name: str
    status: int | None
    value: Any

    def __str__(self) -> str:
        return f"{self.operation}-{self.status or 'request'}-{self.name}"


@cache
def bundle() -> dict[str, Any]:
    return load_bundle()


@cache
def codegen_bundle() -> dict[str, Any]:
    return json.loads((ROOT / "openapi/dist/kommo.codegen.json").read_text(encoding="utf-8"))


def resolved(document: dict[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        parts = node["$ref"].removeprefix("#/").split("/")
        node = document
        for part in parts:
            node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation)."""
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def examples() -> list[Example]:
    """Every example of a JSON request and of a success answer."""
    found = []
    document = bundle()
    for _, _, operation in operations(document):
        sides = [(None, resolved(document, operation["requestBody"]))] if "requestBody" in operation else []
        sides += [
            (int(status), resolved(document, response))
            for status, response in operation["responses"].items()
            if status.startswith("2")
        ]
        for status, side in sides:
            for content_type, media in side.get("content", {}).items():
                if content_type.endswith("json"):
                    for name, example in media.get("examples", {}).items():
                        value = resolved(document, example)["value"]
                        found.append(Example(operation["operationId"], name, status, value))
    return found


def model_named(ref: str) -> type[models.CustomField]:
    """The model of a schema of the generator's bundle: of the one it narrows, where it narrows one."""
    name = ref.rpartition("/")[2]
    schema = codegen_bundle()["components"]["schemas"][name]
    return getattr(models, schema.get("x-narrows", name))


def body_of(operation_id: str, value: Any) -> Any:
    """The models for the JSON body of a request."""
    document = codegen_bundle()
    operation = next(found for _, _, found in operations(document) if found["operationId"] == operation_id)
    schema = resolved(document, operation["requestBody"])["content"]["application/json"]["schema"]
    if schema.get("type") == "array":
        model = model_named(schema["items"]["$ref"])
        return [model.from_dict(item) for item in value]
    return model_named(schema["$ref"]).from_dict(value)


def verb_and_tag(operation: dict[str, Any]) -> tuple[str, str]:
    tag = operation["tags"][0]
    return operation["operationId"].removesuffix(f"_{tag}"), tag


class Recorder:
    """A core that notes what it is told."""

    def __init__(self) -> None:
        self.calls: list[tuple[Operation[Any], tuple[Any, ...], dict[str, Any]]] = []

    def call(self, operation: Operation[Any], path: tuple[Any, ...] = (), **options: Any) -> None:
        self.calls.append((operation, path, options))

    iterate = call


class Everything(SyncResources):
    """Every resource over a recorder."""

    def __init__(self) -> None:
        self.recorder = Recorder()

    @property
    def _core(self) -> Any:
        return self.recorder


def public_methods(resource: object) -> list[str]:
    return [name for name in dir(resource) if not name.startswith("_")]


def arguments(method: Any) -> list[Any]:
    """Something for each positional argument."""
    return [
        [] if name == "items" else 1
        for name, parameter in inspect.signature(method).parameters.items()
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]


@cache
def reached() -> dict[str, Operation[Any]]:
    """Every operation that a resource's own verb reaches, by operationId."""
    root = Everything()
    for _, _, operation in operations(bundle()):
        verb, tag = verb_and_tag(operation)
        method = getattr(getattr(root, tag), verb)
        required = {
            name: 1
            for name, parameter in inspect.signature(method).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
        }
        method(*arguments(method), **required)
    return {operation.id: operation for operation, _, _ in root.recorder.calls}
