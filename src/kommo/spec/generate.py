"""What is generated from the contract, where it lies, and which make target makes it.

A place is a folder or a file that is generated whole. Writing and checking use the same list, so whatever
can be generated is also checked.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from kommo.command import CommandError
from kommo.spec.client import render_client
from kommo.spec.documents import shown
from kommo.spec.json_schemas import SCHEMAS
from kommo.spec.output import write_text
from kommo.spec.project import CLIENT, CODEGEN_DOCUMENT, DIST, PROFILES
from kommo.spec.publish import render_bundle
from kommo.spec.reference import INDEX, REFERENCE, render_pages

Files = Mapping[Path, str]


class Build:
    """One regeneration of everything, each part made when it is first asked for.

    Args:
        root: The checkout.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def bundle(self) -> Files:
        """The published contract: `openapi/dist`."""
        return render_bundle(self.root)

    @cached_property
    def client(self) -> Files:
        """The generated client."""
        with tempfile.TemporaryDirectory(prefix="kommo-bundle-") as folder:
            document = Path(folder) / CODEGEN_DOCUMENT.name
            document.write_text(self.bundle[CODEGEN_DOCUMENT], encoding="utf-8")
            return render_client(self.root, document)

    @cached_property
    def pages(self) -> Files:
        """The pages of the reference."""
        return render_pages(self.root)


@dataclass(frozen=True)
class Place:
    """A generated file or folder.

    Args:
        path: Relative to the checkout. A folder holds nothing but generated files.
        command: The `kommo spec` sub-command that writes it; `make <command>` runs it.
        files: What a build puts there.
    """

    path: Path
    command: str
    files: Callable[[Build], Files]

    def present(self, root: Path) -> list[Path]:
        """The files that lie there now, relative to the checkout; Python's caches do not count."""
        top = root / self.path
        found = (
            [top]
            if top.is_file()
            else [path for path in top.rglob("*") if path.is_file() or path.is_symlink()]
        )
        return sorted(path.relative_to(root) for path in found if "__pycache__" not in path.parts)


def _below(files: Files, top: Path) -> Files:
    return {path: text for path, text in files.items() if path == top or top in path.parents}


PLACES = (
    Place(DIST, "bundle", lambda build: build.bundle),
    Place(CLIENT, "client", lambda build: build.client),
    Place(INDEX, "reference", lambda build: _below(build.pages, INDEX)),
    Place(REFERENCE, "reference", lambda build: _below(build.pages, REFERENCE)),
)


def write(root: Path, command: str) -> list[Path]:
    """Write what one sub-command generates; files that are already right are not touched.

    Args:
        root: The checkout.
        command: "bundle", "client" or "reference".

    Returns:
        The files that changed, relative to the checkout.

    Raises:
        CommandError: A source is wrong (nothing has been written then) or a place cannot be written.
    """
    if command == "client":
        # From the bundle that lies there: `make client` has just brought it up to date.
        files = render_client(root, root / CODEGEN_DOCUMENT)
        changed = _swap(root, files)
    else:
        build = Build(root)
        files = dict(build.bundle if command == "bundle" else build.pages)
        changed = [path for path, text in files.items() if write_text(root / path, text)]
        if command == "bundle":
            changed += _removed_leftovers(root, files)
    print(_summary(command, files, changed))
    return changed


def _removed_leftovers(root: Path, files: Files) -> list[Path]:
    """Delete what an earlier bundle put into the folders of models and profiles, and this one does not have."""
    leftovers = [
        path.relative_to(root)
        for folder in (SCHEMAS, PROFILES)
        for path in sorted((root / folder).glob("*"))
        if path.relative_to(root) not in files and path.suffix in (".json", ".yaml")
    ]
    for path in leftovers:
        try:
            (root / path).unlink()
        except OSError as error:
            raise CommandError(
                f"{path}: cannot delete: {error.strerror or error}; nothing generates it any more"
            ) from error
    return leftovers


def _summary(command: str, files: Files, changed: Iterable[Path]) -> str:
    names = sorted(str(path) for path in changed)
    if not names:
        return f"{command}: {len(files)} files, all up to date"
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return f"{command}: {len(files)} files, {len(names)} changed: {listed}"


def _swap(root: Path, files: Files) -> list[Path]:
    """Put a whole new client package in place of the old one, so that no reader ever sees half of each."""
    place = next(place for place in PLACES if place.path == CLIENT)
    present = place.present(root)
    changed = [path for path in present if path not in files]
    changed += [path for path, text in files.items() if not _holds(root / path, text)]
    if not changed:
        return []
    target = root / CLIENT
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # Beside the target and not in the system's temporary folder: a rename works within one file system.
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{CLIENT.name}-"))
        try:
            for path, text in files.items():
                write_text(aside / "new" / path.relative_to(CLIENT), text)
            if target.exists():
                os.rename(target, aside / "old")
            os.rename(aside / "new", target)
        finally:
            if not target.exists() and (aside / "old").exists():
                os.rename(aside / "old", target)
            shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        raise CommandError(
            f"{shown(target)}: cannot write: {error.strerror or error}; check the place"
        ) from error
    return changed


def _holds(path: Path, text: str) -> bool:
    try:
        return path.read_bytes() == text.encode("utf-8")
    except OSError:
        return False
