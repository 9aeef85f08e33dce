"""Rewrites files of the user: whole or not at all."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from copilot_lsp.errors import CopilotLspError


def rewrite(path: Path, before: bytes, after: bytes) -> None:
    """Puts `after` in the place of `before` in one step, with the file's mode; a link stays one.

    Raises CopilotLspError, and has changed nothing then: also when the file has another text by now.
    """
    target = Path(os.path.realpath(path))
    try:
        if not os.access(target, os.W_OK):
            raise CopilotLspError(f"{path} cannot be written: it is read-only")
        if target.read_bytes() != before:
            raise CopilotLspError(f"{path} was changed meanwhile: it is left as it is")
        _replace(target, after)
    except OSError as error:
        raise CopilotLspError(f"{path} cannot be written: {error.strerror}") from None


def _replace(target: Path, data: bytes) -> None:
    number, name = tempfile.mkstemp(prefix=f".{target.name[:50]}.", dir=target.parent)
    new = Path(name)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        new.chmod(target.stat().st_mode & 0o7777)
        new.replace(target)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise
