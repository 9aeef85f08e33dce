"""Which order of the prompt is right more often, how much suffix pays, and what a key costs with each.

    .venv/bin/python -m benchmarks.orders FOLDER [--model NAME|PATH ...] [--holes 100] [--seed 0] [--json FILE]

Each hole (a whole line or the rest of one) is filled greedily with every variant of the prompt: the layouts, the line
where the hole begins, lines of suffix, and the rule by which a text ends. Choose on the `tuning` folder of
`fetch_code.py` and report on `report`. `--json` keeps a line for each answer, of several folders and models if you
like; a run that was stopped goes on from there. Prints a Markdown table for each model.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

from benchmarks import kept, orders_table, prompts
from benchmarks.orders_table import Row
from benchmarks.prompts import Variant
from benchmarks.ties import request_of
from copilot_lsp import models
from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.local import sampler, wire
from copilot_lsp.engine.local.llama import silence_log
from copilot_lsp.engine.local.worker import Worker
from copilot_lsp.errors import CopilotLspError
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.settings import ContextSettings, EngineSettings, Settings

WINDOW = ContextSettings(prompts.PREFIX, prompts.LONGEST_SUFFIX, chunk_tokens=0, cold_ms=0)
TOKENS = 64
BATCH = 256
"""Tokens: nobody cancels these prompts."""


class Filler:
    """An engine in this process; a text that has become wrong is not written to its end."""

    def __init__(self, model: Path, threads: int) -> None:
        silence_log()
        self._text, self._prefix, self._truth = "", "", ""
        engine = EngineSettings(sequences=1, threads=threads, batch=BATCH)
        self.worker = Worker(wire.Start(str(model), WINDOW, engine, TOKENS, False), self._heard)
        self.worker.batch = BATCH
        self.template = self.worker.template

    def fills(self, variant: Variant, request: InfillRequest, truth: str) -> bool:
        """Whether the line that the model writes is `truth`."""
        self._text, self._prefix, self._truth = "", request.prefix, truth
        self.worker.template = prompts.template_of(self.template, variant)
        self.worker.budget = prompts.budget_of(variant)
        rule = prompts.rule_of(self.worker.template, variant)
        with patch.object(sampler, "rule_of", return_value=rule):
            self.worker.do(wire.Ask(1, request))
        self.worker.llama.clear_abort()
        return bool(prompts.agrees(self._text + "\n", request.prefix, truth))

    def _heard(self, message: wire.Message) -> None:
        if isinstance(message, wire.Delta):
            self._text += message.text
            if prompts.agrees(self._text, self._prefix, self._truth) is not None:
                self.worker.llama.stop()


def answers(filler: Filler, case: Case, wanted: Sequence[Variant], places: str, model: str) -> Iterator[Row]:
    base = request_of(case)
    vocabulary = filler.worker.vocabulary
    for variant in wanted:
        request = prompts.request_of(base, variant)
        template, budget = prompts.template_of(filler.template, variant), prompts.budget_of(variant)
        cold, *keys = prompts.costs(vocabulary, template, request, budget, case.hole[: prompts.TYPED])
        is_right = filler.fills(variant, request, case.hole)
        yield Row(model, places, case.id, variant.name, is_right, cold, keys)


def measure(model: str, cases: Sequence[Case], arguments: argparse.Namespace, rows: list[Row]) -> None:
    """Adds a row to `rows`, and to the file, for each answer that is not there yet."""
    filler = Filler(models.find(model).path, arguments.threads)
    base = prompts.shipped(filler.template)
    chosen = [
        each for each in prompts.variants(base) if not arguments.only or each.name in (base.name, *arguments.only)
    ]
    places = arguments.folder.name
    known = {(row.id, row.variant) for row in rows if (row.model, row.places) == (model, places)}
    end = time.monotonic() + 60 * arguments.minutes
    for number, case in enumerate(cases, 1):
        missing = [each for each in chosen if (case.id, each.name) not in known]
        for row in answers(filler, case, missing, places, model):
            rows.append(row)
            kept.keep(arguments.json, row)
        print(f"{model}: {number} of {len(cases)}", file=sys.stderr, flush=True)
        if time.monotonic() > end:
            break
    mine = [row for row in rows if (row.model, row.places) == (model, places)]
    print(f"\n{model}, {places}\n\n{orders_table.markdown(mine, base, prompts.variants(base))}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", action="append", help="default: the default model")
    parser.add_argument("--holes", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", action="append", metavar="NAME", help="a variant, as the table calls it")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long, for each model")
    parser.add_argument("--json", type=Path, help="a line for each answer is added")
    arguments = parser.parse_args()
    rows = kept.read(arguments.json, Row)
    try:
        draw = replay.Draw(arguments.holes, arguments.seed, (Kind.LINE, Kind.MID))
        cases = replay.read(arguments.folder, draw, Settings().max_parse_bytes)
        for model in arguments.model or ["default"]:
            measure(model, cases, arguments, rows)
    except CopilotLspError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
