"""`copilot-lsp complete`: the editor's pipeline for positions in files, without an editor."""

from __future__ import annotations

import argparse
import io
import sys
from pathlib import Path

from copilot_lsp.cli import positive, typed

DESCRIPTION = """\
Complete the code at a position in a file, as an editor would, and print the text to insert. Several positions
share one engine; each prints one line of JSON, in order, as soon as it is done.

LINE and COL count from 1, as in compiler messages; columns count characters (code points; a tab is one). The
column after the last character is the end of the line.

With --at-markers, complete FILE at each comment that begins with TODO(copilot), and print a patch."""

EPILOG = """\
examples:
  copilot-lsp complete src/app.py:12:5
  copilot-lsp complete src/app.py:12:5 --json | jq -r .insert
  copilot-lsp complete src/app.py:12:5 --context --show-prompt
  git show HEAD:src/app.py | copilot-lsp complete --stdin --path src/app.py 12:5
  copilot-lsp complete src/app.py:12:5 src/cart.js:3:1
  copilot-lsp complete --from places.jsonl > completions.jsonl
  git grep -lz 'TODO(copilot)' | copilot-lsp complete --at-markers --stdin0 | git apply

The same file, position and options always give the same output, also with --seed.
The text goes to stdout, in UTF-8; everything else goes to stderr. Offsets in --json are bytes of the file as it is
on disk, including a byte-order mark.

exit codes:
  0  success, also if there is nothing to insert (the reason is on stderr and in --json)
  1  no model, or the engine failed
  2  usage error: no such position or file, a binary file, an excluded file
  3  --at-markers: some markers were left, because the model was not sure (the reasons are on stderr)
With several positions, each line has the "exit" code of its position; the command exits with the highest. With
--at-markers, the exit code is 1 if anything failed, else 2 if a file could not be read, else 3 if a marker was left."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from copilot_lsp.cli import engines

    parser = subparsers.add_parser(
        "complete",
        help="complete a file at a line and column",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    help = "position; LINE:COL with --stdin; a FILE with --at-markers"
    parser.add_argument("places", metavar="PATH:LINE:COL", nargs="*", help=help)
    _add_lists(parser)
    parser.add_argument("--stdin", action="store_true", help="read the text from stdin instead of from PATH")
    parser.add_argument("--path", type=Path, help="file name for --stdin; it determines the language")
    parser.add_argument(
        "--encoding", default="utf-8", metavar="NAME", help="encoding of the text, such as latin-1 (default: utf-8)"
    )
    _add_what(parser)
    _add_output(parser)
    _add_context(parser)
    _add_markers(parser)
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
    help = "send a remote server up to N positions at a time (default: 1); the output is the same"
    parser.add_argument("--jobs", type=positive, default=1, metavar="N", help=help)


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


def _add_markers(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("markers")
    group.add_argument(
        "--at-markers",
        action="store_true",
        help="complete each FILE at its markers, where the model is sure, and print a unified diff",
    )
    group.add_argument(
        "--marker",
        default="TODO(copilot)",
        metavar="TEXT",
        help="a marker is a comment that begins with TEXT (default: TODO(copilot))",
    )
    group.add_argument("--apply", action="store_true", help="write the files instead of printing a diff")
    group.add_argument(
        "--sure",
        type=_probability,
        metavar="P",
        help="how probable a text has to be, all of its tokens together (default: completion.confidence)",
    )


def _probability(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a probability: give a number from 0 to 1")
    return found


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp.cli import completing, engines

    options, choice = typed(arguments, completing.Options), typed(arguments, engines.Choice)
    if isinstance(sys.stdout, io.TextIOWrapper):  # the same bytes on every platform
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="\n")
    if options.at_markers:
        from copilot_lsp.cli import marking

        return marking.run(options, choice)
    if options.apply or options.sure is not None:
        from copilot_lsp.errors import UsageError

        raise UsageError("--apply and --sure are for --at-markers")
    if options.many:
        from copilot_lsp.cli import batch

        return batch.run(options, choice)
    return completing.run(options, choice)
