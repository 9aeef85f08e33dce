"""How long an answer takes, next to llama-server driven as llama.vim drives it: keys, jumps, the way back.

    .venv/bin/python -m benchmarks.latency FOLDER [--model NAME|PATH] [--traces 10] [--keys 60] [--quick]

Each key waits for its answer and is followed by `--thought` milliseconds, so nothing is lost and nobody is hurried:
what is compared is the waiting alone (`keystrokes.py` types by the clock). Both get the same steps, trace by trace, by
turns. Times are from the change to the first text, or to the answer that there is none. Intervals are bootstrapped over
traces.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import random
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict
from pathlib import Path

from rich.console import Console

from benchmarks import latency_table
from benchmarks.keystrokes import PEER, assistants
from benchmarks.played import Played, play
from benchmarks.replay import steps
from copilot_lsp import models
from copilot_lsp.evaluation.typing import places
from copilot_lsp.evaluation.typing.workspace import Workspace

WIDTH = 160


async def compare(arguments: argparse.Namespace, drawn: Sequence[places.Place]) -> dict[str, list[Played]]:
    """By turns: who begins changes from trace to trace. What is there is told after each."""
    found: dict[str, list[Played]] = {way: [] for way in arguments.way}
    with tempfile.TemporaryDirectory(prefix="latency-") as folder:
        copy = Workspace(arguments.folder, Path(folder) / "workspace")
        model = models.find(arguments.model).path
        ways = list(assistants(arguments.way, model, arguments.threads, copy))
        async with AsyncExitStack() as stack:
            for assistant in ways:
                stack.push_async_callback(assistant.close)
                await assistant.start()
            for number, place in enumerate(drawn):
                trace = steps(place, arguments.keys, random.Random(f"{arguments.seed}/{place.id}"))
                for assistant in (*ways[number % len(ways) :], *ways[: number % len(ways)]):
                    found[assistant.name].append(await play(place, trace, assistant, arguments.thought / 1000))
                write(arguments, found)
    return found


def write(arguments: argparse.Namespace, found: dict[str, list[Played]]) -> None:
    if arguments.json is None:
        return
    facts = {"model": arguments.model, "threads": arguments.threads, "seed": arguments.seed, "keys": arguments.keys}
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs"
    ways = {name: [asdict(each) for each in played] for name, played in found.items()}
    arguments.json.write_text(json.dumps({**facts, "machine": machine, "ways": ways}, indent=1), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--traces", type=int, default=10)
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--thought", type=float, default=150.0, help="milliseconds between an answer and the next key")
    parser.add_argument("--quick", action="store_true", help="three traces of twenty keys, under three minutes")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--way", action="append", help="default: ours and llama.vim")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    arguments.way = arguments.way or ["ours", PEER]
    if arguments.quick:
        arguments.traces, arguments.keys = 3, 20
    size = places.Size(least=max(80, arguments.keys), most=1000)
    drawn = places.draw(
        arguments.folder, places.Wanted(arguments.traces, arguments.seed, size, tuple(arguments.language))
    )
    found = asyncio.run(compare(arguments, drawn))
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else WIDTH
    console.print(latency_table.of(found))


if __name__ == "__main__":
    main()
