"""The release check says no to a tree that is not ready, and names what is wrong."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from kommo.cli import main
from kommo.command import CommandError
from kommo.release.check import _IN_THE_WHEEL, ReleaseCheck
from kommo.release.python_api import _change
from kommo.version import __version__

ROOT = Path(__file__).parents[2]
GOOD = "# Changelog\n\n## Unreleased\n\n### Contract\n\n- x\n\n### Client\n\n- y\n"


@pytest.fixture
def check(tmp_path: Path) -> ReleaseCheck:
    (tmp_path / "CHANGELOG.md").write_text(GOOD, encoding="utf-8")
    return ReleaseCheck(root=tmp_path, out=tmp_path / "dist", tools=Path(sys.executable))


def _wheel(check: ReleaseCheck, names: list[str]) -> None:
    check.out.mkdir()
    with zipfile.ZipFile(check.out / f"kommo-{__version__}-py3-none-any.whl", "w") as archive:
        for name in names:
            archive.writestr(name, "")


def test_the_package_and_the_contract_carry_one_version(check: ReleaseCheck) -> None:
    assert check.one_version() == __version__


def test_changelog_of_the_project_is_in_order() -> None:
    assert ReleaseCheck(ROOT, ROOT / "dist", Path(sys.executable)).changelog()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# Changelog\n", "the first section is ''"),
        (GOOD.replace("Unreleased", "0.0.1"), "the first section is '0.0.1'"),
        (GOOD.replace("### Contract", "### Spec"), "has no '### Contract'"),
        (GOOD.replace("### Client", "### Python"), "has no '### Client'"),
    ],
)
def test_changelog_out_of_order_is_refused(check: ReleaseCheck, text: str, words: str) -> None:
    (check.root / "CHANGELOG.md").write_text(text, encoding="utf-8")
    with pytest.raises(CommandError, match=re.escape(words)):
        check.changelog()


def test_complete_wheel_passes(check: ReleaseCheck) -> None:
    _wheel(check, list(_IN_THE_WHEEL))
    assert check.wheel_contents() == f"{len(_IN_THE_WHEEL)} files"


@pytest.mark.parametrize("missing", _IN_THE_WHEEL)
def test_wheel_that_lacks_a_part_is_refused(check: ReleaseCheck, missing: str) -> None:
    _wheel(check, [name for name in _IN_THE_WHEEL if name != missing])
    with pytest.raises(CommandError, match=re.escape(missing)):
        check.wheel_contents()


def test_wheel_with_a_stranger_is_refused(check: ReleaseCheck) -> None:
    _wheel(check, [*_IN_THE_WHEEL, "tests/conftest.py"])
    with pytest.raises(CommandError, match=re.escape("tests/conftest.py")):
        check.wheel_contents()


def test_what_is_listed_for_the_wheel_exists_in_the_checkout() -> None:
    """The list above and the build's configuration cannot drift apart unnoticed."""
    pyproject = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    folders = re.findall(r'^"([^"]+)" = "(kommo/published[^"]*)"$', pyproject, re.MULTILINE)
    for name in _IN_THE_WHEEL:
        if "/published/" in name:
            sources = [source for source, target in folders if name.startswith(target)]
            assert sources, f"{name} is not in [tool.hatch.build.targets.wheel.force-include]"
            assert all((ROOT / source).exists() for source in sources)


@pytest.mark.parametrize(
    "line", ["kommo.client.Kommo: Public object was removed", "kommo.x(y): Default changed: 1 -> 2"]
)
def test_python_api_change_keeps_place_and_sentence(line: str) -> None:
    change = _change(line)
    assert change.place.startswith("Python: kommo.")
    assert change.sentence


def _git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.invalid"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def test_diff_names_a_revision_without_contract(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "openapi").mkdir()
    (tmp_path / "openapi" / "openapi.yaml").write_text("openapi: 3.1.0\n", encoding="utf-8")
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-qm", "x")
    monkeypatch.chdir(tmp_path)
    assert main(["release", "diff", "HEAD"]) == 2
    assert "HEAD: no openapi/dist/kommo.openapi.json there" in capsys.readouterr().err


def test_diff_of_a_revision_with_itself(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    if subprocess.run(["git", "diff", "--quiet", "HEAD", "--", "openapi/dist"], check=False).returncode:
        pytest.skip("the working tree's contract is not the one of HEAD, or this is no checkout")
    assert main(["release", "diff", "HEAD", "--fail-on-breaking"]) == 0
    assert capsys.readouterr().out == "Nothing changed for callers since HEAD.\n"
