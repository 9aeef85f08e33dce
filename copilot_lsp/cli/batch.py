"""`complete` for many positions: one engine, one line of JSON per position, in order."""

from __future__ import annotations

import asyncio
import json
import sys
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from copilot_lsp.cli import completing, engines, knowing, places, report
from copilot_lsp.cli.output import ENGINE_GONE
from copilot_lsp.cli.places import Entry
from copilot_lsp.cli.source import Source
from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Answer, Query
from copilot_lsp.engine.base import Engine
from copilot_lsp.errors import CopilotLspError, EngineFailed, UsageError
from copilot_lsp.settings import Settings

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Prepared:
    settings: Settings
    source: Source
    query: Query


def run(options: completing.Options, choice: engines.Choice) -> int:
    """Prints a line as soon as its place and those before it are done. Returns the greatest exit code of all places."""
    if options.stdin or options.path or options.show or options.stream:
        raise UsageError("--stdin, --path, --show and --stream are for one place; several print one line of JSON each")
    entries = places.listed(options.places, options.list_file, options.stdin0)
    return asyncio.run(_Batch(options, choice).run(entries))


class OneEngine:
    """Started for the first file that needs it, with that file's options; it serves the files after it as well."""

    def __init__(self, choice: engines.Choice) -> None:
        self._choice = choice
        self._engine: Engine | None = None
        self._settings: Settings | None = None

    async def ready(self, settings: Settings) -> Engine:
        """Also after it died. Raises UsageError where `settings` need another one."""
        if self._engine is None or self._settings is None:
            engine = engines.create(self._choice, settings)
            self._engine, self._settings = engine, settings
            await engine.start()
        elif _loaded(settings) != _loaded(self._settings):
            raise UsageError("its project's options need another engine than the places before it: call it by itself")
        await self._engine.ready()
        return self._engine

    async def close(self) -> None:
        if self._engine is not None:
            await self._engine.close()


class _Batch:
    """Places are read in order, the next one while the engine works on `jobs` before it."""

    def __init__(self, options: completing.Options, choice: engines.Choice) -> None:
        self._options = options
        self._engine = OneEngine(choice)
        self._reading = asyncio.Lock()
        self._room = asyncio.Semaphore(options.jobs)

    async def run(self, entries: Iterable[Entry]) -> int:
        worst = 0
        try:
            async with aclosing(in_order(entries, self._options.jobs + 1, self._line)) as lines:
                async for line in lines:
                    print(json.dumps(line), flush=True)
                    worst = max(worst, line["exit"])
        finally:
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
        async with self._reading:
            # In a thread: reading other files for --context runs an event loop of its own.
            prepared = Prepared(*await asyncio.to_thread(completing.prepared, replace(self._options, places=[place])))
        async with self._room:
            engine = await self._engine.ready(prepared.settings)
            query = prepared.query
            answer = alive(await Completer(engine, prepared.settings).complete(query))
        if query.echo:
            print(knowing.prompt(answer, engine.status), file=sys.stderr)
        return report.as_data(
            answer, query.snapshot.text, query.offset, engine.status.model, prepared.source.file_offset
        )


def alive(answer: Answer) -> Answer:
    """Raises EngineFailed for the answer of an engine that is gone."""
    if answer.silence is not None and answer.silence.reason in ENGINE_GONE:
        raise EngineFailed(answer.silence.message)
    return answer


async def in_order(
    items: Iterable[Item], window: int, work: Callable[[Item], Awaitable[Result]]
) -> AsyncGenerator[Result, None]:
    """What `work` gives for each item, in their order; it runs for `window` items at a time."""
    running: deque[asyncio.Future[Result]] = deque()
    try:
        for item in items:
            running.append(asyncio.ensure_future(work(item)))
            if len(running) >= window:
                yield await running.popleft()
        while running:
            yield await running.popleft()
    finally:
        for each in running:
            each.cancel()
        await asyncio.gather(*running, return_exceptions=True)


def _loaded(settings: Settings) -> tuple[object, ...]:
    """What an engine is started with."""
    longest = max(settings.completion.max_block_tokens, settings.completion.max_line_tokens)
    return settings.model, settings.model_folders, settings.context, settings.engine, settings.remote, longest
