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

ALONE = "a shared engine, alone"
FIRST = "a shared engine, another window idle"
SECOND = "the other window, the first idle"

Kinds = tuple[list[float], ...]
"""Milliseconds of lines and of blocks, or the columns of a table."""


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
    found: dict[str, Kinds] = {name: ([], []) for name in (ALONE, FIRST, SECOND)}
    beside: dict[str, Kinds] = {name: ([], []) for name in found}
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="run-", ignore_cleanup_errors=True)))

        async def started(engine: EngineClient) -> EngineClient:
            await engine.start()  # type: ignore[attr-defined]
            stack.push_async_callback(engine.close)  # type: ignore[attr-defined]
            await engine.ready()
            return engine

        async def measure(name: str, engine: EngineClient) -> None:
            """Just after an engine of one's own: the machine may be busier than a minute ago."""
            for kind, asked in enumerate((line, block)):
                beside[name][kind].extend(await milliseconds(own, asked))
                found[name][kind].extend(await milliseconds(engine, asked))

        own = await started(LocalEngine(model.path, Settings()))
        first = await started(SharedEngine(model.path, Settings(), folder=folder))
        for engine in (own, first):
            await milliseconds(engine, line)  # Both have their prompt's beginning in the cache from here on.
        for _ in range(rounds):
            await measure(ALONE, first)
        second = await started(SharedEngine(model.path, Settings(), folder=folder))
        await milliseconds(second, line)
        for _ in range(rounds):
            await measure(FIRST, first)
            await measure(SECOND, second)
    report(found, beside)


def report(found: dict[str, Kinds], beside: dict[str, Kinds]) -> None:
    """Each median next to that of the engine of one's own that was measured beside it, and their ratio."""
    table = Table("engine", "a line (ms)", "own", "ratio", "a block (ms)", "own", "ratio")
    for name in found:
        cells: list[str] = []
        for values, base in zip(found[name], beside[name], strict=True):
            cells += [middle(values), middle(base), ratio(values, base)]
        table.add_row(name, *cells)
    Console(width=200).print(table)


async def report_windows(model: Path, rounds: int) -> None:
    """In each round both kinds, so that a busy minute is a busy one for both."""
    found: dict[tuple[bool, int], list[Opened]] = {}
    for _ in range(rounds):
        for shared in (False, True):
            for index, opened in enumerate(await two(sys.executable, model, shared)):
                found.setdefault((shared, index), []).append(opened)
    table = Table("window", "engine", "memory that it adds (MB)", "answer to initialize (ms)", "first completion (ms)")
    for index, name in enumerate(("first", "second")):
        for shared in (False, True):
            columns = zip(_figures(found[shared, index]), _figures(found[False, index]), strict=True)
            cells = [f"{middle(values)}, {ratio(values, base)}" for values, base in columns]
            table.add_row(name, "shared" if shared else "of its own", *cells)
    Console(width=200).print(table)


def _figures(windows: list[Opened]) -> Kinds:
    return (
        [window.added_bytes / 1e6 for window in windows],
        [window.answered_ms for window in windows],
        [window.completed_ms for window in windows],
    )


def middle(values: list[float]) -> str:
    """The median of n `values` with its interval."""
    return f"{np.median(values):.0f} ({interval(medians(values), 0)}; n {len(values)})"


def ratio(values: list[float], base: list[float]) -> str:
    """Of their medians, with its interval."""
    return f"{np.median(values) / np.median(base):.2f}x ({interval(medians(values) / medians(base), 2)})"


def medians(values: list[float]) -> np.ndarray:
    """Of as many draws from them; the same ones for lists of the same length, so that pairs stay together."""
    rng = np.random.default_rng(0)
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
