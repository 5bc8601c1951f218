"""Is this tree ready to be released? Builds it, installs it elsewhere and uses it there; number, licences, parts."""

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import attrs

from kommo.command import CommandError
from kommo.published import load_bundle
from kommo.release.advisories import Advisory
from kommo.release.audit import held_to_advisories, known_vulnerabilities, pins, withdrawn
from kommo.release.baseline import bundle_at, last_tag
from kommo.release.changes import needed_impact, next_version
from kommo.release.diff import compare
from kommo.release.python_api import compare_python_api
from kommo.version import __version__

# Folder or file of the checkout -> where the wheel has the same bytes: all that `make` publishes.
PUBLISHED = {
    "openapi/dist": "kommo/published",
    "docs/reference/api.html": "kommo/published/api.html",
    "generator_templates": "kommo/published/generator_templates",
    "generator_config.yml": "kommo/published/generator_config.yml",
    "generated_client/kommo_client": "kommo_client",
}
_TYPED = ("kommo/py.typed", "kommo_client/py.typed")
_LOCK = "requirements.lock"
_LOCKS = "requirements*.lock"
_NPM_LOCK = "src/kommo/languages/node/package-lock.json"
_LOCAL_MOCK = "http://127.0.0.1:8080"
_START_MOCK = (
    "from kommo.mock import MockConfig, MockServer\n"
    "with MockServer(MockConfig(token='demo', seed='demo')) as server:\n"
    "    exec(compile({code!r}.replace({local!r}, server.url), 'README.md', 'exec'), {{'__name__': '__main__'}})\n"
)


