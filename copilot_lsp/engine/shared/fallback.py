"""A shared engine, and one of one's own where that cannot be had."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import replace

from copilot_lsp.engine.base import Done, EngineState, EngineStatus, InfillRequest, Piece, Spent
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.errors import EngineFailed

log = logging.getLogger(__name__)


class SharedOrOwn:
    """Falls back once, and for good: to share again, the engine is restarted. `make_shared` may raise OSError."""

    def __init__(self, make_shared: Callable[[], SharedEngine], make_own: Callable[[], LocalEngine]) -> None:
        self._make_own = make_own
        self._listeners: list[Callable[[EngineStatus], None]] = []
        self._before = Spent()
        self._alone = ""
        self._switching: asyncio.Task[None] | None = None
        self._is_closed = False
        try:
            self._use(make_shared())
        except OSError as error:
            self._use(self._own(f"the shared engine cannot be reached: {error}"))

    @property
    def status(self) -> EngineStatus:
        return replace(self._engine.status, alone=self._alone)

    @property
    def spent(self) -> Spent:
        now = self._engine.spent
        return Spent(
            self._before.evaluated + now.evaluated,
            self._before.reused + now.reused,
            self._before.generated + now.generated,
        )

    def subscribe(self, listener: Callable[[EngineStatus], None]) -> None:
        self._listeners.append(listener)

    async def start(self) -> None:
        await self._engine.start()

    async def ready(self) -> None:
        while True:
            if self._switching is not None:
                await asyncio.shield(self._switching)
            engine = self._engine
            try:
                return await engine.ready()
            except EngineFailed:
                if engine is self._engine:
                    raise

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        await self.ready()
        async with aclosing(self._engine.infill(request)) as stream:
            async for item in stream:
                yield item

    def forget(self) -> None:
        self._engine.forget()

    async def close(self, discard: bool = False) -> None:
        self._is_closed = True
        if self._switching is not None:
            await self._switching
        await self._engine.close(discard)

    def _use(self, engine: SharedEngine | LocalEngine) -> None:
        self._engine = engine
        engine.subscribe(lambda status: self._changed(engine, status))

    def _own(self, why: str) -> LocalEngine:
        log.warning("the engine is not shared: %s", why)
        self._alone = why
        return self._make_own()

    def _changed(self, engine: SharedEngine | LocalEngine, status: EngineStatus) -> None:
        if engine is not self._engine:
            return
        lost = isinstance(engine, SharedEngine) and status.state is EngineState.FAILED and not engine.is_unusable
        if lost and not self._is_closed:
            self._before = engine.spent
            self._use(self._own(status.message))
            self._switching = asyncio.create_task(self._switch(engine))
            return
        for listener in self._listeners:
            listener(self.status)

    async def _switch(self, old: SharedEngine | LocalEngine) -> None:
        await self._engine.start()
        await old.close()
