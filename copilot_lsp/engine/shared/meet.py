"""How a server finds its hub: connect, or start one under a lock."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from filelock import FileLock, Timeout

from copilot_lsp import launch
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.supervisor import environment
from copilot_lsp.engine.shared import access
from copilot_lsp.engine.shared.place import Card, Rendezvous, read_card

log = logging.getLogger(__name__)

HUB = "copilot_lsp.engine.shared.process"

START_SECONDS = 30.0
"""For the process to listen: Python imports modules, which a slow disk can make long."""

POLL_SECONDS = 0.02

DETACHED = 0x00000208
"""DETACHED_PROCESS and CREATE_NEW_PROCESS_GROUP of Windows."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection to an authenticated hub; `pid` is its process."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    pid: int


def hub_command() -> list[str]:
    return launch.command(HUB)


async def meet(place: Rendezvous, start: wire.Start, command: Sequence[str] = ()) -> Connection:
    """A connection to the hub at `place`. Raises OSError when none can be had."""
    if found := await connect(place):
        return found
    async with _alone(place):
        return await connect(place) or await _start(place, start, command or hub_command())


async def connect(place: Rendezvous) -> Connection | None:
    """None if no hub listens or it is not ours; a hung hub is killed."""
    if (card := read_card(place)) is None:
        return None
    try:
        reader, writer = await _open(place, card)
    except OSError:
        return None
    try:
        await access.enter(reader, writer, card.token)
    except OSError as error:
        writer.close()
        if isinstance(error, TimeoutError):
            kill(card.pid)
        log.debug("the shared engine: %s", error)
        return None
    return Connection(reader, writer, card.pid)


def kill(pid: int) -> None:
    """Kill a hung hub, but no other process that has reused its id."""
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        if HUB in process.cmdline():
            process.kill()


async def _open(place: Rendezvous, card: Card) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if card.port:
        return await asyncio.open_connection("127.0.0.1", card.port, limit=wire.MESSAGE_BYTES)
    return await asyncio.open_unix_connection(place.socket, limit=wire.MESSAGE_BYTES)


@asynccontextmanager
async def _alone(place: Rendezvous) -> AsyncIterator[None]:
    """Lock against other servers starting a hub. It is a system lock, released if the server dies."""
    lock = FileLock(place.lock, mode=0o600)
    until = time.monotonic() + 2 * START_SECONDS
    while True:
        try:
            lock.acquire(blocking=False)
            break
        except Timeout:
            if time.monotonic() > until:
                raise TimeoutError("another server has been starting it for too long") from None
            await asyncio.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        lock.release()


async def _start(place: Rendezvous, start: wire.Start, command: Sequence[str]) -> Connection:
    """Starts a hub that outlives this process, and that a terminal's Ctrl-C does not reach.

    Not by asyncio, which would kill it when the loop ends.
    """
    place.clear()
    with place.log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            cwd=place.folder,
            env=environment(),
            start_new_session=True,
            creationflags=DETACHED if os.name == "nt" else 0,
        )
    threading.Thread(target=process.wait, daemon=True, name="hub").start()
    assert process.stdin is not None
    with contextlib.suppress(OSError), process.stdin as pipe:
        pipe.write(wire.encode(start) + json.dumps([str(place.folder), place.name, place.tcp]).encode() + b"\n")
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if found := await connect(place):
            return found
        await asyncio.sleep(POLL_SECONDS)
    process.kill()
    raise ConnectionError(f"its process does not start: {_last_words(place)}")


def _last_words(place: Rendezvous) -> str:
    lines = place.log.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1][:200] if lines else "it does not say why"
