"""What the reference is made of: operations by tag, schemas, shared answers, quirks, sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import attrs
from markupsafe import Markup

from kommo.docs.quirk_places import Quirk
from kommo.docs.schemas import Row


@attrs.frozen
class Example:
    """A named value, as indented JSON."""

    title: str
    description: str
    source: str
    text: str


@attrs.frozen
class Media:
    """One media type of a body or an answer."""

    name: str
    type: Markup | None
    examples: tuple[Example, ...]


@attrs.frozen
class Body:
    """What an operation takes."""

    description: str
    source: str
    required: bool
    media: tuple[Media, ...]
    quirks: tuple[Quirk, ...]
    rows: tuple[Row, ...]
    constraints: tuple[Markup, ...]
    alternatives: tuple[Markup, ...]


@attrs.frozen
class Link:
    """A way from an answer to another operation."""

    name: str
    operation_id: str
    description: str


@attrs.frozen
class Answer:
    """What an operation answers with one status.

    Attributes:
        shared: the name of the section where an answer that many operations have is described; else empty.
    """

    status: str
    description: str
    shared: str
    media: tuple[Media, ...]
    links: tuple[Link, ...]
    quirks: tuple[Quirk, ...]


@attrs.frozen
class Sample:
    """One request in every language: language -> text."""

    title: str
    texts: Mapping[str, str]


@attrs.frozen
class Operation:
    """One operation with everything that its section shows."""

    id: str
    tag: str
    verb: str
    method: str
    path: str
    summary: str
    description: str
    source: str
    security: tuple[str, ...]
    roles: tuple[str, ...]
    parameters: tuple[tuple[str, Row], ...]
    body: Body | None
    answers: tuple[Answer, ...]
    samples: tuple[Sample, ...]
    quirks: tuple[Quirk, ...]
    direct_quirks: tuple[Quirk, ...]


@attrs.frozen
class Schema:
    """One schema; those that only narrow it for one entity stand below it."""

    name: str
    description: str
    source: str
    type: Markup
    rows: tuple[Row, ...]
    constraints: tuple[Markup, ...]
    alternatives: tuple[Markup, ...]
    quirks: tuple[Quirk, ...]
    narrowed: tuple[Schema, ...]


@attrs.frozen
class Tag:
    """A resource and its operations."""

    name: str
    description: str
    operations: tuple[Operation, ...]


@attrs.frozen
class SharedAnswer:
    """An answer that several operations have."""

    name: str
    status: str
    answer: Answer


@attrs.frozen
class Reference:
    """Everything on the page."""

    info: Mapping[str, Any]
    servers: tuple[Mapping[str, Any], ...]
    external_docs: Mapping[str, Any]
    security: Mapping[str, Mapping[str, Any]]
    tags: tuple[Tag, ...]
    shared: tuple[SharedAnswer, ...]
    schemas: tuple[Schema, ...]
    quirks: tuple[Quirk, ...]
    sources: Mapping[str, Mapping[str, Any]]
    try_it: str

    def operations(self) -> Iterator[Operation]:
        """All operations, in the order of the page."""
        for tag in self.tags:
            yield from tag.operations
