"""The whole server without its process: bytes go in and out through memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from wire import Wire

from copilot_lsp.engine.base import Engine
from copilot_lsp.engine.fake import FakeEngine, ScriptedAnswer
from copilot_lsp.server.protocol import Server
from copilot_lsp.server.server import create, talk
from copilot_lsp.server.session import Session
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot

URI = "file:///project/app.py"


class Pipe:
    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    def write(self, data: bytes) -> None:
        self._reader.feed_data(data)

    def close(self) -> None:
        self._reader.feed_eof()


class Connection(Wire):
    """A client, with a view of the server's side."""

    server: Server
    engines: list[Engine]

    @property
    def session(self) -> Session:
        return self.server.session

    @property
    def silence(self) -> Silence:
        """Why the last request got nothing."""
        silence = self.session.last.silence
        assert silence is not None
        return silence

    def snapshot(self, uri: str) -> Snapshot:
        """Of an open document that is not excluded."""
        snapshot = self.session.snapshot(uri)
        assert isinstance(snapshot, Snapshot)
        return snapshot


@asynccontextmanager
async def connected(
    *rules: ScriptedAnswer,
    settings: Settings | None = None,
    model: str | None = None,
    make_engine: Callable[[Settings], Engine] | None = None,
) -> AsyncIterator[Connection]:
    """A client of a server that has not been initialized yet."""
    engines: list[Engine] = []

    def make(settings: Settings) -> Engine:
        engines.append(make_engine(settings) if make_engine else FakeEngine(rules))
        return engines[-1]

    settings = settings or Settings()
    engine = make(settings)
    await engine.start()
    server = create(Session(engine, make, settings, model))
    upstream, downstream = asyncio.StreamReader(), asyncio.StreamReader()
    talking = asyncio.create_task(talk(server, upstream, Pipe(downstream)))
    client = Connection(downstream, Pipe(upstream))
    client.server, client.engines = server, engines
    try:
        yield client
    finally:
        upstream.feed_eof()
        await talking
        await server.session.close()
        downstream.feed_eof()
        await client.reading


async def push(client: Connection, options: object) -> None:
    """Changes the settings as a client does that is not asked for them."""
    client.notify("workspace/didChangeConfiguration", {"settings": {"copilotLsp": options}})
    await status(client)


async def status(client: Connection) -> dict[str, Any]:
    result: dict[str, Any] = await client.request("workspace/executeCommand", {"command": "copilotLsp.status"})
    return result
