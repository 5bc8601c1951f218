"""What a run was about to create, created, and took away: on disk before it happens."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from attrs import define, field

from kommo.command import CommandError
from kommo.contract.closing import Closing

_FORMAT: Final = 1


@define
class Contents:
    """A journal as it was read.

    Attributes:
        base_url: the account.
        names: (collection path, name) of everything that was about to be created.
        made: (collection path, id as text) of everything that was created, in order.
        gone: of those, what was deleted.
        existed: (collection path, id as text) of what was there before the run.
        done: whether the run ended with everything cleaned up.
    """

    base_url: str = ""
    names: set[tuple[str, str]] = field(factory=set)
    made: list[tuple[str, str]] = field(factory=list)
    gone: set[tuple[str, str]] = field(factory=set)
    existed: set[tuple[str, str]] = field(factory=set)
    done: bool = False


class Journal(Closing):
    """Appends to a journal; every record is on disk when the call returns.

    Args:
        path: the file; a new one is made, an old one is appended to.
        base_url: the account.

    Raises:
        CommandError: the file cannot be written, or is about another account.
    """

    def __init__(self, path: Path, base_url: str) -> None:
        self.path = path
        known = read(path) if path.exists() else Contents()
        if known.base_url and known.base_url != base_url:
            raise CommandError(f"{path}: a journal of {known.base_url}; use another --journal for {base_url}")
        self.contents = known
        try:
            _drop_unfinished(path)
            self._file = path.open("ab")
        except OSError as error:
            raise CommandError(f"{path}: cannot write the journal ({error})") from error
        if not known.base_url:
            self.write("start", format=_FORMAT, base_url=base_url)

    def write(self, event: str, **data: Any) -> None:
        """Append one record and wait until it is on disk."""
        line = json.dumps({"event": event, **data}, ensure_ascii=False).encode("utf-8", "surrogatepass")
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())
        _take(self.contents, {"event": event, **data})

    def intend(self, collection: str, names: Iterable[str]) -> None:
        """Record that things with these names are about to be created."""
        self.write("intend", collection=collection, names=list(names))

    def made(self, collection: str, ids: Iterable[str]) -> None:
        """Record what was created."""
        self.write("made", collection=collection, ids=list(ids))

    def gone(self, collection: str, ids: Iterable[str]) -> None:
        """Record what was deleted."""
        self.write("gone", collection=collection, ids=list(ids))

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _drop_unfinished(path: Path) -> None:
    """Cut off a last line that a crash left half-written; what follows must begin on a line of its own."""
    if not path.exists():
        return
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    if whole < len(content):
        os.truncate(path, whole)


def read(path: Path) -> Contents:
    """Read a journal; a last line cut off by a crash was never acted upon and is passed over.

    Raises:
        CommandError: the file is no journal.
    """
    contents = Contents()
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise CommandError(f"{path}: cannot read the journal ({error})") from error
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            _take(contents, json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                break
            raise CommandError(f"{path}:{number}: no journal of kommo contract ({error})") from error
    if not contents.base_url and any(lines):
        raise CommandError(f"{path}: no journal of kommo contract (it does not begin with a start record)")
    return contents


def _take(contents: Contents, record: dict[str, Any]) -> None:
    event, collection = record["event"], record.get("collection", "")
    match event:
        case "start":
            contents.base_url = record["base_url"]
        case "existed":
            contents.existed |= {(collection, id_) for id_ in record["ids"]}
        case "intend":
            contents.names |= {(collection, name) for name in record["names"]}
            contents.done = False
        case "made":
            contents.made += [(collection, id_) for id_ in record["ids"]]
        case "gone":
            contents.gone |= {(collection, id_) for id_ in record["ids"]}
        case "done":
            contents.done = True
        case _:
            raise ValueError(f"unknown event {event!r}")
