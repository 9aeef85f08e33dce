"""The engine while there is no model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable

from copilot_lsp.engine.base import Done, EngineState, EngineStatus, InfillRequest, Piece, Spent
from copilot_lsp.errors import EngineFailed, ModelError


class AbsentEngine:
    """Its status says what `error` says."""

    def __init__(self, model: str, error: ModelError) -> None:
        self.spent = Spent()
        self.status = EngineStatus(EngineState.ABSENT, str(error), model)

    def subscribe(self, listener: Callable[[EngineStatus], None]) -> None:
        """Nothing ever changes."""

    async def start(self) -> None:
        """There is nothing to start."""

    async def ready(self) -> None:
        raise EngineFailed(self.status.message)

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        await self.ready()
        yield Piece("")

    def forget(self) -> None:
        """There is nothing to forget."""

    async def close(self, discard: bool = False) -> None:
        """There is nothing to close."""
