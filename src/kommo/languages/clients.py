"""Making a client, compiling it, and running a program on it: one class for each generator."""

from __future__ import annotations

import json
import os
import re
import shutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from kommo.command import CommandError
from kommo.languages.declarations import READERS, Reader
from kommo.languages.generators import GENERATORS, Generator
from kommo.languages.shapes import Declared, Member
from kommo.languages.tools import PROGRAMS, Tools, run, system
from kommo.spec.output import to_json

# What openapi-generator says of any contract; each line was looked into.
_HARMLESS = (
    "OpenAPI 3.1 support is still in beta",
    "Failed to get the schema name: null",  # the parts of an allOf have no names, and need none
    "Ignoring complex example on request body",  # examples are not part of a client
    "(reserved word) cannot be used as",  # Go renames a simple type in a union, PHP and Go a parameter
)
_TSCONFIG = {
    "compilerOptions": {
        "strict": True,
        "target": "ES2022",
        "module": "NodeNext",
        "moduleResolution": "NodeNext",
        "lib": ["ES2022", "DOM", "DOM.Iterable"],
        "types": ["node"],
        "outDir": "build",
    },
    "include": ["*.ts", "client"],
}


class Client(ABC):
    """A client in a folder of its own.

    Args:
        root: The checkout.
        folder: An empty folder.
        tools: Where the tools are.
    """

    name: ClassVar[str]

    def __init__(self, root: Path, folder: Path, tools: Tools) -> None:
        self.generator: Generator = GENERATORS[self.name]
        self.reader: Reader = READERS[self.name]
        self.folder = folder
        self.tools = tools
        self.document = self.generator.document(root)
        self.source = folder / "kommo.json"
        self.source.write_text(to_json(self.document), encoding="utf-8")

    @property
    def client(self) -> Path:
        """The folder of what is generated."""
        return self.folder / "client"

    def generate(self) -> None:
        """Generate the client.

        Raises:
            CommandError: The generator fails, or gives a warning that is not known to be harmless.
        """
        command: list[str | Path] = [self.tools.openapi_generator, "generate"]
        command += ["-i", self.source, "-g", self.name, "-o", self.client]
        if self.generator.options:
            command.append(f"--additional-properties={','.join(self.generator.options)}")
        output = run(command, self.folder)
        lines = re.findall(r"^.*\b(?:WARN|ERROR)\b.* - (.*)$", output, re.MULTILINE)
        serious = [line for line in lines if not any(known in line for known in _HARMLESS)]
        if serious:
            raise CommandError(f"openapi-generator warns: {serious[0]}")

    def declared(self) -> Declared:
        """What the client declares."""
        if self.reader.models is None:
            raise NotImplementedError(self.name)
        return self.reader.models(self.client)

    @abstractmethod
    def compile(self) -> str:
        """Compile the client together with the program; return what did it."""

    @abstractmethod
    def run(self, base_url: str) -> str:
        """Run the program against a server; return what it printed."""

    def _environment(self, base_url: str, **more: str) -> dict[str, str]:
        return os.environ | {"KOMMO_BASE_URL": base_url, "KOMMO_TOKEN": "demo"} | more


class _TypeScript(Client):
    program: ClassVar[str]

    def compile(self) -> str:
        shutil.copy(PROGRAMS / self.program, self.folder / "program.ts")
        (self.folder / "tsconfig.json").write_text(json.dumps(_TSCONFIG), encoding="utf-8")
        modules = self.folder / "node_modules"
        if not modules.exists():
            modules.symlink_to(self.tools.node_modules, target_is_directory=True)
        run([*self.tools.typescript("tsc"), "-p", "."], self.folder)
        return "tsc --strict"

    def run(self, base_url: str) -> str:
        return run([self.tools.node, "build/program.js"], self.folder, self._environment(base_url))


