"""`complete --context`, `eval --context`: an index, and what is chosen from it for a place."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import platformdirs

from copilot_lsp.completion import context
from copilot_lsp.completion.chunks import Options, Picked, Place, select
from copilot_lsp.completion.query import Query
from copilot_lsp.engine.base import Chunk
from copilot_lsp.errors import UsageError
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.run.runner import Choose
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Snapshot
from copilot_lsp.workspace.index import store
from copilot_lsp.workspace.index.library import Library
from copilot_lsp.workspace.index.update import Scope, update
from copilot_lsp.workspace.repository import repository_of
from copilot_lsp.workspace.uris import path_of


def picked(snapshot: Snapshot, offset: int, settings: Settings) -> tuple[Picked, ...]:
    """From an index that is brought up to date first. Raises UsageError when none can be kept."""
    at = path_of(snapshot.uri)
    root = repository_of(at)
    if root is None:
        raise UsageError("--context needs a repository around the file: no folder above it has .git")
    library = opened((root,), settings)
    try:
        return select(library, Place(snapshot, offset, at), Options(settings.context.chunk_tokens))
    finally:
        library.close()


def chooser(paths: Sequence[Path], settings: Settings) -> Choose:
    """For cases drawn from these folders, with all of them as the workspace; nothing for cases of a suite.

    The index has what is on the disk, the truth too: of the case's own file nothing is chosen. Raises UsageError.
    """
    folders = {path.resolve() if path.is_dir() else path.resolve().parent for path in paths}
    library = opened(tuple(sorted(folder.as_posix() for folder in folders)), settings)
    options = Options(settings.context.chunk_tokens)

    @cache
    def choose(case: Case) -> tuple[Chunk, ...]:
        if not case.file:
            return ()
        place = Place(case.snapshot(settings.max_parse_bytes), case.offset, case.file)
        found = select(library, place, options)
        return tuple(picked.chunk for picked in found)

    return choose


def opened(roots: tuple[str, ...], settings: Settings) -> Library:
    """The index of these folders, brought up to date. Raises UsageError when none can be kept."""
    file = index_of(roots)
    scope = Scope(roots, settings.exclude, settings.include)
    try:
        database = store.open_to_write(file)
        for _ in update(database, scope, {}):
            pass
        database.close()
        return Library(store.open_to_read(file), roots)
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"the index {file} cannot be written: {error}; leave --context out") from None


def index_of(roots: tuple[str, ...]) -> Path:
    """Where the index of these workspace folders is kept."""
    name = hashlib.sha256("\0".join(roots).encode("utf-8", "replace")).hexdigest()[:16]
    return platformdirs.user_cache_path("copilot-lsp", appauthor=False) / "index" / f"{name}.sqlite"


def shown(query: Query, picked: tuple[Picked, ...]) -> str:
    """What the engine is given, in its order of relevance; the engine cuts it to its budgets in tokens."""
    around = context.build(query.snapshot, query.offset)
    pieces = [(f"{each.chunk.path}: {each.why}", each.chunk.text) for each in picked]
    pieces += [
        (f"{query.snapshot.path}: before the cursor", around.prefix),
        (f"{query.snapshot.path}: after the cursor", around.suffix),
    ]
    return "\n".join(f"--- {title}\n{text}" for title, text in pieces)
