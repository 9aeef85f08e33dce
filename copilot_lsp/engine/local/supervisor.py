"""The server's side of the engine process: start it, talk to it, watch it, restart it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from copilot_lsp import children, launch
from copilot_lsp.engine.base import EngineState
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.client import EngineClient
from copilot_lsp.engine.local.pulse import PING_SECONDS, Pulse
from copilot_lsp.engine.local.restarts import Death
from copilot_lsp.settings import Settings

log = logging.getLogger(__name__)

END_SECONDS = 2.0
"""Seconds that the process has to exit by itself."""

KEPT_ERRORS = 8192
"""Bytes of the process's standard error that are logged when it dies."""


class LocalEngine(EngineClient):
    """A model file in a process of its own. `command` starts it, where it is not the usual one."""

    def __init__(self, model: Path, settings: Settings, name: str = "", command: Sequence[str] = ()) -> None:
        super().__init__(name or model.stem)
        self._model = model
        self._settings = settings
        self._command = command or worker_command()
        self._process: Process | None = None
        self._supervisor: asyncio.Task[None] | None = None
        self._pulse = Pulse()
        self._hung = ""
        self._stderr = b""

    async def start(self) -> None:
        self._become(EngineState.STARTING, "loading the model")
        self._supervisor = asyncio.create_task(self._supervise())

    async def close(self, discard: bool = False) -> None:
        self._become(EngineState.STOPPED, "stopped")
        if self._supervisor is not None:
            self._supervisor.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._supervisor
        self._give_up_requests("the engine was stopped")

    async def _supervise(self) -> None:
        try:
            await self._live()
        except Exception as error:
            log.exception("the engine is no longer watched")
            self._become(EngineState.FAILED, f"the engine cannot be watched: {error}")
            self._give_up_requests(str(error))

    async def _live(self) -> None:
        """Run the process, restarting it until it is given up."""
        deaths: list[Death] = []
        safe = self._settings.engine.safe_mode == "on"
        while self._status.state is not EngineState.FAILED:
            death = await self._run(safe)
            if death is None:
                return
            deaths.append(death)
            for line in self._stderr.decode("utf-8", "replace").splitlines():
                log.debug("engine: %s", line)
            if again := self._lost(deaths, self._settings.engine.safe_mode):
                safe = again.safe
                await asyncio.sleep(again.delay)

    async def _run(self, safe: bool) -> Death | None:
        """Run the process once; None if restarting is pointless."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, stdin=PIPE, stdout=PIPE, stderr=PIPE, limit=wire.MESSAGE_BYTES, env=environment()
            )
        except OSError as error:
            self._become(EngineState.FAILED, f"the engine process cannot be started: {error}")
            return None
        self._process, self._pulse, self._hung, self._stderr = process, Pulse(), "", b""
        self._status = replace(self._status, safe_mode=safe, pid=process.pid)
        beside = [asyncio.create_task(self._read_stderr(process)), asyncio.create_task(self._watch(process))]
        try:
            self._send(start_message(self._model, self._settings, safe))
            usable = await self._read(process)
            code = await process.wait()
        finally:
            for task in beside:
                task.cancel()
            self._process = None
            await children.end(process, END_SECONDS)
        ready = self._status.state is EngineState.READY
        return Death(time.monotonic(), code, ready, safe, self._hung) if usable else None

    async def _read(self, process: Process) -> bool:
        """Handle messages until the pipe closes; False if the process reported itself unusable."""
        assert process.stdout is not None
        try:
            async for line in process.stdout:
                if not self._take(wire.decode(line)):
                    return False
        except ValueError as error:  # no message, or one without an end
            log.debug("engine: %s", error)
            self._kill(process, "said something that is no message")
        return True

    def _take(self, message: wire.Message) -> bool:
        self._pulse.heard()
        if isinstance(message, wire.Delta | wire.Finished):
            self._answer(message)
        elif isinstance(message, wire.Pong):
            self._pulse.answered(message.evaluations)
        elif isinstance(message, wire.Loading):
            self._pulse.progressed()
            self._become(self._status.state, f"loading the model: {message.fraction:.0%}")
        elif isinstance(message, wire.Ready):
            self._status = replace(self._status, details=message.details)
            self._become(EngineState.READY, "ready in safe mode" if self._status.safe_mode else "ready")
        elif isinstance(message, wire.Unusable):
            self._become(EngineState.FAILED, message.message)
            return False
        return True

    async def _read_stderr(self, process: Process) -> None:
        assert process.stderr is not None
        while data := await process.stderr.read(KEPT_ERRORS):
            self._stderr = (self._stderr + data)[-KEPT_ERRORS:]

    async def _watch(self, process: Process) -> None:
        """Kill a hung process, which ends `_read`."""
        while not self._hung:
            await asyncio.sleep(PING_SECONDS)
            if self._asked or self._status.state is not EngineState.READY:
                self._send(wire.Ping())
                if hung := self._pulse.turn(self._status.state is EngineState.READY):
                    self._kill(process, hung)
            else:
                self._pulse.rest()

    def _kill(self, process: Process, why: str) -> None:
        self._hung = why
        with contextlib.suppress(ProcessLookupError):
            process.kill()

    def _send(self, message: wire.Message) -> None:
        """Send a message; ignored if the process has just died."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.write(wire.encode(message))


def start_message(model: Path, settings: Settings, safe: bool) -> wire.Start:
    longest = max(settings.completion.max_block_tokens, settings.completion.max_line_tokens)
    return wire.Start(str(model), settings.context, settings.engine, longest, safe)


def worker_command() -> list[str]:
    return launch.command("copilot_lsp.engine.local.worker")


def environment() -> dict[str, str]:
    """The engine's environment: ours, with threads that spin only briefly while they wait for each other.

    libgomp spins 300,000 times by default. Where a compiler or a test run keeps the cores busy, the thread that
    spins uses up the time that the other would need. Measured on 2 cores, 128 tokens of prompt / one token, in ms:
    idle 213 / 13 by default, 225 / 15 with 300 spins, 241 / 19 without any; busy 4059 / - , 531 / 51, 489 / 62.
    """
    return {"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "300", **os.environ}
