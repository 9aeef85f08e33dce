"""Many places or files for one `complete`: arguments, JSON lines (`--from`), or NUL-separated (`--stdin0`)."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from copilot_lsp.errors import CopilotLspError, UsageError

Entry = str | UsageError
"""`PATH:LINE:COL`, or why an entry of the list is none: it costs that entry only."""

FORM = '{"path": "src/app.py", "line": 12, "column": 5}'
FILE_FORM = '{"path": "src/app.py"}'


def listed(arguments: Sequence[str], source: Path | None, stdin0: bool) -> Iterator[Entry]:
    """Every place in the order given. `source` `-` is stdin. Raises UsageError when a list cannot be read."""
    return _entries(arguments, source, stdin0, _place, FORM)


def files(arguments: Sequence[str], source: Path | None, stdin0: bool) -> Iterator[Entry]:
    """As `listed`, of files."""
    return _entries(arguments, source, stdin0, _file, FILE_FORM)


def _entries(
    arguments: Sequence[str],
    source: Path | None,
    stdin0: bool,
    read: Callable[[dict[str, Any]], str | None],
    form: str,
) -> Iterator[Entry]:
    """`read`: the entry that an object of a list names, None where it is not of this `form`."""
    yield from arguments
    if source is not None:
        yield from _json_lines(_read(source), str(source), read, form)
    if stdin0:
        yield from (os.fsdecode(each) for each in _read(Path("-")).split(b"\0") if each)


def _read(path: Path) -> bytes:
    try:
        return sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        if str(path) == "-":
            raise CopilotLspError(f"standard input cannot be read: {error.strerror}") from None
        raise UsageError(f"--from {path}: {error.strerror}") from None


def _json_lines(data: bytes, name: str, read: Callable[[dict[str, Any]], str | None], form: str) -> Iterator[Entry]:
    for number, line in enumerate(data.split(b"\n"), 1):
        if line.strip():
            found = _object(line)
            entry = read(found) if found and _is_path(found.get("path")) else None
            yield entry or UsageError(f"--from {name}, line {number}: not in the form {form}")


def _object(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _file(found: dict[str, Any]) -> str:
    return str(found["path"])


def _place(found: dict[str, Any]) -> str | None:
    """Other keys are for whoever wrote the list."""
    numbers = found.get("line"), found.get("column")
    if not all(isinstance(each, int) and not isinstance(each, bool) and each >= 0 for each in numbers):
        return None
    return f"{found['path']}:{numbers[0]}:{numbers[1]}"


def _is_path(value: object) -> bool:
    """Whether it can name a file: lone surrogates that stand for no byte and NUL cannot."""
    try:
        return isinstance(value, str) and bool(value) and b"\0" not in os.fsencode(value)
    except UnicodeEncodeError:
        return False
