"""The index of other files in the server: what is indexed, and the selection of context.

Requests never wait for it: a separate process writes the index, and a thread reads it while no query waits.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from copilot_lsp.completion.chunks import Cursor, Options, Picked, select
from copilot_lsp.engine.base import Chunk
from copilot_lsp.server.indexing import IndexProcess, IndexStatus
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document, Snapshot
from copilot_lsp.source.languages import language_of_path
from copilot_lsp.workspace.files import MAX_BYTES
from copilot_lsp.workspace.ignore import FOREIGN, IGNORE_FILES, Gate
from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.library import Library
from copilot_lsp.workspace.index.update import LANGUAGES, Scope
from copilot_lsp.workspace.uris import file_of, path_of

logger = logging.getLogger(__name__)

POLL_SECONDS, POLL_BLIND_SECONDS = 600.0, 30.0
"""Between two looks at all files, where the client tells of changes and where it does not."""

SETTLE_SECONDS = 1.0
"""Changes within this time are sent as one message."""

RULES = {*IGNORE_FILES, ".gitignore", "exclude"}
"""Names of files that say what is excluded; the last one is git's, in `.git/info`."""


class Knowledge:
    """`gate` says what may be read now; `changed` is called when `status` is another.

    `documents` are the open ones. Implements `completion.shelf.Others`.
    """

    def __init__(
        self, gate: Callable[[], Gate], documents: Callable[[], Iterable[Document]], changed: Callable[[], None]
    ) -> None:
        self.watches = False
        """Whether the client tells of files that change."""
        self._gate, self._documents = gate, documents
        self._process = IndexProcess(changed, self._started)
        self._used: tuple[Scope, bool] | None = None
        self._library: Library | None = None
        self._reader = ThreadPoolExecutor(1, "index")
        self._tokens = 0
        self._included = False
        self._dirty: dict[str, None] = {}
        self._disk: dict[str, None] = {}
        self._anything = False
        self._soon: asyncio.TimerHandle | None = None

    @property
    def status(self) -> IndexStatus:
        return self._process.status

    @property
    def settled(self) -> asyncio.Event:
        """Unless it is indexing."""
        return self._process.settled

    def use(self, settings: Settings) -> bool:
        """Index what the folders and settings allow to be read. Returns whether that is anything."""
        gate, self._tokens = self._gate(), settings.context.chunk_tokens
        self._included = bool(settings.include)
        wanted = settings.enabled and settings.context.index and gate.roots
        used = (Scope(tuple(gate.roots), settings.exclude, settings.include), self.watches) if wanted else None
        if used != self._used:
            self._used = used
            self._forget_library()
            self._process.use(used and used[0], POLL_SECONDS if self.watches else POLL_BLIND_SECONDS)
        return used is not None

    def edited(self, uri: str) -> None:
        """An open document has changed or was closed."""
        if self._used is not None and file_of(uri):
            self._dirty[real_path(uri)] = None
            self._settle()

    def touched(self, uris: Sequence[str]) -> bool:
        """Files and folders that changed on the disk; whether others may be excluded by now."""
        paths = [Path(real_path(uri)) for uri in uris if file_of(uri)]
        paths = [path for path in paths if path.name in RULES or not self._is_foreign(path)]
        rules = any(path.name in RULES for path in paths)
        # A folder's files are not told one by one; its name seldom has a suffix.
        self._anything |= rules or any(not path.suffix for path in paths)
        self._disk |= {path.as_posix(): None for path in paths if language_of_path(path.as_posix()) in LANGUAGES}
        if self._anything or self._disk:
            self._settle()
        return rules

    def _is_foreign(self, path: Path) -> bool:
        """Whether it is in a folder where git and builds change much, and that only `include` lets be indexed."""
        roots = [root for root in self._gate().roots if path.is_relative_to(root)]
        parts = path.relative_to(max(roots, key=len)).parts[:-1] if roots else ()
        return any(part in FOREIGN or part.startswith(".") for part in parts) and not self._included

    async def choose(self, snapshot: Snapshot, offset: int) -> tuple[Picked, ...] | None:
        open = frozenset(real_path(document.uri) for document in self._documents())
        place = Cursor(snapshot, offset, real_path(snapshot.uri), open)
        found = await asyncio.get_running_loop().run_in_executor(self._reader, self._select, self._used, place)
        return found and tuple(each for each in found if not self.refuses(each.chunk))

    def refuses(self, chunk: Chunk) -> bool:
        """Also where the file is gone: it may have another name now, which is excluded."""
        gone = not Path(chunk.source).is_file()
        return gone or self._used is None or self._gate().refuses_reading(chunk.source) is not None

    async def close(self) -> None:
        self._used = None
        await self._process.close()
        self._forget_library()
        self._reader.shutdown(wait=False)

    def _select(self, used: tuple[Scope, bool] | None, place: Cursor) -> tuple[Picked, ...] | None:
        """In the thread that all reading is done in."""
        try:
            if used is None or (self._library is None and self.status.state != "ready"):
                return None
            if self._library is None:
                roots = used[0].roots
                self._library = Library(store.open_to_read(store.file_of(roots)), roots)
            self._library.refresh()
            return select(self._library, place, Options(self._tokens))
        except sqlite3.Error as error:  # there is none yet, or none any more
            logger.info("nothing is chosen from the index: %s", error)
            return None

    def _forget_library(self) -> None:
        def forget() -> None:
            library, self._library = self._library, None
            if library is not None:
                library.close()

        self._reader.submit(forget)

    def _started(self) -> None:
        """A new process does not know the open documents."""
        for document in self._documents():
            if file_of(document.uri):
                self._dirty[real_path(document.uri)] = None
        self._tell()

    def _settle(self) -> None:
        if self._soon is None and self._used is not None:
            self._soon = asyncio.get_running_loop().call_later(SETTLE_SECONDS, self._tell)

    def _tell(self) -> None:
        """Send the process the changes since the last time, without documents that must not be read."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        gate, texts = self._gate(), {real_path(each.uri): each.text.data for each in self._documents()}
        buffers: dict[str, str | None] = {}
        for path in self._dirty:
            data = texts.get(path)
            readable = data is not None and len(data) <= MAX_BYTES and gate.refuses_reading(path) is None
            buffers[path] = data.decode() if data is not None and readable else None
        if buffers:
            self._process.send({"buffers": buffers})
        if self._disk or self._anything:
            self._process.send({"changed": [] if self._anything else list(self._disk)})
        self._dirty, self._disk, self._anything = {}, {}, False


def real_path(uri: str) -> str:
    """What a document's file is called in an index; for one without a file, its name."""
    file = file_of(uri)
    with suppress(OSError):
        return Path(os.path.realpath(file)).as_posix() if file else path_of(uri)
    return file
