"""What the guides promise beyond their Python snippets, which tests/house/test_snippets.py runs."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kommo import errors
from kommo.values import table

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / "docs/guides"
CREATED = re.compile(r"^`(?P<file>[\w./-]+\.yaml)`:\n\n```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
ADDED = re.compile(
    r"At the end of `(?P<key>\w+)` in `(?P<file>[\w./-]+)`:\n\n```yaml\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
NOT_SOURCES = {".git", ".venv", ".cache", ".hypothesis", ".mypy_cache", ".ruff_cache", "reports", "site"}


def not_sources(folder, names):
    """What a checkout holds beside its sources."""
    return [name for name in names if name == "__pycache__" or (name in NOT_SOURCES and Path(folder) == ROOT)]


def code(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(arguments, cwd, environment=None):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_tests_of_the_testing_guide_pass(tmp_path):
    text = (GUIDES / "testing.md").read_text(encoding="utf-8")
    modules = re.findall(r"<!-- snippet: pytest -->\n```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    for number, module in enumerate(modules):
        (tmp_path / f"test_guide_{number}.py").write_text(module, encoding="utf-8")
    outcome = run(["-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", str(tmp_path)], tmp_path)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"{sum(module.count('def test_') for module in modules)} passed" in outcome.stdout


def test_field_types_guide_has_a_section_and_an_example_for_every_type():
    text = (GUIDES / "field-types.md").read_text(encoding="utf-8")
    sections = dict(zip(*[iter(re.split(r"^## (\w+)$", text, flags=re.MULTILINE)[1:])] * 2, strict=True))
    assert list(sections) == [row.type for row in table()]
    for name, section in sections.items():
        assert len(code(section, "python")) == 1, name
        assert f"[`{name}`](#{name})" in text


@pytest.fixture(scope="module")
def extended(tmp_path_factory):
    """A copy of the checkout in which the guide to an endpoint of one's own has been followed."""
    root = tmp_path_factory.mktemp("own") / "checkout"
    shutil.copytree(ROOT, root, ignore=not_sources)
    guide = (GUIDES / "own-endpoint.md").read_text(encoding="utf-8")
    created, added = list(CREATED.finditer(guide)), list(ADDED.finditer(guide))
    assert (len(created), len(added)) == (4, 3)
    for block in created:
        path = root / block["file"]
        assert not path.exists()
        path.write_text(block["text"], encoding="utf-8")
    for block in added:
        path = root / block["file"]
        text = path.read_text(encoding="utf-8")
        section = re.search(rf"^{block['key']}:\n(?:(?:[ #].*)?\n)*", text, re.MULTILINE)
        path.write_text(text[: section.end()] + block["text"] + text[section.end() :], encoding="utf-8")
    return root


def test_endpoint_of_one_s_own_is_generated_checked_and_used(extended):
    guide = (GUIDES / "own-endpoint.md").read_text(encoding="utf-8")
    environment = {"PYTHONPATH": os.pathsep.join([str(extended / "src"), str(extended / "generated_client")])}
    for command in ("bundle", "client", "reference", "lint"):
        outcome = run(["-m", "kommo.cli", "spec", command], extended, environment)
        assert outcome.returncode == 0, f"{command}: {outcome.stdout}{outcome.stderr}"
    page = (extended / "docs/reference/api.html").read_text(encoding="utf-8")
    assert 'id="get_account"' in page
    assert "v4-account-country-null" in page
    (use,) = code(guide, "py")
    outcome = run(["-W", "error", "-c", use], extended, environment)
    assert outcome.returncode == 0, outcome.stderr
    # The mock does not know the endpoint yet, and the suite notices.
    outcome = run(
        ["-m", "kommo.cli", "contract", "--operation", "get_account", "--layers", "walk,coverage"],
        extended,
        environment,
    )
    assert outcome.returncode == 1, outcome.stdout + outcome.stderr
    assert "answered 404" in outcome.stdout


def test_guide_to_errors_names_every_exception():
    text = (GUIDES / "errors-and-settings.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    public = {
        name
        for name, kind in vars(errors).items()
        if isinstance(kind, type) and issubclass(kind, errors.KommoError) and kind is not errors.KommoError
    }
    assert public - rows == set()
