"""The files of a folder that a replay may draw from: the user's own code, as far as one can tell."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pathspec import GitIgnoreSpec

from copilot_lsp.source.languages import LANGUAGES, language_of_path
from copilot_lsp.workspace.ignore import is_excluded

MAX_BYTES = 200_000
MIN_LINES = 5
MAX_LINE = 1000
MAX_MEAN_LINE = 120
"""In bytes; lines of minified code and of data are longer."""

FOREIGN = frozenset(
    {"node_modules", "bower_components", "vendor", "third_party", "site-packages", "dist", "build", "target", "venv"}
)
"""Folders with code that somebody else wrote, or a program."""

GENERATED = re.compile(
    rb"@generated|\bdo not (?:edit|modify)\b|(?:auto|machine)[- ]?generated|\bgenerated (?:by|from|with)\b",
    re.IGNORECASE,
)
HEAD_BYTES = 1000
BUILT = re.compile(r"[.-]min\.\w+$|\.bundle\.js$|_pb2(?:_grpc)?\.pyi?$|\.pb\.\w+$|\.d\.ts$")

CODE = frozenset(row.id for row in LANGUAGES if row.grammar is not None) - {"json", "jsonc"}
"""Languages that are replayed unless others are asked for."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`path` is relative to the folder, '/'-separated; `size` in bytes."""

    file: Path
    path: str
    language: str
    size: int

    def read(self) -> str | None:
        """Its text, None for what nobody wrote by hand or is no text."""
        try:
            data = self.file.read_bytes()
            text = data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None
        return text if _is_handwritten(data) else None


@dataclass(slots=True)
class Found:
    """`left_out` counts files by the reason."""

    files: list[SourceFile] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def find(root: Path, languages: Collection[str] = (), exclude: tuple[str, ...] = ()) -> Found:
    """All files below `root`, sorted by path; or `root` itself when it is a file."""
    found = Found()
    wanted = frozenset(languages) or CODE
    for file, path in [(root, root.name)] if root.is_file() else sorted(_walk(root, exclude), key=lambda each: each[1]):
        language = language_of_path(path)
        if language not in wanted:
            continue
        try:
            size = file.stat().st_size
        except OSError:  # it was there a moment ago
            continue
        if reason := _left_out(path, size, exclude):
            found.left_out[reason] += 1
        else:
            found.files.append(SourceFile(file, path, language, size))
    return found


def _walk(root: Path, exclude: tuple[str, ...]) -> Iterator[tuple[Path, str]]:
    """Files that are neither hidden nor ignored by a .gitignore in or below `root`; links are not followed."""
    ignored: dict[Path, GitIgnoreSpec] = {}
    for name, folders, files in os.walk(root):
        folder = Path(name)
        if ".gitignore" in files:
            lines = (folder / ".gitignore").read_text("utf-8", "replace").splitlines()
            ignored[folder] = GitIgnoreSpec.from_lines(lines)
        above = [(parent, ignored[parent]) for parent in (folder, *folder.parents) if parent in ignored]

        def hidden(path: Path, end: str = "", above: list[tuple[Path, GitIgnoreSpec]] = above) -> bool:
            return any(spec.match_file(path.relative_to(parent).as_posix() + end) for parent, spec in above)

        folders[:] = [
            each
            for each in folders
            if each not in FOREIGN and not each.startswith(".") and not hidden(folder / each, "/")
        ]
        for each in files:
            file = folder / each
            if not file.is_symlink() and file.is_file() and not hidden(file):
                yield file, file.relative_to(root).as_posix()


def _left_out(path: str, size: int, exclude: tuple[str, ...]) -> str:
    if is_excluded(path, exclude):
        return "excluded"
    if size > MAX_BYTES:
        return "too large"
    return "built" if BUILT.search(path) else ""


def _is_handwritten(data: bytes) -> bool:
    lines = data.splitlines()
    if b"\0" in data or len(lines) < MIN_LINES or GENERATED.search(data[:HEAD_BYTES]):
        return False
    return max(map(len, lines)) <= MAX_LINE and len(data) / len(lines) <= MAX_MEAN_LINE
