"""What the command line says about a place in a file, turned into a snapshot and a byte offset."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp.errors import UsageError
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document, Snapshot
from copilot_lsp.source.languages import language_of_path
from copilot_lsp.source.text import Text
from copilot_lsp.workspace.ignore import Gate
from copilot_lsp.workspace.repository import repository_of

POSITION = re.compile(r"(?:(?P<path>.+):)?(?P<line>\d+):(?P<column>\d+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Location:
    """`line` and `column` as compilers print them: both begin at 1, columns count characters (code points).

    `path` None: the text comes from nowhere that has a name.
    """

    path: Path | None
    line: int
    column: int


def parse_location(text: str) -> Location:
    """Reads `PATH:LINE:COL` or `LINE:COL`. Raises UsageError."""
    found = POSITION.fullmatch(text)
    if found is None:
        raise UsageError(f"{text!r} is not a place in a file: write PATH:LINE:COL, such as src/app.py:12:5")
    return Location(Path(found["path"]) if found["path"] else None, int(found["line"]), int(found["column"]))


def read_file(path: Path) -> str:
    """Raises UsageError for what is missing, unreadable, a folder, or not UTF-8 text."""
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder: give a file") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return decode(data, str(path))


def read_stdin() -> str:
    return decode(sys.stdin.buffer.read(), "the text on stdin")


def decode(data: bytes, name: str) -> str:
    """UTF-8, without a byte order mark. Raises UsageError for binary data."""
    if b"\0" in data:
        raise UsageError(f"{name} is binary (it has NUL bytes): only text can be completed")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name} is not UTF-8: byte {error.start} is {data[error.start]:#04x}") from None


def snapshot_of(path: Path | None, source: str, settings: Settings) -> Snapshot:
    uri = path.absolute().as_uri() if path else "untitled:stdin"
    name = path.as_posix() if path else "stdin"
    document = Document.open(uri, name, language_of_path(name), 0, source, settings.max_parse_bytes)
    return document.snapshot()


def offset_of(text: Text, location: Location) -> int:
    """The byte offset of `location`; a column may be one past the last character. Raises UsageError."""
    if not 1 <= location.line <= text.line_count:
        raise UsageError(f"line {location.line} does not exist: lines go from 1 to {text.line_count}")
    start, end = text.line_span(location.line - 1)
    last = len(text.data[start:end].decode()) + 1
    if not 1 <= location.column <= last:
        raise UsageError(f"column {location.column} does not exist: line {location.line} has columns 1 to {last}")
    return text.offset_at(location.line - 1, location.column - 1, "utf-32")


def refuse_excluded(path: Path | None, settings: Settings) -> None:
    """Raises UsageError for a file that must never be read: secrets, and the user's own patterns."""
    if path is None:
        return
    root = repository_of(path.absolute().as_posix()) or path.absolute().parent
    if exclusion := Gate([root], settings.exclude, settings.include).refuses_completion(path):
        raise UsageError(f"{path} is excluded by {exclusion}: it is never read")
