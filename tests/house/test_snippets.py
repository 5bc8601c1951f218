"""Every Python snippet in the README and the guides runs, against the mock."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kommo.mock import MockConfig, MockServer

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SNIPPET = re.compile(r"(?:<!-- snippet: (?P<mark>\w+) -->\n)?```python\n(?P<code>.*?)```", re.DOTALL)
LOCAL_MOCK = "http://127.0.0.1:8080"


def _snippets() -> Iterator[object]:
    for page in PAGES:
        for number, match in enumerate(SNIPPET.finditer(page.read_text(encoding="utf-8")), 1):
            if match["mark"] == "redis":  # tests/connection/test_guide.py, which has a Redis
                continue
            yield pytest.param(match["code"], match["mark"], id=f"{page.relative_to(ROOT)}-{number}")


@pytest.fixture(scope="module")
def mock_url() -> Iterator[str]:
    with MockServer(MockConfig(token="demo", seed="demo")) as server:
        yield server.url


@pytest.mark.parametrize(("code", "mark"), list(_snippets()))
def test_snippet_runs(code: str, mark: str | None, mock_url: str, tmp_path: Path) -> None:
    """A snippet marked ``live`` reads the account from the environment; here the mock stands in for it.

    One that defines tests is run by pytest, with the fixtures that the package brings.
    """
    if mark == "live":
        code = code.replace("Kommo()", f'Kommo(base_url="{mock_url}", token="demo")')
    program = ["-c", code.replace(LOCAL_MOCK, mock_url)]
    if re.search(r"^(async )?def test_", code, re.MULTILINE):
        file = tmp_path / "test_snippet.py"
        file.write_text(code, encoding="utf-8")
        program = ["-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)]
    outcome = subprocess.run(
        [sys.executable, "-W", "error", *program],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr + outcome.stdout


def test_there_are_snippets() -> None:
    assert len(list(_snippets())) >= 3
