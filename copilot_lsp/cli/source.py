"""From a position on the command line to a snapshot and a byte offset."""

from __future__ import annotations

import codecs
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document, Snapshot
from copilot_lsp.source.languages import language_of_path
from copilot_lsp.source.text import Text
from copilot_lsp.workspace.ignore import Gate
from copilot_lsp.workspace.repository import repository_of

POSITION = re.compile(r"(?:(?P<path>.+):)?(?P<line>\d{1,9}):(?P<column>\d{1,9})", re.DOTALL)

UTF_8 = "utf-8"
ASCII = bytes(range(128))
STATEFUL = {f"iso2022_{name}" for name in ("jp", "jp_1", "jp_2", "jp_2004", "jp_3", "jp_ext", "kr")}
"""A part of a text has other bytes in these than in the whole."""


@dataclass(frozen=True, slots=True)
class Source:
    """A text as it stands in its file: after `mark` bytes of a byte-order mark, and in `encoding`."""

    text: str
    encoding: str = UTF_8
    mark: int = 0

    def file_offset(self, offset: int) -> int:
        """The byte of the file where the text's UTF-8 has the byte `offset`."""
        if self.encoding == UTF_8:
            return self.mark + offset
        return len(self.text.encode()[:offset].decode().encode(self.encoding))


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


def read_file(path: Path, encoding: str = UTF_8) -> Source:
    """Raises UsageError for what is missing, unreadable, a folder, or not text in `encoding`."""
    try:
        data = path.read_bytes()
    except IsADirectoryError:
        raise UsageError(f"{path} is a folder: give a file") from None
    except FileNotFoundError:
        raise UsageError(f"there is no file {path}") from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    return decode(data, str(path), encoding)


def read_stdin(encoding: str = UTF_8) -> Source:
    try:
        data = sys.stdin.buffer.read()
    except OSError as error:
        raise CopilotLspError(f"standard input cannot be read: {error.strerror}") from None
    return decode(data, "the text on stdin", encoding)


def codec(name: str) -> str:
    """Python's name of an encoding in which ASCII is ASCII. Raises UsageError for any other."""
    try:
        found = codecs.lookup(name).name
        usable = found not in STATEFUL and ASCII.decode(found) == ASCII.decode("ascii")
    except (LookupError, UnicodeError, TypeError, ValueError):
        usable = False
    if not usable:
        raise UsageError(f"--encoding {name}: no encoding that can be read here; convert the text to UTF-8 first")
    return UTF_8 if found == "utf-8-sig" else found


def decode(data: bytes, name: str, encoding: str = UTF_8) -> Source:
    """Raises UsageError for binary data, and for text that is not in `encoding`."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{name} is UTF-16: convert it to UTF-8 first")
    if b"\0" in data:
        raise UsageError(f"{name} is binary (it has NUL bytes): only text can be completed")
    mark = len(codecs.BOM_UTF8) if encoding == UTF_8 and data.startswith(codecs.BOM_UTF8) else 0
    try:
        text = data[mark:].decode(encoding)
    except UnicodeDecodeError as error:
        at = mark + error.start
        hint = "; if it is in another encoding, say so: --encoding latin-1" if encoding == UTF_8 else ""
        raise UsageError(f"{name} is not {encoding.upper()}: byte {at} is {data[at]:#04x}{hint}") from None
    if text.encode(encoding, "replace") != data[mark:]:
        raise UsageError(f"{name} cannot be read as {encoding} and written again as it was")
    return Source(text, encoding, mark)


def snapshot_of(path: Path | None, source: str, settings: Settings) -> Snapshot:
    """The name of a file need not be text; what it is called here is."""
    uri = path.absolute().as_uri() if path else "untitled:stdin"
    name = os.fsencode(path.as_posix()).decode("utf-8", "replace") if path else "stdin"
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
