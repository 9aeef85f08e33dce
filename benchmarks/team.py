"""How many developers a llama-server carries: each types as in `eval --typing`, all at once, through our client.

    .venv/bin/python -m benchmarks.team [FOLDER] [--model NAME|PATH] [--developers 1 4 20] [--places 3] [--threads 2]

Also: what our client adds to raw HTTP, and the server's rates, for the sizing table of docs/team-server.md. A row takes
about a minute and a half. FOLDER has the code that is typed (default: copilot_lsp).
"""

from __future__ import annotations

import argparse
import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import rates
from benchmarks.developer import Developer
from benchmarks.engine import requests
from benchmarks.peers import server
from copilot_lsp import models
from copilot_lsp.evaluation.typing import places
from copilot_lsp.evaluation.typing.measures import BY_NAME, value
from copilot_lsp.evaluation.typing.places import Place
from copilot_lsp.evaluation.typing.session import Typed, play
from copilot_lsp.evaluation.typing.typist import Person
from copilot_lsp.settings import RemoteSettings, Settings

ROOT = Path(__file__).resolve().parent.parent
SHOWN = ("keystrokes_saved", "answer_p50_ms", "answer_p95_ms", "too_late", "evaluated", "generated")
MOST_SLOTS = 32
SLOT_TOKENS = 2048
SETTINGS = Settings(remote=RemoteSettings(timeout_ms=60_000))


@dataclass(frozen=True, slots=True)
class Load:
    """`seconds` of typing by `developers` at once."""

    developers: int
    slots: int
    typed: tuple[Typed, ...]
    seconds: float


async def load(model: Path, developers: int, drawn: Sequence[Place], threads: int) -> Load:
    """Each types a share of the places, one after the other, and begins a little later than the one before."""
    slots = min(2 * developers, MOST_SLOTS)
    flags = ["--parallel", str(slots), "--no-slots", "--ctx-size", str(SLOT_TOKENS * slots)]
    served = await server.start(model, threads, flags)
    url = str(served.client.base_url).rstrip("/")
    team = [Developer(f"developer{number}", url, SETTINGS) for number in range(developers)]
    try:
        await asyncio.gather(*(each.start() for each in team))
        begun = time.perf_counter()
        shares = [drawn[number::developers] for number in range(developers)]
        done = await asyncio.gather(*(_type(*each) for each in zip(team, shares, range(developers), strict=True)))
        return Load(developers, slots, tuple(typed for each in done for typed in each), time.perf_counter() - begun)
    finally:
        await asyncio.gather(*(each.close() for each in team))
        await served.close()


async def _type(developer: Developer, share: Sequence[Place], number: int) -> list[Typed]:
    person = Person(seed=number)
    await asyncio.sleep(number * 0.37 % 3)
    return [await play(place, developer, person) for place in share]


async def side_by_side(model: Path, threads: int) -> tuple[float, float, float]:
    """What our client adds (ms, p50), and the server's rates: tokens of prompts, and generated ones, a second."""
    flags = ["--parallel", "4", "--no-slots", "--ctx-size", str(SLOT_TOKENS * 4)]
    served = await server.start(model, threads, flags)
    url = str(served.client.base_url).rstrip("/")
    try:
        asked = [replace(each, quick=False) for each in requests(lines=1, tokens=8, keystrokes=6)]
        added = await rates.overhead(url, SETTINGS, asked, rounds=8)
        return rates.middle(added), *await rates.rates(url, 4)
    finally:
        await served.close()


def table_of(loads: Sequence[Load]) -> Table:
    titles = [BY_NAME[name].title for name in SHOWN]
    table = Table("developers", "slots", *titles, "prompt tokens /s each", "generated /s each")
    for each in loads:
        cells = []
        for name in SHOWN:
            found = value(BY_NAME[name], each.typed)
            cells.append("" if found is None else BY_NAME[name].text.format(found.value))
        seconds = sum(typed.seconds for typed in each.typed)
        spent = [
            sum(getattr(typed.usage, name) or 0 for typed in each.typed) / seconds
            for name in ("tokens_evaluated", "tokens_generated")
        ]
        table.add_row(str(each.developers), str(each.slots), *cells, *(f"{rate:.1f}" for rate in spent))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "copilot_lsp")
    parser.add_argument("--model", default="default")
    parser.add_argument("--developers", type=int, nargs="+", default=[1, 4, 20])
    parser.add_argument("--places", type=int, default=3, help="that each developer types")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    model = models.find(arguments.model).path
    console = Console(width=None if Console().is_terminal else 180)
    added, prompts, generated = asyncio.run(side_by_side(model, arguments.threads))
    console.print(f"our client adds {added:.1f} ms (p50) to raw HTTP")
    console.print(f"prompts: {prompts:.0f} tokens/s; generated in 4 slots at once: {generated:.0f} tokens/s")
    loads = []
    for developers in arguments.developers:
        size = places.Size(most=200)
        drawn = places.draw(arguments.folder, places.Wanted(developers * arguments.places, arguments.seed, size))
        loads.append(asyncio.run(load(model, developers, drawn, arguments.threads)))
        console.print(table_of(loads[-1:]))
    console.print(table_of(loads))


if __name__ == "__main__":
    main()
