"""What changed for callers between two published contracts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs

from kommo.release.changes import Change, Impact
from kommo.release.schemas import Direction, SchemaComparison

Document: TypeAlias = Mapping[str, Any]

_METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")


@attrs.frozen
class _Operation:
    method: str
    path: str
    document: Document
    item: Mapping[str, Any]
    body: Mapping[str, Any]

    @property
    def parameters(self) -> dict[tuple[str, str], Mapping[str, Any]]:
        declared = [
            self.resolve(parameter)
            for parameter in (*self.item.get("parameters", ()), *self.body.get("parameters", ()))
        ]
        return {(parameter["in"], parameter["name"]): parameter for parameter in declared}

    @property
    def request(self) -> Mapping[str, Any] | None:
        declared = self.body.get("requestBody")
        return None if declared is None else self.resolve(declared)

    @property
    def responses(self) -> dict[str, Mapping[str, Any]]:
        return {status: self.resolve(response) for status, response in self.body.get("responses", {}).items()}

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in node:
            return node
        target: Any = self.document
        for key in node["$ref"].removeprefix("#/").split("/"):
            target = target[key.replace("~1", "/").replace("~0", "~")]
        return self.resolve(target)


def compare(old: Document, new: Document) -> list[Change]:
    """All differences that callers can notice, breaking ones first; a shared component's change is told once.

    Args:
        old: the contract that callers know, as one bundled OpenAPI 3.1 document.
        new: the contract that is to replace it.
    """
    before, after = _operations(old), _operations(new)
    found: dict[tuple[Impact, str, str], Change] = {}
    for change in _all(old, new, before, after):
        key = (change.impact, change.place, change.sentence)
        found[key] = found[key].reaching(change.operations) if key in found else change
    if not found and _wording(old) != _wording(new):
        return [Change(Impact.PATCH, "the contract", "changed in wording, examples or evidence only")]
    return sorted(found.values(), key=lambda change: (-change.impact, change.place, change.sentence))


def _all(
    old: Document, new: Document, before: Mapping[str, _Operation], after: Mapping[str, _Operation]
) -> Iterator[Change]:
    for name in sorted(before.keys() - after.keys()):
        yield Change(Impact.MAJOR, name, f"{_address(before[name])} is gone", (name,))
    for name in sorted(after.keys() - before.keys()):
        yield Change(Impact.MINOR, name, f"{_address(after[name])} is new", (name,))
    for name in sorted(before.keys() & after.keys()):
        for change in _compare_operation(name, before[name], after[name]):
            yield change.reaching([name])


def _compare_operation(name: str, old: _Operation, new: _Operation) -> Iterator[Change]:
    requests = _comparison(old, new, Direction.REQUEST)
    answers = _comparison(old, new, Direction.ANSWER)
    if (old.method, old.path) != (new.method, new.path):
        yield Change(Impact.MAJOR, name, f"moved from {_address(old)} to {_address(new)}")
    yield from _compare_security(name, old, new)
    yield from _compare_parameters(name, old, new, requests)
    yield from _compare_request(name, old.request, new.request, requests)
    for status in sorted(old.responses.keys() - new.responses.keys()):
        yield Change(Impact.MINOR, name, f"no longer answers {status}")
    for status in sorted(new.responses.keys() - old.responses.keys()):
        impact = Impact.MAJOR if status.startswith(("1", "2", "3")) else Impact.MINOR
        yield Change(impact, name, f"can now answer {status}")
    for status in sorted(old.responses.keys() & new.responses.keys()):
        yield from _compare_content(
            f"{name}: answer {status}",
            old.responses[status].get("content", {}),
            new.responses[status].get("content", {}),
            answers,
        )


def _compare_security(name: str, old: _Operation, new: _Operation) -> Iterator[Change]:
    before, after = (side.body.get("security") or [] for side in (old, new))
    if [sorted(one) for one in before] != [sorted(one) for one in after]:
        yield Change(Impact.MAJOR, name, "asks for other credentials")
        return
    had, has = (
        {role for one in alternatives for roles in one.values() for role in roles}
        for alternatives in (before, after)
    )
    for role in sorted(has - had):
        yield Change(Impact.MAJOR, name, f"is now for callers with the role {role}")
    for role in sorted(had - has):
        yield Change(Impact.MINOR, name, f"is no longer only for callers with the role {role}")


def _comparison(old: _Operation, new: _Operation, direction: Direction) -> SchemaComparison:
    schemas = [side.document.get("components", {}).get("schemas", {}) for side in (old, new)]
    return SchemaComparison(schemas[0], schemas[1], direction)


def _compare_parameters(
    name: str, old: _Operation, new: _Operation, requests: SchemaComparison
) -> Iterator[Change]:
    before, after = old.parameters, new.parameters
    for key in sorted(before.keys() - after.keys()):
        yield Change(Impact.MAJOR, name, f"no longer takes the {key[0]} parameter {key[1]}")
    for key in sorted(after.keys() - before.keys()):
        if after[key].get("required"):
            yield Change(Impact.MAJOR, name, f"now needs the {key[0]} parameter {key[1]}")
        else:
            yield Change(Impact.MINOR, name, f"now takes the {key[0]} parameter {key[1]}")
    for key in sorted(before.keys() & after.keys()):
        if after[key].get("required") and not before[key].get("required"):
            yield Change(Impact.MAJOR, name, f"now needs the {key[0]} parameter {key[1]}")
        if before[key].get("required") and not after[key].get("required"):
            yield Change(Impact.MINOR, name, f"no longer needs the {key[0]} parameter {key[1]}")
        yield from requests.compare(
            f"{name}: parameter {key[1]}", before[key].get("schema", {}), after[key].get("schema", {})
        )


def _compare_request(
    name: str, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None, requests: SchemaComparison
) -> Iterator[Change]:
    if old is None and new is None:
        return
    if old is None or new is None:
        took = "now takes a body" if old is None else "no longer takes a body"
        breaks = new is None or bool(new.get("required"))
        yield Change(Impact.MAJOR if breaks else Impact.MINOR, name, took)
        return
    if new.get("required") and not old.get("required"):
        yield Change(Impact.MAJOR, name, "now needs a body")
    yield from _compare_content(f"{name}: request", old.get("content", {}), new.get("content", {}), requests)


def _compare_content(
    place: str, old: Mapping[str, Any], new: Mapping[str, Any], comparison: SchemaComparison
) -> Iterator[Change]:
    request = comparison.direction is Direction.REQUEST
    for media_type in sorted(old.keys() - new.keys()):
        yield Change(Impact.MAJOR if request else Impact.MINOR, place, f"is no longer {media_type}")
    for media_type in sorted(new.keys() - old.keys()):
        yield Change(Impact.MINOR if request else Impact.MAJOR, place, f"can now also be {media_type}")
    for media_type in sorted(old.keys() & new.keys()):
        yield from comparison.compare(
            place, old[media_type].get("schema", {}), new[media_type].get("schema", {})
        )


def _operations(document: Document) -> dict[str, _Operation]:
    return {
        item[method].get("operationId", f"{method} {path}"): _Operation(
            method, path, document, item, item[method]
        )
        for path, item in document.get("paths", {}).items()
        for method in _METHODS
        if method in item
    }


def _address(operation: _Operation) -> str:
    return f"{operation.method.upper()} {operation.path}"


def _wording(document: Document) -> Document:
    """The document without what every release changes by itself."""
    info = {key: value for key, value in document.get("info", {}).items() if key != "version"}
    return {**document, "info": info}


def count(changes: Iterable[Change], impact: Impact) -> int:
    """How many of the changes have this impact."""
    return sum(change.impact is impact for change in changes)
