"""`complete` for many places: one engine, one JSON line a place, in the order given."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from copilot_lsp.cli import engines, knowing, report
from copilot_lsp.cli.output import ENGINE_GONE
from copilot_lsp.cli.places import Entry
from copilot_lsp.cli.source import Source
from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Query
from copilot_lsp.engine.base import Engine
from copilot_lsp.errors import CopilotLspError, EngineFailed, UsageError
from copilot_lsp.settings import Settings


@dataclass(frozen=True, slots=True)
class Prepared:
    settings: Settings
    source: Source
    query: Query


Prepare = Callable[[str], Prepared]
"""Reads what a place names. Raises CopilotLspError."""


def run(choice: engines.Choice, entries: Iterable[Entry], prepare: Prepare) -> int:
    """Prints a line as soon as its place is done. Returns the greatest exit code of all places."""
    return asyncio.run(_Batch(choice, prepare).run(entries))


class _Batch:
    """`_engine` is started for the first place that can be completed, with its options."""

    def __init__(self, choice: engines.Choice, prepare: Prepare) -> None:
        self._choice = choice
        self._prepare = prepare
        self._engine: Engine | None = None
        self._settings: Settings | None = None

    async def run(self, entries: Iterable[Entry]) -> int:
        worst = 0
        try:
            for entry in entries:
                line = await self._line(entry)
                print(json.dumps(line), flush=True)
                worst = max(worst, line["exit"])
        finally:
            if self._engine is not None:
                await self._engine.close()
        return worst

    async def _line(self, entry: Entry) -> dict[str, Any]:
        place = entry if isinstance(entry, str) else None
        try:
            if isinstance(entry, UsageError):
                raise entry
            return {"place": place, "exit": 0, **await self._answer(entry)}
        except CopilotLspError as error:
            return {"place": place, "exit": error.exit_code, "error": str(error)}

    async def _answer(self, place: str) -> dict[str, Any]:
        """Each place has a completer of its own, so that no place changes what another gets; the engine keeps its KV
        cache."""
        # In a thread: reading other files for --context runs an event loop of its own.
        prepared = await asyncio.to_thread(self._prepare, place)
        engine = await self._ready(prepared.settings)
        query = prepared.query
        answer = await Completer(engine, prepared.settings).complete(query)
        if query.echo:
            print(knowing.prompt(answer, engine.status), file=sys.stderr)
        if answer.silence is not None and answer.silence.reason in ENGINE_GONE:
            raise EngineFailed(answer.silence.message)
        return report.as_data(
            answer, query.snapshot.text, query.offset, engine.status.model, prepared.source.file_offset
        )

    async def _ready(self, settings: Settings) -> Engine:
        """The one engine, also after it died at an earlier place."""
        if self._engine is None or self._settings is None:
            engine = engines.create(self._choice, settings)
            self._engine, self._settings = engine, settings
            await engine.start()
        elif _loaded(settings) != _loaded(self._settings):
            raise UsageError("its project's options need another engine than the places before it: call it by itself")
        await self._engine.ready()
        return self._engine


def _loaded(settings: Settings) -> tuple[object, ...]:
    """What an engine is started with."""
    longest = max(settings.completion.max_block_tokens, settings.completion.max_line_tokens)
    return settings.model, settings.model_folders, settings.context, settings.engine, settings.remote, longest
