"""Partial downloads: kept when a download is interrupted, and resumed by the next one."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from copilot_lsp import atomic
from copilot_lsp.models.registry import Entry, Source


@dataclass(frozen=True, slots=True)
class Partial:
    """A folder beside the finished models. `file` holds the first bytes; `work` is for what is not joined yet."""

    folder: Path

    @property
    def file(self) -> Path:
        return self.folder / "model.gguf"

    @property
    def work(self) -> Path:
        return self.folder / "work"

    @property
    def size(self) -> int:
        """In bytes."""
        return self.file.stat().st_size if self.file.exists() else 0

    def begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def joined(self) -> int:
        """The number of whole parts; what follows them in the file is cut off."""
        state = self._state()
        with self.file.open("ab") as file:
            file.truncate(state.get("bytes", 0))
        parts: int = state.get("parts", 0)
        return parts

    def note(self, parts: int) -> None:
        """The file now ends with part number `parts`."""
        self._write({"parts": parts, "bytes": self.size})

    def drop(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _state(self) -> dict[str, Any]:
        with suppress(OSError, ValueError):
            state = json.loads((self.folder / "parts.json").read_text("utf-8"))
            if isinstance(state, dict):
                return state
        return {}

    def _write(self, state: dict[str, object]) -> None:
        atomic.write(self.folder / "parts.json", json.dumps(state).encode())


def of(entry: Entry, source: Source) -> Partial:
    """Each source has its own: a hub that cannot be reached today must not cost what another source has brought."""
    return Partial(_folder(entry) / hashlib.sha256(repr(source).encode()).hexdigest()[:8])


def size(entry: Entry) -> int:
    """Bytes that are here from the source that brought the most."""
    return max((of(entry, source).size for source in entry.remote), default=0)


def drop(entry: Entry) -> None:
    shutil.rmtree(_folder(entry), ignore_errors=True)


def _folder(entry: Entry) -> Path:
    return entry.path.parent / f".pull-{entry.path.stem}"


@contextmanager
def alone(entry: Entry, waiting: Callable[[], None]) -> Iterator[None]:
    """One pull of a model at a time, over all processes; `waiting` is called when there is another."""
    from filelock import FileLock, Timeout

    entry.path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(entry.path.parent / f".{entry.path.stem}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        waiting()
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
