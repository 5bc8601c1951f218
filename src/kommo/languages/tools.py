"""The tools that clients are generated, compiled and run with: those of `make languages`, and those of the system."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kommo.command import CommandError

PROGRAMS = Path(__file__).parent / "programs"
_ANNOTATIONS = Path("/usr/share/java/geronimo-annotation-1.3-spec.jar")
_GO_PACKAGES = Path("/usr/share/gocode")
_PHP_PACKAGES = Path("/usr/share/php")
_LONGEST_LINE = 300


class NotAtHand(Exception):
    """A part of the proof is left out, and why."""


@dataclass(frozen=True)
class Tools:
    """Where the tools are.

    Args:
        folder: What `make languages` sets up: `python` (openapi-generator) and `node` (its node_modules).
    """

    folder: Path

    @property
    def openapi_generator(self) -> Path:
        """The command, with a Java of its own."""
        return self._installed("python/bin/openapi-generator-cli")

    @property
    def node_modules(self) -> Path:
        """The packages of src/kommo/languages/node."""
        return self._installed("node/node_modules")

    @property
    def node(self) -> str:
        """The system's Node, 18 or newer."""
        return system("node", "nodejs")

    def typescript(self, name: str) -> list[str]:
        """The command line of a program from node_modules."""
        return [self.node, str(self._installed(f"node/node_modules/.bin/{name}").resolve())]

    @property
    def java_classpath(self) -> list[str]:
        """The libraries that the Java client needs.

        Jackson comes out of openapi-generator's own jar, so that no Java registry is needed.
        """
        jars = sorted((self.folder / "python").glob("lib/*/site-packages/openapi_generator_cli/*.jar"))
        if not jars:
            raise CommandError(f"{self.folder}: openapi-generator has no jar; run: make languages")
        if not _ANNOTATIONS.is_file():
            raise NotAtHand("no javax.annotation; install libgeronimo-annotation-1.3-spec-java")
        return [str(jars[0]), str(_ANNOTATIONS)]

    @property
    def go_packages(self) -> Path:
        """The folder with gopkg.in/validator.v2, which the Go client imports."""
        if not (_GO_PACKAGES / "src/gopkg.in/validator.v2").is_dir():
            raise NotAtHand("no validator.v2; install golang-gopkg-validator.v2-dev")
        return _GO_PACKAGES

    @property
    def php_packages(self) -> Path:
        """The folder with Guzzle, which the PHP client sends with."""
        if not (_PHP_PACKAGES / "GuzzleHttp/autoload.php").is_file():
            raise NotAtHand("no Guzzle; install php-guzzlehttp-guzzle")
        return _PHP_PACKAGES

    def _installed(self, name: str) -> Path:
        path = self.folder / name
        if not path.exists():
            raise CommandError(f"{path}: not installed; run: make languages")
        return path


def system(command: str, package: str) -> str:
    """A command of the system.

    Raises:
        NotAtHand: It is not installed; the reason names Debian's package.
    """
    path = shutil.which(command)
    if path is None:
        raise NotAtHand(f"no {command}; install {package}")
    return path


def run(
    command: Sequence[str | Path], folder: Path, env: Mapping[str, str] | None = None, timeout: float = 300
) -> str:
    """Run a tool to its end.

    Returns:
        What it printed, standard output before standard error.

    Raises:
        CommandError: It failed, with its last lines; or it took longer than `timeout` seconds.
    """
    try:
        done = subprocess.run(
            [str(word) for word in command],
            cwd=folder,
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CommandError(f"{Path(command[0]).name}: given up after {timeout:.0f} seconds") from None
    if done.returncode != 0:
        # Node quotes the line that failed, which in a packed library is the whole library.
        said = [line[:_LONGEST_LINE] for line in (done.stderr.strip() or done.stdout).strip().splitlines()]
        raise CommandError(f"{Path(command[0]).name} failed: {' | '.join(said[:3] + said[3:][-5:])}")
    return done.stdout + done.stderr
