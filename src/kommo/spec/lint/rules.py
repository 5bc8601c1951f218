"""The list of rules and what a rule is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kommo.spec.walk import Parts

Document = dict[str, Any]
DocumentCheck = Callable[[Document], Iterable[tuple[Parts, str]]]


@dataclass(frozen=True)
class Base:
    """The base document and where its parts come from."""

    document: Document
    origins: Mapping[Parts, Path]


@dataclass(frozen=True)
class Sources:
    """What a source rule may look at.

    Args:
        root: The checkout.
        base: The base document, bundled.
        full: The same with all quirk overlays.
    """

    root: Path
    base: Base
    full: Document


SourceCheck = Callable[[Sources], Iterable[tuple[Path, Parts, str]]]


@dataclass(frozen=True)
class DocumentRule:
    """A rule about a bundled document: yields (parts, message).

    A rule with `after` is left out when the rule of that id finds something, because it could not work then.
    """

    id: str
    check: DocumentCheck
    after: str | None = None


@dataclass(frozen=True)
class SourceRule:
    """A rule about files: yields (path, parts, message)."""

    id: str
    check: SourceCheck


DOCUMENT_RULES: list[DocumentRule] = []
SOURCE_RULES: list[SourceRule] = []


def document_rule(id: str, *, after: str | None = None) -> Callable[[DocumentCheck], DocumentCheck]:
    """Put a rule about documents on the list."""

    def add(check: DocumentCheck) -> DocumentCheck:
        DOCUMENT_RULES.append(DocumentRule(id, check, after))
        return check

    return add


def source_rule(id: str) -> Callable[[SourceCheck], SourceCheck]:
    """Put a rule about files on the list."""

    def add(check: SourceCheck) -> SourceCheck:
        SOURCE_RULES.append(SourceRule(id, check))
        return check

    return add
