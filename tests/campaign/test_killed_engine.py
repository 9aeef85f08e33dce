"""The engine is killed while somebody types: no change is lost, completions come again, no process stays behind.

The server speaks its real protocol inside this process, so that its documents can be compared; the engine is a process
with the default model.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from statistics import median

import psutil
import pytest
from campaign import Campaign
from campaign_model import default_engine, shared_engine
from in_process import Connection, connected
from wire import INLINE, change, inline

from copilot_lsp.engine.base import Engine, InfillRequest, Limits, Piece
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.engine.shared.place import read_card
from copilot_lsp.settings import Settings

KINDS = ("SIGKILL", "SIGSEGV", "SIGABRT", "SIGSTOP")
URI = "file:///project/app.py"
START = "def area(width, height):\n    return width * height\n\n\n"


class Typist:
    """Holds what the document must be."""

    def __init__(self, client: Connection) -> None:
        self.client = client
        self.text = START
        self.version = 1
        client.open(URI, START)

    @property
    def cursor(self) -> tuple[int, int]:
        lines = self.text.split("\n")
        return len(lines) - 1, len(lines[-1])

    async def type(self, text: str) -> None:
        """A key every 5 ms, a request after each, which the next one makes obsolete."""
        for letter in text:
            self.version += 1
            self.client.notify("textDocument/didChange", change(URI, self.version, self.cursor, self.cursor, letter))
            self.text += letter
            self.client.ask(INLINE, inline(URI, *self.cursor))
            await asyncio.sleep(0.005)

    async def until_completed(self) -> None:
        async with asyncio.timeout(60):
            while not (await self.client.request(INLINE, inline(URI, *self.cursor, invoked=True)))["items"]:
                await asyncio.sleep(0.02)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A socket's path must be short, which `tmp_path` is not."""
    made = Path(tempfile.mkdtemp(prefix="hub-"))
    yield made
    shutil.rmtree(made, ignore_errors=True)


async def test_killed_engine(campaign: Campaign) -> None:
    count = campaign.size(100, 4)
    await types_on(campaign, count, default_engine, "engine killed while somebody types")


async def test_killed_shared_engine(campaign: Campaign, folder: Path) -> None:
    """The engine process and its hub by turns, while another window uses them too and completes at the end."""
    count = campaign.size(100, 8)
    other = shared_engine(folder, Settings())
    await other.start()
    try:
        await types_on(campaign, count, partial(shared_engine, folder), "shared engine or its hub killed")
        await asyncio.wait_for(other.ready(), 60)
        ask = InfillRequest("other", "a.py", START + "print(area(", "", limits=Limits(8))
        assert [item async for item in other.infill(ask) if isinstance(item, Piece)]
    finally:
        await other.close(discard=True)
    async with asyncio.timeout(20):
        while any(runs_in(folder, process) for process in psutil.process_iter()):
            await asyncio.sleep(0.1)


def runs_in(folder: Path, process: psutil.Process) -> bool:
    """Hubs and their engine processes have the folder as their working directory."""
    with suppress(psutil.Error):
        return process.cwd() == str(folder)
    return False


async def types_on(campaign: Campaign, count: int, make: Callable[[Settings], Engine], what: str) -> None:
    seconds: dict[str, list[float]] = defaultdict(list)
    pids: set[int] = set()
    lost = 0
    async with connected(make_engine=make) as client:
        await client.initialize()
        typist = Typist(client)
        for number in range(count):
            if number % len(KINDS) == 0:  # or it would be given up after six deaths in a minute
                await client.request("workspace/executeCommand", {"command": "copilotLsp.restartEngine"})
            kind = KINDS[number % len(KINDS)]
            await typist.type(f"first_{number} = ")
            await typist.until_completed()
            pids.add(kill(client, kind, number // len(KINDS) % 2 == 1))
            begun = time.monotonic()
            await typist.type(f"area({number}, 1)\nsecond_{number} = ")
            await typist.until_completed()
            seconds[kind].append(time.monotonic() - begun)
            snapshot = client.session.snapshot(URI)
            lost += getattr(snapshot, "text").data.decode() != typist.text  # noqa: B009 -- a Silence has none
        if not isinstance(client.session.engine, SharedEngine):  # another window still uses that
            pids.add(client.session.engine.status.pid or 0)
    left = [pid for pid in pids if Path(f"/proc/{pid}").exists() and pid]
    every = [each for times in seconds.values() for each in times]
    by_kind = ", ".join(f"{kind} {median(times):.1f} s" for kind, times in seconds.items())
    campaign.report(
        what,
        f"{count} times: {lost} documents with a change lost, {len(left)} processes left, "
        f"a completion again after {median(every):.1f} s (median; {by_kind})",
    )
    assert (lost, left) == (0, [])


def kill(client: Connection, kind: str, hub: bool) -> int:
    """The engine process, or the hub above it where there is one."""
    engine = client.session.engine
    pid = engine.status.pid
    if hub and isinstance(engine, SharedEngine) and (card := read_card(engine.place)):
        pid = card.pid
    assert pid is not None
    os.kill(pid, signal.Signals[kind])
    return pid
