"""Standard streams that may be closed, full, or in a legacy encoding."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from typing import Any, TextIO

from copilot_lsp.errors import CopilotLspError

STDIN, STDOUT, STDERR = 0, 1, 2


def prepare() -> None:
    """Makes all three usable.

    A number that is free would go to the next file that is opened, and what is printed would go there. So a closed
    one is opened the wrong way round: whoever reads or writes is told "Bad file descriptor". Errors about errors
    help nobody: a closed stderr swallows everything.
    """
    for descriptor, mode in ((STDIN, os.O_WRONLY), (STDOUT, os.O_RDONLY), (STDERR, os.O_WRONLY)):
        _open(descriptor, mode)
    sys.stdin = sys.stdin or open(STDIN, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stdout is sys.__stdout__:
        sys.stdout = _Stdout.text(sys.stdout)


class CannotPrint(CopilotLspError):
    """Standard output cannot be written."""


class _Stdout(io.FileIO):
    """Tells its own errors from those of other files."""

    @classmethod
    def text(cls, like: TextIO | None) -> TextIO:
        """In the encoding of `like`; without an error, since file names need not be text."""
        return io.TextIOWrapper(
            io.BufferedWriter(cls(STDOUT, "w", closefd=False)),
            encoding=like.encoding if like is not None else "utf-8",
            errors="backslashreplace",
            line_buffering=like is not None and like.isatty(),
        )

    def write(self, data: Any) -> Any:  # noqa: ANN401
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as error:
            raise CannotPrint(f"cannot write to standard output: {error.strerror}") from None


def _open(descriptor: int, mode: int) -> None:
    try:
        os.fstat(descriptor)
    except OSError:
        opened = os.open(os.devnull, mode)
        if opened != descriptor:  # an earlier one is free, too
            os.dup2(opened, descriptor)
            os.close(opened)


def say(message: str) -> None:
    """Print one line on stderr, if possible."""
    line = " ".join(message.split("\n"))
    try:
        print(f"copilot-lsp: {line}", file=sys.stderr, flush=True)
    except (OSError, ValueError):
        give_up(STDERR)


def flush() -> None:
    """Writes what is buffered for standard output. Raises CannotPrint, BrokenPipeError."""
    if not sys.stdout.closed:
        sys.stdout.flush()


def give_up(descriptor: int) -> None:
    """Nothing more goes there: the interpreter would flush it once more at its exit, and complain."""
    with suppress(OSError):
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, descriptor)
        os.close(null)
