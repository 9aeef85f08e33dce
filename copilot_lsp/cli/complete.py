"""`copilot-lsp complete`: the editor's pipeline for places in files, without an editor."""

from __future__ import annotations

import argparse
import asyncio
import io
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from copilot_lsp.cli import positive, typed

if TYPE_CHECKING:
    from copilot_lsp.cli.engines import Choice
    from copilot_lsp.cli.output import Output, Result
    from copilot_lsp.cli.source import Source
    from copilot_lsp.completion.chunks import Picked
    from copilot_lsp.completion.query import Completion, Query
    from copilot_lsp.settings import Settings

DESCRIPTION = """\
Complete the code at a position in a file, as an editor would, and print the text to insert. Several positions
share one engine; each prints one line of JSON, in order, as soon as it is done.

LINE and COL count from 1, as in compiler messages; columns count characters (code points; a tab is one). The
column after the last character is the end of the line."""

EPILOG = """\
examples:
  copilot-lsp complete src/app.py:12:5
  copilot-lsp complete src/app.py:12:5 --json | jq -r .insert
  copilot-lsp complete src/app.py:12:5 --context --show-prompt
  git show HEAD:src/app.py | copilot-lsp complete --stdin --path src/app.py 12:5
  copilot-lsp complete src/app.py:12:5 src/cart.js:3:1
  copilot-lsp complete --from places.jsonl > completions.jsonl

The same file, position and options always give the same output, also with --seed.
The text goes to stdout, in UTF-8; everything else goes to stderr. Offsets in --json are bytes of the file as it is
on disk, including a byte-order mark.

exit codes:
  0  success, also if there is nothing to insert (the reason is on stderr and in --json)
  1  no model, or the engine failed
  2  usage error: no such position or file, a binary file, an excluded file
With several positions, each line has the "exit" code of its position; the command exits with the highest."""


