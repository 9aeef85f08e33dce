"""The pipeline: query, trigger, cache, engine, gate, shape, answer.

Its only state is the cache; the scheduler has the rest. All inputs and outputs are frozen data.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from copilot_lsp.completion import ahead
from copilot_lsp.completion.cache import Cache, Generated
from copilot_lsp.completion.query import Answer, Completion, Query, Selected
from copilot_lsp.completion.run import Job, Run
from copilot_lsp.completion.scheduler import Scheduler
from copilot_lsp.completion.shelf import Others
from copilot_lsp.completion.steps import (
    Emit,
    Known,
    beginning_to_avoid,
    completion_of,
    floor_of,
    is_by_typing,
    rest_of,
    sampled,
    shape_of,
    turned_off,
    unavailable,
    with_selection,
    worth_keeping,
)
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.base import Engine, EngineState, SamplingParams
from copilot_lsp.errors import EngineError
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason, Silence

__all__ = ["Answer", "Completer", "Completion", "Query", "Selected"]

LOADING_SECONDS = 2.0
"""How long an automatic request waits for a starting engine."""

OTHER_BEGINNINGS = 3
"""Maximum number of retries; the prompt is already evaluated, so each costs one line of decoding."""


class Completer:
    """Answers queries, one at a time for a document: a newer one makes the older answer SUPERSEDED."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._scheduler = Scheduler(engine, settings, self._keep)
        self._cache = Cache()
        self._ids = itertools.count(1)

    @property
    def engine(self) -> Engine:
        return self._scheduler.engine

    @property
    def settings(self) -> Settings:
        return self._scheduler.settings

    def use(self, settings: Settings, engine: Engine | None = None) -> None:
        """Replace settings and engine; with another engine, cached completions are dropped."""
        self._scheduler.settings = settings
        if engine is not None:
            self._scheduler.engine = engine
            self._scheduler.reset()
            self._cache.clear()

    async def complete(self, query: Query, emit: Callable[[Completion], None] | None = None) -> Answer:
        """Answer a query. Raises nothing for expected conditions; cancelling the caller cancels the generation."""
        started = time.perf_counter()
        uri = query.snapshot.uri
        superseded = self._scheduler.take_over(uri)
        work = asyncio.create_task(self._answer(query, emit))
        either: set[asyncio.Future[Any]] = {work, superseded}
        try:
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            if self._scheduler.is_current(uri, superseded):
                self._scheduler.abandon(uri)
            raise
        finally:
            self._scheduler.leave(uri, superseded)
            if not work.done():
                work.cancel()
        answer = work.result() if work.done() else Answer(silence=Silence(Reason.SUPERSEDED))
        return replace(answer, milliseconds=(time.perf_counter() - started) * 1000)

    def is_busy(self, uri: str) -> bool:
        """Whether a generation for this document is running, in the background or not."""
        return self._scheduler.is_busy(uri)

    def forget(self, uri: str) -> None:
        """Forget a closed document; its waiting query is answered with SUPERSEDED."""
        self._scheduler.forget(uri)

    def show(self, others: Others | None) -> None:
        """Use `others` as the source of context from other files; None: no context."""
        self._scheduler.others = others
        self.put_away()

    def put_away(self, home: str | None = None) -> None:
        """Drop everything generated from text that must no longer be read, for one document or all."""
        if self._scheduler.put_away(home):
            self.engine.forget()
            self._cache.clear()

    def clear(self) -> None:
        """Drop all cached completions."""
        self._cache.clear()

    async def close(self) -> None:
        self._scheduler.close()
        self._cache.clear()

    async def _answer(self, query: Query, emit: Callable[[Completion], None] | None) -> Answer:
        query = self._with_others(with_selection(query))
        if silence := turned_off(query, self.settings):
            return Answer(silence=silence)
        id = str(next(self._ids))

        def grow(part: Generated) -> None:
            if emit is not None:
                self._cache.show(part)
                emit(completion_of(query, part, id))

        answered = await self._first(query, grow if emit else None)
        if isinstance(answered, Silence):
            return Answer(silence=answered)
        first, source = answered
        others = [] if first.silence else await self._alternatives(query, first)
        self._look_ahead(query, first)
        if first.silence:
            return Answer(silence=first.silence, done=first.done, source=source, generated=first)
        self._cache.show(first)
        completions = [completion_of(query, first, id)]
        completions += [completion_of(query, other, str(next(self._ids))) for other in others]
        return Answer(tuple(completions), done=first.done, source=source, generated=first)

    def _with_others(self, query: Query) -> Query:
        """The query with its document's context from other files, unless it has its own."""
        if query.chunks or self._scheduler.others is None:
            return query
        self.put_away(query.snapshot.home)
        return replace(query, chunks=self._scheduler.chunks(query.snapshot.home))

    async def _first(self, query: Query, emit: Emit | None) -> tuple[Generated, str] | Silence:
        """The first completion or silence, and where it comes from."""
        known = self._known(query)
        if known.asks_engine:
            if silence := await self._engine_unavailable(query.trigger):
                return silence if known.text is None else (known.text, "cache")
            if query.trigger is Trigger.AUTOMATIC:
                await asyncio.sleep(self.settings.completion.debounce_ms / 1000)
                if not isinstance(known.shape, Silence):
                    await self._scheduler.hear_out(query.snapshot, query.offset, known.shape)
            known = self._known(query)  # what the run of the key before has made meanwhile
        if isinstance(known.shape, Silence):
            return known.shape
        if not known.asks_engine and known.text is not None:
            return known.text, "cache"
        return known.held(await self._generate(query, known.shape, known.showing(emit))), "engine"

    def _known(self, query: Query) -> Known:
        """What can be answered without the engine."""
        at = query.snapshot, query.offset
        typing = is_by_typing(query)
        seen = self._cache.typed_through(*at) if typing else None
        growing = self._scheduler.typed_through(*at) if typing else None
        if seen is not None and (growing is None or self._cache.is_on_screen(seen)):
            return Known(seen.shape, rest_of(seen, query))
        if growing is not None:
            return Known(growing)
        shape = shape_of(query, self.settings)
        return Known(shape, None if isinstance(shape, Silence) else self._cached(query, shape))

    def _cached(self, query: Query, shape: Shape, seed: int | None = None) -> Generated | None:
        if query.seed is not None or query.max_tokens is not None:
            return None
        hit = self._cache.find(query.snapshot, query.offset, shape, floor_of(query, self.settings), seed)
        if hit is None:
            return None
        result, rest = hit
        if shape is Shape.LINE:
            rest = rest.split("\n", 1)[0]
        if not rest and result.silence is None:
            return None
        return replace(result, text=rest, shape=shape)

    async def _engine_unavailable(self, how: Trigger) -> Silence | None:
        """Why the engine cannot answer; waits for a starting engine."""
        if self.engine.status.state in (EngineState.STARTING, EngineState.RESTARTING):
            patience = LOADING_SECONDS if how is Trigger.AUTOMATIC else None
            with suppress(TimeoutError, EngineError):
                await asyncio.wait_for(self.engine.ready(), patience)
        return unavailable(self.engine)

    async def _generate(self, query: Query, shape: Shape, emit: Emit | None) -> Generated:
        sampling = SamplingParams() if query.seed is None else sampled(query.seed)
        floor = floor_of(query, self.settings)
        job = Job(
            query.snapshot,
            query.offset,
            shape,
            sampling,
            query.max_tokens,
            confidence=floor,
            chunks=query.chunks,
            echo=query.echo,
        )
        alone = query.seed is not None or query.max_tokens is not None
        first = await self._follow(self._scheduler.join_or_start(job, alone), query, emit)
        return await self._begun_otherwise(query, job, first)

    async def _begun_otherwise(self, query: Query, job: Job, first: Generated) -> Generated:
        """Another completion with the rejected beginnings banned; `first` if none can be shown either."""
        found = first
        while len(job.avoid) < OTHER_BEGINNINGS and (avoid := beginning_to_avoid(query, found)):
            job = replace(job, avoid=(*job.avoid, avoid))
            found = (await self._alone(job)).result()
        return first if found.silence else found

    async def _alone(self, job: Job) -> Run:
        """A finished run; cancelled together with its caller."""
        run = self._scheduler.generate(job)
        try:
            await asyncio.wait({run.task})
        finally:
            run.task.cancel()
        return run

    def _keep(self, run: Run) -> None:
        if run.job.sampling.temperature == 0 and worth_keeping(run):
            self._cache.put(run.result())

    async def _follow(self, run: Run, query: Query, emit: Emit | None) -> Generated:
        """Wait for the end of the run or, for a block, until its first lines are available after `first_ms`.

        The run then continues, and its result answers the next query.
        """
        patience = self.settings.completion.first_ms / 1000
        early = patience > 0 and emit is None and not query.wait_for_all and run.job.shape is Shape.BLOCK
        deadline = time.perf_counter() + patience
        shown = ""
        while not run.task.done():
            left = deadline - time.perf_counter()
            if early and left <= 0 and (lines := rest_of(run.so_far(), query)).text:
                return lines
            await run.changes(max(left, 0.01) if early else None)
            if emit is None or run.task.done():
                continue
            if (growing := rest_of(run.so_far(), query)).text not in ("", shown):
                shown = growing.text
                emit(growing)
        return rest_of(run.result(), query)

    async def _alternatives(self, query: Query, first: Generated) -> list[Generated]:
        """Sampled texts that differ from `first` and from each other; cached ones of an earlier query first."""
        found = {first.text: first}
        for seed in range(1, query.candidates):
            result = self._cached(query, first.shape, seed) or await self._sample(query, first.shape, seed)
            if not result.silence:
                found.setdefault(result.text, result)
        return list(found.values())[1:]

    async def _sample(self, query: Query, shape: Shape, seed: int) -> Generated:
        job = Job(query.snapshot, query.offset, shape, sampled(seed), query.max_tokens, chunks=query.chunks)
        run = await self._alone(job)
        result = replace(run.result(), seed=seed)
        if worth_keeping(run):
            self._cache.put(result)
        return result

    def _look_ahead(self, query: Query, first: Generated) -> None:
        """Prefetch the completion after accepting `first`, in the background."""
        uri = query.snapshot.uri
        if query.seed is None and self.settings.completion.prefetch and not self._scheduler.is_busy(uri):
            job = ahead.next_job(query, first, self.settings.completion)
            if job and not self._cache.find(job.snapshot, job.offset, job.shape, job.confidence):
                self._scheduler.start(job)
        self._scheduler.rest(query.snapshot, query.offset)
