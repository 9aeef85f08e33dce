"""What sharing an engine costs and saves: the same requests to an engine of one's own and to a shared one, with nobody
else there and with another window that is idle, interleaved; then the memory of two windows, and their first
completion. Medians, with 95 % intervals by the bootstrap over requests or rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.engine import requests
from benchmarks.windows import Opened, two
from copilot_lsp import models
from copilot_lsp.engine.base import Done, InfillRequest
from copilot_lsp.engine.local.client import EngineClient
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.engine.shared.engine import SharedEngine
from copilot_lsp.settings import Settings

OWN = "an engine of its own"
ALONE = "a shared engine, alone"
FIRST = "a shared engine, another window idle"
SECOND = "the other window, the first idle"


async def milliseconds(engine: EngineClient, asked: list[InfillRequest]) -> list[float]:
    """From the request until the last token, as the server sees it."""
    found = []
    for request in asked:
        begun = time.perf_counter()
        async for item in engine.infill(request):
            if isinstance(item, Done):
                found.append((time.perf_counter() - begun) * 1000)
    return found


async def compare(model: models.ResolvedModel, rounds: int) -> None:
    line, block = requests(lines=1, tokens=16, keystrokes=8), requests(lines=0, tokens=64, keystrokes=1)
    found: dict[str, list[list[float]]] = {name: [[], []] for name in (OWN, ALONE, FIRST, SECOND)}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True)))

        async def started(engine: EngineClient) -> EngineClient:
            await engine.start()  # type: ignore[attr-defined]
            stack.push_async_callback(engine.close)  # type: ignore[attr-defined]
            await engine.ready()
            return engine

        async def measure(name: str, engine: EngineClient) -> None:
            found[name][0] += await milliseconds(engine, line)
            found[name][1] += await milliseconds(engine, block)

        own = await started(LocalEngine(model.path, Settings()))
        first = await started(SharedEngine(model.path, Settings(), folder=folder))
        for engine in (own, first):
            await milliseconds(engine, line)  # Both have their prompt's beginning in the cache from here on.
        for _ in range(rounds):
            await measure(OWN, own)
            await measure(ALONE, first)
        second = await started(SharedEngine(model.path, Settings(), folder=folder))
        await milliseconds(second, line)
        for _ in range(rounds):
            await measure(OWN, own)
            await measure(FIRST, first)
            await measure(SECOND, second)
    report(found)


def report(found: dict[str, list[list[float]]]) -> None:
    """Next to each median, its ratio to that of an engine of one's own."""
    table = Table("engine", "a line", "a block")
    for name, kinds in found.items():
        table.add_row(name, *(middle(values, found[OWN][kind]) for kind, values in enumerate(kinds)))
    Console(width=140).print(table)


async def report_windows(model: Path, rounds: int) -> None:
    """In each round both kinds, so that a busy minute is a busy one for both."""
    found: dict[tuple[bool, int], list[Opened]] = {}
    for _ in range(rounds):
        for shared in (False, True):
            for index, opened in enumerate(await two(sys.executable, model, shared)):
                found.setdefault((shared, index), []).append(opened)
    table = Table("window", "memory that it adds (MB)", "answer to initialize (ms)", "first completion (ms)")
    for (shared, index), windows in sorted(found.items()):
        added = middle([window.added_bytes / 1e6 for window in windows])
        answered = middle([window.answered_ms for window in windows])
        completed = middle([window.completed_ms for window in windows])
        kind = "shared" if shared else "of its own"
        table.add_row(f"{('first', 'second')[index]}, engine {kind}", added, answered, completed)
    Console(width=140).print(table)


def middle(values: list[float], base: list[float] | None = None) -> str:
    """The median of n `values`, and its ratio to that of `base`, each with its interval."""
    drawn = medians(values)
    text = f"{np.median(values):.0f} ({interval(drawn, 0)}; n {len(values)})"
    if base is None:
        return text
    return f"{text}, {np.median(values) / np.median(base):.2f}x ({interval(drawn / medians(base, 1), 2)})"


def medians(values: list[float], seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    drawn: np.ndarray = np.median(rng.choice(values, (2000, len(values))), axis=1)
    return drawn


def interval(drawn: np.ndarray, digits: int) -> str:
    low, high = np.quantile(drawn, (0.025, 0.975))
    return f"{low:.{digits}f} to {high:.{digits}f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    model = models.find(arguments.model)
    asyncio.run(compare(model, arguments.rounds))
    asyncio.run(report_windows(model.path, arguments.rounds))


if __name__ == "__main__":
    main()
