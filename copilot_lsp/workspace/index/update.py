"""Brings an index up to date with the disk and with the editor's buffers.

Every file comes through `workspace.files.find`, the gate: what it does not give is not opened, and what it does not
give any more is taken out.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from copilot_lsp.source import syntax
from copilot_lsp.source.languages import language_of_path
from copilot_lsp.source.text import encode
from copilot_lsp.workspace import files
from copilot_lsp.workspace.ignore import Exclusion, Gate
from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.store import Entry, Seen
from copilot_lsp.workspace.index.symbols import Outline, outline
from copilot_lsp.workspace.index.terms import windows

MAX_FILES = 5_000
"""Those changed last count when there are more."""

MAX_CHARS = 200_000
"""Of a buffer; `files.MAX_BYTES` bounds files."""

LANGUAGES = files.CODE | {"jsonc", "go.mod"}
"""And those of files that say what imports mean: tsconfig.json, go.mod."""

TRANSACTION_SECONDS = 0.5
"""Work that is lost at most when the process is ended."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What an index is of: absolute paths of workspace folders, and the user's `exclude` and `include` patterns."""

    roots: tuple[str, ...]
    exclude: tuple[str, ...] = ()
    include: tuple[str, ...] = ()

    def gate(self) -> Gate:
        return Gate(self.roots, self.exclude, self.include)


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    total: int


def update(database: sqlite3.Connection, scope: Scope, buffers: Mapping[str, str]) -> Iterator[Progress]:
    """Yields after every file. `buffers`: text by absolute path, which counts in place of the file's."""
    wanted, known, gate = scan(scope), store.known(database), scope.gate()
    gone = [path for path in known if path not in wanted]
    if gone:
        with _transaction(database):
            store.remove(database, gone)
        store.compact(database)
    stale = [seen for path, seen in wanted.items() if path in buffers or known.get(path) != seen]
    yield Progress(0, len(stale))
    done = 0
    while done < len(stale):
        until = time.monotonic() + TRANSACTION_SECONDS
        with _transaction(database):
            while done < len(stale) and time.monotonic() < until:
                store.put(database, entry(stale[done], gate, buffers.get(stale[done].path)))
                done += 1
        yield Progress(done, len(stale))


def refresh(database: sqlite3.Connection, scope: Scope, paths: Iterable[str], buffers: Mapping[str, str]) -> None:
    """The same for these files alone (absolute paths): new, changed, gone, or excluded by now."""
    gate, known = scope.gate(), store.known(database)
    gone: list[str] = []
    for path in dict.fromkeys(paths):
        seen = _look(path, scope, gate)
        if seen is None:
            gone += [path] if path in known else []
        elif (path in buffers or known.get(path) != seen) and (path in known or len(known) < MAX_FILES):
            with _transaction(database):
                store.put(database, entry(seen, gate, buffers.get(path)))
    if gone:
        with _transaction(database):
            store.remove(database, gone)
        store.compact(database)


def _look(path: str, scope: Scope, gate: Gate) -> Seen | None:
    """As `scan` would find it; nothing behind a link."""
    inside = [root for root in gate.roots if path.startswith(f"{root}/")]
    root, language, file = max(inside, key=len, default=""), language_of_path(path), Path(path)
    try:
        if not root or language not in LANGUAGES or os.path.realpath(path) != path or not file.is_file():
            return None
        stat = file.stat()
        if files.left_out(path, stat.st_size) or encode(path).decode() != path or gate.refuses_reading(path):
            return None
    except OSError:  # it was there a moment ago
        return None
    return Seen(path, path[len(root) + 1 :], language, stat.st_mtime_ns, stat.st_size)


def scan(scope: Scope) -> dict[str, Seen]:
    """All files that may be read and are worth it, by absolute path."""
    found: dict[str, Seen] = {}
    for root in scope.roots:
        for file in files.find(Path(root), LANGUAGES, scope.exclude, scope.include).files:
            try:
                stat = file.file.stat()
            except OSError:  # it was there a moment ago
                continue
            path = file.file.as_posix()
            if encode(path).decode() != path:  # its name is no text: SQLite could not keep it
                continue
            found[path] = Seen(path, file.path, file.language, stat.st_mtime_ns, stat.st_size)
    latest = sorted(found.values(), key=lambda seen: (-seen.mtime, seen.path))[:MAX_FILES]
    return {seen.path: seen for seen in sorted(latest, key=lambda seen: seen.path)}


def entry(seen: Seen, gate: Gate, buffer: str | None = None) -> Entry:
    """Reads and parses; nothing but the name is kept of what is no text, or that nobody wrote by hand."""
    text = buffer if buffer is not None else _read(seen, gate)
    seen = replace(seen, buffer=buffer is not None)
    if text is None or len(text) > MAX_CHARS:
        return Entry(seen, "", Outline(), ())
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    tree, _ = syntax.parse(seen.language, encode(text))
    return Entry(seen, text, outline(tree, seen.language), tuple(windows(text.split("\n"))))


def _read(seen: Seen, gate: Gate) -> str | None:
    try:
        data = gate.read(seen.path)
        if isinstance(data, Exclusion) or b"\0" in data or files.GENERATED.search(data[: files.HEAD_BYTES]):
            return None
        lines = data.splitlines() or [b""]
        if max(map(len, lines)) > files.MAX_LINE or len(data) / len(lines) > files.MAX_MEAN_LINE:
            return None
        return data.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        database.execute("ROLLBACK")
        raise
    database.execute("COMMIT")
