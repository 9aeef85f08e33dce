"""Logging: where it goes, and what it never contains."""

from __future__ import annotations

import atexit
import logging
import os
import traceback
from pathlib import Path

from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.outlet import Outlet

LEVELS = ("debug", "info", "warning", "error")

FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"

STDERR = 2

WAITING_BYTES = 2**20
"""Of the log, for a reader that does not read."""


class Background(logging.Handler):
    """Logging that never waits: for a reader of stderr, or a disk. What is lost then is counted."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._outlet = Outlet(descriptor, WAITING_BYTES)
        self._lost = 0
        atexit.register(self._end)

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception:  # arguments that do not fit their message: no reason to fail
            line = f"{record.levelname} {record.name}: a message that cannot be formatted"
        if self._outlet.write(f"{self._missing()}{line}\n".encode("utf-8", "backslashreplace")):
            self._lost = 0
        else:
            self._lost += 1

    def _missing(self) -> str:
        return f"({self._lost} messages are missing here: nobody read them)\n" if self._lost else ""

    def _end(self) -> None:
        self._outlet.close(self._missing().encode())


def configure(level: str, file: Path | None) -> None:
    """To `file`, or to stderr. Raises UsageError when it cannot be written."""
    try:
        handler = Background(_opened(file) if file else STDERR)
    except OSError as error:
        raise UsageError(f"the log file {file} cannot be written: {error.strerror}") from None
    handler.setFormatter(logging.Formatter(FORMAT))
    if level != "debug":
        handler.addFilter(without_text)
        logging.getLogger("pygls").setLevel(logging.ERROR)
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(level.upper())


def _opened(file: Path) -> int:
    """A descriptor to append to. Opening a named pipe must not wait for its reader."""
    at_once: int = getattr(os, "O_NONBLOCK", 0)
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | at_once, 0o666)
    if at_once:
        os.set_blocking(descriptor, True)
    return descriptor


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
