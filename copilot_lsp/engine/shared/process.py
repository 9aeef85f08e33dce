"""The hub's process. `meet.py` starts it and writes to its standard input: Start, then the place as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import secrets
import signal
import sys
from pathlib import Path

from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared.access import TOKEN_BYTES
from copilot_lsp.engine.shared.hub import LINGER_SECONDS, Hub
from copilot_lsp.engine.shared.place import Card, Rendezvous, write_card
from copilot_lsp.settings import CompletionSettings, Settings


def main() -> None:
    start = wire.decode(sys.stdin.buffer.readline())
    if not isinstance(start, wire.Start):
        sys.exit("the hub is started by copilot-lsp, not by hand")
    folder, name, tcp = json.loads(sys.stdin.buffer.readline())
    logging.basicConfig(level=logging.WARNING)
    engine = LocalEngine(Path(start.model), settings_of(start))
    asyncio.run(serve(engine, Rendezvous(Path(folder), name, tcp)))


def settings_of(start: wire.Start) -> Settings:
    """Settings that an engine would be started with in this way."""
    completion = CompletionSettings(max_block_tokens=start.max_tokens, max_line_tokens=start.max_tokens)
    return Settings(completion=completion, context=start.context, engine=start.engine)


async def serve(engine: LocalEngine, place: Rendezvous, linger: float = LINGER_SECONDS) -> None:
    """Until nobody wants the engine any more."""
    token = secrets.token_hex(TOKEN_BYTES)
    hub = Hub(engine, place, token, linger)
    server, port = await _listen(hub, place)
    write_card(place, Card(os.getpid(), port, token))
    with contextlib.suppress(NotImplementedError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, hub.end)
    await engine.start()
    try:
        await hub.ended.wait()
    finally:
        server.close()
        await hub.close()
        await engine.close()


async def _listen(hub: Hub, place: Rendezvous) -> tuple[asyncio.Server, int]:
    """The server and its port, 0 for a socket; one that a hub which was killed left behind is replaced."""
    if place.tcp:
        server = await asyncio.start_server(hub.talk, "127.0.0.1", 0, limit=wire.MESSAGE_BYTES)
        return server, int(server.sockets[0].getsockname()[1])
    server = await asyncio.start_unix_server(hub.talk, place.socket, limit=wire.MESSAGE_BYTES)
    place.socket.chmod(0o600)
    return server, 0
