"""What sharing an engine costs: the same requests to an engine of one's own and to a shared one, with nobody else
there and with another window that is idle; interleaved, as ratios."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.engine import requests
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
    table = Table("engine", "a line (ms, median)", "a block (ms, median)")
    for name, kinds in found.items():
        cells = []
        for kind, values in enumerate(kinds):
            median, own = statistics.median(values), statistics.median(found[OWN][kind])
            cells.append(f"{median:.0f}  ({median / own:.2f}x)")
        table.add_row(name, *cells)
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    asyncio.run(compare(models.find(arguments.model), arguments.rounds))


if __name__ == "__main__":
    main()
