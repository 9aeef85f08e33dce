"""Downloads in a separate process, so that the server stays responsive and can stop it.

The process (`copilot_lsp/launch.py`) gets the model's name as a line, and writes a JSON object a line: steps (`step`,
`done`, `total`), and at the end `path` or `error`. It ends when its standard input does, so it never outlives the
process that started it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
import time
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any

from copilot_lsp import children, launch
from copilot_lsp.errors import CopilotLspError, DownloadFailed
from copilot_lsp.models import registry
from copilot_lsp.models.download import pull as pull_here
from copilot_lsp.models.progress import Progress, Report

logger = logging.getLogger(__name__)

REPORT_SECONDS = 0.2
"""Between two lines about the same step."""

END_SECONDS = 5.0
"""How long the process may take to end once its standard input is closed."""

STOPPED = 130
"""The exit code of a pull that was stopped, as after Ctrl-C."""


async def pull(name: str, report: Report) -> Path:
    """As `models.pull`. Cancelling it stops the download; what is here stays for the next pull. Raises ModelError."""
    process = await asyncio.create_subprocess_exec(
        *launch.command("copilot_lsp.models.apart"), stdin=PIPE, stdout=PIPE, cwd=_folder()
    )
    try:
        assert process.stdin is not None
        process.stdin.write(f"{name}\n".encode())
        return await _follow(process, report)
    finally:
        await children.end(process, END_SECONDS)
        registry.load.cache_clear()  # a checksum may have been recorded


def _folder() -> Path:
    """Where the process runs, pip with it: the current folder is the user's project, whose modules are not ours."""
    folder = registry.cache_folder()
    return next((each for each in (folder, *folder.parents) if each.is_dir()), Path.home())


async def _follow(process: Process, report: Report) -> Path:
    assert process.stdout is not None
    async for line in process.stdout:
        message = _decoded(line)
        if "error" in message:
            raise DownloadFailed(message["error"])
        if "path" in message:
            return Path(message["path"])
        if "step" in message:
            report(Progress(**message))
    raise DownloadFailed(f"the download process ended without a message (exit code {await process.wait()}): try again")


def _decoded(line: bytes) -> dict[str, Any]:
    """{} for what libraries may print."""
    with suppress(ValueError):
        message = json.loads(line)
        if isinstance(message, dict):
            return message
    return {}


def main() -> None:
    name = sys.stdin.buffer.readline().decode().strip()
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        _say({"path": str(pull_here(name, _Lines().report).path)})
    except CopilotLspError as error:
        _say({"error": str(error)})


class _Lines:
    """A line at each step, and one now and then while it lasts."""

    def __init__(self) -> None:
        self._step, self._said = "", 0.0

    def report(self, progress: Progress) -> None:
        now = time.monotonic()
        if progress.step == self._step and now - self._said < REPORT_SECONDS and progress.done != progress.total:
            return
        self._step, self._said = progress.step, now
        _say({"step": progress.step, "done": progress.done, "total": progress.total})


def _say(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


def _end_with_stdin() -> None:
    """At once, whatever it waits for (a lock, a server, pip): every piece is in the file as soon as it comes."""
    import psutil

    sys.stdin.buffer.read()
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    os._exit(STOPPED)
