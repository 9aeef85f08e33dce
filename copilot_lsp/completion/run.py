"""One generation: an engine request whose text is shaped while it streams in.

A run outlives the query that began it: a query that comes while the user types its beginning joins it, and a
query that was answered early lets it go on for the next one.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from copilot_lsp.completion import context
from copilot_lsp.completion.cache import Generated, Place
from copilot_lsp.engine.base import (
    Chunk,
    Done,
    Engine,
    EngineState,
    FinishReason,
    InfillRequest,
    Limits,
    Piece,
    SamplingParams,
)
from copilot_lsp.errors import EngineDied, EngineError
from copilot_lsp.postprocess import pipeline as shape
from copilot_lsp.postprocess.pipeline import RawCompletion
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.languages import line_comment
from copilot_lsp.source.regions import marks_of_comments


@dataclass(frozen=True, slots=True)
class Job:
    """What a run generates: text of this shape at the byte `offset` of `snapshot`."""

    snapshot: Snapshot
    offset: int
    shape: Shape
    sampling: SamplingParams = SamplingParams()
    max_tokens: int | None = None
    background: bool = False
    chunks: tuple[Chunk, ...] = ()


class Run:
    """A task of its own; `text` grows with every piece."""

    def __init__(self, engine: Engine, settings: Settings, job: Job) -> None:
        self.job = job
        self.place = Place.of(job.snapshot, job.offset)
        self.text = ""
        self._done = Done(FinishReason.CANCELLED)
        self._lines = 0
        self._growing = Generated(self.place, job.shape, "")
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(self._run(engine, settings))
        self.task.add_done_callback(lambda _: self._changed.set())

    def joins(self, snapshot: Snapshot, offset: int, wanted: Shape) -> bool:
        """Whether this run's text so far begins with what the user typed since it began."""
        if self.job.shape is not wanted or self.task.done():
            return False
        typed = self.place.typed_until(snapshot, offset)
        return typed is not None and self.text.startswith(typed)

    async def changes(self, seconds: float | None = None) -> None:
        """Returns at the next piece, at the end, or after `seconds`."""
        self._changed.clear()
        if not self.task.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)

    def result(self) -> Generated:
        """Of a run that is done; a cancelled one was superseded."""
        if self.task.cancelled():
            return self._silent(Reason.SUPERSEDED)
        return self.task.result()

    def so_far(self) -> Generated:
        """For a client that shows the text as it grows: a line as it comes, a block by whole lines.

        Shaping takes milliseconds, too long to be done for every token.
        """
        lines = self.text.count("\n") if self.job.shape is Shape.BLOCK else -1
        if lines < 0:
            return Generated(self.place, self.job.shape, self.text.rstrip(), self._done)
        if lines > self._lines:
            self._lines, self._growing = lines, self.whole_lines()
        return self._growing

    def whole_lines(self) -> Generated:
        """What would be the result if the run ended after its last complete line.

        Half a line may well be valid syntax (`return self.fo`), so nothing later could tell that it was cut.
        """
        return self._shaped(self.text[: self.text.rfind("\n") + 1])

    async def _run(self, engine: Engine, settings: Settings) -> Generated:
        try:
            return await self._generate(engine, request(self.job, settings))
        except EngineDied as error:
            return self._silent(Reason.ENGINE_RESTARTING, str(error))
        except EngineError as error:
            return self._silent(Reason.ENGINE_FAILED, str(error))

    async def _generate(self, engine: Engine, wanted: InfillRequest) -> Generated:
        async with aclosing(engine.infill(wanted)) as stream:
            async for item in stream:
                if isinstance(item, Done):
                    self._done = item
                    break
                if (cut := self._grow(item)) is not None:
                    self.text = self.text[:cut]
                    self._done = replace(item.so_far, end=FinishReason.SHAPED)
                    break
                self._changed.set()
        if self.job.shape is Shape.BLOCK and self._done.end in (FinishReason.TOKENS, FinishReason.TIME):
            return self.whole_lines()
        return self._shaped(self.text)

    def _grow(self, piece: Piece) -> int | None:
        self.text = shape.unified(self.text + piece.text)
        self._done = piece.so_far
        return shape.stop_at(self._raw(self.text))

    def _raw(self, text: str) -> RawCompletion:
        return RawCompletion(self.job.snapshot, self.job.offset, self.job.shape, text)

    def _shaped(self, text: str) -> Generated:
        if not text and self._done.end is FinishReason.TIME:
            return self._silent(Reason.TIMED_OUT)
        shaped = shape.finish(self._raw(text))
        if isinstance(shaped, Silence):
            return self._silent(shaped.reason, shaped.detail)
        return Generated(self.place, self.job.shape, shaped, self._done)

    def _silent(self, reason: Reason, detail: str = "") -> Generated:
        return Generated(self.place, self.job.shape, "", self._done, Silence(reason, detail))


def request(job: Job, settings: Settings) -> InfillRequest:
    """The engine request for `job`."""
    around = context.build(job.snapshot, job.offset)
    completion = settings.completion
    tokens = completion.max_block_tokens if job.shape is Shape.BLOCK else completion.max_line_tokens
    return InfillRequest(
        document=job.snapshot.uri,
        path=job.snapshot.path,
        prefix=around.prefix,
        suffix=around.suffix,
        cuts=around.cuts,
        chunks=job.chunks,
        comment=line_comment(job.snapshot.language) or "#",
        unwanted=marks_of_comments(job.snapshot, job.offset),
        limits=Limits(
            max_tokens=tokens if job.max_tokens is None else job.max_tokens,
            max_lines=1 if job.shape is Shape.LINE else 0,
            max_ms=completion.max_ms,
        ),
        sampling=job.sampling,
        background=job.background,
    )


NOT_READY = {
    EngineState.STARTING: Reason.MODEL_LOADING,
    EngineState.RESTARTING: Reason.ENGINE_RESTARTING,
    EngineState.STOPPED: Reason.ENGINE_FAILED,
    EngineState.FAILED: Reason.ENGINE_FAILED,
}


def unavailable(engine: Engine) -> Silence | None:
    """Why the engine cannot answer now, if so."""
    status = engine.status
    if status.details.get("missing_model"):
        return Silence(Reason.NO_MODEL, status.message)
    reason = NOT_READY.get(status.state)
    return Silence(reason, status.message) if reason else None
