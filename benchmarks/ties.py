"""How often the text of an answer depends on drafts, or on what the KV cache held.

    .venv/bin/python -m benchmarks.ties FOLDER [--model NAME|PATH] [--places 1000] [--seed 1] [--out FILE] [--minutes M]

Where two tokens are about as likely, llama.cpp's kernels may decide differently for one token and for a batch. Each
place is answered twice, greedily, one line: with an empty cache and without drafts, and as for somebody who types:
after an answer a few characters before, from what the cache holds then, and with drafts. Counted are the answers whose
text is another one: whole, as somebody gets it who asks by a key, and as far as it is shown unasked. `--out` keeps the
texts; a run that was stopped goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from copilot_lsp import models
from copilot_lsp.completion import context, gate
from copilot_lsp.engine.base import InfillRequest, Limits
from copilot_lsp.engine.local import wire
from copilot_lsp.engine.local.llama import silence_log
from copilot_lsp.engine.local.worker import Worker
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.cases.holes import Kind
from copilot_lsp.evaluation.report.statistics import wilson
from copilot_lsp.settings import ContextSettings, EngineSettings, Settings

WINDOW = ContextSettings(prefix_tokens=128, suffix_tokens=32, cold_ms=0)
"""Short: what is counted are texts, and long prompts cost time."""

BEFORE = 6
"""Characters before the place where the answer is asked that fills the cache."""

TOKENS = 32
SHOWN = Settings().completion.confidence

Row = dict[str, Any]
Answered = tuple[str, list[tuple[int, float]]]
"""A text, and how probable each beginning of it is (`gate.Trace`)."""


class Asked:
    """An engine in this process, with the messages of its last answer."""

    def __init__(self, model: Path, threads: int) -> None:
        silence_log()
        self.said: list[wire.Message] = []
        engine = EngineSettings(sequences=1, threads=threads)
        self.worker = Worker(wire.Start(str(model), WINDOW, engine, TOKENS, False), self.said.append)
        self.drafts = self.worker.drafts

    def forget(self) -> None:
        self.worker.do(wire.Forget())

    def answer(self, request: InfillRequest, drafts: bool) -> Answered:
        self.said.clear()
        self.worker.drafts = self.drafts if drafts else 0
        self.worker.do(wire.Ask(1, request))
        text, trace = "", []
        for each in self.said:
            if isinstance(each, wire.Delta):
                text += each.text
                trace.append((len(text), each.so_far.confidence or 0.0))
        return text, trace


def request_of(case: Case, back: int = 0) -> InfillRequest:
    """At the case's place, or so many characters before it, as if what follows on the line were not there yet."""
    around = context.build(case.snapshot(Settings().max_parse_bytes), case.offset)
    prefix = around.prefix[: len(around.prefix) - back] if back else around.prefix
    limits = Limits(TOKENS, 1)
    return InfillRequest(
        case.id, case.path, prefix, around.suffix, around.cuts, limits=limits, anchor=around.anchor, quick=False
    )


def answers(asked: Asked, cases: Sequence[Case]) -> Iterator[Row]:
    for case in cases:
        line = case.prefix.rpartition("\n")[2]
        back = min(BEFORE, len(line.lstrip()))
        asked.forget()
        fresh = asked.answer(request_of(case), drafts=False)
        asked.answer(request_of(case, back), drafts=True)
        warm = asked.answer(request_of(case), drafts=True)
        yield {"id": case.id, "texts": [fresh[0], warm[0]], "shown": [shown(fresh), shown(warm)]}


def shown(answered: Answered) -> str:
    text, trace = answered
    return text[: gate.sure_length(text, trace, SHOWN)].rstrip()


def report(rows: Sequence[Row]) -> None:
    table = Table("the text is another one", "answers", "of", "95 % (Wilson)")
    for name, key in (("asked by a key", "texts"), ("shown unasked", "shown")):
        count = sum(row[key][0] != row[key][1] for row in rows)
        low, high = wilson(count, len(rows))
        table.add_row(name, str(count), str(len(rows)), f"{low:.2%} to {high:.2%}")
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--places", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="stop after so long")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    draw = replay.Draw(arguments.places, arguments.seed, (Kind.LINE, Kind.MID))
    cases = list(replay.read(arguments.folder, draw, Settings().max_parse_bytes))
    out: Path | None = arguments.out
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()] if out and out.exists() else []
    known = {row["id"] for row in rows}
    end = time.monotonic() + 60 * arguments.minutes
    asked = Asked(models.find(arguments.model).path, arguments.threads)
    for row in answers(asked, [case for case in cases if case.id not in known]):
        rows.append(row)
        if out:
            with out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        if time.monotonic() > end:
            break
    report(rows)


if __name__ == "__main__":
    main()
