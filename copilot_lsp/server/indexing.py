"""The server's side of the index process: started while there is something to index, and sent changes."""

from __future__ import annotations

import asyncio
import json
import logging
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Literal

from copilot_lsp import children, launch
from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.update import Scope

logger = logging.getLogger(__name__)

RESTARTS = (1.0, 10.0, 60.0)
"""Delays (seconds) before the process is restarted after it has ended unexpectedly."""

END_SECONDS = 2.0
LONGEST_LINE = 2**20


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """`done` of `total` files while it is `indexing`; `bytes` on the disk; `message` is a line for people."""

    state: Literal["off", "indexing", "ready", "failed"] = "off"
    files: int = 0
    symbols: int = 0
    bytes: int = 0
    done: int = 0
    total: int = 0
    message: str = "other files are not indexed"


class IndexProcess:
    """`changed` is called when `status` is another, `started` when the process knows nothing but its scope yet."""

    def __init__(self, changed: Callable[[], None], started: Callable[[], None]) -> None:
        self.status = IndexStatus()
        self.settled = asyncio.Event()
        """Unless it is indexing."""
        self._changed, self._started = changed, started
        self._scope: Scope | None = None
        self._poll = 0.0
        self._process: Process | None = None
        self._living: asyncio.Task[None] | None = None
        self._ending = False

    def use(self, scope: Scope | None, poll: float) -> None:
        """Set what is indexed, rechecked every `poll` seconds; None: stop the process."""
        self._scope, self._poll = scope, poll
        if scope is None:
            self._become(IndexStatus())
            self._end()
            return
        self._become(IndexStatus("indexing", message="indexing other files"))
        if self._living is None:
            self._living = asyncio.get_running_loop().create_task(self._live())
        else:
            self._send_scope()

    def send(self, message: Mapping[str, object]) -> None:
        if self._process is not None and self._process.stdin is not None:
            with suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")

    async def close(self) -> None:
        self._scope = None
        self._end()
        if self._living is not None:
            self._living.cancel()
            with suppress(asyncio.CancelledError):
                await self._living

    async def _live(self) -> None:
        pauses = iter(RESTARTS)
        while self._scope is not None:
            await self._run()
            if self._ending:  # somebody may have turned it on again since
                self._ending = False
                continue
            logger.warning("the index process has ended")
            pause = next(pauses, None)
            if pause is None:
                self._become(IndexStatus("failed", message="other files are not indexed: the process keeps ending"))
                break
            await asyncio.sleep(pause)
        self._living = None

    async def _run(self) -> None:
        """One life of the process."""
        try:
            process = await asyncio.create_subprocess_exec(
                *launch.command("copilot_lsp.workspace.index.process"), stdin=PIPE, stdout=PIPE, limit=LONGEST_LINE
            )
        except OSError as error:
            logger.warning("the index process cannot be started: %s", error)
            return
        self._process = process
        try:
            self._send_scope()
            assert process.stdout is not None
            async for line in process.stdout:
                self._take(json.loads(line))
        finally:
            self._process = None
            await children.end(process, END_SECONDS)

    def _take(self, message: dict[str, Any]) -> None:
        if self._scope is None:
            return
        if "failed" in message:
            self._become(replace(self.status, state="failed", message=message["failed"]))
        elif "total" in message:
            text = f"indexing other files: {message['done']} of {message['total']}"
            self._become(replace(self.status, state="indexing", message=text, **message))
        else:
            text = f"{message['files']} files indexed, {message['symbols']} symbols, {message['bytes'] / 1e6:.1f} MB"
            self._become(IndexStatus("ready", message=text, **message))

    def _send_scope(self) -> None:
        if (scope := self._scope) is not None:
            parts = {"roots": scope.roots, "exclude": scope.exclude, "include": scope.include}
            self.send({"index": str(store.file_of(scope.roots)), **parts, "poll": self._poll})
            self._started()

    def _end(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._ending = True
            self._process.stdin.close()

    def _become(self, status: IndexStatus) -> None:
        if status != self.status:
            self.status = status
            if status.state == "indexing":
                self.settled.clear()
            else:
                self.settled.set()
            self._changed()
