"""One generation: an engine request whose text is gated and shaped while it streams in.

A run outlives the query that started it: queries join it while the user types its beginning, and it continues for the
next query if the first was answered early.
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

    `confidence`: threshold of the gate (see `gate.py`); 0: no gate. `quick`: at a new place, prefer a window that is
    evaluated in time to a whole one. `avoid`: beginnings of the text that are banned, ignoring white space.
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


QUICKLY_PARSED = 64_000
"""Bytes of a file that is parsed again while a text grows, in 3 ms or so; of longer ones, only the final text is."""

REST = 10
"""After shaping a growing text, wait this many times as long before shaping it again."""


class Run:
    """One generation in its own task. `text` grows with every piece; `trace` has its joint probability so far."""

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
        """Where the prompt's window began, if the engine has said so (`Done.cut`)."""
        return self._done.cut

    @property
    def read(self) -> bool:
        """Whether a prefill run has evaluated the whole prompt."""
        return not self.task.cancelled() and self._done.end is FinishReason.TOKENS

    def joins(self, wanted: Job) -> bool:
        """Whether the text so far begins with what the user has typed since the run started."""
        if self.job.confidence <= wanted.confidence and self.is_typed_through(wanted.snapshot, wanted.offset):
            return True
        if self.job.shape is not wanted.shape or self.job.confidence != wanted.confidence or self.task.done():
            return False
        typed = self.place.typed_until(wanted.snapshot, wanted.offset)
        return typed is not None and self.text.startswith(typed)

    def is_behind(self, snapshot: Snapshot, offset: int, shape: Shape) -> bool:
        """Whether a text of this shape is still shorter than what the user has typed since, and agrees with it."""
        if self.task.done() or self.job.background or self.job.shape is not shape:
            return False
        typed = self.place.typed_until(snapshot, offset) or ""
        return typed != self.text and typed.startswith(self.text)

    def is_typed_through(self, snapshot: Snapshot, offset: int) -> bool:
        """Whether the user is typing the text shown by this run, and some of it is left."""
        if not self._shown or not (typed := self.place.typed_until(snapshot, offset)):
            return False
        return self._shown.startswith(typed) and len(self._shown) > len(typed)

    async def changes(self, seconds: float | None = None) -> None:
        """Wait for the next piece, the end, or `seconds`."""
        self._changed.clear()
        if not self.task.done():
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), seconds)

    def result(self) -> Generated:
        """The result of a finished run. A cancelled run was superseded; what it has shown stays on the screen."""
        if self.task.cancelled():
            self._done = replace(self._done, end=FinishReason.CANCELLED)
            return self._silent(Reason.SUPERSEDED)
        return self.task.result()

    def so_far(self) -> Generated:
        """The text so far, for streaming clients: a line as it grows, a block by whole lines.

        What has been shown once stays: later ones, and the result, begin with it. Shaping takes milliseconds, in large
        files many of them, so it is not done for every token.
        """
        text = self._whole_lines() if self.job.shape is Shape.BLOCK else self._lasting()
        begun = time.perf_counter()
        if text != self._looked_at and begun >= self._look_again:
            self._looked_at = text
            shaped = pipeline.finish(self._raw(text), parses=len(self.job.snapshot.text.data) < QUICKLY_PARSED)
            if not isinstance(shaped, Silence) and shaped.startswith(self._shown) and not self._may_repeat(shaped):
                self._shown = shaped
            now = time.perf_counter()
            self._look_again = now + (now - begun) * REST
        return self._with_origin(self._shown)

    def _whole_lines(self) -> str:
        """Half a line may be valid syntax (`return self.fo`), so later rules could not detect the cut."""
        return self.text[: self.text.rfind("\n") + 1]

    def _may_repeat(self, text: str) -> bool:
        """Whether the line may still turn out to repeat the line above or below, which is not shown."""
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
        """The brackets that are open at the cursor."""
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
        """The reason why the text is complete, or None; the text is cut there."""
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
        return self._with_origin(text, silence)

    def _with_origin(self, text: str, silence: Silence | None = None) -> Generated:
        trace, floor = tuple(self.trace), self.job.confidence
        return Generated(
            self.place, self.job.shape, text, self._done, silence, confidence=floor, raw=self.text, trace=trace
        )


def _doubt(rest: str, shape: Shape) -> FinishReason:
    """A line is complete if only its line end is uncertain."""
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
