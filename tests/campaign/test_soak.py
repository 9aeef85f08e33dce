"""A long day: typing, accepting and switching among 50 files, until memory and descriptors would show a leak.

A real server and a real engine process with llama.cpp, on a model so tiny (`tiny_gguf`) that 20,000 requests take
minutes. What it writes is nonsense; what is counted is what the processes hold.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path

import tiny_gguf
from campaign import Campaign
from process import Server, serving
from wire import INLINE, Wire, change, inline

FILES = 50
WARM_UP = 0.2
"""Share of the requests before memory is looked at: until then caches fill up to their limits."""

GROWTH = 0.05

LONGEST = 50
"""Lines at which a file is opened anew: every file has been as long as it gets before memory is looked at. With 200 the
files grew all day, and with them their syntax trees: 5 MB of 63 that were no leak.
"""

TOLD = 1000
"""Requests between two lines about how it goes."""

LINES = "def area(width, height):\n    return width * height\n\n\n" * 10


@dataclass(frozen=True)
class Held:
    """Kilobytes of resident memory; open file descriptors."""

    memory: int
    files: int

    @staticmethod
    def by(pid: int) -> Held:
        status = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
        return Held(int(status["VmRSS"].split()[0]), len(list(Path(f"/proc/{pid}/fd").iterdir())))


class File:
    def __init__(self, client: Wire, number: int) -> None:
        self.client, self.uri = client, f"file:///project/file_{number}.py"
        self.open()

    def open(self) -> None:
        self.version, self.lines, self.last = 1, LINES.count("\n"), ""
        self.client.open(self.uri, LINES)

    def close(self) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": self.uri}})

    def type(self, text: str) -> None:
        """At the end; a line break begins a new last line."""
        self.version += 1
        at = (self.lines, len(self.last))
        self.client.notify("textDocument/didChange", change(self.uri, self.version, at, at, text))
        self.lines += text.count("\n")
        self.last = (self.last + text).rpartition("\n")[2]

    async def complete(self) -> str:
        answer = await self.client.request(INLINE, inline(self.uri, self.lines, len(self.last), invoked=True))
        return "".join(item["insertText"] for item in answer["items"][:1])


async def test_soak(campaign: Campaign, tmp_path: Path) -> None:
    requests = campaign.size(20_000, 300)
    model = tmp_path / "tiny.gguf"
    model.write_bytes(tiny_gguf.make().data)
    serve = [sys.executable, "-m", "copilot_lsp", "serve", "--model", str(model)]
    async with serving(command=serve, env={"COPILOT_LSP_ENGINE_SHARED": "false"}) as server:
        await server.initialize(initializationOptions={"completion": {"maxLineTokens": 8, "maxBlockTokens": 8}})
        files = [File(server, number) for number in range(FILES)]
        engine = await engine_of(server.process.pid)
        await work(server, files, campaign, int(requests * WARM_UP))
        before = Held.by(server.process.pid), Held.by(engine)
        await work(server, files, campaign, requests - int(requests * WARM_UP))
        after = Held.by(server.process.pid), Held.by(engine)
        assert await engine_of(server.process.pid) == engine, "it was restarted"
    shown = [
        f"{name} {first.memory // 1000} to {last.memory // 1000} MB, {first.files} to {last.files} descriptors"
        for name, first, last in zip(("server", "engine"), before, after, strict=True)
    ]
    campaign.report("soak, tiny model", f"{requests} requests in {FILES} files: {'; '.join(shown)}")
    for first, last in zip(before, after, strict=True):
        assert last.files <= first.files + 2
        assert not campaign.full or last.memory <= first.memory * (1 + GROWTH)


async def work(server: Server, files: list[File], campaign: Campaign, requests: int) -> None:
    rng = campaign.random(f"soak {requests}")
    file = files[0]
    for number in range(requests):
        if campaign.full and number % TOLD == 0:
            held = [Held.by(pid) for pid in (server.process.pid, await engine_of(server.process.pid))]
            print(f"{number} of {requests}: {held}", flush=True)
        if rng.random() < 0.05:
            file = rng.choice(files)
            server.notify("textDocument/didFocus", {"textDocument": {"uri": file.uri}})
        file.type(rng.choice(["area(", "x", " = ", "\n", "width, ", ")\n", "    return "]))
        text = await file.complete()
        if text and rng.random() < 0.2 and "\r" not in text and text.isascii():
            file.type(text)
        if file.lines > LONGEST:
            file.close()
            file.open()


async def engine_of(server: int) -> int:
    """The process id of the server's engine."""
    async with asyncio.timeout(30):
        while True:
            for child in Path(f"/proc/{server}/task/{server}/children").read_text().split():
                if b"copilot_lsp.engine.local.worker" in Path(f"/proc/{child}/cmdline").read_bytes():
                    return int(child)
            await asyncio.sleep(0.05)
