"""The common part of local and shared engines: state, requests in flight, token counts."""

from __future__ import annotations

import asyncio
import itertools
import logging
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace

from copilot_lsp.engine.base import Done, EngineState, EngineStatus, InfillRequest, Piece, Spent
from copilot_lsp.engine.local import restarts, wire
from copilot_lsp.engine.local.restarts import Again, Death
from copilot_lsp.errors import EngineDied, EngineFailed

log = logging.getLogger(__name__)

Reply = Piece | Done | EngineDied


class EngineClient:
    """Most of an `Engine`. Who derives from it sends messages (`_send`) and hands on what comes back (`_answer`)."""

    def __init__(self, model: str) -> None:
        self._status = EngineStatus(EngineState.STOPPED, "not started", model)
        self._spent = Spent()
        self._listeners: list[Callable[[EngineStatus], None]] = []
        self._changed = asyncio.Event()
        self._asked: dict[int, Callable[[Reply], None]] = {}
        self._ids = itertools.count(1)

    @property
    def status(self) -> EngineStatus:
        return self._status

    @property
    def spent(self) -> Spent:
        return self._spent

    def subscribe(self, listener: Callable[[EngineStatus], None]) -> None:
        self._listeners.append(listener)

    async def ready(self) -> None:
        while self._status.state is not EngineState.READY:
            if self._status.state in (EngineState.FAILED, EngineState.STOPPED):
                raise EngineFailed(self._status.message)
            self._changed.clear()
            await self._changed.wait()

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        await self.ready()
        replies: asyncio.Queue[Reply] = asyncio.Queue()
        id = self.ask(request, replies.put_nowait)
        try:
            while True:
                reply = await replies.get()
                if isinstance(reply, EngineDied):
                    raise reply
                yield reply
                if isinstance(reply, Done):
                    return
        finally:
            if self._asked.pop(id, None) is not None:
                self.cancel(id)

    def ask(self, request: InfillRequest, deliver: Callable[[Reply], None], client: int = 0) -> int:
        """Sends `request` to an engine that is ready; its number. `deliver` gets pieces, then the end or a death."""
        id = next(self._ids)
        self._asked[id] = deliver
        self._send(wire.Ask(id, request, client))
        return id

    def cancel(self, id: int) -> None:
        """The end is delivered nevertheless, soon."""
        self._send(wire.Cancel(id))

    def forget(self) -> None:
        for id in self._asked:
            self.cancel(id)
        self.drop()

    def drop(self, client: int = 0) -> None:
        """Empties the KV cache of what the documents of `client` left there."""
        self._send(wire.Forget(client))

    def _send(self, message: wire.Message) -> None:
        raise NotImplementedError

    def _answer(self, message: wire.Delta | wire.Finished) -> None:
        """To who asked, if they still wait."""
        if isinstance(message, wire.Delta):
            if (deliver := self._asked.get(message.id)) is not None:
                deliver(Piece(message.text, message.so_far))
            return
        self._spent = self._spent.plus(message.done)
        if (deliver := self._asked.pop(message.id, None)) is not None:
            deliver(message.done)

    def _lost(self, deaths: list[Death], mode: str) -> Again | None:
        """Whether and how to start again after the last of `deaths`; whoever waits is told. `mode`: engine.safeMode."""
        step = restarts.decide(deaths, time.monotonic(), mode)
        log.warning("%s", step.message)
        again = step if isinstance(step, Again) else None
        self._become(EngineState.RESTARTING if again else EngineState.FAILED, step.message)
        self._give_up_requests(step.message)
        return again

    def _give_up_requests(self, why: str) -> None:
        asked, self._asked = self._asked, {}
        for deliver in asked.values():
            deliver(EngineDied(why))

    def _become(self, state: EngineState, message: str) -> None:
        self._status = replace(self._status, state=state, message=message)
        self._changed.set()
        for listener in self._listeners:
            listener(self._status)