@dataclass(frozen=True, slots=True)
class Options:
    """`places` has one element behind `run`. `shape` None: the trigger decides. `seed` None: greedy decoding."""

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

    @property
    def place(self) -> str:
        return self.places[0]

    @property
    def many(self) -> bool:
        """A list is many places, however short: what reads the output need not count."""
        return len(self.places) > 1 or self.list_file is not None or self.stdin0


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from copilot_lsp.cli import engines

    parser = subparsers.add_parser(
        "complete",
        help="complete a file at a line and column",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("places", metavar="PATH:LINE:COL", nargs="*", help="position; LINE:COL with --stdin")
    _add_lists(parser)
    parser.add_argument("--stdin", action="store_true", help="read the text from stdin instead of from PATH")
    parser.add_argument("--path", type=Path, help="file name for --stdin; it determines the language")
    parser.add_argument(
        "--encoding", default="utf-8", metavar="NAME", help="encoding of the text, such as latin-1 (default: utf-8)"
    )
    _add_what(parser)
    _add_output(parser)
    _add_context(parser)
    engines.add_arguments(parser)
    engines.add_remote(parser)


def _add_lists(parser: argparse.ArgumentParser) -> None:
    lists = parser.add_mutually_exclusive_group()
    lists.add_argument(
        "--from",
        dest="list_file",
        type=Path,
        metavar="FILE",
        help='read positions from FILE (-: stdin), one JSON object per line: {"path": ..., "line": ..., "column": ...}',
    )
    lists.add_argument(
        "--stdin0", action="store_true", help="read positions from stdin, each PATH:LINE:COL followed by NUL"
    )


def _add_context(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("other files")
    group.add_argument(
        "--context",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="include definitions from other files of the repository in the prompt (default: no)",
    )
    group.add_argument(
        "--show-prompt",
        action="store_true",
        help="print the selected context, with origin and reason, and the prompt on stderr",
    )


def _add_what(parser: argparse.ArgumentParser) -> None:
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--line", dest="shape", action="store_const", const="line", help="complete at most one line")
    shape.add_argument("--block", dest="shape", action="store_const", const="block", help="complete a whole block")
    trigger = parser.add_mutually_exclusive_group()
    trigger.add_argument(
        "--invoked", action="store_true", default=True, help="complete as if requested by key (default)"
    )
    trigger.add_argument(
        "--automatic",
        dest="invoked",
        action="store_false",
        help="complete as while typing, with the filters that avoid distraction",
    )
    parser.add_argument("--max-tokens", type=positive, metavar="N", help="generate at most N tokens")
    parser.add_argument(
        "--candidates", type=positive, default=1, metavar="N", help="print up to N different completions"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="sample with this seed instead of decoding greedily")


def _add_output(parser: argparse.ArgumentParser) -> None:
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--json", action="store_true", help="print one JSON object: text, range, tokens, timings, ...")
    output.add_argument(
        "--show", action="store_true", help="print the code around the cursor with the completion highlighted"
    )
    parser.add_argument(
        "--stream",
        action="store_true",
        help="print text as it is generated (with a note on stderr if the final text differs);"
        " with --json, one object per line, the last one final",
    )


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp.cli import engines

    options, choice = typed(arguments, Options), typed(arguments, engines.Choice)
    if isinstance(sys.stdout, io.TextIOWrapper):  # the same bytes on every platform
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    return _run_many(options, choice) if options.many else _run_one(options, choice)


def _run_one(options: Options, choice: Choice) -> int:
    from copilot_lsp.errors import UsageError

    if not options.places:
        raise UsageError("which place? write PATH:LINE:COL, such as src/app.py:12:5 (see copilot-lsp complete --help)")
    settings, text, query = prepared(options)
    sink = _output(options, text, query)
    result = asyncio.run(answer(choice, settings, query, sink.grow))
    sink.finish(result)
    return 0


def _run_many(options: Options, choice: Choice) -> int:
    from copilot_lsp.cli import batch, places
    from copilot_lsp.errors import UsageError

    if options.stdin or options.path or options.show or options.stream:
        raise UsageError("--stdin, --path, --show and --stream are for one place; several print one line of JSON each")

    def prepare(place: str) -> batch.Prepared:
        return batch.Prepared(*prepared(replace(options, places=[place])))

    return batch.run(choice, places.listed(options.places, options.list_file, options.stdin0), prepare)


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
    from copilot_lsp.cli.output import Json, Plain

    if options.json:
        return Json(query, text, options.stream)
    if options.show:
        from copilot_lsp.cli.show import Show

        return Show(query)
    return Plain(query, options.stream)


def settings_of(options: Options) -> Settings:
    """The configured ones, without whatever depends on the clock: the output must not."""
    from copilot_lsp.cli import engines, source

    path = options.path or source.parse_location(options.place).path
    settings = engines.configured(options.model, path.parent if path else Path.cwd(), options.remote).settings
    completion = replace(settings.completion, first_ms=0, max_ms=0, prefetch=False)
    return replace(settings, completion=completion, context=replace(settings.context, cold_ms=0))


def source_of(options: Options, settings: Settings) -> Source:
    from copilot_lsp.cli import source
    from copilot_lsp.errors import UsageError

    encoding = source.codec(options.encoding)
    path = _path(options)
    source.refuse_excluded(path, settings)
    if options.stdin:
        return source.read_stdin(encoding)
    if path is None:
        raise UsageError(f"which file? write PATH:{options.place}, or give the text with --stdin")
    return source.read_file(path, encoding)


def _path(options: Options) -> Path | None:
    from copilot_lsp.cli import source

    return options.path or source.parse_location(options.place).path


def query_of(options: Options, text: Source, settings: Settings) -> Query:
    from copilot_lsp.cli import source
    from copilot_lsp.completion.query import Query
    from copilot_lsp.completion.trigger import Trigger
    from copilot_lsp.postprocess.shape import Shape

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


async def answer(choice: Choice, settings: Settings, query: Query, grow: Callable[[Completion], None]) -> Result:
    from copilot_lsp.cli import engines
    from copilot_lsp.cli.output import Result
    from copilot_lsp.completion.completer import Completer

    begun = time.perf_counter()
    async with engines.started(engines.create(choice, settings)) as engine:
        start_ms = (time.perf_counter() - begun) * 1000
        found = await Completer(engine, settings).complete(query, grow)
        if query.echo:
            from copilot_lsp.cli import knowing

            print(knowing.prompt(found, engine.status), file=sys.stderr)
        return Result(query, found, engine.status, start_ms)
