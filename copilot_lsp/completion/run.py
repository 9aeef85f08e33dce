"""One generation: an engine request whose text is gated and shaped while it streams in.

A run outlives the query that began it: a query that comes while the user types its beginning joins it, and a
query that was answered early lets it go on for the next one.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from functools import cached_property

from copilot_lsp.completion import gate
from copilot_lsp.completion.cache import Generated
from copilot_lsp.completion.context import Context
from copilot_lsp.completion.place import Place
from copilot_lsp.engine.base import (
    Chunk,
    Done,
    Engine,
    FinishReason,
    InfillRequest,
    Limits,
    Piece,
    SamplingParams,
)
from copilot_lsp.errors import EngineDied, EngineError
from copilot_lsp.postprocess import pipeline
from copilot_lsp.postprocess.pipeline import RawCompletion
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import CompletionSettings
from copilot_lsp.silence import Reason, Silence
from copilot_lsp.source.brackets import Frames, scan
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.enclosing import frames_at
from copilot_lsp.source.languages import line_comment
from copilot_lsp.source.regions import marks_of_comments
from copilot_lsp.source.site import Site


@dataclass(frozen=True, slots=True)
class Job:
    """What a run generates: text of this shape at the byte `offset` of `snapshot`.

    `confidence`: the gate's floor (see `gate.py`); 0 lets everything through. `quick`: at a place that is new, a window
    that is read in time is better than a whole one. `avoid`: what the text does not begin with, white space aside.
    """

    snapshot: Snapshot
    offset: int
    shape: Shape
    sampling: SamplingParams = SamplingParams()
    max_tokens: int | None = None
    background: bool = False
    chunks: tuple[Chunk, ...] = ()
    confidence: float = 0.0
    quick: bool = True
    echo: bool = False
    avoid: tuple[str, ...] = ()


REST = 10
"""So many times as long as shaping took, a growing text is not shaped again."""


class Run:
    """A task of its own; `text` grows with every piece, and `trace` says how probable it is so far."""

    def __init__(self, engine: Engine, request: InfillRequest, job: Job) -> None:
        self.job = job
        self.place = Place.of(job.snapshot, job.offset)
        self.text = ""
        self.trace: list[tuple[int, float]] = []
        self._done = Done(FinishReason.CANCELLED)
        self._shown = ""
        self._looked_at = ""
        self._look_again = 0.0
        self._changed = asyncio.Event()
        self.task = asyncio.create_task(self._run(engine, request))
        self.task.add_done_callback(lambda _: self._changed.set())

    @property
    def cut(self) -> int:
        """Where the prompt's window began, as the engine said so far (`Done.cut`)."""
        return self._done.cut

    @property
    def read(self) -> bool:
        """Whether the whole prompt has been evaluated by the end of a run that was to generate nothing."""
        return not self.task.cancelled() and self._done.end is FinishReason.TOKENS

    def joins(self, wanted: Job) -> bool:
        """Whether this run's text so far begins with what the user typed since it began."""
        if self.job.confidence <= wanted.confidence and self.is_typed_through(wanted.snapshot, wanted.offset):
            return True
        if self.job.shape is not wanted.shape or self.job.confidence != wanted.confidence or self.task.done():
            return False
        typed = self.place.typed_until(wanted.snapshot, wanted.offset)
        return typed is not None and self.text.startswith(typed)

    def is_typed_through(self, snapshot: Snapshot, offset: int) -> bool:
        """Whether the user types what this run has shown, and there is more of it."""
        if not self._shown or not (typed := self.place.typed_until(snapshot, offset)):
            return False
        return self._shown.startswith(typed) and len(self._shown) > len(typed)

    async def changes(self, seconds: float | None = None) -> None:
        """Returns at the next piece, at the end, or after `seconds`."""
        self._changed.clear()
        if not self.task.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)

    def result(self) -> Generated:
        """Of a run that is done; a cancelled one was superseded, and what it has shown is on the screen."""
        if self.task.cancelled():
            self._done = replace(self._done, end=FinishReason.CANCELLED)
            return self._silent(Reason.SUPERSEDED)
        return self.task.result()

    def so_far(self) -> Generated:
        """For a client that shows the text as it grows: a line as it comes, a block by whole lines.

        What has been shown once stays: later ones, and the result, begin with it. Shaping takes milliseconds, in large
        files many of them, so it is not done for every token.
        """
        text = self._whole_lines() if self.job.shape is Shape.BLOCK else self._lasting()
        begun = time.perf_counter()
        if text != self._looked_at and begun >= self._look_again:
            self._looked_at = text
            shaped = pipeline.finish(self._raw(text))
            if not isinstance(shaped, Silence) and shaped.startswith(self._shown) and not self._may_repeat(shaped):
                self._shown = shaped
            now = time.perf_counter()
            self._look_again = now + (now - begun) * REST
        return Generated(self.place, self.job.shape, self._shown, self._done, confidence=self.job.confidence)

    def _whole_lines(self) -> str:
        """Half a line may well be valid syntax (`return self.fo`), so nothing later could tell that it was cut."""
        return self.text[: self.text.rfind("\n") + 1]

    def _may_repeat(self, text: str) -> bool:
        """Whether the line, if it goes on, may come to be that above or below, and then nothing is shown."""
        line = (self._site.left + text).rstrip()
        above = next((each for each in reversed(self._site.above) if each.strip()), "")
        return any(each.startswith(line) for each in (above, self._site.next_line))

    def _lasting(self) -> str:
        """What no later token can take back: the gate may still cut before the last word, and a string or bracket in
        which it cuts is not shown.
        """
        if not self.job.confidence:
            return self.text
        text = self.text[: gate.word_start(self.text, len(self.text))]
        return text[: scan(text, self.job.snapshot.language, self._frames).open_at]

    @cached_property
    def _frames(self) -> Frames:
        """What is open at the cursor."""
        return frames_at(self._site)

    @cached_property
    def _site(self) -> Site:
        return Site.of(self.job.snapshot, self.job.offset)

    async def _run(self, engine: Engine, request: InfillRequest) -> Generated:
        try:
            return await self._generate(engine, request)
        except EngineDied as error:
            return self._silent(Reason.ENGINE_RESTARTING, str(error))
        except EngineError as error:
            return self._silent(Reason.ENGINE_FAILED, str(error))

    async def _generate(self, engine: Engine, request: InfillRequest) -> Generated:
        async with aclosing(engine.infill(request)) as stream:
            async for item in stream:
                if isinstance(item, Done):
                    self._done = item
                    break
                if (end := self._grow(item)) is not None:
                    self._done = replace(item.so_far, end=end)
                    break
                self._changed.set()
        if self.job.shape is Shape.BLOCK and self._done.end in (FinishReason.TOKENS, FinishReason.TIME):
            return self._shaped(self._whole_lines())
        return self._shaped(self.text)

    def _grow(self, piece: Piece) -> FinishReason | None:
        """Why the text is complete, if it is; it is cut there."""
        self.text = pipeline.unified(self.text + piece.text)
        self._done = piece.so_far
        if piece.so_far.confidence is not None:
            self.trace.append((len(self.text), piece.so_far.confidence))
        sure = gate.sure_length(self.text, self.trace, self.job.confidence)
        end = _doubt(self.text[sure:], self.job.shape) if sure < len(self.text) else None
        self.text = self.text[:sure]
        if (stop := pipeline.stop_at(self._raw(self.text))) is not None:
            self.text, end = self.text[:stop], FinishReason.SHAPED
        return end

    def _raw(self, text: str) -> RawCompletion:
        return RawCompletion(self.job.snapshot, self.job.offset, self.job.shape, text)

    def _shaped(self, text: str) -> Generated:
        if not text and self._done.end is FinishReason.TIME:
            return self._silent(Reason.TIMED_OUT)
        if not text.strip() and self._done.end is FinishReason.DOUBT:
            return self._silent(Reason.LOW_CONFIDENCE)
        shaped = pipeline.finish(self._raw(text))
        if isinstance(shaped, Silence):
            return self._silent(shaped.reason, shaped.detail)
        return self._generated(shaped)

    def _silent(self, reason: Reason, detail: str = "") -> Generated:
        return self._generated("", Silence(reason, detail))

    def _generated(self, text: str, silence: Silence | None = None) -> Generated:
        if not text.startswith(self._shown):
            text, silence = self._shown, None
        trace, floor = tuple(self.trace), self.job.confidence
        return Generated(
            self.place, self.job.shape, text, self._done, silence, confidence=floor, raw=self.text, trace=trace
        )


def _doubt(rest: str, shape: Shape) -> FinishReason:
    """A line whose end is all that is not sure is complete."""
    ends = shape is Shape.LINE and rest.lstrip(" \t").startswith("\n")
    return FinishReason.LINES if ends else FinishReason.DOUBT


def request(job: Job, context: Context, completion: CompletionSettings) -> InfillRequest:
    """The engine request for `job`."""
    tokens = completion.max_block_tokens if job.shape is Shape.BLOCK else completion.max_line_tokens
    return InfillRequest(
        document=job.snapshot.home,
        path=job.snapshot.path,
        prefix=context.prefix,
        suffix=context.suffix,
        cuts=context.cuts,
        chunks=job.chunks,
        pinned=context.pinned,
        anchor=context.anchor,
        quick=context.quick,
        echo=job.echo,
        comment=line_comment(job.snapshot.language) or "#",
        unwanted=(*marks_of_comments(job.snapshot, job.offset), *job.avoid),
        limits=Limits(
            max_tokens=tokens if job.max_tokens is None else job.max_tokens,
            max_lines=1 if job.shape is Shape.LINE else 0,
            max_ms=completion.max_ms,
        ),
        sampling=job.sampling,
        background=job.background,
    )
