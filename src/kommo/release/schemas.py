"""Compare two JSON Schemas in the direction in which the values travel.

What narrows a request breaks callers, because something they sent is refused. What widens an answer breaks them,
because something comes that could not come before. Each rule below names what narrowed or widened; the direction
decides what that means.
"""

import operator
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, TypeAlias

import attrs

from kommo.release.changes import Change, Impact

Schema: TypeAlias = Mapping[str, Any]

_LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_JSON_TYPES = frozenset({"array", "boolean", "null", "number", "integer", "object", "string"})
_REF = "#/components/schemas/"


class Direction(Enum):
    """Which way the values travel."""

    REQUEST = "request"
    ANSWER = "answer"


@attrs.frozen
class SchemaComparison:
    """Compares schemas of an old and a new document.

    Args:
        old: the old document's ``components.schemas``.
        new: the new document's ``components.schemas``.
        direction: which way the values travel.
    """

    old: Mapping[str, Schema]
    new: Mapping[str, Schema]
    direction: Direction
    _seen: set[tuple[str, str]] = attrs.field(factory=set, init=False)

    def compare(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        """The changes between two schemas and all that they reach, each component pair once."""
        if "$ref" in old and "$ref" in new:
            pair = (_component(old), _component(new))
            if pair in self._seen:
                return
            self._seen.add(pair)
            place = pair[1]
        yield from self._compare_flat(place, _flatten(old, self.old), _flatten(new, self.new))

    def _compare_flat(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        for rule in (
            self._types,
            self._constants,
            self._bounds,
            self._properties,
            self._alternatives,
            self._extra_keys,
        ):
            yield from rule(place, old, new)
        if isinstance(old.get("items"), Mapping) and isinstance(new.get("items"), Mapping):
            yield from self.compare(f"{place}[]", old["items"], new["items"])

    def _narrowed(self, place: str, what: str) -> Change:
        breaks = self.direction is Direction.REQUEST
        return Change(Impact.MAJOR if breaks else Impact.MINOR, place, what)

    def _widened(self, place: str, what: str) -> Change:
        breaks = self.direction is Direction.ANSWER
        return Change(Impact.MAJOR if breaks else Impact.MINOR, place, what)

    def _types(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = _types(old), _types(new)
        if gone := before - after - ({"integer"} if "number" in after else set()):
            yield self._narrowed(place, f"can no longer be {_listed(gone)}")
        if come := after - before - ({"integer"} if "number" in before else set()):
            yield self._widened(place, f"can now also be {_listed(come)}")

    def _constants(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = _constants(old), _constants(new)
        if before is None and after is not None:
            yield self._narrowed(place, f"is now limited to {_listed(after)}")
        elif before is not None and after is None:
            yield self._widened(place, f"is no longer limited to {_listed(before)}")
        elif before is not None and after is not None:
            if gone := [value for value in before if value not in after]:
                yield self._narrowed(place, f"no longer has the value {_listed(gone)}")
            if come := [value for value in after if value not in before]:
                yield self._widened(place, f"now also has the value {_listed(come)}")

    def _bounds(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        for keywords, tighter in ((_LOWER_BOUNDS, operator.gt), (_UPPER_BOUNDS, operator.lt)):
            for keyword in keywords:
                before, after = old.get(keyword), new.get(keyword)
                if before == after:
                    continue
                what = f"{keyword} changed from {_bound(before)} to {_bound(after)}"
                if before is None or (after is not None and tighter(after, before)):
                    yield self._narrowed(place, what)
                else:
                    yield self._widened(place, what)
        for keyword in ("pattern", "format"):
            before, after = old.get(keyword), new.get(keyword)
            if before is None and after is not None:
                yield self._narrowed(place, f"must now have the {keyword} {after}")
            elif before is not None and after is None:
                yield self._widened(place, f"needs no {keyword} {before} any more")
            elif before != after:
                yield Change(Impact.MAJOR, place, f"{keyword} changed from {before} to {after}")

    def _properties(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = old.get("properties", {}), new.get("properties", {})
        required_before, required_after = set(old.get("required", ())), set(new.get("required", ()))
        for name in sorted(before.keys() - after.keys()):
            yield Change(Impact.MAJOR, f"{place}: {name}", "is gone")
        for name in sorted(after.keys() - before.keys()):
            if self.direction is Direction.REQUEST and name in required_after:
                yield Change(Impact.MAJOR, f"{place}: {name}", "is new and must be sent")
            else:
                yield Change(Impact.MINOR, f"{place}: {name}", "is new")
        for name in sorted(before.keys() & after.keys()):
            inner = f"{place}: {name}"
            if name in required_after - required_before:
                yield self._narrowed(inner, "is now always there" if self._answers else "must now be sent")
            if name in required_before - required_after:
                yield self._widened(inner, "may now be missing")
            yield from self.compare(inner, before[name], after[name])

    @property
    def _answers(self) -> bool:
        return self.direction is Direction.ANSWER

    def _alternatives(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        for keyword in ("oneOf", "anyOf"):
            before = {_signature(branch): branch for branch in old.get(keyword, ())}
            after = {_signature(branch): branch for branch in new.get(keyword, ())}
            if not before and not after:
                continue
            if not before or not after:
                what = f"has {'no' if before else ''} alternatives {'any more' if before else 'now'}".replace(
                    "  ", " "
                )
                yield Change(Impact.MAJOR, place, what)
                continue
            for name in sorted(before.keys() - after.keys()):
                renamed = (
                    other for other in after.keys() - before.keys() if self._same(before[name], after[other])
                )
                if (other := next(renamed, None)) is not None:
                    del before[name], after[other]
            for name in sorted(before.keys() - after.keys()):
                yield self._narrowed(place, f"no longer takes the form {name}")
            for name in sorted(after.keys() - before.keys()):
                yield self._widened(place, f"can now also take the form {name}")
            for name in sorted(before.keys() & after.keys()):
                yield from self.compare(f"{place} ({name})", before[name], after[name])

    def _same(self, old: Schema, new: Schema) -> bool:
        """Whether two forms hold the same values, whatever their models are called: names are not on the wire."""
        apart = SchemaComparison(self.old, self.new, self.direction)
        return not any(apart.compare("", old, new))

    def _extra_keys(self, place: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = old.get("additionalProperties", True), new.get("additionalProperties", True)
        if before is not False and after is False:
            yield self._narrowed(place, "takes no further keys any more")
        elif before is False and after is not False:
            yield self._widened(place, "may now hold further keys")
        elif isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from self.compare(f"{place}{{}}", before, after)


def _component(schema: Schema) -> str:
    return str(schema["$ref"]).removeprefix(_REF)


def _flatten(schema: Schema, components: Mapping[str, Schema]) -> Schema:
    """The schema with its reference followed and the parts of its allOf merged into one."""
    if "$ref" in schema:
        schema = {**_flatten(components.get(_component(schema), {}), components), **_without(schema, "$ref")}
    merged: dict[str, Any] = _without(schema, "allOf")
    for part in schema.get("allOf", ()):
        flat = _flatten(part, components)
        for keyword, value in flat.items():
            if keyword == "properties":
                merged["properties"] = _merge_properties(value, merged.get("properties", {}))
            elif keyword in merged:
                merged[keyword] = _both(keyword, merged[keyword], value)
            else:
                merged[keyword] = value
    return merged


def _both(keyword: str, one: Any, other: Any) -> Any:
    """What remains where two parts of an allOf both set a keyword: a value must satisfy both."""
    if keyword == "required":
        return sorted({*one, *other})
    if keyword == "enum":
        return [value for value in one if value in other]
    if keyword == "type":
        return _types_of_both(one, other)
    if keyword in _LOWER_BOUNDS:
        return max(one, other)
    if keyword in _UPPER_BOUNDS:
        return min(one, other)
    if keyword == "additionalProperties" and False in (one, other):
        return False
    return one


def _types_of_both(one: Any, other: Any) -> list[str]:
    first, second = _types({"type": one}), _types({"type": other})
    both = first & second
    # Every integer is a number.
    if "integer" in first | second and "number" in first | second and "number" not in both:
        both = both | {"integer"}
    return sorted(both)


def _merge_properties(base: Mapping[str, Schema], narrower: Mapping[str, Schema]) -> dict[str, Schema]:
    shared = base.keys() & narrower.keys()
    both = {name: {"allOf": [base[name], narrower[name]]} for name in shared}
    return {**base, **narrower, **both}


def _without(schema: Schema, keyword: str) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != keyword}


def _types(schema: Schema) -> set[str]:
    declared = schema.get("type", sorted(_JSON_TYPES))
    return {declared} if isinstance(declared, str) else set(declared)


def _constants(schema: Schema) -> list[Any] | None:
    if "const" in schema:
        return [schema["const"]]
    values = schema.get("enum")
    return None if values is None else list(values)


def _signature(branch: Schema) -> str:
    if "$ref" in branch:
        return _component(branch)
    declared = branch.get("type")
    if declared == "array" and isinstance(branch.get("items"), Mapping):
        return f"list of {_signature(branch['items'])}"
    return _listed(_types(branch)) if declared else _listed(sorted(branch))


def _listed(values: Any) -> str:
    ordered = sorted(values) if isinstance(values, set) else values
    return ", ".join(str(value) for value in ordered)


def _bound(value: object) -> str:
    return "none" if value is None else str(value)
