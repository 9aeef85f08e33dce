"""What definitions from other files change: right lines, and how likely the right line is, without and with them.

    .venv/bin/python -m benchmarks.context FOLDER [--model NAME|PATH ...] [--language python ...] [--places 20]

Each folder in FOLDER (see `fetch_code.py`) is a project and its own workspace. Per language, `--places` holes are drawn
that name something of another file which the file of the hole does not mention yet, as many that name something which
it mentions, and as many at random. Nothing is taken from the file of the hole. `exact`: each token of
the right text is the likeliest one; a token counts at most 5 nats. `--json` keeps a line for each place, and a run that
was stopped goes on from there. Prints a Markdown table for each model.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import context_table, kept
from benchmarks.context_places import Placed, draw
from benchmarks.context_table import Row
from benchmarks.ties import request_of
from copilot_lsp import models
from copilot_lsp.engine import fim
from copilot_lsp.engine.fim import Budget
from copilot_lsp.engine.local.llama import silence_log, template_of
from copilot_lsp.engine.local.measure import Bench

LONGEST = 96
"""Tokens of the right text that are scored."""


class Scorer:
    def __init__(self, path: Path, budget: Budget) -> None:
        silence_log()
        self._bench = Bench(str(path), False)
        self._vocabulary = self._bench.vocabulary
        self._template = template_of(self._bench.llama, self._vocabulary)
        self._budget = budget

    def score(self, placed: Placed, is_informed: bool) -> tuple[float, bool, int]:
        """Nats, whether it is exact, and tokens of the right text."""
        request = replace(request_of(placed.case), chunks=placed.chunks if is_informed else ())
        prompt = fim.build(self._vocabulary, self._template, request, self._budget)
        text = prompt.healed.decode("utf-8", "replace") + placed.case.hole
        truth = self._vocabulary.tokenize(text)[:LONGEST]
        return *self._bench.score(prompt.tokens, truth), len(truth)


def rows(model: str, placed: Sequence[Placed], scorer: Scorer) -> Iterator[Row]:
    for each in placed:
        before, was_exact, tokens = scorer.score(each, False)
        after, is_exact = scorer.score(each, True)[:2] if each.chunks else (before, was_exact)
        facts = (bool(each.chunks), each.is_named, was_exact, is_exact, before, after, tokens)
        yield Row(model, each.case.id, each.case.language, each.group, each.random, *facts)


def measure(model: str, placed: Sequence[Placed], arguments: argparse.Namespace, known: list[Row]) -> None:
    """Adds a row to `known`, and to the file, for each place that is not there yet."""
    done = {row.id for row in known if row.model == model}
    missing = [each for each in placed if each.case.id not in done]
    budget = Budget(arguments.prefix, arguments.suffix, arguments.chunks, arguments.prefix)
    scorer = Scorer(models.find(model).path, budget) if missing else None
    for number, row in enumerate(rows(model, missing, scorer) if scorer else (), 1):
        known.append(row)
        print(f"{model}: {number} of {len(missing)}", file=sys.stderr, flush=True)
        kept.keep(arguments.json, row)
    print(f"\n{model}\n\n{context_table.markdown([row for row in known if row.model == model])}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", action="append", help="default: the default model")
    parser.add_argument("--language", action="append", help="default: python")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    for name, tokens in (("prefix", 192), ("suffix", 48), ("chunks", 256)):
        parser.add_argument(f"--{name}", type=int, default=tokens, metavar="TOKENS")
    parser.add_argument("--json", type=Path, help="a line for each place is added")
    arguments = parser.parse_args()
    known = kept.read(arguments.json, Row)
    languages = arguments.language or ["python"]
    drawn = [draw(arguments.folder, each, arguments.places, arguments.seed, arguments.chunks) for each in languages]
    for model in arguments.model or ["default"]:
        measure(model, [placed for each in drawn for placed in each], arguments, known)


if __name__ == "__main__":
    main()
