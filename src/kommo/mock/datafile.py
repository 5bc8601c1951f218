"""Keeping a store in one file: an SQLite database with a write-ahead log.

The file holds every record as JSON with the number of the transaction that wrote it. Each process keeps all records in
memory; before a request it asks SQLite, at the cost of reading one counter, whether another process has written, and
takes over what is new. A writer holds SQLite's write lock from before it reads until its transaction is synced to disk,
so an answer that was sent is never lost and a batch is in the file as a whole or not at all.
"""

from __future__ import annotations

import os
import sqlite3
import struct
import tempfile
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import msgspec
from msgspec import Struct

from .store import StorageFailed
from .tables import KINDS, Key, Tables, empty_tables

if TYPE_CHECKING:
    from .store import Store

APPLICATION_ID: Final = 0x6B6D636B
VERSION: Final = 2
"""The format of the file. Format 1 had elements of lists where format 2 has records of every kind."""
_BUSY_SECONDS: Final = 30.0
_MAX_TOMBSTONES: Final = 100_000
_ELSEWHERE: Final = ("SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM")
"""Errors that are no fault of the file."""

_SCHEMA: Final = """
CREATE TABLE records (
    kind TEXT NOT NULL,
    key BLOB NOT NULL,
    value BLOB,
    seq INTEGER NOT NULL,
    born INTEGER NOT NULL,
    PRIMARY KEY (kind, key)
) WITHOUT ROWID;
CREATE INDEX records_seq ON records (seq);
CREATE TABLE numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
INSERT INTO numbers VALUES ('seq', 0), ('born', 0), ('floor', 0);
CREATE TABLE snapshots (name TEXT PRIMARY KEY, data BLOB NOT NULL);
"""

_KINDS: Final = {kind.__name__: kind for kind in KINDS}
_encode: Final = msgspec.json.Encoder().encode
_decode_key: Final = msgspec.json.Decoder(tuple[int | str, ...]).decode
_decoders: Final = {kind.__name__: msgspec.json.Decoder(kind).decode for kind in KINDS}


class DataFileError(Exception):
    """The file cannot be used. The message names it and says why; the file was left as it was."""


