"""The engine is killed while somebody types: no change is lost, completions come again, no process stays behind.

The server speaks its real protocol inside this process, so that its documents can be compared; the engine is a process
with the default model.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import defaultdict
from pathlib import Path
from statistics import median

from campaign import Campaign
from campaign_model import default_engine
from in_process import Connection, connected
from wire import INLINE, change, inline

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


async def test_killed_engine(campaign: Campaign) -> None:
    count = campaign.size(100, 4)
    seconds: dict[str, list[float]] = defaultdict(list)
    pids: set[int] = set()
    lost = 0
    async with connected(make_engine=default_engine) as client:
        await client.initialize()
        typist = Typist(client)
        for number in range(count):
            if number % len(KINDS) == 0:  # or it would be given up after six deaths in a minute
                await client.request("workspace/executeCommand", {"command": "copilotLsp.restartEngine"})
            kind = KINDS[number % len(KINDS)]
            await typist.type(f"first_{number} = ")
            await typist.until_completed()
            pids.add(await kill(client, kind))
            begun = time.monotonic()
            await typist.type(f"area({number}, 1)\nsecond_{number} = ")
            await typist.until_completed()
            seconds[kind].append(time.monotonic() - begun)
            snapshot = client.session.snapshot(URI)
            lost += getattr(snapshot, "text").data.decode() != typist.text  # noqa: B009 -- a Silence has none
        pids.add(client.session.engine.status.pid or 0)
    left = [pid for pid in pids if Path(f"/proc/{pid}").exists() and pid]
    every = [each for times in seconds.values() for each in times]
    by_kind = ", ".join(f"{kind} {median(times):.1f} s" for kind, times in seconds.items())
    campaign.report(
        "engine killed while somebody types",
        f"{count} times: {lost} documents with a change lost, {len(left)} processes left, "
        f"a completion again after {median(every):.1f} s (median; {by_kind})",
    )
    assert (lost, left) == (0, [])


async def kill(client: Connection, kind: str) -> int:
    pid = client.session.engine.status.pid
    assert pid is not None
    os.kill(pid, signal.Signals[kind])
    return pid
