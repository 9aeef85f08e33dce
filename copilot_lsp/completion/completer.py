"""The pipeline: query, trigger, cache, engine, shape, answer.

State: the cache, one run a document, and who waits for it. Everything else goes in and out as frozen data.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from copilot_lsp.completion import trigger
from copilot_lsp.completion.cache import Cache, Generated
from copilot_lsp.completion.query import Answer, Completion, Query, Selected
from copilot_lsp.completion.run import Job, Run, unavailable
from copilot_lsp.completion.steps import (
    completion_of,
    in_file,
    not_confident,
    rest_of,
    sampled,
    shape_of,
    with_selection,
    worth_keeping,
)
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Engine, EngineState, SamplingParams
from copilot_lsp.errors import EngineError
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import snapshot_with

__all__ = ["Answer", "Completer", "Completion", "Query", "Selected"]

LOADING_SECONDS = 2.0
"""How long an automatic request waits for an engine that is starting; the user types on meanwhile."""


class Completer:
    """Answers queries, one at a time for a document: a newer one makes the older answer SUPERSEDED."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self.engine = engine
        self.settings = settings
        self._cache = Cache()
        self._runs: dict[str, Run] = {}
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._ids = itertools.count(1)

    async def complete(self, query: Query, emit: Callable[[Completion], None] | None = None) -> Answer:
        """Never raises for an expected condition; cancelling the caller cancels the generation."""
        started = time.perf_counter()
        uri = query.snapshot.uri
        superseded = self._take_over(uri)
        work = asyncio.create_task(self._answer(query, emit))
        either: set[asyncio.Future[Any]] = {work, superseded}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if self._waiting.get(uri) is superseded:
                self._stop_run(uri)
            raise
        finally:
            if self._waiting.get(uri) is superseded:
                del self._waiting[uri]
            if not work.done():
                work.cancel()
        answer = work.result() if work.done() else Answer(silence=Silence(Reason.SUPERSEDED))
        return replace(answer, milliseconds=(time.perf_counter() - started) * 1000)

    def forget(self, uri: str) -> None:
        """The document was closed: whoever waits for it is answered SUPERSEDED."""
        self._take_over(uri).cancel()
        del self._waiting[uri]
        self._stop_run(uri)

    def reset(self) -> None:
        """The engine or its model was exchanged: nothing generated before counts."""
        for uri in list(self._runs):
            self._stop_run(uri)
        self._cache.clear()

    async def close(self) -> None:
        for uri in list(self._waiting):
            self.forget(uri)
        self.reset()

    def _take_over(self, uri: str) -> asyncio.Future[None]:
        """A future that is done when a newer query for this document comes; tells the older one so."""
        older = self._waiting.get(uri)
        if older is not None and not older.done():
            older.set_result(None)
        self._waiting[uri] = asyncio.get_running_loop().create_future()
        return self._waiting[uri]

    async def _answer(self, query: Query, emit: Callable[[Completion], None] | None) -> Answer:
        query = with_selection(query)
        shape = shape_of(query, self.settings)
        if isinstance(shape, Silence):
            return Answer(silence=shape)
        id = str(next(self._ids))
        if cached := self._cached(query, shape):
            first, source = cached, "cache"
        else:
            if silence := await self._engine_unavailable(query.trigger):
                return Answer(silence=silence)

            def grow(part: Generated) -> None:
                if emit is not None:
                    emit(completion_of(query, part, id))

            first, source = await self._generate(query, shape, grow if emit else None), "engine"
        if silence := first.silence or not_confident(query, first, self.settings):
            return Answer(silence=silence, done=first.done, source=source)
        others = await self._alternatives(query, shape, first)
        self._prefetch(query, first)
        completions = [completion_of(query, first, id)]
        completions += [completion_of(query, other, str(next(self._ids))) for other in others]
        return Answer(tuple(completions), done=first.done, source=source)

    def _cached(self, query: Query, shape: Shape, seed: int | None = None) -> Generated | None:
        if query.seed is not None or query.max_tokens is not None:
            return None
        hit = self._cache.find(query.snapshot, query.offset, shape, seed)
        if hit is None:
            return None
        result, rest = hit
        if shape is Shape.LINE:
            rest = rest.split("\n", 1)[0]
        if not rest and result.silence is None:
            return None
        return replace(result, text=rest, shape=shape)

    async def _engine_unavailable(self, how: Trigger) -> Silence | None:
        """Why the engine cannot answer; waits for one that is starting, as long as somebody would."""
        if self.engine.status.state in (EngineState.STARTING, EngineState.RESTARTING):
            patience = LOADING_SECONDS if how is Trigger.AUTOMATIC else None
            with suppress(TimeoutError, EngineError):
                await asyncio.wait_for(self.engine.ready(), patience)
        return unavailable(self.engine)

    async def _generate(self, query: Query, shape: Shape, emit: Callable[[Generated], None] | None) -> Generated:
        if query.trigger is Trigger.AUTOMATIC:
            await asyncio.sleep(self.settings.completion.debounce_ms / 1000)
        run = self._join_or_start(query, shape)
        return await self._follow(run, query, emit)

    def _join_or_start(self, query: Query, shape: Shape) -> Run:
        """The run whose text the user is typing, or a new one; runs that nobody waits for give way."""
        uri = query.snapshot.uri
        run = self._runs.get(uri)
        plain = query.seed is None and query.max_tokens is None
        if run is not None and plain and run.joins(query.snapshot, query.offset, shape):
            return run
        for other in list(self._runs):
            if other == uri or other not in self._waiting:
                self._stop_run(other)
        sampling = SamplingParams() if query.seed is None else sampled(query.seed)
        return self._start(Job(query.snapshot, query.offset, shape, sampling, query.max_tokens, chunks=query.chunks))

    def _start(self, job: Job) -> Run:
        run = Run(self.engine, self.settings, job)
        uri = job.snapshot.uri
        self._runs[uri] = run
        run.task.add_done_callback(lambda _: self._ended(uri, run))
        return run

    def _ended(self, uri: str, run: Run) -> None:
        if self._runs.get(uri) is run:
            del self._runs[uri]
        if run.job.sampling.temperature == 0 and worth_keeping(run):
            self._cache.put(run.result())

    def _stop_run(self, uri: str) -> None:
        if (run := self._runs.pop(uri, None)) is not None:
            run.task.cancel()

    async def _follow(self, run: Run, query: Query, emit: Callable[[Generated], None] | None) -> Generated:
        """Waits for the run's end or, for a block, only until its first lines are there after `first_ms`.

        The run goes on then, and what it makes answers the next query.
        """
        patience = self.settings.completion.first_ms / 1000
        early = patience > 0 and emit is None and not query.wait_for_all and run.job.shape is Shape.BLOCK
        deadline = time.perf_counter() + patience
        shown = ""
        while not run.task.done():
            left = deadline - time.perf_counter()
            if early and left <= 0 and (lines := rest_of(run.whole_lines(), query)).text:
                return lines
            await run.changes(max(left, 0.01) if early else None)
            if emit is not None and (growing := rest_of(run.so_far(), query)).text not in ("", shown):
                shown = growing.text
                emit(growing)
        return rest_of(run.result(), query)

    async def _alternatives(self, query: Query, shape: Shape, first: Generated) -> list[Generated]:
        """Sampled texts that differ from `first` and from each other, those of an earlier query from the cache."""
        found = {first.text: first}
        for seed in range(1, query.candidates):
            result = self._cached(query, shape, seed) or await self._sample(query, shape, seed)
            if not result.silence:
                found.setdefault(result.text, result)
        return list(found.values())[1:]

    async def _sample(self, query: Query, shape: Shape, seed: int) -> Generated:
        job = Job(query.snapshot, query.offset, shape, sampled(seed), query.max_tokens, chunks=query.chunks)
        run = Run(self.engine, self.settings, job)
        try:
            await asyncio.wait({run.task})
        finally:
            run.task.cancel()
        result = replace(run.result(), seed=seed)
        if worth_keeping(run):
            self._cache.put(result)
        return result

    def _prefetch(self, query: Query, first: Generated) -> None:
        """Generates what comes after `first`, as if it were accepted, while nobody waits."""
        snapshot, uri = query.snapshot, query.snapshot.uri
        run = self._runs.get(uri)
        busy = run is not None and not run.task.done()
        if busy or query.seed is not None or not self.settings.completion.prefetch:
            return
        data = in_file(first.text, snapshot).encode()
        after, offset = snapshot_with(snapshot, query.offset, query.offset, data), query.offset + len(data)
        decision = trigger.decide(after, offset, Trigger.AUTOMATIC, self.settings.completion.multiline)
        if not isinstance(decision, Silence) and not self._cache.find(after, offset, decision.shape):
            self._start(Job(after, offset, decision.shape, background=True, chunks=query.chunks))
