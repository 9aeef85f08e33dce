"""A server's side of a shared engine: the connection to the hub, re-established when it is lost."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from copilot_lsp.engine.base import EngineState, EngineStatus
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.client import EngineClient
from copilot_lsp.engine.local.pulse import PING_SECONDS, Pulse
from copilot_lsp.engine.local.restarts import Death
from copilot_lsp.engine.local.supervisor import start_message
from copilot_lsp.engine.shared import meet
from copilot_lsp.engine.shared.meet import Connection
from copilot_lsp.engine.shared.place import Rendezvous, place_of
from copilot_lsp.settings import Settings

log = logging.getLogger(__name__)


class SharedEngine(EngineClient):
    """Raises OSError where there can be no place to meet. `command` starts the hub, where it is not the usual one.

    `is_unusable`: it has failed, and one of one's own would fail as well.
    """

    def __init__(
        self, model: Path, settings: Settings, name: str = "", folder: Path | None = None, command: Sequence[str] = ()
    ) -> None:
        super().__init__(name or model.stem)
        self._start = start_message(model, settings, settings.engine.safe_mode == "on")
        self._command = command or meet.hub_command()
        self.place: Rendezvous = place_of(self._start, self._command, folder)
        self._connection: Connection | None = None
        self._keeper: asyncio.Task[None] | None = None
        self._pulse = Pulse()
        self._was_ready = False
        self.is_unusable = False

    async def start(self) -> None:
        self._become(EngineState.STARTING, "loading the model")
        self._keeper = asyncio.create_task(self._keep())

    async def close(self, discard: bool = False) -> None:
        self._become(EngineState.STOPPED, "stopped")
        if discard:
            self._send(wire.Discard())
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._give_up_requests("the engine was stopped")

    async def _keep(self) -> None:
        try:
            await self._live()
        except Exception as error:
            if not isinstance(error, OSError):
                log.exception("the shared engine is no longer watched")
            message = f"the shared engine cannot be reached: {error}"
            self._become(EngineState.FAILED, message)
            self._give_up_requests(message)

    async def _live(self) -> None:
        """Reconnect until the engine is given up, here or by the hub."""
        deaths: list[Death] = []
        while not self._is_over():
            await self._talk(await meet.meet(self.place, self._start, self._command))
            if self._is_over():
                return
            deaths.append(Death(time.monotonic(), 0, True, False, "went away"))
            if again := self._lost(deaths, "off"):
                await asyncio.sleep(again.delay)

    def _is_over(self) -> bool:
        return self._status.state is EngineState.FAILED

    async def _talk(self, connection: Connection) -> None:
        """Until the hub is gone."""
        self._connection, self._pulse = connection, Pulse()
        watch = asyncio.create_task(self._watch(connection))
        try:
            async for line in connection.reader:
                self._take(wire.decode(line))
        except (OSError, ValueError) as error:
            log.debug("the shared engine: %s", error)
        finally:
            watch.cancel()
            self._connection = None
            connection.writer.close()
            with contextlib.suppress(OSError, TimeoutError):
                await asyncio.wait_for(connection.writer.wait_closed(), PING_SECONDS)

    def _take(self, message: wire.Message) -> None:
        self._pulse.heard()
        if isinstance(message, wire.Delta | wire.Finished):
            self._answer(message)
        elif isinstance(message, wire.Pong):
            self._pulse.answered(message.evaluations)
        elif isinstance(message, wire.State):
            self._follow(message.status)

    def _follow(self, status: EngineStatus) -> None:
        """Adopt the engine's state. An engine that is no longer ready has lost our requests.

        One that was ready and failed may have been another window's fault.
        """
        self._was_ready |= status.state is EngineState.READY
        self.is_unusable = status.state is EngineState.FAILED and not (self._was_ready and status.clients > 1)
        self._status = replace(status, model=self._status.model)
        self._become(status.state, status.message)
        if status.state is not EngineState.READY:
            self._give_up_requests(status.message)

    async def _watch(self, connection: Connection) -> None:
        """Kill a hung hub, which ends the connection."""
        while True:
            await asyncio.sleep(PING_SECONDS)
            if not self._asked and self._status.state is EngineState.READY:
                self._pulse.rest()
                continue
            self._send(wire.Ping())
            if self._pulse.turn(ready=True):
                meet.kill(connection.pid)
                connection.writer.transport.abort()
                return

    def _send(self, message: wire.Message) -> None:
        """Send a message; ignored if the hub has just ended."""
        if self._connection is not None and not self._connection.writer.is_closing():
            self._connection.writer.write(wire.encode(message))
