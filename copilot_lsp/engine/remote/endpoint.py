"""The state of one endpoint: connect, notice failures, and retry with back-off."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing
from typing import Protocol

from copilot_lsp.endpoints import Endpoint
from copilot_lsp.engine.base import Done, InfillRequest, Piece, Spent
from copilot_lsp.engine.remote import llama_server, openai
from copilot_lsp.engine.remote.connection import Connection, Refused
from copilot_lsp.errors import RemoteFailed
from copilot_lsp.settings import Settings

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 60.0

CHECK_SECONDS = 30.0
"""Interval of health checks (seconds), so that the status is current even between keys."""

NOT_ITS_FAULT = (400, 413, 422)
"""HTTP statuses that blame the request, not the server."""

AT_ONCE = 4
"""Maximum concurrent requests to a server; further ones wait here."""


class Dialect(Protocol):
    """A server that has been asked about itself."""

    @property
    def details(self) -> Mapping[str, str | int | float | bool]: ...

    def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        """Raises RemoteFailed."""

    async def check(self) -> None:
        """Raises RemoteFailed unless the server would answer as it did when it was asked about itself."""

    def forget(self) -> None:
        """Drop all cached text of requests."""


class Remote:
    """`changed` is called when it has begun or ceased to answer. `problem`: why it does not, "" while it does."""

    def __init__(self, endpoint: Endpoint, settings: Settings, changed: Callable[[], None]) -> None:
        self.endpoint = endpoint
        self.model = ""
        self.problem = ""
        self.tried = False
        self.spent = Spent()
        self._settings = settings
        self._changed = changed
        self._connection = Connection(endpoint, settings.remote)
        self._dialect: Dialect | None = None
        self._failures = 0
        self._not_before = 0.0
        self._lost = asyncio.Event()
        self._room = asyncio.Semaphore(AT_ONCE)
        self._keeper: asyncio.Task[None] | None = None

    @property
    def answers(self) -> bool:
        return self._dialect is not None

    @property
    def details(self) -> Mapping[str, str | int | float | bool]:
        return self._dialect.details if self._dialect else {}

    def start(self) -> None:
        self._keeper = asyncio.create_task(self._keep())

    async def close(self) -> None:
        if self._keeper is not None:
            self._keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._keeper
        self._dialect = None
        await self._connection.close()

    def forget(self) -> None:
        if self._dialect is not None:
            self._dialect.forget()

    async def infill(self, request: InfillRequest) -> AsyncGenerator[Piece | Done, None]:
        """Raises RemoteFailed; it is not asked again then until a check has found it well."""
        dialect = self._dialect
        if dialect is None:
            raise RemoteFailed(self.problem or "is not connected")
        last: Done | None = None
        try:
            async with self._room, aclosing(dialect.infill(request)) as stream:
                async for item in stream:
                    last = item if isinstance(item, Done) else item.so_far
                    yield item
        except GeneratorExit:  # most answers are ended here, where their line is complete
            self._failures = 0 if last is not None else self._failures
            raise
        except RemoteFailed as error:
            if not (isinstance(error, Refused) and error.status in NOT_ITS_FAULT):
                self._fail(error)
            raise
        else:
            self._failures = 0
        finally:
            if last is not None:
                self.spent = self.spent.plus(last)

    def _fail(self, error: RemoteFailed) -> None:
        wait = error.retry_after if isinstance(error, Refused) else 0.0
        self._failures += 1
        pause = min(LONGEST_PAUSE_SECONDS, max(wait, FIRST_PAUSE_SECONDS * 2 ** min(self._failures - 1, 10)))
        self._not_before = time.monotonic() + pause
        self._dialect, self.problem, self.tried = None, str(error), True
        log.warning("%s %s", self.endpoint.host, error)
        self._lost.set()
        self._changed()

    async def _keep(self) -> None:
        while True:
            try:
                await self._connect()
                while not self._lost.is_set():
                    await self._watch()
            except RemoteFailed as error:
                self._fail(error)
            except Exception:
                log.exception("%s cannot be used", self.endpoint.host)
                self._fail(RemoteFailed("cannot be used; see the log"))
            await asyncio.sleep(max(0.0, self._not_before - time.monotonic()))

    async def _connect(self) -> None:
        await self._connection.open()
        connect = openai.connect if self.endpoint.kind == "openai" else llama_server.connect
        self._dialect, self.model = await connect(self._connection, self._settings)
        self.problem, self.tried = "", True
        self._lost.clear()
        log.info("%s answers", self.endpoint.host)
        self._changed()

    async def _watch(self) -> None:
        try:
            async with asyncio.timeout(CHECK_SECONDS):  # Python 3.11's wait_for can swallow a cancellation
                await self._lost.wait()
        except TimeoutError:
            if self._dialect is not None:
                await self._dialect.check()
