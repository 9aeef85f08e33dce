"""What `complete` does for one place, or for each of many."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from copilot_lsp.cli import engines, source
from copilot_lsp.cli.output import Json, Output, Plain, Result
from copilot_lsp.cli.source import Source
from copilot_lsp.completion.chunks import Picked
from copilot_lsp.completion.completer import Completer
from copilot_lsp.completion.query import Completion, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.errors import UsageError
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    """`places` has one element behind `run`; with `at_markers` they are files. `shape` None: the trigger decides.
    `seed` None: greedy decoding. `sure` None: as the settings say.
    """

    places: list[str]
    list_file: Path | None
    stdin0: bool
    stdin: bool
    path: Path | None
    encoding: str
    shape: Literal["line", "block"] | None
    invoked: bool
    max_tokens: int | None
    candidates: int
    seed: int | None
    model: str | None
    remote: str | None
    json: bool
    show: bool
    stream: bool
    context: bool
    show_prompt: bool

    jobs: int
    at_markers: bool
    marker: str
    apply: bool
    sure: float | None

    @property
    def place(self) -> str:
        return self.places[0]

    @property
    def many(self) -> bool:
        """A list is many places, however short: what reads the output need not count."""
        return len(self.places) > 1 or self.list_file is not None or self.stdin0


def run(options: Options, choice: engines.Choice) -> int:
    if not options.places:
        raise UsageError("which place? write PATH:LINE:COL, such as src/app.py:12:5 (see copilot-lsp complete --help)")
    settings, text, query = prepared(options)
    sink = _output(options, text, query)
    result = asyncio.run(answer(choice, settings, query, sink.grow))
    sink.finish(result)
    return 0


def prepared(options: Options) -> tuple[Settings, Source, Query]:
    """The one place of `options`, read. Raises UsageError."""
    settings = settings_of(options)
    text = source_of(options, settings)
    query = query_of(options, text, settings)
    picked: tuple[Picked, ...] = ()
    if options.context:
        from copilot_lsp.cli import knowing

        picked = knowing.picked(query.snapshot, query.offset, settings)
        query = replace(query, chunks=tuple(each.chunk for each in picked))
    if options.show_prompt:
        from copilot_lsp.cli import knowing

        print(knowing.shown(query, picked), file=sys.stderr)
        query = replace(query, echo=True)
    return settings, text, query


def _output(options: Options, text: Source, query: Query) -> Output:
    if options.json:
        return Json(query, text, options.stream)
    if options.show:
        from copilot_lsp.cli.show import Show

        return Show(query)
    return Plain(query, options.stream)


def settings_of(options: Options) -> Settings:
    """The configured ones, without whatever depends on the clock: the output must not."""
    path = _path(options)
    settings = engines.configured(options.model, path.parent if path else Path.cwd(), options.remote).settings
    completion = replace(settings.completion, first_ms=0, max_ms=0, prefetch=False)
    return replace(settings, completion=completion, context=replace(settings.context, cold_ms=0))


def source_of(options: Options, settings: Settings) -> Source:
    encoding = source.codec(options.encoding)
    path = _path(options)
    source.refuse_excluded(path, settings)
    if options.stdin:
        return source.read_stdin(encoding)
    if path is None:
        raise UsageError(f"which file? write PATH:{options.place}, or give the text with --stdin")
    return source.read_file(path, encoding)


def _path(options: Options) -> Path | None:
    return options.path or source.parse_location(options.place).path


def query_of(options: Options, text: Source, settings: Settings) -> Query:
    snapshot = source.snapshot_of(_path(options), text.text, settings)
    return Query(
        snapshot,
        source.offset_of(snapshot.text, source.parse_location(options.place)),
        Trigger.INVOKED if options.invoked else Trigger.AUTOMATIC,
        shape=Shape(options.shape) if options.shape else None,
        candidates=options.candidates,
        max_tokens=options.max_tokens,
        seed=options.seed,
        wait_for_all=True,
    )


async def answer(
    choice: engines.Choice, settings: Settings, query: Query, grow: Callable[[Completion], None]
) -> Result:
    begun = time.perf_counter()
    async with engines.started(engines.create(choice, settings)) as engine:
        start_ms = (time.perf_counter() - begun) * 1000
        found = await Completer(engine, settings).complete(query, grow)
        if query.echo:
            from copilot_lsp.cli import knowing

            print(knowing.prompt(found, engine.status), file=sys.stderr)
        return Result(query, found, engine.status, start_ms)
