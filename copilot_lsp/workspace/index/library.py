"""Queries on an index. Reads only the SQLite file, never a file of the workspace."""

from __future__ import annotations

import json
import posixpath
import re
import sqlite3
from array import array
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from copilot_lsp.workspace.index.imports import Files, Imported, resolve
from copilot_lsp.workspace.index.symbols import Symbol

MAX_DEFINITIONS = 40
"""Of one name: with more, the name says nothing."""

KEPT = 256
"""Files whose windows, and whose resolved imports, are kept in memory: those around which somebody types."""

KINDRED = (
    {"javascript", "javascriptreact", "typescript", "typescriptreact"},
    {"c", "cpp"},
)
"""Languages that use each other's definitions."""

_COLUMNS = "symbols.name, kind, line, signature, doc, parent"
_COMMENTS = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Definition:
    """`path` is absolute, `shown` relative to the workspace folder."""

    path: str
    shown: str
    symbol: Symbol


@dataclass(frozen=True, slots=True)
class File:
    id: int
    path: str
    shown: str


Window = tuple[int, Set[int]]


def _make_room(kept: dict[Any, Any]) -> None:
    """For one more: the oldest goes."""
    while len(kept) >= KEPT:
        del kept[next(iter(kept))]


class Library:
    """What is read twice is kept until the index changes; then `refresh` is to be called."""

    def __init__(self, database: sqlite3.Connection, roots: Sequence[str] = ()) -> None:
        """`roots`: absolute '/'-separated paths of the workspace folders."""
        self._database = database
        self._roots = roots
        self._version = -1
        self._paths: dict[str, str] = {}
        self._files: dict[int, File] = {}
        self._windows: dict[int, tuple[Window, ...]] = {}
        self._resolved: dict[tuple[tuple[str, ...], str, str], Imported] = {}
        self._aliases: dict[str, tuple[str, ...]] = {}
        self._modules: dict[str, str] = {}
        self.refresh()

    def close(self) -> None:
        self._database.close()

    def refresh(self) -> None:
        """Takes note of what another process wrote since."""
        (version,) = self._database.execute("PRAGMA data_version").fetchone()
        if version == self._version:
            return
        self._version = version
        rows = self._database.execute("SELECT id, path, shown FROM files ORDER BY path")
        self._files = {row[0]: File(*row) for row in rows}
        self._paths = {file.path: file.shown for file in self._files.values()}
        self._windows.clear()
        self._resolved.clear()
        self._aliases = dict(self._read_aliases())
        self._modules = dict(self._read_modules())

    @property
    def size(self) -> int:
        """Files in the index."""
        return len(self._paths)

    def files(self, at: str) -> Files:
        """For resolving the imports of the file with the absolute path `at`."""
        inside = [root for root in self._roots if at.startswith(root.rstrip("/") + "/")]
        root = max(inside, key=len, default=posixpath.dirname(at))
        return Files(self._paths.__contains__, self._ending, root, self._aliases, self._modules)

    def resolved(self, statements: tuple[str, ...], language: str, at: str) -> Imported:
        """What the import statements of the file `at` bring in."""
        key = (statements, language, at)
        if key not in self._resolved:
            _make_room(self._resolved)
            self._resolved[key] = resolve(statements, language, at, self.files(at))
        return self._resolved[key]

    def _ending(self, suffix: str) -> tuple[str, ...]:
        return tuple(path for path in self._paths if path.endswith(suffix))

    def definitions(self, name: str, language: str) -> list[Definition]:
        """Those of files in the same language or a kindred one."""
        languages = sorted(next((kin for kin in KINDRED if language in kin), {language}))
        marks = ", ".join("?" * len(languages))
        rows = self._database.execute(
            f"SELECT path, shown, {_COLUMNS} FROM symbols JOIN files ON files.id = symbols.file"
            f" WHERE symbols.name = ? AND language IN ({marks}) ORDER BY path, line LIMIT {MAX_DEFINITIONS}",
            (name, *languages),
        )
        return [Definition(row[0], row[1], Symbol(*row[2:])) for row in rows]

    def members(self, path: str, parent: str) -> list[Symbol]:
        """What the type `parent` of a file has, in the order of the file."""
        rows = self._database.execute(
            f"SELECT {_COLUMNS} FROM symbols JOIN files ON files.id = symbols.file"
            " WHERE path = ? AND parent = ? ORDER BY line",
            (path, parent),
        )
        return [Symbol(*row) for row in rows]

    def tops(self, path: str, name: str) -> list[Symbol]:
        """What a file defines under a name that is no member of anything."""
        return [symbol for symbol in self.members(path, "") if symbol.name == name]

    def imports(self, path: str) -> tuple[str, ...]:
        """The import statements of a file."""
        rows = self._database.execute(
            "SELECT statement FROM imports JOIN files ON files.id = imports.file WHERE path = ?", (path,)
        )
        return tuple(statement for (statement,) in rows)

    def frequencies(self, terms: Iterable[int]) -> dict[int, int]:
        """In how many files each of the terms is, of those that any has."""
        wanted = json.dumps(list(terms))
        query = "SELECT term, COUNT(*) FROM words WHERE term IN (SELECT value FROM json_each(?)) GROUP BY term"
        return dict(self._database.execute(query, (wanted,)))

    def files_with(self, term: int, language: str) -> list[int]:
        """Numbers of the files of a language that have a term."""
        rows = self._database.execute(
            "SELECT file FROM words JOIN files ON files.id = words.file WHERE term = ? AND language = ?",
            (term, language),
        )
        return [file for (file,) in rows]

    def file(self, id: int) -> File | None:
        return self._files.get(id)

    def windows(self, file: int) -> tuple[Window, ...]:
        """The first line and the terms of each window of a file."""
        if file not in self._windows:
            _make_room(self._windows)
            rows = self._database.execute("SELECT first, terms FROM windows WHERE file = ? ORDER BY first", (file,))
            self._windows[file] = tuple((first, frozenset(array("I", blob))) for first, blob in rows)
        return self._windows[file]

    def lines(self, file: int, first: int, count: int) -> list[str]:
        row = self._database.execute("SELECT text FROM files WHERE id = ?", (file,)).fetchone()
        return str(row[0]).split("\n")[first : first + count] if row else []

    def _read_aliases(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """`paths` of every tsconfig.json and jsconfig.json, absolute."""
        rows = self._database.execute(
            "SELECT path, text FROM files WHERE path LIKE '%/tsconfig.json' OR path LIKE '%/jsconfig.json'"
        )
        for path, text in rows:
            try:
                plain = _COMMENTS.sub(lambda found: found[1] or "", text)
                options = json.loads(re.sub(r",(?=\s*[}\]])", "", plain)).get("compilerOptions", {})
                base = posixpath.join(posixpath.dirname(path), options.get("baseUrl", "."))
                for pattern, targets in options.get("paths", {}).items():
                    yield pattern, tuple(posixpath.normpath(posixpath.join(base, target)) for target in targets)
            except (ValueError, AttributeError, TypeError):  # somebody is writing it
                continue

    def _read_modules(self) -> Iterator[tuple[str, str]]:
        """The path in each go.mod, and the folder of that file."""
        for path, text in self._database.execute("SELECT path, text FROM files WHERE path LIKE '%/go.mod'"):
            if found := re.search(r"^module\s+(\S+)", text, re.MULTILINE):
                yield found[1], posixpath.dirname(path)
