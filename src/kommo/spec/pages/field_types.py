"""docs/reference/field-types.md: which type of field exists for which entity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from kommo.spec.documents import load
from kommo.spec.pages.markdown import table
from kommo.spec.project import EVIDENCE

_INTRO = """\
# Types of fields

Which type of field exists for which entity. Types that the documents name can be created where the table
says so; a newer type can appear in an answer and survives a round trip through the client, but is not
offered for creation.
"""


def render(root: Path) -> str:
    """Make the page; see `kommo.spec.reference.Page`."""
    document: dict[str, Any] = load(root / EVIDENCE / "field-types.yaml")
    entities: list[str] = document["entities"]
    parts = [_INTRO]
    for title, documented in (("Documented", True), ("Newer", False)):
        rows = [
            [f"`{name}`", *("yes" if entity in facts["entities"] else "" for entity in entities)]
            for name, facts in document["types"].items()
            if facts["documented"] is documented
        ]
        parts += [f"## {title}", "", table(["Type", *entities], rows), ""]
    return "\n".join(parts)
