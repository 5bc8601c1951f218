"""Bundling: one OpenAPI document out of many files, every shared part kept as a named component.

A `$ref` to a file under `components/<section>/`, sub-folders allowed, becomes
`#/components/<section>/<stem>`. A `$ref` in a path item's place is replaced by the file's content. Nothing
else may be referred to, so that every shared part has a name and a file of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from kommo.spec.documents import DocumentError, load_mapping, nearest, place, pointer, pointer_parts, shown

# The section's order is the document's; names within a section are sorted.
SECTIONS = (
    "securitySchemes", "parameters", "headers", "requestBodies", "responses", "links", "examples", "schemas",
    "callbacks", "pathItems",
)  # fmt: skip
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")


def bundle(root: Path) -> dict[str, Any]:
    """Bundle a document.

    Args:
        root: The root document; the files it refers to lie in its folder.

    Returns:
        A new document without a reference to any file: root keys in their order, components last, sections
        and names in a fixed order. What no one refers to is not in it.

    Raises:
        DocumentError: A file that is missing or malformed, a reference that leads nowhere, two files for one
            component name, or path items that refer to each other in a circle; the message names file, line,
            pointer and the mend.
    """
    return bundle_with_origins(root)[0]


def bundle_with_origins(root: Path) -> tuple[dict[str, Any], dict[tuple[str | int, ...], Path]]:
    """Bundle a document and say where its parts come from.

    Returns:
        The document, and: parts of a JSON pointer in it -> the file whose content stands there.

    Raises:
        DocumentError: As `bundle`.
    """
    bundler = _Bundler(root)
    document = bundler.run()
    origins: dict[tuple[str | int, ...], Path] = {(): bundler.root, **bundler.items}
    for (section, name), path in bundler.sources.items():
        if path != bundler.root:
            origins["components", section, name] = path
    return document, origins


def references(value: Any, parts: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find every reference in a document: (parts of the object that holds it, its `$ref`)."""
    for found, holder in objects(value, parts):
        ref = holder.get("$ref")
        if isinstance(ref, str):
            yield found, ref


