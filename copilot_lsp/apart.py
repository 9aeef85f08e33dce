"""Long work in a separate process, so that the server stays responsive and can stop it: both of its sides.

The process (`launch.py`) gets one word as a line, such as a model's name, and writes a JSON object a line: steps
(with `step`), and at the end another one, with `error` if it failed. It ends when its standard input does, so it
never outlives the process that started it.
"""

from __future__ import annotations

import _thread
import asyncio
import json
import os
import sys
import threading
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from copilot_lsp import children, folders, launch
from copilot_lsp.errors import CopilotLspError

Message = dict[str, Any]
Say = Callable[[Message], None]

END_SECONDS = 5.0
"""How long the process may take to end once its standard input is closed."""

STOPPED = 130
"""The exit code of work that was stopped, as after Ctrl-C."""


class Failed(CopilotLspError):
    """The text is that of the error in the process."""


async def run(module: str, word: str, step: Say) -> Message:
    """What `main` of `module` says at the end, which calls `serve`. Cancelling this ends the process. Raises Failed."""
    process = await asyncio.create_subprocess_exec(*launch.command(module), stdin=PIPE, stdout=PIPE, cwd=_folder())
    try:
        assert process.stdin is not None
        process.stdin.write(f"{word}\n".encode())
        return await _follow(process, step)
    finally:
        await children.end(process, END_SECONDS)


def serve(work: Callable[[str, Say], Message], cleanup_seconds: float = 0.0) -> None:
    """The process's side: `work` gets the word. When it is stopped, it has that long to clean up behind itself."""
    word = sys.stdin.buffer.readline().decode().strip()
    threading.Thread(target=_end_with_stdin, args=(cleanup_seconds,), daemon=True).start()
    try:
        _say(work(word, _say))
    except CopilotLspError as error:
        _say({"error": str(error)})
    except KeyboardInterrupt:
        sys.exit(STOPPED)


def _folder() -> Path:
    """Where the process runs, pip with it: the current folder is the user's project, whose modules are not ours."""
    folder = folders.cache()
    return next((each for each in (folder, *folder.parents) if each.is_dir()), Path.home())


async def _follow(process: Process, step: Say) -> Message:
    assert process.stdout is not None
    async for line in process.stdout:
        message = _decoded(line)
        if "error" in message:
            raise Failed(message["error"])
        if message and "step" not in message:
            return message
        if message:
            step(message)
    raise Failed(f"the process ended without a message (exit code {await process.wait()}): try again")


def _decoded(line: bytes) -> Message:
    """{} for what libraries may print."""
    with suppress(ValueError):
        message = json.loads(line)
        if isinstance(message, dict):
            return message
    return {}


def _say(message: Message) -> None:
    print(json.dumps(message), flush=True)


def _end_with_stdin(cleanup_seconds: float) -> None:
    """Whatever it waits for: a lock, a server, pip, a process of its own."""
    import psutil

    sys.stdin.buffer.read()
    if cleanup_seconds:
        _thread.interrupt_main()
    with suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    time.sleep(cleanup_seconds)
    os._exit(STOPPED)
