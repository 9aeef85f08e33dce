"""`copilot-lsp eval`: measure and compare the completions of models."""

from __future__ import annotations

import argparse
from pathlib import Path

from copilot_lsp.cli import positive, typed

DESCRIPTION = """\
Measure completions through the editor's own pipeline: trigger, context, engine, shape, filters.

PATH is a folder (or a source file), in which cursor positions are drawn and the text after them is masked, or a
suite in the format of HumanEval-Infilling or SAFIM (.jsonl, .jsonl.gz), whose completed Python programs run in a
sandbox: a process with limited time and memory and, on Linux, without a network."""

EPILOG = """\
examples:
  copilot-lsp eval src/                                   how good is it on my own code?
  copilot-lsp eval held-out/ --model smollm2-135m --model ours.gguf --html report.html
  copilot-lsp eval src/ --sweep                           which confidence?
  copilot-lsp eval suite.jsonl.gz --bare                  the model alone
  copilot-lsp eval src/ --json new.json --min exact_match=0.4 --max latency_p95_ms=400
  copilot-lsp eval --typing src/ --cases 20               how many keystrokes does it save?
  copilot-lsp eval src/ --context --json with.json        do other files help? compare with --no-context
  copilot-lsp eval --compare old.json new.json

measures:
  exact_match       the rest of the line matches; in a suite, the whole hole (ignoring white space at line ends)
  exact_block       the whole block matches (block holes only)
  edit_similarity   1 - Levenshtein distance / length, of the same text
  pass_at_1         the completed program passes its tests
  keystrokes_saved  keys saved by accepting, per character to write; wrong text has to be deleted
  shown             share of requests that showed a completion
  right_when_shown  exact_match of the completions shown
  clean_when_shown  share of the completions shown that add no syntax error
  latency_p50_ms, latency_p95_ms   for a document that is new to the engine

The same seed gives the same cases and the same texts. Nothing is sent anywhere, but the files written by --json,
--html and --out contain your code.

Exit codes: 0 success, 1 a --min or --max was missed or an engine failed, 2 usage error, 130 interrupted."""

DEFAULT_CASES = 300
"""Of a folder: the interval of a rate is then about 5 points to either side."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from copilot_lsp.cli import engines

    parser = subparsers.add_parser(
        "eval",
        help="measure a model's completions on your code or on a suite",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="PATH", help="folder, source file or suite")
    _add_cases(parser)
    _add_how(parser)
    _add_typing(parser)
    _add_output(parser)
    engines.add_choice(parser)


def _add_cases(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("cases")
    suites = ("auto", "infilling", "safim", "replay", "typing")
    group.add_argument("--suite", choices=suites, default="auto", help="kind of PATH (default: detected)")
    text = f"cases of each PATH (default: {DEFAULT_CASES} of a folder, all of a suite)"
    group.add_argument("--cases", type=positive, metavar="N", help=text)
    group.add_argument("--seed", type=int, default=0, metavar="S", help="seed of the draw (default: 0)")
    group.add_argument("--language", action="append", default=[], help="only this language; may be repeated")
    group.add_argument(
        "--kind", action="append", default=[], help="only this kind: line, mid, pair, block, or one of the suite's"
    )
    group.add_argument(
        "--exclude", action="append", default=[], metavar="GLOB", help="skip these files of a folder (gitignore syntax)"
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("models")
    text = "model name or GGUF file; may be repeated: the others are compared with the first"
    group.add_argument("--model", action="append", default=[], metavar="NAME|PATH", help=text)
    group.add_argument(
        "--bare", action="store_true", help="use the model without the pipeline, for as many lines as the answer has"
    )
    text = "in a folder: complete as if requested by key, without the filters and the threshold used while typing"
    group.add_argument("--invoked", action="store_true", help=text)
    text = "include definitions from other files of PATH in the prompt, never from the case's own file (default: no)"
    group.add_argument("--context", action=argparse.BooleanOptionalAction, default=False, help=text)
    text = "minimum confidence of completions while typing (default: the setting)"
    group.add_argument("--confidence", type=float, metavar="X", help=text)


def _add_typing(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("typing")
    text = "type functions from a folder against the real server in real time: keystrokes saved, time to ghost, flicker"
    group.add_argument("--typing", action="store_true", help=text)
    group.add_argument("--words", type=positive, default=100, metavar="N", help="words a minute (default: 100)")
    text = "milliseconds spent reading a suggestion before it is accepted (default: 250)"
    group.add_argument("--reading", type=positive, default=250, metavar="MS", help=text)
    text = "simulate an editor that does not auto-close brackets and quotes"
    group.add_argument("--no-pairs", dest="pairs", action="store_false", help=text)


def _add_output(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("output")
    group.add_argument("--sweep", action="store_true", help="print the result for each confidence threshold")
    group.add_argument("--json", metavar="FILE", help="write everything as JSON (-: to stdout, instead of the table)")
    group.add_argument("--html", type=Path, metavar="FILE", help="write a report with plots and the worst cases")
    group.add_argument(
        "--out", type=Path, metavar="FILE", help="record finished cases in FILE; a later run continues from there"
    )
    text = "fail if a measure of any model is below X; may be repeated"
    group.add_argument("--min", type=_bound, action="append", default=[], metavar="MEASURE=X", help=text)
    group.add_argument(
        "--max", type=_bound, action="append", default=[], metavar="MEASURE=X", help="fail if it is above X"
    )
    group.add_argument(
        "--compare",
        nargs=2,
        type=Path,
        metavar=("A.json", "B.json"),
        help="compare two files written by --json instead of running",
    )


def _bound(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name.strip(), float(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not MEASURE=NUMBER, such as exact_match=0.4") from None


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp.cli import engines, evaluating
    from copilot_lsp.errors import UsageError

    options = typed(arguments, evaluating.Options)
    evaluating.refuse_unknown_measures(options)
    if options.compare:
        if options.paths:
            raise UsageError("--compare reads two files and runs nothing: leave PATH out")
        first, second = options.compare
        return evaluating.compare(first, second, options.seed)
    if not options.paths:
        raise UsageError("what is to be completed? give a folder with source code, or a suite (.jsonl)")
    if arguments.typing or options.suite == "typing":
        from copilot_lsp.cli import typing

        if arguments.context:
            raise UsageError("--typing runs the language server, which shows no other files yet: leave --context out")
        return typing.evaluate(typed(arguments, typing.Options), typed(arguments, engines.Choice))
    return evaluating.evaluate(options, typed(arguments, engines.Choice))