class OpenapiTypescript(_TypeScript):
    """Types by openapi-typescript, calls by openapi-fetch."""

    name = "openapi-typescript"
    program = "openapi_typescript.ts"

    @property
    def client(self) -> Path:
        """The folder itself: there is only a file of types."""
        return self.folder

    def generate(self) -> None:
        """Write the types; a warning of the generator is an error here."""
        command = [*self.tools.typescript("openapi-typescript"), str(self.source), "-o", "kommo.ts"]
        output = run([*command, *self.generator.options], self.folder)
        if re.search(r"warn|error", output, re.IGNORECASE):
            raise CommandError(f"openapi-typescript warns: {output.strip()}")

    def declared(self) -> Declared:
        """What the types declare, by TypeScript's own parser."""
        environment = os.environ | {"NODE_PATH": str(self.tools.node_modules)}
        command: list[str | Path] = [self.tools.node, PROGRAMS / "declarations.cjs", "kommo.ts"]
        found: dict[str, dict[str, list[Any]]] = json.loads(run(command, self.folder, environment))
        return {
            model: {name: Member(*seen) for name, seen in members.items()} for model, members in found.items()
        }


class TypescriptFetch(_TypeScript):
    """Models and calls by openapi-generator, over the fetch of Node and browsers."""

    name = "typescript-fetch"
    program = "typescript_fetch.ts"


class Java(Client):
    """A client over Java's own HTTP client, with Jackson for JSON; compiled by javac, without a build tool."""

    name = "java"

    def compile(self) -> str:
        """Compile client and program with javac."""
        javac = system("javac", "default-jdk-headless")
        sources = sorted(map(str, (self.client / "src/main/java").rglob("*.java")))
        listing = self.folder / "sources.txt"
        listing.write_text("\n".join([*sources, str(PROGRAMS / "Program.java")]), encoding="utf-8")
        classpath = os.pathsep.join(self.tools.java_classpath)
        run([javac, "-nowarn", "-d", "build", "-cp", classpath, f"@{listing}"], self.folder)
        return "javac"

    def run(self, base_url: str) -> str:
        """Run the program on Java's virtual machine."""
        classpath = os.pathsep.join(["build", *self.tools.java_classpath])
        command = [system("java", "default-jre-headless"), "-cp", classpath, "Program"]
        return run(command, self.folder, self._environment(base_url))


class Go(Client):
    """A client over net/http; compiled in GOPATH mode, so that no registry is asked."""

    name = "go"

    def compile(self) -> str:
        """Compile client and program."""
        go = system("go", "golang-go")
        packages = self.tools.go_packages
        source = self.folder / "go/src"
        (source / "program").mkdir(parents=True, exist_ok=True)
        shutil.copy(PROGRAMS / "program.go", source / "program/main.go")
        if not (source / "kommo").exists():
            shutil.copytree(self.client, source / "kommo", ignore=shutil.ignore_patterns("test", "docs"))
        environment = os.environ | {
            "GO111MODULE": "off",  # packages come from the system, not from a registry
            "CGO_ENABLED": "0",  # no C compiler is needed
            "GOPATH": f"{self.folder / 'go'}{os.pathsep}{packages}",
            "GOCACHE": str(self.tools.folder / "go-cache"),
        }
        run([go, "vet", "kommo"], source / "program", environment)
        run([go, "build", "-o", self.folder / "program", "."], source / "program", environment)
        return "go vet, go build"

    def run(self, base_url: str) -> str:
        """Run the compiled program."""
        return run([self.folder / "program"], self.folder, self._environment(base_url))


class Php(Client):
    """A client over Guzzle. PHP compiles nothing ahead: every class is loaded instead."""

    name = "php"

    def compile(self) -> str:
        """Load every class."""
        for name in ("autoload.php", "load.php", "program.php"):
            shutil.copy(PROGRAMS / name, self.folder / name)
        self._php("load.php", os.environ)
        return "php, every class"

    def run(self, base_url: str) -> str:
        """Run the program with the PHP interpreter."""
        return self._php("program.php", self._environment(base_url))

    def _php(self, program: str, environment: Mapping[str, str]) -> str:
        command = [system("php", "php-cli"), "-d", f"include_path={self.tools.php_packages}", program]
        return run(command, self.folder, environment)


CLIENTS: dict[str, type[Client]] = {
    kind.name: kind for kind in (OpenapiTypescript, TypescriptFetch, Java, Go, Php)
}
