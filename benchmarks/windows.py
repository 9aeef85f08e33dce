"""Editor windows one after the other, each with a server in a process of its own: their memory, and how long the first
completion takes."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from copilot_lsp.evaluation.typing.language_server import CAPABILITIES, INLINE, serve_command
from copilot_lsp.evaluation.typing.rpc import Rpc

PARAMS = {"processId": None, "rootUri": None, "capabilities": CAPABILITIES}
OPTIONS = {"completion": {"confidence": 0}}

CODE = "def area(width, height):\n    return width * height\n\n\nsmall = area(1, 2)\nlarge = area("
FILE = {"uri": "file:///area.py"}
ASKED = {
    "textDocument": FILE,
    "position": {"line": 5, "character": 13},
    "context": {"triggerKind": 1},
}


@dataclass(frozen=True, slots=True)
class Opened:
    """`answered_ms`: until the answer to `initialize`; `completed_ms`: until the first completion, both from before the
    server was started. `added_bytes`: proportional set size of all our processes, less that before.
    """

    answered_ms: float
    completed_ms: float
    added_bytes: int


def proportional(runtime: str) -> int:
    """Bytes that all processes with this XDG_RUNTIME_DIR use; a page that n of them share counts for 1/n in each."""
    total = 0
    for process in psutil.process_iter():
        try:
            if process.environ().get("XDG_RUNTIME_DIR") == runtime:
                total += process.memory_full_info().pss
        except psutil.Error:
            continue
    return total


async def two(python: str, model: Path, shared: bool) -> tuple[Opened, Opened]:
    """The first window and, while it is idle, the second."""
    with tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True) as runtime:
        env = {"XDG_RUNTIME_DIR": runtime, "COPILOT_LSP_ENGINE_SHARED": str(shared).lower()}
        command = serve_command(python, str(model))
        async with window(command, env) as first, window(command, env) as second:
            pass
        while proportional(runtime):  # the shared engine stays for some seconds
            await asyncio.sleep(0.1)
    return first, second


@asynccontextmanager
async def window(command: list[str], env: dict[str, str]) -> AsyncIterator[Opened]:
    before, begun = proportional(env["XDG_RUNTIME_DIR"]), time.perf_counter()
    rpc = await Rpc.start(command, lambda _method, _params: None, env)
    await rpc.request("initialize", {**PARAMS, "initializationOptions": OPTIONS})
    answered = time.perf_counter()
    rpc.notify("initialized", {})
    document = {**FILE, "languageId": "python", "version": 1, "text": CODE}
    rpc.notify("textDocument/didOpen", {"textDocument": document})
    while not (await rpc.request(INLINE, ASKED))["items"]:
        await asyncio.sleep(0.005)
    completed = time.perf_counter()
    await asyncio.sleep(1)  # for what is done in the background
    added = proportional(env["XDG_RUNTIME_DIR"]) - before
    yield Opened((answered - begun) * 1000, (completed - begun) * 1000, added)
    await rpc.close()
