"""The source files of a folder: the user's own code, as far as can be told."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from copilot_lsp.source.languages import LANGUAGES, language_of_path
from copilot_lsp.workspace.ignore import Exclusion, Gate

MAX_BYTES = 200_000
MIN_LINES = 5
MAX_LINE = 1000
MAX_MEAN_LINE = 120
"""In bytes; lines of minified code and of data are longer."""

GENERATED = re.compile(
    rb"@generated|\bdo not (?:edit|modify)\b|(?:auto|machine)[- ]?generated|\bgenerated (?:by|from|with)\b",
    re.IGNORECASE,
)
HEAD_BYTES = 1000
BUILT = re.compile(r"[.-]min\.\w+$|\.bundle\.js$|_pb2(?:_grpc)?\.pyi?$|\.pb\.\w+$|\.d\.ts$")

CODE = frozenset(row.id for row in LANGUAGES if row.grammar is not None) - {"json", "jsonc"}
"""Languages that are replayed by default."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """`path` is relative to the folder, '/'-separated; `size` in bytes."""

    file: Path
    path: str
    language: str
    size: int
    gate: Gate = field(repr=False, compare=False)

    def read(self) -> str | None:
        """The text; None for generated and binary files."""
        try:
            data = self.gate.read(self.file)
            if isinstance(data, Exclusion) or not _is_handwritten(data):
                return None
            return data.decode("utf-8-sig")
        except (OSError, UnicodeDecodeError):
            return None


@dataclass(slots=True)
class Found:
    """`left_out` counts files by the reason."""

    files: list[SourceFile] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def find(
    root: Path, languages: Collection[str] = (), exclude: tuple[str, ...] = (), include: tuple[str, ...] = ()
) -> Found:
    """All files below `root` that may be read, sorted by path; or `root` itself when it is a file."""
    found = Found()
    wanted = frozenset(languages) or CODE
    alone = root.is_file()
    gate = Gate([root.parent if alone else root], exclude, include)
    files = (
        [(root, root.name, gate.refuses_reading(root))] if alone else sorted(_judged(gate), key=lambda each: each[1])
    )
    for file, path, exclusion in files:
        language = language_of_path(path)
        if language not in wanted:
            continue
        try:
            size = file.stat().st_size
        except OSError:  # it was there a moment ago
            continue
        if reason := "excluded" if exclusion else left_out(path, size):
            found.left_out[reason] += 1
        else:
            found.files.append(SourceFile(file, path, language, size, gate))
    return found


def walk(gate: Gate) -> Iterator[tuple[Path, str]]:
    """The files that `gate` lets be read, with their '/'-separated names below its roots. Links are not followed."""
    return ((file, path) for file, path, exclusion in _judged(gate) if exclusion is None)


def _judged(gate: Gate) -> Iterator[tuple[Path, str, Exclusion | None]]:
    """All files except those in excluded folders."""
    for root in gate.roots:
        for name, folders, files in os.walk(root or "/"):
            above = "" if name == root else f"{Path(name).relative_to(root or '/').as_posix()}/"
            folders[:] = [each for each in folders if _enters(gate, root, f"{above}{each}/")]
            for each in files:
                file = Path(name, each)
                if not file.is_symlink() and file.is_file():
                    yield file, f"{above}{each}", gate.refuses_below(root, f"{above}{each}")


def _enters(gate: Gate, root: str, name: str) -> bool:
    return gate.refuses_below(root, name) is None or gate.may_hold_included(name)


def left_out(path: str, size: int) -> str:
    """Why a readable file is skipped, "" if it is not."""
    if size > MAX_BYTES:
        return "too large"
    return "built" if BUILT.search(path) else ""


def _is_handwritten(data: bytes) -> bool:
    lines = data.splitlines()
    if b"\0" in data or len(lines) < MIN_LINES or GENERATED.search(data[:HEAD_BYTES]):
        return False
    return max(map(len, lines)) <= MAX_LINE and len(data) / len(lines) <= MAX_MEAN_LINE
