"""Child processes, seen from their parent. `launch.py` is their own side."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import Process
from contextlib import suppress


async def end(process: Process, seconds: float) -> None:
    """Closes the pipe, which ends a healthy process, and kills one that has not ended within `seconds`."""
    if process.stdin is not None:
        process.stdin.close()
    with suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), seconds)
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
