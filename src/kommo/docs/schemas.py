"""Schemas as rows that people read: a name, a type whose parts are links, what is allowed, what it means."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import attrs
from markupsafe import Markup, escape

from kommo.docs.quirk_places import Quirk, QuirkPlaces, resolve

SCHEMAS: Final = "#/components/schemas/"
# The bounds that a format implies say nothing new.
_BOUNDS: Final = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1)}


@attrs.frozen
class Row:
    """One property of an object.

    Attributes:
        name: its key.
        type: what the value is, with links to the schemas it names.
        required: whether it must be there.
        description: Markdown.
        constraints: what else is said of the value, as short phrases.
        source: where the vendor's documents say so, as `x-source` has it.
        quirks: the quirks that touch this very property.
        inner: the name of the schema of the value, and its rows, when they are shown in place.
    """

    name: str
    type: Markup
    required: bool
    description: str
    constraints: tuple[Markup, ...]
    source: str
    quirks: tuple[Quirk, ...]
    inner: tuple[str, tuple[Row, ...]] | None = None


class SchemaReader:
    """Reads the schemas of one document.

    Args:
        document: the published contract.
        places: where the quirks apply.
    """

    def __init__(self, document: Mapping[str, Any], places: QuirkPlaces) -> None:
        self._document = document
        self._places = places

    def rows(self, schema: Mapping[str, Any], depth: int = 0) -> tuple[Row, ...]:
        """The properties of an object schema, those of its parts included, required ones first.

        Args:
            schema: a schema or a reference to one.
            depth: how many levels of objects inside of objects are shown in place.
        """
        properties, required, pointers = self._flat(schema)
        names = sorted(properties, key=lambda name: name not in required)
        return tuple(
            self._row(name, properties[name], name in required, pointers[name], depth) for name in names
        )

    def alternatives(self, schema: Mapping[str, Any]) -> tuple[Markup, ...]:
        """Conditions beyond single properties, as sentences: which of them go together."""
        schema = resolve(schema, self._document)
        found: list[Markup] = []
        for part in [schema, *schema.get("allOf", ())]:
            if part is not schema and "$ref" in part:
                found += self.alternatives(part)
                continue
            groups = [set(option.get("required", ())) for option in part.get("anyOf", ())]
            if groups and all(groups):
                names = Markup(", ").join(code(" and ".join(sorted(group))) for group in groups)
                found.append(Markup("At least one of {} is needed.").format(names))
            if part.get("minProperties") == 1 and not part.get("properties"):
                found.append(Markup("At least one key is needed."))
        return tuple(found)

    def object_of(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """The object schema in a body: the schema itself, or what an array or a choice holds."""
        target = resolve(schema, self._document)
        if "items" in target:
            return self.object_of(target["items"])
        for key in ("oneOf", "anyOf"):
            for option in target.get(key, ()):
                if self._flat(found := self.object_of(option))[0]:
                    return found
        return schema

    def type(self, schema: Mapping[str, Any]) -> Markup:
        """What a value is, in a few words, with links."""
        if "$ref" in schema and "enum" not in schema and "const" not in schema:
            return link(schema["$ref"])
        if "const" in schema:
            return Markup("always {}").format(code(_json(schema["const"])))
        for key in ("oneOf", "anyOf"):
            if key in schema:
                return _joined(self.type(option) for option in schema[key])
        if "allOf" in schema and "properties" not in schema and len(schema["allOf"]) == 1:
            return self.type(schema["allOf"][0])
        kinds = schema.get("type", ())
        kinds = [kinds] if isinstance(kinds, str) else list(kinds)
        if not kinds:
            return Markup("string") if "enum" in schema else Markup("any value")
        return _joined(self._kind(kind, schema) for kind in kinds)

    def constraints(self, schema: Mapping[str, Any]) -> tuple[Markup, ...]:
        """What is allowed, beyond the type."""
        found: list[Markup] = []
        if "enum" in schema:
            found.append(
                Markup("one of {}").format(Markup(", ").join(code(_json(v)) for v in schema["enum"]))
            )
        if "default" in schema:
            found.append(Markup("default {}").format(code(_json(schema["default"]))))
        found += _limits(schema)
        if "pattern" in schema:
            found.append(Markup("matches {}").format(code(schema["pattern"])))
        if schema.get("additionalProperties") is False:
            found.append(Markup("no other keys"))
        for option in (*schema.get("oneOf", ()), *schema.get("anyOf", ())):
            if "$ref" not in option:
                found += [text for text in self.constraints(option) if text not in found]
        return tuple(found)

    def _kind(self, kind: str, schema: Mapping[str, Any]) -> Markup:
        if kind == "array":
            return Markup("array of {}").format(self.type(schema.get("items", {})))
        if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
            return Markup("object with values {}").format(self.type(schema["additionalProperties"]))
        form = schema.get("format")
        return Markup(escape(f"{kind} ({form})" if form and kind != "null" else kind))

    def _row(self, name: str, schema: Mapping[str, Any], required: bool, pointer: str, depth: int) -> Row:
        inner = None
        if depth > 0 and (part := self._object_in(schema)) is not None:
            inner = part, self.rows({"$ref": SCHEMAS + part}, depth - 1)
        return Row(
            name=name,
            type=self.type(schema),
            required=required,
            description=resolve(schema, self._document).get("description", ""),
            constraints=self.constraints(schema),
            source=schema.get("x-source", ""),
            quirks=self._places.at(pointer) if pointer else (),
            inner=inner,
        )

    def _object_in(self, schema: Mapping[str, Any]) -> str | None:
        """The name of the component that a property's value, or each of its items, is an object of."""
        if "$ref" in schema:
            return schema["$ref"].removeprefix(SCHEMAS) if self._flat(schema)[0] else None
        items = [schema["items"]] if "items" in schema else []
        for part in (*schema.get("oneOf", ()), *schema.get("anyOf", ()), *items):
            found = self._object_in(part)
            if found is not None:
                return found
        return None

    def _flat(self, schema: Mapping[str, Any]) -> tuple[dict[str, dict[str, Any]], set[str], dict[str, str]]:
        """Properties with those of the parts merged, the required ones, and where each one stands."""
        own = schema.get("$ref", "").removeprefix("#")
        target = resolve(schema, self._document)
        properties: dict[str, dict[str, Any]] = {}
        required: set[str] = set()
        pointers: dict[str, str] = {}
        for index, part in enumerate(target.get("allOf", ())):
            inner, needed, where = self._flat(part)
            for name, value in inner.items():
                properties[name] = properties.get(name, {}) | value
            required |= needed
            inline = f"{own}/allOf/{index}"
            pointers |= {name: place or f"{inline}/properties/{name}" for name, place in where.items()}
        for name, value in target.get("properties", {}).items():
            properties[name] = properties.get(name, {}) | value
            pointers[name] = f"{own}/properties/{name}" if own else ""
        return properties, required | set(target.get("required", ())), pointers


