"""`complete --at-markers`: what goes to stdout, to the files and to stderr, and the exit code."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import aclosing
from pathlib import Path

from copilot_lsp.cli import completing, engines, filling, patch, places, rewriting, streams
from copilot_lsp.cli.filling import Filled
from copilot_lsp.errors import CopilotLspError, UsageError

LEFT = 3
"""Exit code: markers were left, and nothing went wrong."""


def run(options: completing.Options, choice: engines.Choice) -> int:
    """1 if anything failed, else 2 if a file could not be read, else `LEFT`, else 0."""
    _check(options)
    codes, filled, left = asyncio.run(_run(options, choice))
    total = filled + left
    streams.say(f"{filled} of {total} markers filled" if total else f"no comment begins with {options.marker}")
    return next((code for code in (1, UsageError.exit_code, LEFT) if code in codes), 0)


def _check(options: completing.Options) -> None:
    single = options.stdin or options.path or options.show or options.stream or options.show_prompt
    if single or options.candidates != 1 or options.seed is not None:
        raise UsageError(
            "--stdin, --path, --show, --stream, --show-prompt, --candidates and --seed do not go with --at-markers"
        )
    if options.json and not options.apply:
        raise UsageError("--json goes with --at-markers --apply only: without it, a patch goes to stdout")
    if not options.marker.strip():
        raise UsageError("--marker is empty: give the text that a comment has to begin with")
    if not (options.places or options.list_file or options.stdin0):
        raise UsageError("which files? write copilot-lsp complete --at-markers FILE ...")


async def _run(options: completing.Options, choice: engines.Choice) -> tuple[set[int], int, int]:
    """Exit codes, markers filled, markers left."""
    codes: set[int] = set()
    done = left = 0
    files = places.files(options.places, options.list_file, options.stdin0)
    async with aclosing(filling.filled(options, choice, files)) as found:
        async for file in found:
            if error := file.error or _deliver(file, options):
                streams.say(str(error))
                codes.add(error.exit_code)
                continue
            kept = sum(bool(report.left) for report in file.reports)
            done, left = done + len(file.reports) - kept, left + kept
            codes |= {LEFT} if kept else set()
            _tell(file, options)
    return codes, done, left


def _deliver(file: Filled, options: completing.Options) -> CopilotLspError | None:
    """One write for a file: what is interrupted between two files is a patch, or a state, that is whole."""
    if file.after == file.before:
        return None
    try:
        if options.apply:
            rewriting.rewrite(Path(file.path), file.before, file.after)
        else:
            change = patch.diff(patch.relative(file.path), file.before, file.after)
            sys.stdout.buffer.write(change)
            sys.stdout.buffer.flush()
    except CopilotLspError as error:
        return error
    return None


def _tell(file: Filled, options: completing.Options) -> None:
    for report in file.reports:
        if options.json:
            print(
                json.dumps(
                    {
                        "place": report.place,
                        "filled": not report.left,
                        "left": report.left or None,
                        "confidence": report.confidence,
                    }
                ),
                flush=True,
            )
        if report.left:
            streams.say(f"{report.place}: left: {report.left}")
