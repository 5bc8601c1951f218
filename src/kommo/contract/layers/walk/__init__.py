"""The walk: one life of everything that can be made, with a check after every step.

Deterministic and cheap, it shows what single requests cannot: whether what was written is what is read, in every place
where it is read, and nothing else changed. Which collections there are, and what can be done with them, is read from
the contract.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from kommo.contract import drafting
from kommo.contract.layers.walk import (
    access,
    catalogs,
    deletion,
    elements,
    fields,
    groups,
    leaks,
    life,
    rights,
)
from kommo.contract.places import Places
from kommo.contract.resources import Resource, resources
from kommo.contract.session import Halted, Script, Session

LAYER = "walk"

#: What else there is to look at, by the member of `_embedded` that names the kind of thing.
_MORE: Final[Mapping[str, life.More]] = {"custom_fields": fields.more, "custom_field_groups": groups.more}
#: The lists of v2, which are written in a manner of their own.
_OLD: Final[Mapping[str, Callable[[Script], None]]] = {
    "v2_catalogs": catalogs.walk,
    "v2_catalog_elements": elements.walk,
}


def run(session: Session) -> None:
    """Walk through every resource of the contract.

    Raises:
        Halted: the server limits or bans the suite.
    """
    steps: list[tuple[str, Callable[[Script], None]]] = []
    for tag, resource in resources(session.contract).items():
        if resource.old and tag in _OLD:
            steps.append((tag, _OLD[tag]))
        elif "create" in resource.operations:
            steps.append((tag, partial(_live, resource)))
    steps += [("access", access.walk), ("methods", access.methods)]
    if not session.options.gentle:
        steps.append(("rights", rights.walk))
    halted: Halted | None = None
    for name, step in steps:
        if session.done:
            return
        if not _wanted(session, name):
            continue
        session.progress(LAYER, name)
        try:
            step(Script(session, LAYER))
        except Halted as halt:
            halted = halted or halt
    if halted is not None:
        raise halted


def _live(resource: Resource, script: Script) -> None:
    places = Places(script)
    collection = places.open(resource)
    life.walk(collection, _MORE.get(resource.key), crowd=_crowded(script.session, resource))
    orphans = (
        drafting.accepted(collection, drafting.drafts(collection, 1, "orphan")[:1])
        if resource.parents
        else []
    )
    if places.close() and orphans:
        deletion.orphaned(collection, orphans[0][2]["id"])


def _crowded(session: Session, resource: Resource) -> bool:
    """Say whether to fill a collection: one of each kind, another one with every seed, and no live account's."""
    alike = [
        one.tag
        for one in resources(session.contract).values()
        if one.key == resource.key and "create" in one.operations and _wanted(session, one.tag)
    ]
    chosen = alike[session.options.seed % len(alike)] if alike else ""
    return not session.options.gentle and chosen == resource.tag


def _wanted(session: Session, tag: str) -> bool:
    """Say whether a step can find anything about the operations that were asked for."""
    selected = session.options.operations
    return (
        selected is None
        or tag in ("access", "methods", "rights")
        or any(name.endswith("_" + tag) for name in selected)
    )


def run_leaks(session: Session) -> None:
    """Look for things of one collection that another one shows or changes.

    Raises:
        Halted: the server limits or bans the suite.
    """
    session.progress("leaks", "all collections")
    leaks.walk(Script(session, "leaks"))
