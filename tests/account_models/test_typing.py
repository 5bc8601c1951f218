"""Type checkers take a generated module, and find exact types in the code of its user."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kommo.account_models.account import EntityFound, FieldFound, OptionFound
from kommo.account_models.earlier import sealed
from kommo.account_models.plan import Module, plan
from kommo.account_models.render import render
from kommo.account_models.source import Source
from kommo.values import FIELD_TYPES
from tests.account_models import strategies

USAGE = Path(__file__).with_name("typed_usage.py")
CHECKERS = {
    "mypy": ["mypy", "--strict", "--no-incremental", "--cache-dir=/dev/null"],
    "pyright": ["pyright", "--pythonpath", sys.executable],
}
OPTIONS = (OptionFound(17, "Red", None), OptionFound(19, "Blue", "BLUE"))
OWN = {"name": "str | None", "price": "int | None"}


def entities() -> list[EntityFound]:
    """Leads and a list with what the usage names, all types, and every hard name."""
    lead = [("Бюджет", "numeric"), ("Colour", "select"), ("Extras", "multiselect"), ("Deadline", "date_time")]
    invoice = [("Paid", "radiobutton"), ("Lines", "items")]
    hard = [(name, "text") for name in strategies.hard.elements]
    others = [(name, name) for name in [*FIELD_TYPES, "newer_type"]]
    return [
        EntityFound(Source("leads"), "Lead", None, OWN, _fields(lead + others + hard)),
        EntityFound(
            Source("catalogs", 7), "CatalogElement", "Invoice", OWN, _fields(invoice + others + hard)
        ),
    ]


def _fields(pairs: list[tuple[str, str]]) -> tuple[FieldFound, ...]:
    return tuple(
        FieldFound(
            number, name, kind, None, OPTIONS if kind in ("select", "multiselect", "radiobutton") else ()
        )
        for number, (name, kind) in enumerate(pairs, 1)
    )


@pytest.mark.parametrize("checker", CHECKERS)
def test_usage_has_exact_types(checker: str, tmp_path: Path) -> None:
    text = sealed(render(plan(entities(), Module(), "Europe/Moscow")), "kommo models --out my_crm.py")
    (tmp_path / "my_crm.py").write_text(text, encoding="utf-8")
    shutil.copy(USAGE, tmp_path)
    command = [sys.executable, "-m", *CHECKERS[checker], "my_crm.py", USAGE.name]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