def objects(value: Any, parts: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Find every object in a document, outer before inner: (its parts, the object)."""
    if isinstance(value, dict):
        yield parts, value
        for key, item in value.items():
            yield from objects(item, (*parts, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from objects(item, (*parts, index))


def resolve(document: Any, ref: str) -> Any:
    """Follow a local reference (`#/...`).

    Raises:
        KeyError: It leads nowhere in this document.
    """
    node = document
    for part in pointer_parts(unquote(ref.removeprefix("#"))):
        if isinstance(node, list) and part.isdigit() and int(part) < len(node):
            node = node[int(part)]
        elif isinstance(node, dict) and part in node:
            node = node[part]
        else:
            raise KeyError(ref)
    return node


def dangling(document: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """The references of a bundled document that lead nowhere: (parts of the holder, `$ref`)."""
    missing = []
    for parts, ref in references(document):
        try:
            if not ref.startswith("#"):
                raise KeyError(ref)
            resolve(document, ref)
        except KeyError:
            missing.append((parts, ref))
    return missing


class _Bundler:
    def __init__(self, root: Path) -> None:
        self.root = root.resolve()
        self.base = self.root.parent
        self.items: dict[tuple[str | int, ...], Path] = {}  # parts of a path item -> the file it comes from
        self.sources: dict[tuple[str, str], Path] = {}  # (section, name) -> the file it comes from
        self.components: dict[str, dict[str, Any]] = {}
        self.waiting: list[tuple[str, str, Path]] = []

    def run(self) -> dict[str, Any]:
        source = load_mapping(self.root, "an OpenAPI document")
        document: dict[str, Any] = {}
        for key, value in source.items():
            if key in ("paths", "webhooks") and isinstance(value, dict):
                document[key] = {
                    url: self.path_item(item, self.root, (key, url), (), (key, url))
                    for url, item in value.items()
                }
            elif key == "components" and isinstance(value, dict):
                self.own_components(value)
            else:
                document[key] = self.copy(value, self.root, (key,))
        while self.waiting:
            section, name, path = self.waiting.pop()
            content = load_mapping(path, f"a component of {section}")
            self.components.setdefault(section, {})[name] = self.copy(content, path, ())
        document["components"] = {
            section: dict(sorted(self.components[section].items()))
            for section in sorted(
                self.components, key=lambda name: SECTIONS.index(name) if name in SECTIONS else 99
            )
        }
        self.check_local(document)
        return document

    def own_components(self, sections: dict[str, Any]) -> None:
        """Take over what stands in the root's components: parts written there, and names of files.

        A name that only refers to a file keeps a part in the bundle that no operation reaches.
        """
        named = []
        for section, members in sections.items():
            for name, part in members.items() if isinstance(members, dict) else ():
                ref = part.get("$ref") if isinstance(part, dict) else None
                if isinstance(ref, str) and not ref.startswith("#"):
                    named.append((section, name, ref))
                else:
                    self.sources[section, name] = self.root
                    copied = self.copy(part, self.root, ("components", section, name))
                    self.components.setdefault(section, {})[name] = copied
        for section, name, ref in named:
            parts = ("components", section, name)
            got = self.reference(ref, self.root, parts)
            if got != "#" + pointer(parts):
                raise self.fault(self.root, parts, f"{ref!r} is {got} by its place; give it that name here")

    def path_item(
        self,
        item: Any,
        path: Path,
        parts: tuple[str | int, ...],
        seen: tuple[Path, ...],
        where: tuple[str | int, ...],
    ) -> Any:
        if not (isinstance(item, dict) and isinstance(item.get("$ref"), str)):
            if path != self.root:
                self.items[where] = path
            return self.copy(item, path, parts)
        if len(item) > 1:
            extra = next(key for key in item if key != "$ref")
            raise self.fault(
                path, parts, f"{extra!r} stands beside a path item's $ref; move it into the file"
            )
        target = self.file(item["$ref"], path, parts)
        if target in seen:
            circle = " -> ".join(shown(step) for step in (*seen[seen.index(target) :], target))
            raise self.fault(path, parts, f"path items refer to each other in a circle: {circle}; break it")
        return self.path_item(load_mapping(target, "a path item"), target, (), (*seen, target), where)

    def copy(self, value: Any, path: Path, parts: tuple[str | int, ...]) -> Any:
        if isinstance(value, list):
            return [self.copy(item, path, (*parts, index)) for index, item in enumerate(value)]
        if not isinstance(value, dict):
            return value
        result = {key: self.copy(item, path, (*parts, key)) for key, item in value.items()}
        ref = value.get("$ref")
        if isinstance(ref, str):
            result["$ref"] = self.reference(ref, path, parts)
        # A discriminator's mapping names schemas by reference too, without the word `$ref`.
        mapping = value.get("mapping")
        if "propertyName" in value and isinstance(mapping, dict):
            result["mapping"] = {
                key: self.reference(ref, path, (*parts, "mapping", key)) if _is_file(ref) else ref
                for key, ref in mapping.items()
            }
        return result

    def reference(self, ref: str, path: Path, parts: tuple[str | int, ...]) -> str:
        if ref.startswith("#"):
            if path != self.root:
                raise self.fault(
                    path,
                    parts,
                    f"$ref {ref!r} points into this file; refer to the shared part's own file instead",
                )
            return ref
        target = self.file(ref, path, parts)
        try:
            inside = target.relative_to(self.base).parts
        except ValueError:
            inside = ()
        if len(inside) < 3 or inside[0] != "components" or inside[1] not in SECTIONS:
            raise self.fault(
                path,
                parts,
                f"$ref {ref!r} leads to {shown(target)}, which is no shared part; "
                f"move it under {shown(self.base)}/components/<section>/",
            )
        section, name = inside[1], target.stem
        known = self.sources.get((section, name))
        if known is None:
            self.sources[section, name] = target
            self.waiting.append((section, name, target))
        elif known != target:
            raise self.fault(
                path,
                parts,
                f"two sources for #/components/{section}/{name}: {shown(known)} and {shown(target)}; "
                "rename one",
            )
        return "#" + pointer(("components", section, name))

    def file(self, ref: str, path: Path, parts: tuple[str | int, ...]) -> Path:
        name, hash_sign, fragment = ref.partition("#")
        if "://" in name:
            raise self.fault(path, parts, f"$ref {ref!r} leaves the project; copy that part into a file here")
        if hash_sign and fragment:
            raise self.fault(
                path,
                parts,
                f"$ref {ref!r} points inside a file; give that part a file of its own and refer to it",
            )
        target = (path.parent / unquote(name)).resolve()
        if not target.is_file():
            near = nearest(target.name, [each.name for each in target.parent.glob("*")])
            raise self.fault(path, parts, f"$ref {ref!r} leads nowhere: there is no {shown(target)}{near}")
        return target

    def check_local(self, document: dict[str, Any]) -> None:
        # Only the root may hold local references, so each one can be named at its place there.
        for parts, ref in references(load_mapping(self.root, "an OpenAPI document")):
            if ref.startswith("#"):
                try:
                    resolve(document, ref)
                except KeyError:
                    names = self.components.get([*pointer_parts(ref), "", ""][1], {})
                    near = nearest(ref.rpartition("/")[2], names)
                    raise self.fault(
                        self.root, parts, f"$ref {ref!r} leads nowhere{near or '; mend the name'}"
                    ) from None

    def fault(self, path: Path, parts: tuple[str | int, ...], problem: str) -> DocumentError:
        return DocumentError(f"{place(path, parts)}: {problem}")


def _is_file(ref: object) -> bool:
    return isinstance(ref, str) and ref.endswith((".yaml", ".yml", ".json"))
