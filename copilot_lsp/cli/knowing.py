"""`complete --context`, `eval --context`: build an index and select context from it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from copilot_lsp.completion import context
from copilot_lsp.completion.chunks import Cursor, Options, Picked, select
from copilot_lsp.completion.query import Answer, Query
from copilot_lsp.engine.base import Chunk, EngineStatus
from copilot_lsp.errors import CopilotLspError, UsageError
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
    """From an index that is brought up to date first. Raises CopilotLspError when none can be kept."""
    at = path_of(snapshot.uri)
    root = repository_of(at)
    if root is None:
        raise UsageError("--context needs a repository around the file: no folder above it has .git")
    library = opened((root,), settings)
    try:
        return select(library, Cursor(snapshot, offset, at), Options(settings.context.chunk_tokens))
    finally:
        library.close()


def chooser(paths: Sequence[Path], settings: Settings) -> Choose:
    """For cases drawn from these folders, with all of them as the workspace; nothing for cases of a suite.

    The index has what is on the disk, the truth too: of the case's own file nothing is chosen. Raises
    CopilotLspError when none can be kept.
    """
    folders = {path.resolve() if path.is_dir() else path.resolve().parent for path in paths}
    library = opened(tuple(sorted(folder.as_posix() for folder in folders)), settings)
    options = Options(settings.context.chunk_tokens)

    @cache
    def choose(case: Case) -> tuple[Chunk, ...]:
        if not case.file:
            return ()
        place = Cursor(case.snapshot(settings.max_parse_bytes), case.offset, case.file)
        found = select(library, place, options)
        return tuple(picked.chunk for picked in found)

    return choose


def opened(roots: tuple[str, ...], settings: Settings) -> Library:
    """The index of these folders, brought up to date. Raises CopilotLspError when none can be kept."""
    file = store.file_of(roots)
    scope = Scope(roots, settings.exclude, settings.include)
    try:
        database = store.open_to_write(file)
        for _ in update(database, scope, {}):
            pass
        database.close()
        return Library(store.open_to_read(file), roots)
    except (OSError, sqlite3.Error) as error:
        raise CopilotLspError(f"the index {file} cannot be written: {error}; leave --context out") from None


def shown(query: Query, picked: tuple[Picked, ...]) -> str:
    """What the engine is given, in its order of relevance; the engine cuts it to its budgets in tokens."""
    around = context.build(query.snapshot, query.offset)
    pieces = [(f"{each.chunk.path}: {each.why}", each.chunk.text) for each in picked]
    pieces += [
        (f"{query.snapshot.path}: before the cursor", around.prefix),
        (f"{query.snapshot.path}: after the cursor", around.suffix),
    ]
    return "\n".join(f"--- {title}\n{text}" for title, text in pieces)


def prompt(answer: Answer, engine: EngineStatus) -> str:
    """What the model read of that, in its own format; what does not fit its budgets is not in it."""
    if answer.done is None or not answer.done.prompt:
        return "--- no prompt: the model was not asked"
    done, facts = answer.done, engine.details
    head = f"the prompt: {done.evaluated + done.reused} tokens, format {facts.get('template')}, {facts.get('layout')}"
    return f"--- {head}\n{done.prompt}"
