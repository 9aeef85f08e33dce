"""Notices that the editor's process has died, if no pipe reports it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable

POLL_SECONDS = 2.0


async def death(process_id: Callable[[], int | None]) -> None:
    """Wait for the process to end; `process_id` returns None while it is unknown.

    A process that was never seen does not count as dead: the client may run on another machine or in a container.
    """
    seen = False
    while True:
        if (pid := process_id()) is not None:
            alive = is_alive(pid)
            if seen and not alive:
                return
            seen = seen or alive
        await asyncio.sleep(POLL_SECONDS)


def is_alive(pid: int) -> bool:
    if pid <= 0:
        return False
    if sys.platform == "win32":
        return _is_alive_on_windows(pid)
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def _is_alive_on_windows(pid: int) -> bool:
    """There `os.kill(pid, 0)` would send a Ctrl-C event."""
    import ctypes

    synchronize, timed_out = 0x00100000, 0x00000102  # winnt.h SYNCHRONIZE, winbase.h WAIT_TIMEOUT
    kernel32 = ctypes.windll.kernel32  # type: ignore[attr-defined]
    handle = kernel32.OpenProcess(synchronize, False, pid)
    if not handle:
        return False
    try:
        return bool(kernel32.WaitForSingleObject(handle, 0) == timed_out)
    finally:
        kernel32.CloseHandle(handle)