class DataFile:
    """The backend of a store that lives in a file.

    Args:
        path: the file; it is created when there is none.

    Raises:
        DataFileError: the file is not one of this mock's, or is damaged, or cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.exists() or path.stat().st_size == 0:
            _create(path)
        else:
            _recognise(path)
        try:
            self._db = _connect(path)
            self._load_numbers()
            problems = self._db.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.Error as error:
            raise _refused(path, error) from None
        if problems != "ok":
            self._db.close()
            raise _damaged(path, problems)
        self._seq = self._born = self._tombstones = 0
        self._version = -1

    # What the store calls

    def load(self, store: Store) -> None:
        """Read everything into a store.

        Raises:
            DataFileError: the file is damaged.
        """
        try:
            self._db.execute("BEGIN")
            try:
                self._load(store)
            finally:
                self._db.execute("COMMIT")
        except (sqlite3.Error, msgspec.MsgspecError, KeyError) as error:
            raise _refused(self.path, error) from None

    def refresh(self, store: Store) -> None:
        """Take over what other processes have written since the last look."""
        try:
            version = self._db.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._catch_up(store)
                self._version = version
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from None

    def begin(self, store: Store) -> None:
        """Take the write lock, then take over what other processes have written."""
        try:
            self._db.execute("BEGIN IMMEDIATE")
            self._catch_up(store)
        except sqlite3.Error as error:
            self.abandon()
            raise StorageFailed(str(error)) from None

    def commit(self, changes: Mapping[tuple[type[Struct], Key], Struct | None]) -> None:
        """Write the changes, sync them to disk, and release the lock."""
        try:
            if changes:
                self._write(changes)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            raise StorageFailed(str(error)) from None
        if changes:
            self._seq += 1
            self._born += len(changes)

    def abandon(self) -> None:
        """Release the lock without writing."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def reopen(self) -> None:
        """Open the file again, perhaps in a copy of the process; what it was last known to hold still counts.

        Raises:
            DataFileError: the file cannot be opened any more.
        """
        try:
            self._db = _connect(self.path)
        except sqlite3.Error as error:
            raise _refused(self.path, error) from None
        # It counts the changes that one connection has not made itself.
        self._version = -1

    # Snapshots

    def snapshots(self) -> dict[str, None]:
        """The names of the snapshots in the file."""
        return {name: None for (name,) in self._db.execute("SELECT name FROM snapshots ORDER BY rowid")}

    def save_snapshot(self, name: str, tables: Tables) -> None:
        """Keep these tables in the file under a name."""
        rows = [
            (kind.__name__, key, record) for kind, table in tables.items() for key, record in table.items()
        ]
        with self._db:
            self._db.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?)", (name, _encode(rows)))

    def load_snapshot(self, name: str) -> Tables | None:
        """The tables under a name, or None."""
        row = self._db.execute("SELECT data FROM snapshots WHERE name = ?", (name,)).fetchone()
        if row is None:
            return None
        tables = empty_tables()
        for kind, key, data in msgspec.json.decode(row[0], type=list[tuple[str, msgspec.Raw, msgspec.Raw]]):
            tables[_KINDS[kind]][_decode_key(key)] = _decoders[kind](data)
        return tables

    def forget_snapshot(self, name: str) -> bool:
        """Remove a snapshot; False when there is none."""
        with self._db:
            return self._db.execute("DELETE FROM snapshots WHERE name = ?", (name,)).rowcount > 0

    # Inside

    def _load_numbers(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, value FROM numbers").fetchall())

    def _load(self, store: Store) -> None:
        self._version = self._db.execute("PRAGMA data_version").fetchone()[0]
        numbers = self._load_numbers()
        tables: dict[str, dict[Key, Any]] = {name: {} for name in _KINDS}
        rows = self._db.execute("SELECT born, kind, key, value FROM records WHERE value IS NOT NULL")
        found = [(born, kind, _decode_key(key), _decoders[kind](value)) for born, kind, key, value in rows]
        # SQLite would sort whole rows in a file of its own.
        found.sort(key=itemgetter(0))
        for _, kind, key, record in found:
            tables[kind][key] = record
        self._tombstones = self._db.execute("SELECT count(*) FROM records WHERE value IS NULL").fetchone()[0]
        self._seq, self._born = numbers["seq"], numbers["born"]
        store.load({_KINDS[name]: table for name, table in tables.items()})

    def _catch_up(self, store: Store) -> None:
        numbers = self._load_numbers()
        if numbers["seq"] == self._seq:
            return
        if numbers["floor"] > self._seq:
            self._load(store)
            return
        rows = self._db.execute(
            "SELECT kind, key, value FROM records WHERE seq > ? ORDER BY seq, born", (self._seq,)
        )
        for kind, key, value in rows:
            store.apply(_KINDS[kind], _decode_key(key), None if value is None else _decoders[kind](value))
        store.revision += 1
        self._seq, self._born = numbers["seq"], numbers["born"]

    def _write(self, changes: Mapping[tuple[type[Struct], Key], Struct | None]) -> None:
        seq = self._seq + 1
        rows = [
            (
                kind.__name__,
                _encode(key),
                None if record is None else _encode(record),
                seq,
                self._born + index,
            )
            for index, ((kind, key), record) in enumerate(changes.items(), 1)
        ]
        self._db.executemany(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value, "
            "seq = excluded.seq, born = iif(value IS NULL, excluded.born, born)",
            rows,
        )
        self._tombstones += sum(row[2] is None for row in rows)
        if self._tombstones > _MAX_TOMBSTONES:
            # Rows of removed records tell other processes what to remove; whoever is behind now reads all anew.
            self._db.execute("DELETE FROM records WHERE value IS NULL")
            self._db.execute("UPDATE numbers SET value = ? WHERE name = 'floor'", (seq,))
            self._tombstones = 0
        self._db.execute("UPDATE numbers SET value = ? WHERE name = 'seq'", (seq,))
        self._db.execute("UPDATE numbers SET value = ? WHERE name = 'born'", (self._born + len(changes),))


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.execute("PRAGMA synchronous = FULL")
    return db


def _create(path: Path) -> None:
    """Make a new file: complete under another name first, so that no half-made file ever has this one."""
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise DataFileError(f"data file {path}: {error.strerror}") from None
    os.close(handle)
    temporary = Path(name)
    try:
        db = _connect(temporary)
        db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        db.execute(f"PRAGMA user_version = {VERSION}")
        db.executescript(_SCHEMA)
        db.execute("PRAGMA journal_mode = WAL")
        db.close()
        os.replace(temporary, path)
    except (OSError, sqlite3.Error) as error:
        temporary.unlink(missing_ok=True)
        raise DataFileError(f"data file {path}: {error}") from None


def _recognise(path: Path) -> None:
    """Look at the first bytes of a file, without opening it as a database.

    Raises:
        DataFileError: it is not a file of this mock, or of a version that this one does not know.
    """
    try:
        with path.open("rb") as file:
            head = file.read(100)
    except OSError as error:
        raise DataFileError(f"data file {path}: {error.strerror}") from None
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        raise DataFileError(f"data file {path}: not a file of kommo mock; name another file, or a new one")
    version, application = struct.unpack(">I4xI", head[60:72])
    if cast("int", application) != APPLICATION_ID:
        raise DataFileError(
            f"data file {path}: a database of another program; name another file, or a new one"
        )
    if version != VERSION:
        raise DataFileError(
            f"data file {path}: made by another version of kommo mock (format {version}, this one reads {VERSION}); "
            "name a new file, or serve it with that version"
        )


def _refused(path: Path, error: Exception) -> DataFileError:
    """What is wrong with a file that SQLite, or what it holds, gave an error about."""
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(_ELSEWHERE):
        return DataFileError(
            f"data file {path}: cannot be used ({error}); is another program using it, or is it not yours to write?"
        )
    return _damaged(path, str(error))


def _damaged(path: Path, why: str) -> DataFileError:
    why = " ".join(why.split())
    return DataFileError(f"data file {path}: damaged ({why}); restore it from a copy, or name a new one")
