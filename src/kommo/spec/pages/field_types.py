"""docs/reference/field-types.md: which type of field exists for which entity, and what tests did with each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kommo.command import CommandError
from kommo.spec.documents import load
from kommo.spec.pages.markdown import table
from kommo.spec.project import EVIDENCE
from kommo.values import FIELD_TYPES

RECORD = Path("docs/reference/data/field-types.json")

_STEPS = ["define", "fill", "read", "send back", "change", "clear"]
_INTRO = """\
# Types of fields

Which type of field exists for which entity. Every mark is a test that did all this through the client against the mock:
define the field, fill it, read it, send back what was read, change it, clear it. What went over the wire on the way
stands below. "Kommo" and "amoCRM" mark what only one of the two has.
"""
_NOTES = """\
The fields of type `multitext` are predefined: they come with the account. The evidence is the table of the vendor's
current page (DOC-CF), for Kommo also K-CF. [Fields by type](../guides/field-types.md) has an example of each type.
"""


def render(root: Path) -> str:
    """Make the page; see `kommo.spec.reference.Page`.

    Raises:
        CommandError: what the tests recorded is missing, or is not about the types of the evidence.
    """
    document: dict[str, Any] = load(root / EVIDENCE / "field-types.yaml")
    record = _record(root)
    parts = [_INTRO]
    for title, documented in (("Documented", True), ("Newer", False)):
        names = [name for name, facts in document["types"].items() if facts["documented"] is documented]
        rows = [
            [_code(name), *(_mark(document, record, name, entity) for entity in document["entities"])]
            for name in names
        ]
        parts += [f"## {title}", "", table(["Type", *document["entities"]], rows), ""]
    parts += [_NOTES, "## On the wire and in Python", ""]
    rows = [
        [_code(name), *map(_code, (_json(example["sent"]), _json(example["answered"]), example["python"]))]
        for name, example in ((name, seen["example"]) for name, seen in record.items())
    ]
    return "\n".join([*parts, table(["Type", "`values` sent", "`values` answered", "Read as"], rows), ""])


def _record(root: Path) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads((root / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise CommandError(
            f"{RECORD}: missing or no JSON; run: python -m tests.values.exercise_types"
        ) from None
    if record.keys() != FIELD_TYPES.keys():
        raise CommandError(
            f"{RECORD}: other types than kommo.values has; run: python -m tests.values.exercise_types"
        )
    return record


def _mark(document: dict[str, Any], record: dict[str, Any], name: str, entity: str) -> str:
    kommo = document["kommo"]
    amocrm_has = entity in document["types"][name]["entities"]
    kommo_has = name not in kommo["absent"] and entity in kommo.get(name, document["types"][name])["entities"]
    steps = record[name]["entities"].get(entity, [])
    if bool(steps) != (amocrm_has or kommo_has):
        raise CommandError(
            f"{RECORD}: {name} of {entity}: what the evidence says was not tested, or the reverse"
        )
    if not steps:
        return ""
    missing = [step for step in _STEPS if step not in steps]
    done = "yes" if not missing else "predefined" if missing == ["define"] else f"not: {', '.join(missing)}"
    only = amocrm_has != kommo_has and _on_both(entity)
    return f"{done}, {'amoCRM' if amocrm_has else 'Kommo'}" if only else done


def _on_both(entity: str) -> bool:
    """Kommo's reference does not have the other entities at all."""
    return entity not in ("customers", "segments")


def _json(values: Any) -> str:
    return json.dumps(values, ensure_ascii=False)


def _code(text: str) -> str:
    return f"`{text}`"
