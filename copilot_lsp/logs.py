"""Where the log goes, and what never gets into it."""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path

from copilot_lsp.errors import CopilotLspError, UsageError

LEVELS = ("debug", "info", "warning", "error")

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def configure(level: str, file: Path | None) -> None:
    """To `file`, or to stderr. Raises UsageError when it cannot be written."""
    try:
        handler = logging.FileHandler(file, encoding="utf-8") if file else logging.StreamHandler(sys.stderr)
    except OSError as error:
        raise UsageError(f"the log file {file} cannot be written: {error.strerror}") from None
    handler.setFormatter(logging.Formatter(FORMAT))
    if level != "debug":
        handler.addFilter(without_text)
        logging.getLogger("pygls").setLevel(logging.ERROR)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())


def without_text(record: logging.LogRecord) -> bool:
    """A logging filter: takes out what may quote a document, pygls' parameters and exceptions' messages."""
    if record.name.startswith("pygls"):
        record.args = ()
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        stack = "".join(traceback.format_tb(error.__traceback__))
        said = f": {error}" if isinstance(error, CopilotLspError) else ""
        record.exc_text = f"{stack}{type(error).__name__}{said}"
    return True
