"""The server's process, with bare messages to and from it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from editor import SERVE
from wire import Wire


class Server(Wire):
    """`stderr` is what it wrote there, complete once it has ended."""

    process: asyncio.subprocess.Process
    stderr: str = ""

    async def ended(self, seconds: float = 10) -> int:
        """Its exit code."""
        return await asyncio.wait_for(self.process.wait(), seconds)

    def hang_up(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()

    async def listening(self) -> int:
        """The port that it says it listens on."""
        assert self.process.stderr is not None
        line = (await asyncio.wait_for(self.process.stderr.readline(), 20)).decode()
        assert line.startswith("listening on 127.0.0.1:"), line
        return int(line.rpartition(":")[2])


@asynccontextmanager
async def serving(
    *arguments: str, env: dict[str, str] | None = None, command: Sequence[str] = SERVE
) -> AsyncIterator[Server]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, stdin=pipe, stdout=pipe, stderr=pipe, env={**os.environ, **(env or {})}
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    server = Server(process.stdout, process.stdin)
    server.process = process
    try:
        yield server
    finally:
        process.stdin.close()
        with suppress(ProcessLookupError, TimeoutError):
            await asyncio.wait_for(process.wait(), 10)
            process.kill()
        server.stderr = (await process.stderr.read()).decode()
        await server.reading
