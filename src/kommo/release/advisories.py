"""Advisories in the OSV format, read from a folder: which of them concern a given version of a package?

The format and its rules: https://ossf.github.io/osv-schema, section "Evaluation".
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Protocol

import attrs
import yaml  # type: ignore[import-untyped]
from packaging.utils import canonicalize_name
from packaging.version import Version

from kommo.command import CommandError

_SEMVER: Final = re.compile(r"v?([0-9]+(?:\.[0-9]+){0,2})(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?")
_EVENTS: Final = frozenset({"introduced", "fixed", "last_affected"})
_ALL_BEFORE: Final = ("introduced", "0")


class Comparable(Protocol):
    """What versions are compared by."""

    def __lt__(self, other: Any, /) -> bool: ...
    def __le__(self, other: Any, /) -> bool: ...


def semver(text: str) -> Comparable:
    """The key that orders versions of npm packages: three numbers, then before-releases before the release.

    Args:
        text: A version of Semantic Versioning 2.0; missing numbers count as 0.

    Raises:
        ValueError: The text is none.
    """
    found = _SEMVER.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no version of npm's")
    numbers = tuple(int(number) for number in found[1].split("."))
    # Numbers sort below words, and the longer of two equal beginnings above the shorter.
    before = [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in (found[2] or "").split(".")]
    return (*numbers, *(0,) * (3 - len(numbers)), found[2] is None, before)


@attrs.frozen
class Ecosystem:
    """How an ecosystem of the OSV format writes names and orders versions."""

    name: str
    normalise: Callable[[str], str]
    version: Callable[[str], Comparable]


PYPI: Final = Ecosystem("PyPI", canonicalize_name, Version)
NPM: Final = Ecosystem("npm", str, semver)


@attrs.frozen
class Package:
    """One entry of `affected`: versions of a package that an advisory concerns."""

    name: str
    ranges: tuple[tuple[tuple[str, str], ...], ...]
    """Of each range its events: kind (introduced, fixed, last_affected, limit) and version."""
    versions: frozenset[str]

    def concerns(self, version: str, ecosystem: Ecosystem) -> bool | None:
        """Whether the version is listed, or inside one of the ranges; None where that cannot be told."""
        key = _key(version, ecosystem)
        if version in self.versions or (
            key is not None and any(_key(other, ecosystem) == key for other in self.versions)
        ):
            return True
        verdicts = [None if key is None else _inside(key, events, ecosystem) for events in self.ranges]
        if True in verdicts:
            return True
        return None if None in verdicts or not (verdicts or self.versions) else False

    def mended(self, version: str, ecosystem: Ecosystem) -> str | None:
        """The lowest version above the given one that an event calls fixed, if there is one."""
        key = _key(version, ecosystem)
        fixes = {
            text: _key(text, ecosystem) for events in self.ranges for kind, text in events if kind == "fixed"
        }
        above = [
            (fix, text) for text, fix in fixes.items() if key is not None and fix is not None and key < fix
        ]
        return min(above)[1] if above else None


@attrs.frozen
class Advisory:
    """What the evaluation needs of an advisory of one ecosystem."""

    id: str
    modified: str
    """When the text was last changed, RFC 3339."""
    packages: tuple[Package, ...]


@attrs.frozen
class Hit:
    """A version that an advisory concerns."""

    name: str
    version: str
    advisory: str
    mended: str | None

    def __str__(self) -> str:
        mend = f"mended in {self.mended}" if self.mended else "no mended version is named"
        return f"{self.name} {self.version} ({self.advisory}, {mend})"


@attrs.frozen
class Findings:
    """What the advisories of one ecosystem say of some versions."""

    ecosystem: str
    packages: int
    """Versions that were looked up."""
    advisories: int
    """Advisories that are in force, of any package of the ecosystem."""
    relevant: int
    """Those of them that concern some version of a package that was looked up."""
    newest: str
    """The day of the newest change of an advisory."""
    hits: tuple[Hit, ...]
    unclear: tuple[str, ...]
    """Package and id where the versions of an advisory cannot be evaluated."""

    def __str__(self) -> str:
        text = (
            f"{self.packages} {self.ecosystem} packages held to {self.advisories} advisories"
            f" ({self.relevant} of these packages), the newest of {self.newest}"
        )
        return text + (f"; cannot be evaluated: {', '.join(self.unclear)}" if self.unclear else "")


def evaluate(
    pins: Iterable[tuple[str, str]], advisories: Iterable[Advisory], ecosystem: Ecosystem
) -> Findings:
    """Hold versions to advisories.

    Args:
        pins: Name and version of packages.
        advisories: What :func:`read` returned for the ecosystem; at least one.
        ecosystem: Of both.

    Returns:
        What was looked at and found; nothing is raised for a hit.
    """
    known = list(advisories)
    chosen = sorted({(ecosystem.normalise(name), version) for name, version in pins})
    by_name: dict[str, list[tuple[Advisory, Package]]] = {}
    for advisory in known:
        for package in advisory.packages:
            by_name.setdefault(package.name, []).append((advisory, package))
    # Keyed by package, version and id: one advisory may list a package twice, and two folders hold the same one.
    hits: dict[tuple[str, str, str], Hit] = {}
    unclear: dict[str, None] = {}
    for name, version in chosen:
        for advisory, package in by_name.get(name, []):
            concerned = package.concerns(version, ecosystem)
            if concerned:
                hit = Hit(name, version, advisory.id, package.mended(version, ecosystem))
                hits.setdefault((name, version, advisory.id), hit)
            elif concerned is None:
                unclear[f"{name} {version} ({advisory.id})"] = None
    return Findings(
        ecosystem=ecosystem.name,
        packages=len(chosen),
        advisories=len({advisory.id for advisory in known}),
        relevant=len({advisory.id for name, _ in chosen for advisory, _ in by_name.get(name, [])}),
        newest=max(advisory.modified for advisory in known)[:10],
        hits=tuple(hits.values()),
        unclear=tuple(unclear),
    )


def read(folder: Path, *ecosystems: Ecosystem) -> dict[str, list[Advisory]]:
    """Read the advisories of a folder that are in force: all that are not withdrawn.

    Args:
        folder: Searched with all folders below it, those with a dot aside, for `*.json`, `*.yaml` and `*.yml`; files
            of other formats may lie among them.
        ecosystems: Which ones are wanted.

    Returns:
        By the ecosystem's name; empty where the folder has none of it.

    Raises:
        CommandError: There is no such folder, a file in it is damaged, or none of the files is an advisory.
    """
    if not folder.is_dir():
        raise CommandError(f"{folder}: no such folder")
    found: dict[str, list[Advisory]] = {ecosystem.name: [] for ecosystem in ecosystems}
    total = 0
    for path, document in _documents(folder):
        total += 1
        if document.get("withdrawn") not in (None, "", "null", "~"):
            continue
        for ecosystem in ecosystems:
            try:
                packages = tuple(_packages(document, ecosystem))
            except (AttributeError, KeyError, TypeError) as error:
                raise CommandError(f"{path}: not as the OSV format has it: {error}") from None
            if packages:
                found[ecosystem.name].append(Advisory(document["id"], document["modified"], packages))
    if not total:
        raise CommandError(f"{folder}: no advisories in the OSV format there (*.json, *.yaml)")
    return found


def _documents(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.suffix not in _PARSERS or any(part.startswith(".") for part in inside) or not path.is_file():
            continue
        try:
            document = _PARSERS[path.suffix](path.read_bytes())
        except (ValueError, yaml.YAMLError) as error:
            first = str(error).partition("\n")[0]
            raise CommandError(f"{path}: cannot be read as {path.suffix[1:]}: {first}") from None
        if not isinstance(document, dict) or not {"id", "modified"} <= document.keys():
            continue
        if "affects" in document:
            raise CommandError(f"{path}: written before version 1.0 of the OSV format; take a newer copy")
        if "affected" in document:
            yield path, document


def _yaml(text: bytes) -> Any:
    # Scalars stay as they are written: 1.10 is a version and no number, a day is a text.
    return yaml.load(text, Loader=yaml.CBaseLoader)


_PARSERS: Final[dict[str, Callable[[bytes], Any]]] = {".json": json.loads, ".yaml": _yaml, ".yml": _yaml}


def _packages(document: dict[str, Any], ecosystem: Ecosystem) -> Iterator[Package]:
    for affected in document["affected"] or ():
        package = affected.get("package") or {}
        if package.get("ecosystem") == ecosystem.name:
            yield Package(
                name=ecosystem.normalise(package["name"]),
                # Ranges of type GIT name commits, which no lock file does.
                ranges=tuple(
                    tuple((kind, text) for event in part["events"] for kind, text in event.items())
                    for part in affected.get("ranges") or ()
                    if part["type"] in ("ECOSYSTEM", "SEMVER")
                ),
                versions=frozenset(affected.get("versions") or ()),
            )


def _key(text: str, ecosystem: Ecosystem) -> Comparable | None:
    try:
        return ecosystem.version(text)
    except ValueError:
        return None


def _inside(key: Comparable, events: tuple[tuple[str, str], ...], ecosystem: Ecosystem) -> bool | None:
    limits = [text for kind, text in events if kind == "limit"]
    timeline = [event for event in events if event[0] in _EVENTS and event != _ALL_BEFORE]
    try:
        if limits and not any(text == "*" or key < ecosystem.version(text) for text in limits):
            return False
        # Where two events share a version, the last affected one ends what begins there; else the order is the file's.
        dated = sorted(
            ((ecosystem.version(text), kind) for kind, text in timeline),
            key=lambda event: (event[0], event[1] == "last_affected"),
        )
    except ValueError:
        return None
    inside = _ALL_BEFORE in events
    for at, kind in dated:
        if at < key or (at == key and kind != "last_affected"):
            inside = kind == "introduced"
    return inside
