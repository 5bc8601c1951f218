"""The release check says no to a tree that is not ready, and names what is wrong."""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import attrs
import pytest

from kommo.cli import main
from kommo.command import CommandError
from kommo.release.audit import NotDone, known_vulnerabilities, withdrawn
from kommo.release.check import PUBLISHED, ReleaseCheck
from kommo.release.python_api import _change
from kommo.version import __version__

ROOT = Path(__file__).parents[2]
GOOD = "# Changelog\n\n## Unreleased\n\n### Contract\n\n- x\n\n### Client\n\n- y\n"


@pytest.fixture
def check(tmp_path: Path) -> ReleaseCheck:
    (tmp_path / "CHANGELOG.md").write_text(GOOD, encoding="utf-8")
    return ReleaseCheck(root=tmp_path, out=tmp_path / "dist", tools=Path(sys.executable))


TYPED = ["kommo/py.typed", "kommo_client/py.typed"]


def _wheel(check: ReleaseCheck, files: dict[str, bytes]) -> None:
    check.out.mkdir()
    with zipfile.ZipFile(check.out / f"kommo-{__version__}-py3-none-any.whl", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)


@pytest.fixture(scope="module")
def complete() -> dict[str, bytes]:
    """What a wheel of this checkout must hold."""
    published = ReleaseCheck(ROOT, ROOT, Path(sys.executable)).published()
    return dict.fromkeys(TYPED, b"") | {name: path.read_bytes() for name, path in published.items()}


@pytest.fixture
def of_the_project(check: ReleaseCheck) -> ReleaseCheck:
    """A check of this checkout whose wheel is the test's own."""
    return attrs.evolve(check, root=ROOT)


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


def test_complete_wheel_passes(of_the_project: ReleaseCheck, complete: dict[str, bytes]) -> None:
    _wheel(of_the_project, complete)
    assert of_the_project.wheel_contents() == f"{len(complete)} files"
    assert {"kommo/published/schemas/CustomField.json", "kommo/published/kommo.openapi.yaml"} <= set(complete)


@pytest.mark.parametrize(
    ("target", "change"),
    [
        *((target, "missing") for target in [*TYPED, *PUBLISHED.values()]),
        *((target, "other text") for target in PUBLISHED.values()),
    ],
)
def test_wheel_without_something_published_is_refused(
    of_the_project: ReleaseCheck, complete: dict[str, bytes], target: str, change: str
) -> None:
    name = next(name for name in complete if name.startswith(target))
    left = {other: content for other, content in complete.items() if other != name}
    if change == "other text":
        left[name] = b"another"
    _wheel(of_the_project, left)
    with pytest.raises(CommandError, match=re.escape(name)):
        of_the_project.wheel_contents()


def test_wheel_with_a_stranger_is_refused(of_the_project: ReleaseCheck, complete: dict[str, bytes]) -> None:
    _wheel(of_the_project, complete | {"tests/conftest.py": b""})
    with pytest.raises(CommandError, match=re.escape("tests/conftest.py")):
        of_the_project.wheel_contents()


def test_sdist_that_lacks_a_file_is_refused(check: ReleaseCheck) -> None:
    _git(check.root, "init", "-q")
    _git(check.root, "add", "-A")
    check.out.mkdir()
    with tarfile.open(check.out / "kommo-0.tar.gz", "w:gz") as archive:
        archive.add(check.root / "CHANGELOG.md", "kommo-0/CHANGELOG.md")
    assert check.sdist_contents() == "1 files"
    (check.root / "README.md").write_text("")
    _git(check.root, "add", "-A")
    with pytest.raises(CommandError, match=r"lacks README\.md"):
        check.sdist_contents()


def test_what_is_published_is_what_the_build_puts_into_the_wheel() -> None:
    """The list of the check and the build's configuration cannot drift apart unnoticed."""
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = pyproject["tool"]["hatch"]["build"]["targets"]["wheel"]
    folders = {name: Path(name).name for name in wheel["packages"] if name != "src/kommo"}
    assert wheel["force-include"] | folders == PUBLISHED


LOCK = "attrs==25.1.0 \\\n    --hash=sha256:0\nhttpx==0.28.1 ; python_version > '3' \\\n    --hash=sha256:0\n"
SAFE = {"name": "attrs", "version": "25.1.0", "vulns": []}
HIT = {"name": "httpx", "version": "0.28.1", "vulns": [{"id": "GHSA-1", "fix_versions": []}]}
NOT_FOUND = {"name": "httpx", "skip_reason": "not found"}


@pytest.fixture
def tool(tmp_path: Path) -> Callable[..., Path]:
    """A command that answers each of its runs with the next text, and fails when there is none."""

    def make(*answers: str) -> Path:
        for number, answer in enumerate(answers):
            (tmp_path / f"answer-{number}").write_text(answer, encoding="utf-8")
        path = tmp_path / "pip-audit"
        path.write_text(f"#!/bin/sh\ncd {tmp_path}; f=$(ls answer-* | head -1)\ncat $f || exit 2; rm $f\n")
        path.chmod(0o755)
        return path

    return make


def test_audit_tells_the_packages_that_are_hit(tool: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    with pytest.raises(CommandError, match=re.escape("known vulnerabilities in httpx (GHSA-1)")):
        known_vulnerabilities(tool(json.dumps({"dependencies": [SAFE, HIT]})), tmp_path / "lock")


def test_audit_asks_the_next_service_where_one_knows_nothing(
    tool: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "lock").write_text(LOCK)
    answers = [json.dumps({"dependencies": rows}) for rows in ([NOT_FOUND], [SAFE, NOT_FOUND])]
    said = known_vulnerabilities(tool(*answers), tmp_path / "lock")
    assert said == "1 packages without known vulnerabilities, 1 unknown"


def test_audit_without_data_is_not_done(tool: Callable[..., Path], tmp_path: Path) -> None:
    (tmp_path / "lock").write_text(LOCK)
    with pytest.raises(NotDone, match="the index has no such data, osv could not be reached"):
        known_vulnerabilities(tool(json.dumps({"dependencies": [NOT_FOUND]})), tmp_path / "lock")


def test_withdrawn_release_is_refused(tmp_path: Path) -> None:
    """pip itself reads an index on disk, one of whose releases is marked as withdrawn."""
    simple = tmp_path / "simple/thing"
    simple.mkdir(parents=True)
    wheel = simple / "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lock = tmp_path / "lock"
    lock.write_text(f"--index-url {(tmp_path / 'simple').as_uri()}\nthing==1.0 --hash=sha256:{digest}\n")
    page = simple / "index.html"
    page.write_text(f'<a href="{wheel.name}">{wheel.name}</a>')
    assert withdrawn(Path(sys.executable), lock) == "none of 1 locked releases"
    page.write_text(f'<a href="{wheel.name}" data-yanked="broken">{wheel.name}</a>')
    with pytest.raises(CommandError, match=re.escape("withdrawn by their authors: thing 1.0")):
        withdrawn(Path(sys.executable), lock)
    page.unlink()
    with pytest.raises(NotDone):
        withdrawn(Path(sys.executable), lock)


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--complete"], 1)])
def test_step_that_is_not_done_is_named(
    options: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def audit() -> str:
        raise NotDone("no data")

    monkeypatch.setattr(
        ReleaseCheck, "steps", lambda self: [("one version", self.one_version), ("audit", audit)]
    )
    assert main(["release", "check", *options]) == code
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split(None, 1) == ["audit", "NOT DONE: no data"]
    assert lines[2] == "ready for a release; not done: audit"


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
