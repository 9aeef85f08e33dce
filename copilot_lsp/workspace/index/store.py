"""The index as an SQLite file: written by one process, read by another at the same time (write-ahead log).

Deleted rows are overwritten with zeros and leave the log when `compact` runs: what must not be read any more is gone
from the disk as well.
"""

from __future__ import annotations

import hashlib
import sqlite3
from array import array
from collections.abc import Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp import folders
from copilot_lsp.workspace.index.symbols import Outline
from copilot_lsp.workspace.index.terms import Window

VERSION = 1
"""An index of another version is thrown away."""

SCHEMA = """
CREATE TABLE IF NOT EXISTS files (
    id INTEGER PRIMARY KEY, path TEXT UNIQUE, shown TEXT, language TEXT, mtime INTEGER, size INTEGER,
    buffer INTEGER, text TEXT);
CREATE TABLE IF NOT EXISTS symbols (
    file INTEGER, name TEXT, kind TEXT, line INTEGER, signature TEXT, doc TEXT, parent TEXT);
CREATE INDEX IF NOT EXISTS symbols_name ON symbols (name);
CREATE INDEX IF NOT EXISTS symbols_file ON symbols (file, parent);
CREATE TABLE IF NOT EXISTS imports (file INTEGER, statement TEXT);
CREATE INDEX IF NOT EXISTS imports_file ON imports (file);
CREATE TABLE IF NOT EXISTS windows (file INTEGER, first INTEGER, terms BLOB);
CREATE INDEX IF NOT EXISTS windows_file ON windows (file);
CREATE TABLE IF NOT EXISTS words (term INTEGER, file INTEGER, PRIMARY KEY (term, file)) WITHOUT ROWID;
"""

BUSY_SECONDS = 10.0
"""How long a writer waits for the server of another editor that writes to the same index."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A file that may be read: `path` absolute and `shown` relative to its workspace folder, '/'-separated.

    `mtime` in nanoseconds, `size` in bytes; `buffer`: its text is that of an editor.
    """

    path: str
    shown: str
    language: str
    mtime: int
    size: int
    buffer: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """All that is kept of a file."""

    seen: Seen
    text: str
    outline: Outline
    windows: tuple[Window, ...]


def file_of(roots: Iterable[str]) -> Path:
    """Where the index of these workspace folders (absolute paths) is kept."""
    name = hashlib.sha256("\0".join(sorted(roots)).encode("utf-8", "replace")).hexdigest()[:16]
    return folders.cache() / "index" / f"{name}.sqlite"


def open_to_write(path: Path) -> sqlite3.Connection:
    """Made anew when it is broken or of another version. Raises OSError or sqlite3.Error where none can be made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        return _opened(path)
    except sqlite3.DatabaseError:
        delete(path)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if version not in (0, VERSION):
            raise sqlite3.DatabaseError("an index of another version")
        database.executescript(
            f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON; {SCHEMA}"
            f"PRAGMA user_version = {VERSION};"
        )
    except BaseException:
        database.close()
        raise
    return database


def open_to_read(path: Path) -> sqlite3.Connection:
    """For any thread, one at a time. Raises sqlite3.Error when there is none."""
    return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, check_same_thread=False, isolation_level=None)


def delete(path: Path) -> None:
    for each in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        each.unlink(missing_ok=True)


def known(database: sqlite3.Connection) -> dict[str, Seen]:
    rows = database.execute("SELECT path, shown, language, mtime, size, buffer FROM files")
    return {row[0]: Seen(row[0], row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}


def put(database: sqlite3.Connection, entry: Entry) -> None:
    """In a transaction of the caller's; in place of what was known of the file."""
    remove(database, [entry.seen.path])
    seen = entry.seen
    file = database.execute(
        "INSERT INTO files (path, shown, language, mtime, size, buffer, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (seen.path, seen.shown, seen.language, seen.mtime, seen.size, seen.buffer, entry.text),
    ).lastrowid
    database.executemany(
        "INSERT INTO symbols VALUES (?, ?, ?, ?, ?, ?, ?)",
        ((file, s.name, s.kind, s.line, s.signature, s.doc, s.parent) for s in entry.outline.symbols),
    )
    database.executemany("INSERT INTO imports VALUES (?, ?)", ((file, each) for each in entry.outline.imports))
    database.executemany(
        "INSERT INTO windows VALUES (?, ?, ?)", ((file, each.first, each.terms.tobytes()) for each in entry.windows)
    )
    terms = {term for window in entry.windows for term in window.terms}
    database.executemany("INSERT INTO words VALUES (?, ?)", ((term, file) for term in sorted(terms)))


def remove(database: sqlite3.Connection, paths: Iterable[str]) -> None:
    """In a transaction of the caller's."""
    for path in paths:
        row = database.execute("SELECT id FROM files WHERE path = ?", (path,)).fetchone()
        if row is None:
            continue
        terms = {
            term
            for (blob,) in database.execute("SELECT terms FROM windows WHERE file = ?", row)
            for term in array("I", blob)
        }
        database.executemany("DELETE FROM words WHERE term = ? AND file = ?", ((term, row[0]) for term in terms))
        for table in ("symbols", "imports", "windows"):
            database.execute(f"DELETE FROM {table} WHERE file = ?", row)
        database.execute("DELETE FROM files WHERE id = ?", row)


def compact(database: sqlite3.Connection) -> None:
    """Takes old pages out of the log, as far as no reader is using it."""
    with closing(database.execute("PRAGMA wal_checkpoint(TRUNCATE)")) as cursor:
        cursor.fetchall()


def counts(database: sqlite3.Connection) -> Mapping[str, int]:
    """`files` and `symbols` in the index, and its size in `bytes`."""
    (files,) = database.execute("SELECT COUNT(*) FROM files").fetchone()
    (symbols,) = database.execute("SELECT COUNT(*) FROM symbols").fetchone()
    (size,) = database.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()
    return {"files": files, "symbols": symbols, "bytes": size}