@attrs.frozen
class ReleaseCheck:
    """The steps of a release check, each of which returns what it saw or raises what is wrong.

    Args:
        root: the checkout.
        out: where sdist, wheel, parts list and licences go.
        tools: an interpreter with griffe, cyclonedx-py, pip-licenses and pip-audit.
        advisories: what is known of vulnerabilities, by ecosystem; without it the services are asked.
    """

    root: Path
    out: Path
    tools: Path
    advisories: Mapping[str, list[Advisory]] | None = None

    def steps(self) -> list[tuple[str, Callable[[], str]]]:
        """The steps in order: name and action."""
        return [
            ("one version", self.one_version),
            ("changelog", self.changelog),
            ("semantic version", self.semantic_version),
            ("sdist and wheel", self.build),
            ("sdist's contents", self.sdist_contents),
            ("wheel's contents", self.wheel_contents),
            ("used from the wheel", self.use_the_wheel),
            ("parts list and licences", self.parts_and_licences),
            ("withdrawn releases", self.withdrawn),
            ("known vulnerabilities", self.audit),
        ]

    def one_version(self) -> str:
        """The package and the contract carry the same number."""
        contract = load_bundle()["info"]["version"]
        if contract != __version__:
            raise CommandError(
                f"the contract says {contract}, src/kommo/version.py {__version__}; run: make bundle"
            )
        return __version__

    def changelog(self) -> str:
        """The newest section tells what changed, for the contract and for the client."""
        text = (self.root / "CHANGELOG.md").read_text(encoding="utf-8")
        sections = re.split(r"^## ", text, flags=re.MULTILINE)[1:]
        heading = sections[0].splitlines()[0] if sections else ""
        if heading != "Unreleased" and not heading.startswith(__version__):
            raise CommandError(
                f"CHANGELOG.md: the first section is {heading!r}; it must be Unreleased or {__version__}"
            )
        for part in ("Contract", "Client"):
            if f"### {part}" not in sections[0]:
                raise CommandError(f"CHANGELOG.md: section {heading!r} has no '### {part}'")
        return f"section {heading}"

    def semantic_version(self) -> str:
        """The number is at least the one that the changes since the last tag ask for."""
        tag = last_tag(self.root)
        if tag is None:
            return "no earlier tag: nothing to compare with"
        changes = compare(bundle_at(self.root, tag), load_bundle())
        changes += compare_python_api(self.root, tag, python=self.tools)
        needed = next_version(tag.removeprefix("v"), needed_impact(changes))
        if _numbers(__version__) < _numbers(needed):
            impact = needed_impact(changes)
            reasons = [str(change) for change in changes if change.impact is impact][:5] or [
                "no two releases share one"
            ]
            raise CommandError(f"since {tag} the version must be at least {needed}: {'; '.join(reasons)}")
        return f"{len(changes)} changes since {tag} ask for {needed} or more"

    def build(self) -> str:
        """The wheel is built from the sdist, so that both are complete."""
        self.out.mkdir(parents=True, exist_ok=True)
        for old in (*self.out.glob("kommo-*.whl"), *self.out.glob("kommo-*.tar.gz")):
            old.unlink()
        _run([sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(self.out)], self.root)
        sdist = _only(self.out, "kommo-*.tar.gz")
        with tempfile.TemporaryDirectory() as folder, tarfile.open(sdist) as archive:
            archive.extractall(folder, filter="data")
            source = _only(Path(folder), "kommo-*")
            _run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(self.out)], source)
        return f"{sdist.name}, {self._wheel.name} ({self._wheel.stat().st_size // 1024} KiB)"

    def sdist_contents(self) -> str:
        """Every file of the checkout is in the sdist: who has that can build and test all of it."""
        with tarfile.open(_only(self.out, "kommo-*.tar.gz")) as archive:
            inside = {name.partition("/")[2] for name in archive.getnames()}
        missing = sorted(set(_run(["git", "ls-files"], self.root).splitlines()) - inside)
        if missing:
            raise CommandError(
                f"the sdist lacks {', '.join(missing[:5])}; see [tool.hatch.build] in pyproject.toml"
            )
        return f"{len(inside)} files"

    def wheel_contents(self) -> str:
        """What is published is inside, byte by byte, and so are the types; tests and secrets are not."""
        with zipfile.ZipFile(self._wheel) as archive:
            names = set(archive.namelist())
            wrong = [name for name in _TYPED if name not in names]
            for name, path in self.published().items():
                if name not in names or archive.read(name) != path.read_bytes():
                    wrong.append(name)
        if wrong:
            raise CommandError(
                f"{self._wheel.name} lacks {', '.join(wrong[:5])}, or has another text;"
                " see [tool.hatch.build] in pyproject.toml"
            )
        strangers = [name for name in names if not name.startswith(("kommo/", "kommo_client/", "kommo-"))]
        if strangers:
            raise CommandError(
                f"{self._wheel.name} holds files that are not ours: {', '.join(strangers[:5])}"
            )
        return f"{len(names)} files"

    def published(self) -> dict[str, Path]:
        """Name in the wheel -> file of the checkout, of all that is published."""
        found = {}
        for source, target in PUBLISHED.items():
            start = self.root / source
            for path in [start] if start.is_file() else sorted(start.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    below = path.relative_to(start).as_posix()
                    found[target if below == "." else f"{target}/{below}"] = path
        return found

    def use_the_wheel(self) -> str:
        """The README's first request runs from the wheel, in an empty environment, against the wheel's own mock."""
        readme = (self.root / "README.md").read_text(encoding="utf-8")
        found = re.search(r"```python\n(.*?)```", readme, re.DOTALL)
        if found is None:
            raise CommandError("README.md: there is no Python example")
        program = _START_MOCK.format(code=found[1], local=_LOCAL_MOCK)
        with self._environment_with_the_wheel() as python:
            answer = _run([str(python), "-W", "error", "-c", program], self.out)
        if not answer.strip():
            raise CommandError("README.md: the first request printed nothing")
        return f"{len(answer.splitlines())} lines printed"

    def parts_and_licences(self) -> str:
        """Write the SBOM (CycloneDX) and the licences of what a user of the client installs."""
        with self._environment_with_the_wheel(extras="") as python:
            parts, licences = self.out / "kommo.cdx.json", self.out / "LICENSES.md"
            _run([self._tool("cyclonedx-py"), "environment", str(python), "-o", str(parts)], self.root)
            listing = _run(
                [
                    self._tool("pip-licenses"),
                    "--python",
                    str(python),
                    "--format=markdown",
                    "--ignore-packages",
                    "pip",
                ],
                self.root,
            )
        licences.write_text(listing, encoding="utf-8")
        count = len(json.loads(parts.read_text(encoding="utf-8")).get("components", []))
        return f"{count} parts in {parts.name}, licences in {licences.name}"

    def withdrawn(self) -> str:
        """No locked release was withdrawn by its authors; needs the package index."""
        return withdrawn(self.tools, self.root / _LOCK)

    def audit(self) -> str:
        """No locked release has known vulnerabilities; needs advisories on disk, or a service with such data."""
        if self.advisories is not None:
            locks = sorted(self.root.glob(_LOCKS))
            return held_to_advisories(self.advisories, locks, self.root / _NPM_LOCK)
        return known_vulnerabilities(Path(self._tool("pip-audit")), self.root / _LOCK)

    @property
    def _wheel(self) -> Path:
        return _only(self.out, "kommo-*.whl")

    def _tool(self, name: str) -> str:
        return str(self.tools.parent / name)

    @contextmanager
    def _environment_with_the_wheel(self, extras: str = "[mock]") -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            python = Path(folder) / "bin" / "python"
            constraints = Path(folder) / "constraints.txt"
            constraints.write_text("\n".join(pins(self.root / _LOCK)), encoding="utf-8")
            install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            _run([*install, "--constraint", str(constraints), f"{self._wheel}{extras}"], self.out)
            yield python


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def _only(folder: Path, pattern: str) -> Path:
    found = list(folder.glob(pattern))
    if len(found) != 1:
        raise CommandError(f"{folder}: expected one {pattern}, found {len(found)}")
    return found[0]


def _run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise CommandError(f"{Path(command[0]).name} {' '.join(command[1:4])} ... failed: {' | '.join(last)}")
    return done.stdout
