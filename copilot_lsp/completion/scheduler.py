"""Schedules the engine: one run per document, the waiting query, and background work.

State per document: its run, the waiting query, the pin that keeps the start of its prompts unchanged, and the shelf
with context from other files. The cells of a notebook share pin and shelf.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from copilot_lsp.completion import context, shelf
from copilot_lsp.completion.context import Pin
from copilot_lsp.completion.run import Job, Run, request
from copilot_lsp.completion.shelf import EMPTY, Others, Shelf
from copilot_lsp.completion.wanted import steady
from copilot_lsp.engine.base import Chunk, Engine, EngineState
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Snapshot, in_notebook

REST_SECONDS = 0.3
"""Pause after which the engine evaluates what the next completion will need."""

GRACE_SECONDS = 0.03
"""How long a cancelled run continues, in case the next query joins it."""


@dataclass(slots=True)
class _Document:
    run: Run | None = None
    waiting: asyncio.Future[None] | None = None
    pin: Pin | None = None
    shelf: Shelf = EMPTY
    rest: asyncio.TimerHandle | None = None
    choosing: asyncio.Task[None] | None = None


class Scheduler:
    """`ended` is called with every run that has ended, cancelled or not."""

    def __init__(self, engine: Engine, settings: Settings, ended: Callable[[Run], None]) -> None:
        self.engine = engine
        self.settings = settings
        self.others: Others | None = None
        self._ended_with = ended
        self._runs: set[Run] = set()
        self._documents: dict[str, _Document] = {}

    def take_over(self, uri: str) -> asyncio.Future[None]:
        """Supersede the document's older query. The future is done when a newer one arrives."""
        document = self._document(uri)
        if document.waiting is not None and not document.waiting.done():
            document.waiting.set_result(None)
        _stop_reading_ahead(document)
        document.waiting = asyncio.get_running_loop().create_future()
        return document.waiting

    def is_current(self, uri: str, turn: asyncio.Future[None]) -> bool:
        """Whether the query that holds `turn` has not been superseded."""
        document = self._documents.get(uri)
        return document is not None and document.waiting is turn

    def leave(self, uri: str, turn: asyncio.Future[None]) -> None:
        """The query was answered."""
        if self.is_current(uri, turn):
            self._document(uri).waiting = None

    async def hear_out(self, snapshot: Snapshot, offset: int, shape: Shape) -> None:
        """Wait until the document's run has caught up with the typing since it started, or departs from it.

        Where a token takes longer than a key, an engine that is stopped at every key never says anything. Waiting costs
        one token's time where the typed text differs, and the run is joined where it does not.
        """
        run = self._document(snapshot.uri).run
        while run is not None and run.is_behind(snapshot, offset, shape):
            await run.changes()

    def join_or_start(self, job: Job, alone: bool) -> Run:
        """The run whose text the user is typing, or a new one. Runs without a waiting query are cancelled.

        `alone`: the job has its own seed or length and joins no run.
        """
        uri = job.snapshot.uri
        run = self._document(uri).run
        if run is not None and not alone and run.joins(job):
            return run
        for other, document in self._documents.items():
            if other == uri or document.waiting is None:
                self.stop(other)
        return self.start(job)

    def start(self, job: Job) -> Run:
        document = self._document(job.snapshot.uri)
        document.run = run = self.generate(job)
        return run

    def generate(self, job: Job) -> Run:
        """Start a run that cannot be joined; its prompt uses the document's pin."""
        pin = self._document(job.snapshot.home).pin
        quick = job.quick and self.settings.context.cold_ms > 0
        around = context.build(*in_notebook(job.snapshot, job.offset), pin if job.quick else None, quick)
        run = Run(self.engine, request(job, around, self.settings.completion), job)
        self._runs.add(run)
        run.task.add_done_callback(lambda _: self._ended(run, around))
        return run

    def typed_through(self, snapshot: Snapshot, offset: int) -> Shape | None:
        """The shape of the document's run, if the user is typing what it has shown so far."""
        run = self._document(snapshot.uri).run
        return run.job.shape if run is not None and run.is_typed_through(snapshot, offset) else None

    def is_busy(self, uri: str) -> bool:
        document = self._documents.get(uri)
        return document is not None and document.run is not None and not document.run.task.done()

    def rest(self, snapshot: Snapshot, offset: int) -> None:
        """After a pause at `offset`, evaluate the whole window there, once.

        Also context from other files, if it has changed.
        """
        document = self._document(snapshot.uri)
        _stop_reading_ahead(document)
        if self.settings.completion.prefetch or self.others is not None:
            loop = asyncio.get_running_loop()
            document.rest = loop.call_later(REST_SECONDS, self._prefill, snapshot, offset)

    def chunks(self, home: str) -> tuple[Chunk, ...]:
        """Context from other files for the prompts of a document."""
        return self._document(home).shelf.chunks

    def put_away(self, home: str | None = None) -> bool:
        """Remove text that must no longer be read from the prompts of one document, or all. True if there was any."""
        found = False
        for uri, document in self._documents.items():
            if home in (None, uri):
                kept = shelf.without(document.shelf, self.others)
                found |= kept is not document.shelf
                document.shelf = kept
        for run in self._runs:
            if home in (None, run.job.snapshot.home) and any(self._refuses(chunk) for chunk in run.job.chunks):
                found = True
                run.task.cancel()
        return found

    def _refuses(self, chunk: Chunk) -> bool:
        return self.others is None or self.others.refuses(chunk)

    def stop(self, uri: str) -> None:
        document = self._documents.get(uri)
        if document is not None and document.run is not None:
            document.run.task.cancel()
            document.run = None

    def abandon(self, uri: str) -> None:
        """The client cancelled: stop the run, unless the next key arrives at once and joins it.

        Clients cancel the older request before they send the next one, so otherwise no run would ever be joined.
        """
        run = self._document(uri).run

        def stop() -> None:
            document = self._documents.get(uri)
            if document is not None and document.run is run and document.waiting is None:
                self.stop(uri)

        asyncio.get_running_loop().call_later(GRACE_SECONDS, stop)

    def forget(self, uri: str) -> None:
        """The document was closed: its waiting query is superseded."""
        self.take_over(uri).cancel()
        self.stop(uri)
        del self._documents[uri]

    def reset(self) -> None:
        """The engine or its model was replaced: drop everything generated before."""
        for uri, document in self._documents.items():
            self.stop(uri)
            document.pin, document.shelf = None, EMPTY

    def close(self) -> None:
        for uri in list(self._documents):
            self.forget(uri)

    def _document(self, uri: str) -> _Document:
        return self._documents.setdefault(uri, _Document())

    def _ended(self, run: Run, around: context.Context) -> None:
        self._runs.discard(run)
        document = self._documents.get(run.job.snapshot.uri)
        if document is not None and document.run is run:
            document.run = None
        if (home := self._documents.get(run.job.snapshot.home)) is not None:
            home.pin = context.pin_of(*in_notebook(run.job.snapshot, run.job.offset), around, run.cut) or home.pin
        self._ended_with(run)

    def _prefill(self, snapshot: Snapshot, offset: int) -> None:
        """Evaluate a whole prompt without decoding, unless the pin already has one."""
        document = self._document(snapshot.uri)
        document.rest = None
        if self.is_busy(snapshot.uri):  # with what is read ahead: after that
            self.rest(snapshot, offset)
        elif self.engine.status.state is not EngineState.READY:
            return
        elif self.others is None:
            self._read(snapshot, offset, self._document(snapshot.home).shelf)
        else:
            document.choosing = asyncio.create_task(self._choose(self.others, snapshot, offset))

    async def _choose(self, others: Others, snapshot: Snapshot, offset: int) -> None:
        """Reads on with the shelf that this place asks for."""
        old, names = self._document(snapshot.home).shelf, steady(snapshot, offset)
        new = old
        if names != old.names:
            fresh = await others.choose(snapshot, offset)
            if fresh is not None:
                new = shelf.next_shelf(old, names, fresh, self.settings.context.chunk_tokens)
        if not self.is_busy(snapshot.uri) and self._document(snapshot.home).shelf is old:
            self._read(snapshot, offset, new)

    def _read(self, snapshot: Snapshot, offset: int, new: Shelf) -> None:
        """Use `new` once the engine has evaluated it."""
        home = self._document(snapshot.home)
        if new.picked == home.shelf.picked:
            home.shelf = new
            whole = home.pin is not None and context.is_whole(home.pin, *in_notebook(snapshot, offset))
            if whole or not self.settings.completion.prefetch:
                return
        job = Job(snapshot, offset, Shape.LINE, max_tokens=0, background=True, quick=False, chunks=new.chunks)
        run, old = self.start(job), home.shelf

        def put(_: object) -> None:
            if run.read and home.shelf is old and self._documents.get(snapshot.home) is home:
                home.shelf = new
                if new.names is None:
                    self.rest(snapshot, offset)

        run.task.add_done_callback(put)


def _stop_reading_ahead(document: _Document) -> None:
    if document.rest is not None:
        document.rest.cancel()
    if document.choosing is not None:
        document.choosing.cancel()
