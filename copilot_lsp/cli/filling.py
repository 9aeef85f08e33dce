"""`complete --at-markers`: fills the markers of files, as a patch or in place, where the model is sure."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import AsyncGenerator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

from copilot_lsp.cli import completing, engines, knowing, patch, source
from copilot_lsp.cli.batch import OneEngine, alive, in_order
from copilot_lsp.cli.places import Entry
from copilot_lsp.cli.source import Source
from copilot_lsp.completion import trigger
from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Answer, Query
from copilot_lsp.completion.trigger import Ask, Trigger
from copilot_lsp.engine.base import Chunk, Engine, FinishReason
from copilot_lsp.errors import CopilotLspError, UsageError
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.source import markers
from copilot_lsp.source.document import Snapshot
from copilot_lsp.source.markers import Marker

WHOLE = (FinishReason.EOG, FinishReason.LINES, FinishReason.SHAPED)
"""The text came to its own end."""

NOT_WHOLE: dict[FinishReason | None, str] = {
    FinishReason.DOUBT: "the model is sure of the beginning only",
    FinishReason.TOKENS: "the text would be longer than is generated at once (--max-tokens)",
}


@dataclass(frozen=True, slots=True)
class Report:
    """Of one marker. `place`: `PATH:LINE:COL` in the file as it was. `left`: why it was, "" where it was filled."""

    place: str
    left: str
    confidence: float | None


@dataclass(frozen=True, slots=True)
class Filled:
    """A file as it was and as it is to be, in its encoding; what became of its markers. `error`: why nothing did."""

    path: str
    before: bytes = b""
    after: bytes = b""
    reports: tuple[Report, ...] = ()
    error: CopilotLspError | None = None


async def filled(
    options: completing.Options, choice: engines.Choice, files: Iterable[Entry]
) -> AsyncGenerator[Filled, None]:
    """Each file once, in order; `jobs` of them at a time, with one engine."""
    engine = OneEngine(choice)
    try:
        async with aclosing(in_order(_once(files), options.jobs, lambda file: _fill(file, options, engine))) as found:
            async for each in found:
                yield each
    finally:
        await engine.close()


def _once(files: Iterable[Entry]) -> Iterator[Entry]:
    seen: set[str] = set()
    for file in files:
        real = file if isinstance(file, UsageError) else os.path.realpath(file)
        if isinstance(real, str):
            if real in seen:
                continue
            seen.add(real)
        yield file


async def _fill(file: Entry, options: completing.Options, engine: OneEngine) -> Filled:
    """Nothing of a file is filled when the engine fails at one of its markers."""
    if isinstance(file, UsageError):
        return Filled("", error=file)
    try:
        return await _File(file, options).fill(engine)
    except CopilotLspError as error:
        return Filled(file, error=error)


class _File:
    """A file while its markers are filled from the top: the model reads what was filled before. Raises
    CopilotLspError."""

    def __init__(self, path: str, options: completing.Options) -> None:
        if not options.apply:
            patch.relative(path)
        self._path = path
        self._options = replace(options, path=Path(path), places=["1:1"])
        settings = completing.settings_of(self._options)
        sure = settings.completion.confidence if options.sure is None else options.sure
        completion = replace(settings.completion, confidence=sure, debounce_ms=0)
        self._settings = replace(settings, completion=completion)
        self._source = completing.source_of(self._options, self._settings)
        self._now = self._snapshot(self._source.text)

    async def fill(self, engine: OneEngine) -> Filled:
        before, tag = self._now, self._options.marker
        reports: list[Report] = []
        for marker in markers.find(before, tag):
            left = sum(bool(report.left) for report in reports)
            reports.append(await self._follow(engine, markers.find(self._now, tag)[left], _place(before, marker)))
        if not reports and tag.encode() in before.text.data:
            raise UsageError(f"{self._path} has {tag}, but not at the beginning of a comment")
        text = self._now.text.data.decode()
        return Filled(self._path, _raw(self._source, self._source.text), _raw(self._source, text), tuple(reports))

    async def _follow(self, engine: OneEngine, marker: Marker, place: str) -> Report:
        hole = markers.hole(self._now, marker)
        snapshot = self._snapshot(hole.data.decode())
        answer = await self._ask(await engine.ready(self._settings), snapshot, hole.offset, marker.alone)
        confidence = answer.completions[0].confidence if answer.completions else None
        if left := self._doubt(answer):
            return Report(place, left, confidence)
        completion = answer.completions[0]
        data = hole.data[: completion.start] + completion.text.encode() + hole.data[completion.end :]
        self._now = self._snapshot(data.decode())
        return Report(place, "", confidence)

    async def _ask(self, engine: Engine, snapshot: Snapshot, offset: int, alone: bool) -> Answer:
        """As while typing, so that the gate decides; but wherever the marker stands."""
        chunks: tuple[Chunk, ...] = ()
        if self._options.context:
            picked = await asyncio.to_thread(knowing.picked, snapshot, offset, self._settings)
            chunks = tuple(each.chunk for each in picked)
        query = Query(
            snapshot,
            offset,
            Trigger.AUTOMATIC,
            shape=self._shape(snapshot, offset, alone),
            max_tokens=self._options.max_tokens,
            wait_for_all=True,
            chunks=chunks,
        )
        return alive(await Completer(engine, self._settings).complete(query))

    def _shape(self, snapshot: Snapshot, offset: int, alone: bool) -> Shape:
        if self._options.shape is not None:
            return Shape(self._options.shape)
        if alone:
            return Shape.BLOCK
        decided = trigger.decide(snapshot, offset, Trigger.INVOKED, self._settings.completion)
        return decided.shape if isinstance(decided, Ask) else Shape.LINE

    def _doubt(self, answer: Answer) -> str:
        """Why the answer is not sure; "" when it is."""
        if answer.silence is not None:
            return answer.silence.message
        end = answer.done.end if answer.done else None
        if end not in WHOLE or not answer.completions:
            return NOT_WHOLE.get(end, "the model did not come to an end")
        text, confidence = answer.completions[0].text, answer.completions[0].confidence
        sure = self._settings.completion.confidence
        if (confidence or 0.0) < sure:
            return "the engine does not say how sure it is" if confidence is None else f"{confidence:.2f} of {sure:g}"
        if self._options.marker in text:
            return "the text has the marker in it"
        return "" if _fits(text, self._source.encoding) else f"the text does not fit into {self._source.encoding}"

    def _snapshot(self, text: str) -> Snapshot:
        return source.snapshot_of(Path(self._path), text, self._settings)


def _place(snapshot: Snapshot, marker: Marker) -> str:
    line, column = snapshot.text.position_at(marker.start, "utf-32")
    return f"{snapshot.path}:{line + 1}:{column + 1}"


def _raw(source: Source, text: str) -> bytes:
    return codecs.BOM_UTF8[: source.mark] + text.encode(source.encoding)


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True