def code(text: Any) -> Markup:
    """A piece of code in a sentence."""
    return Markup("<code>{}</code>").format(text)


def link(reference: str) -> Markup:
    """A link to the section of a schema."""
    name = reference.rpartition("/")[2]
    return Markup('<a href="#schema-{0}">{0}</a>').format(name)


def _joined(parts: Iterable[Markup]) -> Markup:
    """Alternatives in a row: arrays behind what they may be arrays of, null at the end."""

    def place(text: Markup) -> int:
        return 2 * (text == "null") + text.startswith("array of ")

    ordered: list[Markup] = sorted(dict.fromkeys(parts), key=place)
    return Markup(" or ").join(ordered)


def _json(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _limits(schema: Mapping[str, Any]) -> list[Markup]:
    """The bounds of a number, a length or a count; what the format says already is left out."""
    found = []
    low, high = _BOUNDS.get(schema.get("format", ""), (None, None))
    if schema.get("minimum", low) != low:
        found.append(Markup("at least {}").format(schema["minimum"]))
    if schema.get("maximum", high) != high:
        found.append(Markup("at most {}").format(schema["maximum"]))
    for least, most, unit in (
        ("minLength", "maxLength", "characters"),
        ("minItems", "maxItems", "items"),
        ("minProperties", "maxProperties", "keys"),
    ):
        if text := _span(schema.get(least), schema.get(most), unit):
            found.append(Markup(escape(text)))
    return found


def _span(least: int | None, most: int | None, unit: str) -> str:
    if least and most:
        return f"{least} to {most} {unit}"
    if most:
        return f"at most {most} {unit}"
    if least:
        return "not empty" if least == 1 else f"at least {least} {unit}"
    return ""
