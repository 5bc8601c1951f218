"""What a schema lets be written, in plain terms: its alternatives, its keys, and a value for each.

JSON Schema says what is valid; whoever makes a body needs to know what there is to say. Only what the published
contract uses is understood: `$ref`, `allOf`, `oneOf`/`anyOf`, types, enumerations, bounds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from kommo.contract.document import Contract

Schema = dict[str, Any]

#: Begins the name of everything that the suite creates.
PREFIX: Final = "kommo-contract"

#: Text as people write it and careless servers spoil it: scripts, look-alikes, markup, quotes, blanks, length.
TRICKY: Final = (
    "ü",
    "\ufb01 A\u030a e\u0301 \u00bd \u212b",
    "<b>&amp; \"double\" 'single' \\",
    "ёжик ☕ 🦔 \u202eevil",
    "  two  blanks  ",
    "long " + "x" * 190,
    "%41 %00 +",
    "line\u2028break\ttab",
)

#: Keys that name something else, a moment or the request itself: no value can be made up for them.
_TOLD: Final = ("id", "request_id", "code")
_TELLING: Final = ("_id", "_ids", "_by", "_at", "_uid", "_uuid")


def alternatives(contract: Contract, node: Any) -> list[Schema]:
    """Return the schemas that a value may follow, each without references and `allOf`."""
    merged = _merged(contract, node)
    branches = merged.pop("oneOf", None) or merged.pop("anyOf", None)
    if not branches:
        return [merged]
    found = []
    for branch in branches:
        for choice in alternatives(contract, branch):
            found.append(_join(merged, choice))
    return found


def _merged(contract: Contract, node: Any) -> Schema:
    if not isinstance(node, Mapping):
        return {}
    result: Schema = {}
    if "$ref" in node:
        result = _merged(contract, contract.at(str(node["$ref"]).removeprefix("#")))
    for part in node.get("allOf", ()):
        result = _join(result, _merged(contract, part))
    return _join(result, {key: value for key, value in node.items() if key not in ("$ref", "allOf")})


def _join(one: Schema, other: Schema) -> Schema:
    joined = {**one, **other}
    for key in ("properties",):
        if key in one and key in other:
            both = dict(one[key])
            for name, schema in other[key].items():
                both[name] = {"allOf": [both[name], schema]} if name in both else schema
            joined[key] = both
    if "required" in one and "required" in other:
        joined["required"] = sorted({*one["required"], *other["required"]})
    return joined


def types(schema: Schema) -> frozenset[str]:
    """Return the JSON types of a schema; a schema with properties is an object, one with items an array."""
    found = schema.get("type")
    if found is None:
        if "properties" in schema:
            return frozenset({"object"})
        if "items" in schema:
            return frozenset({"array"})
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        return (
            frozenset({"string"})
            if values and all(isinstance(value, str) for value in values)
            else frozenset()
        )
    return frozenset([found] if isinstance(found, str) else found)


def of_type(contract: Contract, node: Any, kind: str) -> Schema | None:
    """Return the first alternative of a schema that has a JSON type."""
    return next((one for one in alternatives(contract, node) if kind in types(one)), None)


def item(contract: Contract, node: Any) -> Schema | None:
    """Return the schema of one object of a body: of the body itself, or of the members of its array."""
    listed = of_type(contract, node, "array")
    return of_type(contract, node if listed is None else listed.get("items"), "object")


def properties(schema: Schema | None) -> Mapping[str, Any]:
    """Return the keys that an object may have, with their schemas."""
    found: Mapping[str, Any] = (schema or {}).get("properties", {})
    return found


def label(contract: Contract, schema: Schema | None) -> str | None:
    """Return the key by which people know the thing: `name`, else its first free text."""
    free = [key for key, node in properties(schema).items() if _free(contract, key, node)]
    return "name" if "name" in free else free[0] if free else None


def _free(contract: Contract, key: str, node: Any) -> bool:
    text = of_type(contract, node, "string")
    return (
        text is not None
        and not _tells(key)
        and not {"enum", "const", "format", "pattern"} & set(text)
        and int(text.get("maxLength", 1000)) >= 64
    )


def _tells(key: str) -> bool:
    return key in _TOLD or key.endswith(_TELLING) or key.startswith("_")


def plain(contract: Contract, schema: Schema | None) -> Iterator[str]:
    """Yield the keys of an object that hold a value of their own: text, number, yes or no, one of several words."""
    for key, node in properties(schema).items():
        if _tells(key) or (isinstance(node, Mapping) and node.get("readOnly")):
            continue
        kinds = [types(one) - {"null"} for one in alternatives(contract, node)]
        if all(len(kind) <= 1 and kind <= {"string", "integer", "number", "boolean"} for kind in kinds):
            yield key


def another(contract: Contract, node: Any, key: str, current: Any) -> Any:
    """Return a valid value of a plain key that is not the current one, None when there is none to make up."""
    for schema in alternatives(contract, node):
        for value in _values(schema, key, current):
            if value != current and not (
                isinstance(value, bool) != isinstance(current, bool) and value == current
            ):
                return value
    return None


def _values(schema: Schema, key: str, current: Any) -> Iterator[Any]:
    if "const" in schema:
        return
    if "enum" in schema:
        yield from (value for value in schema["enum"] if value is not None)
        return
    low, high = schema.get("minimum", 1), schema.get("maximum", 10**6)
    number = current if isinstance(current, int) and not isinstance(current, bool) else 0
    for kind in sorted(types(schema)):
        if kind == "boolean":
            yield from (True, False)
        elif kind == "integer":
            yield from (value for value in (number + 17, 17, low, high) if low <= value <= high)
        elif kind == "number":
            yield from (value for value in (number + 17, 17.5) if low <= value <= high)
        elif kind == "string" and not {"format", "pattern"} & set(schema):
            yield f"{PREFIX} {key} ✓"[: int(schema.get("maxLength", 1000))]


def example(contract: Contract, node: Any, depth: int = 0) -> Any:
    """Return a small valid value of a schema: what it requires and no more."""
    schema = alternatives(contract, node)[0]
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    kinds = types(schema)
    if "object" in kinds and depth < 6:
        inner = properties(schema)
        return {key: example(contract, inner.get(key, {}), depth + 1) for key in schema.get("required", ())}
    if "array" in kinds:
        return [
            example(contract, schema.get("items", {}), depth + 1) for _ in range(schema.get("minItems", 0))
        ]
    if "integer" in kinds or "number" in kinds:
        return max(1, schema.get("minimum", 1))
    return (
        True
        if "boolean" in kinds
        else None
        if kinds == {"null"}
        else "x" * max(1, schema.get("minLength", 1))
    )
