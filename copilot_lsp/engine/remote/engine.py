"""Several remote engines as one: use the first that answers, and the local engine while none does."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from copilot_lsp.endpoints import Endpoint
from copilot_lsp.engine.base import Done, Engine, EngineState, EngineStatus, FinishReason, InfillRequest, Piece, Spent
from copilot_lsp.engine.remote.carry import Carried
from copilot_lsp.engine.remote.endpoint import Remote
from copilot_lsp.errors import EngineFailed, ModelError, RemoteFailed
from copilot_lsp.settings import Settings

log = logging.getLogger(__name__)

MakeLocal = Callable[[], Engine]
"""Raises ModelError when there is no model."""


class RemoteEngine:
    """`make_local` None: nothing answers while no endpoint does. The local engine is started when it is needed first,
    and stays."""

    def __init__(self, endpoints: Sequence[Endpoint], settings: Settings, make_local: MakeLocal | None) -> None:
        self._remotes = [Remote(endpoint, settings, self._update) for endpoint in endpoints]
        self._make_local = make_local
        self._local: Engine | None = None
        self._listeners: list[Callable[[EngineStatus], None]] = []
        self._changed = asyncio.Event()
        self._foreground = 0
        self._forgotten = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._status = EngineStatus(EngineState.STOPPED, "not started")

    @property
    def status(self) -> EngineStatus:
        return self._status

    @property
    def spent(self) -> Spent:
        parts = [remote.spent for remote in self._remotes]
        parts += [self._local.spent] if self._local else []
        return Spent(
            sum(part.evaluated for part in parts),
            sum(part.reused for part in parts),
            sum(part.generated for part in parts),
        )

    def subscribe(self, listener: Callable[[EngineStatus], None]) -> None:
        self._listeners.append(listener)

    async def start(self) -> None:
        for remote in self._remotes:
            remote.start()
        self._update()

    async def ready(self) -> None:
        while self._status.state is not EngineState.READY:
            hopeless = self._local is None and all(remote.tried for remote in self._remotes)
            if hopeless or self._status.state in (EngineState.FAILED, EngineState.STOPPED):
                raise EngineFailed(self._status.message)
            self._changed.clear()
            await self._changed.wait()

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        """If an engine fails, the next one continues its answer."""
        await self.ready()
        carried, forgotten = Carried(request), self._forgotten
        if not request.background:
            self._foreground += 1
        try:
            async with aclosing(self._answers(carried)) as stream:
                async for item in stream:
                    yield carried.take(item)
                    if (request.background and self._foreground) or forgotten != self._forgotten:
                        yield carried.take(Done(FinishReason.CANCELLED))
                        return
        finally:
            if not request.background:
                self._foreground -= 1

    def forget(self) -> None:
        """Drop all cached text here. Text already sent cannot be recalled."""
        self._forgotten += 1
        for remote in self._remotes:
            remote.forget()
        if self._local is not None:
            self._local.forget()

    async def close(self, discard: bool = False) -> None:
        self._closed = True
        await asyncio.gather(*(remote.close() for remote in self._remotes))
        if self._local is not None:
            await self._local.close(discard)
        self._become(EngineStatus(EngineState.STOPPED, "stopped"))

    async def _answers(self, carried: Carried) -> AsyncGenerator[Piece | Done, None]:
        """Each endpoint once, then the local engine. Raises EngineError when the last one fails as well."""
        tried: set[Remote] = set()
        while (
            remote := next((each for each in self._remotes if each.answers and each not in tried), None)
        ) is not None:
            tried.add(remote)
            try:
                async with aclosing(remote.infill(carried.request)) as stream:
                    async for item in stream:
                        yield item
                return
            except RemoteFailed as error:
                if carried.request.background:
                    raise
                log.info("%s %s: trying the next", remote.endpoint.host, error)
        async with aclosing((await self._local_engine()).infill(carried.request)) as stream:
            async for item in stream:
                yield item

    async def _local_engine(self) -> Engine:
        """Started if it is not; its own `ready` is waited for. Raises EngineError where there is none."""
        if self._local is None and self._make_local is not None:
            self._start_local("no endpoint has answered this request")
        if self._local is None:
            raise RemoteFailed(self._problems() or self._status.message)
        await asyncio.gather(*self._tasks)  # its `start`
        await self._local.ready()
        return self._local

    def _problems(self) -> str:
        return "; ".join(f"{each.endpoint.host} {each.problem}" for each in self._remotes if each.problem)

    def _update(self) -> None:
        """Some endpoint has changed, or the local engine."""
        if self._closed:
            return
        remote = next((each for each in self._remotes if each.answers), None)
        if remote is not None:
            host = remote.endpoint.host
            message = f"ready; text goes to {host}{self._out_of_order(remote)}"
            status = EngineStatus(EngineState.READY, message, f"{remote.model} at {host}", remote=host)
            self._become(replace(status, details=remote.details))
        elif not all(each.tried for each in self._remotes):
            hosts = ", ".join(each.endpoint.host for each in self._remotes)
            self._become(EngineStatus(EngineState.STARTING, f"connecting to {hosts}", hosts))
        else:
            self._fall_back()

    def _out_of_order(self, used: Remote) -> str:
        """Why earlier endpoints are not used."""
        earlier = self._remotes[: self._remotes.index(used)]
        return "".join(f"; {each.endpoint.host} {each.problem}" for each in earlier if each.problem)

    def _fall_back(self) -> None:
        problems = self._problems()
        if self._local is None and self._make_local is not None:
            self._start_local(problems)
        if self._local is None:
            model = ", ".join(each.endpoint.host for each in self._remotes)
            self._become(EngineStatus(EngineState.RESTARTING, f"{problems}; trying again", model))
            return
        own = self._local.status
        state = EngineState.STARTING if own.state is EngineState.STOPPED else own.state  # its task has not begun yet
        self._become(replace(own, state=state, message=f"{problems}; on this machine: {own.message}"))

    def _start_local(self, problems: str) -> None:
        assert self._make_local is not None
        try:
            self._local = self._make_local()
        except ModelError as error:
            self._make_local = None
            log.warning("%s; and there is no local model: %s", problems, error)
            return
        self._local.subscribe(lambda _: self._update())
        starting = asyncio.create_task(self._local.start())
        self._tasks.add(starting)
        starting.add_done_callback(self._tasks.discard)

    def _become(self, status: EngineStatus) -> None:
        self._status = status
        self._changed.set()
        for listener in self._listeners:
            listener(status)
