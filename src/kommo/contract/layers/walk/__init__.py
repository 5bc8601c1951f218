"""The walk: one life of everything that can be made, with a check after every step.

Deterministic and cheap, it shows what single requests cannot: whether what was written is what is read, in every place
where it is read, and nothing else changed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from kommo.contract import domain
from kommo.contract.layers.walk import access, catalogs, elements, fields, groups
from kommo.contract.session import Halted, Script, Session

LAYER = "walk"


def run(session: Session) -> None:
    """Walk through every resource of the contract.

    Raises:
        Halted: the server limits or bans the suite.
    """
    steps: list[tuple[str, Callable[[Script], None]]] = []
    if "write_v2_catalogs" in session.contract.operations:
        steps.append(("v2_catalogs", catalogs.walk))
    if "write_v2_catalog_elements" in session.contract.operations:
        steps.append(("v2_catalog_elements", elements.walk))
    for entity in domain.ENTITIES:
        if f"create_{entity}_custom_fields" in session.contract.operations:
            steps.append((f"{entity}_custom_fields", partial(fields.walk, entity=entity)))
    for entity in domain.WITH_GROUPS:
        if f"create_{entity}_custom_field_groups" in session.contract.operations:
            steps.append((f"{entity}_custom_field_groups", partial(groups.walk, entity=entity)))
    steps.append(("access", access.walk))
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


def _wanted(session: Session, tag: str) -> bool:
    """Say whether a step can find anything about the operations that were asked for."""
    selected = session.options.operations
    return selected is None or tag == "access" or any(name.endswith("_" + tag) for name in selected)


def run_leaks(session: Session) -> None:
    """Look for things of one entity that another one shows or changes.

    Raises:
        Halted: the server limits or bans the suite.
    """
    selected = session.options.operations
    if selected is None or any("_custom_fields" in name for name in selected):
        session.progress("leaks", "all entities")
        fields.leaks(Script(session, "leaks"))
