"""Rewrites files of the user: whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from copilot_lsp import atomic
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
        atomic.write(target, after)
    except OSError as error:
        raise CopilotLspError(f"{path} cannot be written: {error.strerror}") from None
