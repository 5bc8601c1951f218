"""Reading what generated clients declare: models with the types of their properties, operations, empty types.

The texts of generators are regular, so that patterns read them; the types of openapi-typescript are built of
other types and are read by the compiler (`programs/declarations.cjs`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from kommo.languages.shapes import Declared, Member, camel


@dataclass(frozen=True)
class Reader:
    """How to read the client that a generator makes.

    Args:
        models: Reads the models below a folder; None where a program of the language does it.
        untyped: Found in a type that says nothing.
        empty: Found in the text of a type without content; its group 1 is the name.
        calls: Where the operations are, as a pattern of files.
        method: The name of an operation's method, from its operationId.
    """

    models: Callable[[Path], Declared] | None
    untyped: re.Pattern[str]
    empty: re.Pattern[str]
    calls: str
    method: Callable[[str], str]

    def empty_types(self, folder: Path) -> list[str]:
        """The names of the types without content."""
        return [name for text in _texts(folder, "**/*") for name in self.empty.findall(text)]

    def missing_operations(self, folder: Path, ids: list[str]) -> list[str]:
        """The operations of the contract that have no method."""
        text = "\n".join(_texts(folder, self.calls))
        return [name for name in ids if not re.search(rf"\b{self.method(name)}\b", text)]


def _texts(folder: Path, pattern: str) -> list[str]:
    suffixes = {".ts", ".java", ".go", ".php"}
    return [
        path.read_text(encoding="utf-8")
        for path in sorted(folder.glob(pattern))
        if path.is_file() and path.suffix in suffixes and not {"test", "docs"} & set(path.parts[-3:])
    ]


def _typescript_fetch(folder: Path) -> Declared:
    found: dict[str, Mapping[str, Member]] = {}
    for text in _texts(folder, "models/*.ts"):
        wire = dict(re.findall(r"^        '(\w+)': .*?json\['([^']+)'\]", text, re.MULTILINE))
        for name, body in re.findall(
            r"^export interface (\w+) (?:extends \w+ )?\{\n(.*?)^\}", text, re.M | re.S
        ):
            members = re.findall(r"^    '?(\w+)'?(\??): (.+);$", body, re.MULTILINE)
            found[name] = {
                wire.get(member, member): Member(declared, not optional)
                for member, optional, declared in members
            }
    return found


def _java(folder: Path) -> Declared:
    member = re.compile(
        r'String (JSON_PROPERTY_\w+) = "([^"]+)";\s+(?:@[^\n]+\s+)*private ([^=;]+?) \w+(?: =|;)'
    )
    found: dict[str, Mapping[str, Member]] = {}
    for path in folder.glob("src/main/java/org/openapitools/client/model/*.java"):
        text = path.read_text(encoding="utf-8")
        found[path.stem] = {
            wire: Member(declared, f"@JsonProperty(value = {constant}, required = true)" in text)
            for constant, wire, declared in member.findall(text)
        }
    return found


def _go(folder: Path) -> Declared:
    found: dict[str, Mapping[str, Member]] = {}
    for text in _texts(folder, "model_*.go"):
        for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text, re.M | re.S):
            found[name] = {
                wire: Member(declared, not optional)
                for declared, wire, optional in re.findall(
                    r'^\t\w+ (\S+) `json:"([^",]+)(,omitempty)?', body, re.M
                )
            }
    return found


def _php(folder: Path) -> Declared:
    found: dict[str, Mapping[str, Member]] = {}
    for path in folder.glob("lib/Model/*.php"):
        text = path.read_text(encoding="utf-8")
        types, wire = _php_map(text, "openAPITypes"), _php_map(text, "attributeMap")
        if wire:
            found[path.stem] = {
                wire[member]: Member(declared, f"'{member}' can't be null" in text)
                for member, declared in types.items()
            }
    return found


def _php_map(text: str, name: str) -> dict[str, str]:
    body = re.search(rf"protected static \${name} = \[(.*?)\];", text, re.DOTALL)
    return dict(re.findall(r"'([^']+)' => '([^']+)'", body[1])) if body else {}


def _pascal(name: str) -> str:
    method = camel(name)
    return method[0].upper() + method[1:]


_TYPESCRIPT_UNTYPED = re.compile(r"\bany\b|\bunknown\b|\bobject\b|Record<string, never>|^\{ ?\}$")

READERS = {
    "openapi-typescript": Reader(
        None,
        _TYPESCRIPT_UNTYPED,
        re.compile(r"^        (\w+): Record<string, never>;", re.MULTILINE),
        "kommo.ts",
        str,
    ),
    "typescript-fetch": Reader(
        _typescript_fetch,
        _TYPESCRIPT_UNTYPED,
        re.compile(r"^export (?:interface|type) (\w+) (?:= )?\{\s*\}", re.MULTILINE),
        "apis/*.ts",
        camel,
    ),
    "java": Reader(
        _java,
        re.compile(r"\bObject\b"),
        re.compile(r"^public class (\w+)[^{]*\{\s*\}", re.MULTILINE),
        "src/main/java/**/api/*.java",
        camel,
    ),
    "go": Reader(
        _go,
        re.compile(r"\binterface\{\}|\bany\b"),
        re.compile(r"^type (\w+) struct \{\s*\}", re.MULTILINE),
        "api_*.go",
        _pascal,
    ),
    "php": Reader(
        _php,
        re.compile(r"\bmixed\b|\bobject\b"),
        re.compile(r"^class (\w+) implements ModelInterface.*?\$openAPITypes = \[\s*\];", re.M | re.S),
        "lib/Api/*.php",
        camel,
    ),
}
