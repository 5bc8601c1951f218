"""The models of the contract as JSON Schemas: openapi/dist/schemas, one file each, with ids that last.

The id of a model changes only when a release may break its readers, so that whoever keeps the files, or
refers to them from schemas of their own, can take every other release without a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kommo.spec.documents import DocumentError, pointer
from kommo.spec.output import to_json
from kommo.spec.project import DIST
from kommo.version import __version__

SCHEMAS = DIST / "schemas"
DIALECT = "https://json-schema.org/draft/2020-12/schema"

_COMPONENT = "#/components/schemas/"
# Keywords whose value is data, or names chosen by the model: what stands in them is no schema.
_DATA = ("enum", "const", "default", "example", "examples", "required", "dependentRequired")
_NAMED = ("properties", "patternProperties", "dependentSchemas", "$defs")


def series(version: str = __version__) -> str:
    """The releases that do not break each other: the major version, before 1.0 the minor one too.

    >>> series("0.3.1"), series("2.4.0")
    ('0.3', '2')
    """
    major, minor, *_ = version.split(".")
    return f"0.{minor}" if major == "0" else major


def schema_id(name: str, version: str = __version__) -> str:
    """The `$id` of a model's schema, for instance `urn:kommo:schema:CustomField:0.1`.

    Args:
        name: The name of the model in `components.schemas`.
        version: The version of the contract.
    """
    return f"urn:kommo:schema:{name}:{series(version)}"


def render_schemas(document: Mapping[str, Any], banner: str) -> dict[Path, str]:
    """Make the files of openapi/dist/schemas.

    Args:
        document: The assembled contract.
        banner: Says in `$comment` that the file is generated.

    Returns:
        Path relative to the checkout -> the whole text, one file for each model.

    Raises:
        CommandError: A schema refers to something that is no model, which a file of its own cannot do.
    """
    models: Mapping[str, dict[str, Any]] = document.get("components", {}).get("schemas", {})
    files = {}
    for name, schema in models.items():
        head = {"$schema": DIALECT, "$id": schema_id(name), "$comment": banner}
        files[SCHEMAS / f"{name}.json"] = to_json(head | _standalone(schema, ("components", "schemas", name)))
    return files


def _standalone(schema: Any, parts: tuple[str | int, ...]) -> Any:
    """A schema without OpenAPI's `x-` keys, its references turned into ids."""
    if isinstance(schema, list):
        return [_standalone(item, (*parts, index)) for index, item in enumerate(schema)]
    if not isinstance(schema, dict):
        return schema
    result: dict[str, Any] = {}
    for key, value in schema.items():
        if key.startswith("x-"):
            continue
        if key == "$ref":
            result[key] = schema_id(_model(value, parts))
        elif key in _DATA:
            result[key] = value
        elif key in _NAMED:
            result[key] = {name: _standalone(inner, (*parts, key, name)) for name, inner in value.items()}
        else:
            result[key] = _standalone(value, (*parts, key))
    return result


def _model(reference: str, parts: tuple[str | int, ...]) -> str:
    name = reference.removeprefix(_COMPONENT)
    if name == reference or "/" in name:
        raise DocumentError(
            f"{pointer(parts)}: the $ref {reference!r} does not lead to a schema of components; "
            f"only {_COMPONENT}NAME can be exported"
        )
    return name
