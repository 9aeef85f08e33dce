"""Write to a pipe without blocking, even if nobody reads it."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable

PATIENCE_SECONDS = 1.0
"""How long `close` waits for pending writes (seconds)."""


class Outlet:
    """Bytes for a file descriptor, written by a thread of its own.

    `limit`: bytes that may be waiting; what does not fit is dropped. `failed` is called, in the thread, when nothing
    can be written any more. The thread uses the bare descriptor: a lock of `sys.stderr` held by it at the end of the
    process would abort the interpreter.
    """

    def __init__(self, descriptor: int, limit: int, failed: Callable[[], None] = lambda: None) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._failed = failed
        self._waiting = 0
        self._lock = threading.Lock()
        self._queue: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write_all, daemon=True, name=f"outlet {descriptor}")
        self._thread.start()

    def write(self, data: bytes) -> bool:
        """Whether there was room for `data`."""
        with self._lock:
            if self._waiting + len(data) > self._limit or not self._thread.is_alive():
                return False
            self._waiting += len(data)
        self._queue.put(data)
        return True

    def close(self, last: bytes = b"") -> None:
        """Waits for what is still to be written and for `last`, which there is always room for, but not long."""
        with self._lock:
            self._waiting += len(last)
        self._queue.put(last)
        self._queue.put(None)
        self._thread.join(PATIENCE_SECONDS)

    def _write_all(self) -> None:
        try:
            while (data := self._queue.get()) is not None:
                left = memoryview(data)
                while left:
                    left = left[os.write(self._descriptor, left) :]
                with self._lock:
                    self._waiting -= len(data)
        except OSError:
            self._failed()
