"""`complete --context`: the index of the repository around a file, and what is chosen from it for one place."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import platformdirs

from copilot_lsp.completion import context
from copilot_lsp.completion.chunks import Options, Picked, Place, select
from copilot_lsp.completion.query import Query
from copilot_lsp.errors import UsageError
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
    file = index_of((root,))
    scope = Scope((root,), settings.exclude, settings.include)
    try:
        database = store.open_to_write(file)
        for _ in update(database, scope, {}):
            pass
        database.close()
        library = Library(store.open_to_read(file), (root,))
    except (OSError, sqlite3.Error) as error:
        raise UsageError(f"the index {file} cannot be written: {error}; leave --context out") from None
    try:
        return select(library, Place(snapshot, offset, at), Options(settings.context.chunk_tokens))
    finally:
        library.close()


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
