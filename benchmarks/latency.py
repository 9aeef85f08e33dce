"""How long an answer takes, next to llama-server driven as llama.vim drives it: keys, jumps, the way back.

    .venv/bin/python -m benchmarks.latency FOLDER [--model NAME|PATH ...] [--traces 10] [--keys 20] [--minutes M]

Each key waits for its answer and is followed by `--thought` milliseconds, so nothing is lost and nobody is hurried:
what is compared is the waiting alone (`keystrokes.py` types by the clock). Both get the same steps, trace by trace, by
turns. Times are from the change to the first text, or to the answer that there is none. Intervals are bootstrapped over
traces. Each trace is in another file, the languages by turns, and so are habits: typing on, jumping, deleting and
typing again, pasting. With several models, one after the other; each gets `--minutes`, and the traces that fit in.
At the end stand the rows for README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console

from benchmarks import latency_table
from benchmarks.goals import markdown
from benchmarks.played import Played, play
from benchmarks.replay import HABITS, steps
from benchmarks.ways import PEER, assistants, file_of, machine, share_a_file
from copilot_lsp import models
from copilot_lsp.evaluation.typing import places
from copilot_lsp.evaluation.typing.workspace import Workspace

WIDTH = 160


Found = dict[str, list[Played]]
LANGUAGES = ("python", "typescript", "go", "rust", "java", "cpp")


async def compare(arguments: argparse.Namespace, drawn: Sequence[places.Place], name: str, found: Found) -> None:
    """By turns: who begins changes from trace to trace. `found` grows, by way, and is told after each trace."""
    with tempfile.TemporaryDirectory(prefix="latency-") as folder:
        copy = Workspace(arguments.folder, Path(folder) / "workspace")
        model = models.find(name).path
        ways = list(assistants(arguments.way, model, arguments.threads, copy))
        async with AsyncExitStack() as stack:
            for assistant in ways:
                stack.push_async_callback(assistant.close)
                await assistant.start()
            clock = Clock(arguments.minutes)
            for number, place in enumerate(drawn):
                if not clock.has_time_for_another():
                    break
                rng = random.Random(f"{arguments.seed}/{place.id}")
                trace = steps(place, arguments.keys, rng, HABITS[number % len(HABITS)])
                for assistant in (*ways[number % len(ways) :], *ways[: number % len(ways)]):
                    found[assistant.name].append(await play(place, trace, assistant, arguments.thought / 1000))
                print(f"{name}: {number + 1} of {len(drawn)}", file=sys.stderr, flush=True)
                write(arguments, name, found)


def in_other_files(drawn: Sequence[places.Place]) -> list[places.Place]:
    """The first of each file."""
    return list({place.path: place for place in reversed(drawn)}.values())[::-1]


@dataclass
class Clock:
    """Whether another trace, as long as the longest so far, would end in time; without `minutes`, always."""

    minutes: float | None
    begun: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    longest: float = 0.0

    def has_time_for_another(self) -> bool:
        now = time.monotonic()
        self.longest, self.last = max(self.longest, now - self.last), now
        return self.minutes is None or now - self.begun + self.longest <= 60 * self.minutes


def write(arguments: argparse.Namespace, name: str, found: Found) -> None:
    """Into a file for each model."""
    if arguments.json is None:
        return
    facts = {"model": name, "threads": arguments.threads, "seed": arguments.seed, "keys": arguments.keys}
    ways = {way: [asdict(each) for each in played] for way, played in found.items()}
    file = file_of(arguments.json, name, arguments.model)
    file.write_text(json.dumps({**facts, "machine": machine(), "ways": ways}, indent=1), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", action="append", help="default: the built-in one; may be repeated")
    parser.add_argument("--traces", type=int, default=10)
    parser.add_argument("--keys", type=int, default=20)
    parser.add_argument("--thought", type=float, default=150.0, help="milliseconds between an answer and the next key")
    parser.add_argument("--minutes", type=float, help="for each model: no trace is begun that would take longer")
    parser.add_argument("--quick", action="store_true", help="three traces of ten keys, under three minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--way", action="append", help="default: ours and llama.vim")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.way = arguments.way or ["ours", PEER]
    arguments.model = arguments.model or ["default"]
    if share_a_file(arguments.model):
        parser.error("two models have the same file name: their results would be written to one file")
    if arguments.quick:
        arguments.traces, arguments.keys, arguments.minutes = 3, 10, 2.5
    size = places.Size(least=max(80, arguments.keys), most=1000)
    wanted = places.Wanted(3 * arguments.traces, arguments.seed, size, tuple(arguments.language or LANGUAGES))
    drawn = in_other_files(places.draw(arguments.folder, wanted))[: arguments.traces]
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else WIDTH
    for name in arguments.model:
        found: Found = {way: [] for way in arguments.way}
        try:
            asyncio.run(compare(arguments, drawn, name, found))
        except KeyboardInterrupt:
            print("interrupted: the table is of what is done", file=sys.stderr)
        done = min(map(len, found.values()))
        found = {way: played[:done] for way, played in found.items()}
        if not done:
            continue
        console.print(f"\n{name}, {arguments.keys} keys a trace", latency_table.of(found), sep="\n")
        print(f"\n{markdown({name: latency_table.goals(found)})}")


if __name__ == "__main__":
    main()
