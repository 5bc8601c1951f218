"""A change of the contract as callers see it, and the version number that a set of changes asks for."""

from collections.abc import Iterable
from enum import IntEnum
from typing import Self

import attrs


class Impact(IntEnum):
    """What a change does to code that was right before it; in the order of the version's places."""

    PATCH = 0
    """Nothing: wording, examples."""
    MINOR = 1
    """Nothing, and something new can be used."""
    MAJOR = 2
    """It may stop working: a request is refused that was taken, or an answer comes that could not come."""


@attrs.frozen(order=True)
class Change:
    """One difference, told once however many operations share the place.

    Attributes:
        impact: what it means for callers.
        place: the component or the operation, and the path in it: ``CustomField: remind``.
        sentence: what changed, in plain words.
        operations: the operationIds it reaches, sorted.
    """

    impact: Impact
    place: str
    sentence: str
    operations: tuple[str, ...] = ()

    def reaching(self, operations: Iterable[str]) -> Self:
        """The same change, reaching these operations as well."""
        return attrs.evolve(self, operations=tuple(sorted({*self.operations, *operations})))

    def __str__(self) -> str:
        match self.operations:
            case () | (_,):
                reach = ""
            case several:
                reach = f" ({len(several)} operations)"
        return f"{self.place}: {self.sentence}{reach}"


def needed_impact(changes: Iterable[Change]) -> Impact:
    """The largest impact among the changes; ``PATCH`` when there are none."""
    return max((change.impact for change in changes), default=Impact.PATCH)


def next_version(current: str, impact: Impact) -> str:
    """The smallest version after ``current`` that Semantic Versioning allows for a change of this impact.

    Below 1.0.0 the minor place carries breaking changes, as item 4 of the specification leaves open and resolvers of
    version ranges expect.

    Raises:
        ValueError: ``current`` is not of the form ``1.2.3``.
    """
    try:
        major, minor, patch = (int(part) for part in current.split("."))
    except ValueError:
        raise ValueError(f"{current!r} is not a version of the form 1.2.3") from None
    if impact is Impact.PATCH or (major == 0 and impact is Impact.MINOR):
        return f"{major}.{minor}.{patch + 1}"
    if impact is Impact.MINOR or major == 0:
        return f"{major}.{minor + 1}.0"
    return f"{major + 1}.0.0"
