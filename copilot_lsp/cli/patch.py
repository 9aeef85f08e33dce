"""A change of a file as a unified diff that `git apply` and `patch -p1` take."""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from copilot_lsp.errors import UsageError

CONTEXT_LINES = 3


def relative(path: str) -> str:
    """How a patch of this folder names a file. Raises UsageError for one outside."""
    found = Path(os.path.relpath(path)).as_posix()
    if found.startswith("../"):
        raise UsageError(f"{path} is outside this folder, and no patch can name it: call from above it, or use --apply")
    return found


def diff(path: str, before: bytes, after: bytes) -> bytes:
    """`path` is relative and '/'-separated. Lines end at \\n alone, as git has them: a \\r belongs to its line."""
    names = _name(f"a/{path}"), _name(f"b/{path}")
    lines = difflib.diff_bytes(difflib.unified_diff, _lines(before), _lines(after), *names, b"", b"", CONTEXT_LINES)
    return b"".join(_ended(lines))


def _lines(data: bytes) -> list[bytes]:
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def _ended(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line if line.endswith(b"\n") else line + b"\n\\ No newline at end of file\n"


def _name(path: str) -> bytes:
    """Quoted as git does it where it must be; a name with a blank ends with a tab, so that `patch` reads all of it."""
    raw = os.fsencode(path)
    if re.search(rb'[\x00-\x1f\x7f"\\]', raw):
        return b'"' + re.sub(rb'[\x00-\x1f\x7f"\\]', lambda found: b"\\%03o" % found[0][0], raw) + b'"'
    return raw + b"\t" if b" " in raw else raw
