"""What a person waits for who types a file key by key: with and without the cache of typed-through text."""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from copilot_lsp import models
from copilot_lsp.completion import completer as typed_module
from copilot_lsp.completion.completer import Answer, Completer, Query
from copilot_lsp.completion.trigger import Trigger
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.settings import Settings
from copilot_lsp.source.document import Document

SOURCE = Path(typed_module.__file__)
BEGIN = "    async def _sample("
URI = "file:///typed.py"
WAYS = ("with the cache", "without the cache")


def keystrokes(count: int) -> list[tuple[bytes, int]]:
    """The text of this repository's completer as it was while somebody typed a method of it."""
    data = SOURCE.read_bytes()
    begin = data.index(BEGIN.encode())
    rest = data[data.index(b"\n    def ", begin) :]
    return [(data[:end] + rest, end) for end in range(begin, begin + count)]


async def answer(completer: Completer, text: bytes, offset: int, version: int) -> Answer:
    document = Document.open(URI, "typed.py", "python", version, text, 500_000)
    return await completer.complete(Query(document.snapshot(), offset, Trigger.AUTOMATIC))


async def compare(model: models.ResolvedModel, count: int) -> None:
    settings = Settings()
    found: dict[str, list[Answer]] = {way: [] for way in WAYS}
    engines = [LocalEngine(model.path, settings) for _ in WAYS]
    completers = [Completer(engine, settings) for engine in engines]
    try:
        for engine in engines:
            await engine.start()
            await engine.ready()
        for version, (text, offset) in enumerate(keystrokes(count)):
            for way, completer in zip(WAYS, completers, strict=True):
                if way != WAYS[0]:
                    completer.use(settings, completer.engine)
                started = time.perf_counter()
                found[way].append(await answer(completer, text, offset, version))
                # The other way must not be slowed down by what this one prefetches.
                while completer.is_busy(URI):
                    await asyncio.sleep(0.01)
                await asyncio.sleep(max(0.0, started + 0.02 - time.perf_counter()))
    finally:
        for engine in engines:
            await engine.close()
    report(found)


def report(found: dict[str, list[Answer]]) -> None:
    table = Table("way", "shown", "from the cache", "median (ms)", "p95 (ms)", "mean, ratio")
    first = statistics.fmean(answer.milliseconds for answer in found[WAYS[0]])
    for way, answers in found.items():
        times = sorted(answer.milliseconds for answer in answers)
        shown = sum(bool(answer.completions) for answer in answers)
        cached = sum(answer.source == "cache" for answer in answers)
        p95 = times[int(0.95 * (len(times) - 1))]
        table.add_row(
            f"{way}",
            f"{shown}/{len(answers)}",
            f"{cached}/{len(answers)}",
            f"{statistics.median(times):.1f}",
            f"{p95:.0f}",
            f"{statistics.fmean(times) / first:.2f}x",
        )
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--keys", type=int, default=120)
    arguments = parser.parse_args()
    asyncio.run(compare(models.find(arguments.model), arguments.keys))


if __name__ == "__main__":
    main()
