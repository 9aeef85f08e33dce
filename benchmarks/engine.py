"""What each part of the engine brings: the same requests with and without it, interleaved, as ratios."""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console
from rich.table import Table

from copilot_lsp import models
from copilot_lsp.completion import context
from copilot_lsp.engine.base import Cut, Done, InfillRequest, Limits
from copilot_lsp.engine.local import supervisor
from copilot_lsp.engine.local.supervisor import LocalEngine
from copilot_lsp.settings import EngineSettings, Settings
from copilot_lsp.source.document import Document
from copilot_lsp.source.languages import language_of_path

SOURCE = Path(supervisor.__file__)


@dataclass(frozen=True)
class Way:
    """One way to run the engine: its settings, whether its threads spin, and whether the cache never helps."""

    name: str
    engine: EngineSettings = EngineSettings()
    spinning: bool = False
    forget: bool = False


WAYS = (
    Way("as shipped"),
    Way("no KV reuse", forget=True),
    Way("no drafts", EngineSettings(speculative=False)),
    Way("spinning threads", spinning=True),
    Way("flash attention", EngineSettings(flash_attention=True)),
    Way("safe mode", EngineSettings(safe_mode="on")),
)


def requests(lines: int, tokens: int, keystrokes: int) -> list[InfillRequest]:
    """What an editor asks while a person types the end of this repository's own `supervisor.py`, key by key."""
    source = SOURCE.read_text("utf-8")
    cut = source.index("async def _read(self")
    made = []
    for offset in range(cut, cut + keystrokes):
        document = Document.open("file:///a.py", "a.py", language_of_path("a.py"), 1, source[:offset], 500_000)
        around = context.build(document.snapshot(), offset)
        made.append(
            InfillRequest(
                "d",
                "a.py",
                around.prefix,
                around.suffix,
                around.cuts,
                limits=Limits(tokens, lines),
                anchor=around.anchor,
            )
        )
    return made


def unlike_any(request: InfillRequest) -> InfillRequest:
    """The same request with a first line that no cache has."""
    line = f"# {time.monotonic_ns()}\n"
    cuts = tuple(Cut(cut.start + len(line), line + cut.header) for cut in request.cuts)
    return replace(request, prefix=line + request.prefix, cuts=cuts)


async def measure(engine: LocalEngine, asked: list[InfillRequest], forget: bool) -> list[Done]:
    done = []
    for request in asked:
        async for item in engine.infill(unlike_any(request) if forget else request):
            if isinstance(item, Done):
                done.append(item)
    return done


async def compare(model: models.ResolvedModel, rounds: int) -> None:
    """Interleaves the ways, so that what else the machine does hits all of them alike."""
    line, block = requests(lines=1, tokens=16, keystrokes=8), requests(lines=0, tokens=64, keystrokes=1)
    found: dict[str, list[list[Done]]] = {way.name: [[], []] for way in WAYS}
    async with AsyncExitStack() as stack:
        engines = {}
        for way in WAYS:
            # Both as they are without us: libgomp's default number of spins, and a policy for other libraries.
            spinning = {"OMP_WAIT_POLICY": "active", "GOMP_SPINCOUNT": "300000"} if way.spinning else {}
            os.environ.update({"OMP_WAIT_POLICY": "passive", "GOMP_SPINCOUNT": "300"} | spinning)
            engine = LocalEngine(model.path, Settings(engine=way.engine))
            await engine.start()
            stack.push_async_callback(engine.close)
            await engine.ready()
            engines[way.name] = engine
        for _ in range(rounds):
            for way in WAYS:
                found[way.name][0] += await measure(engines[way.name], line, way.forget)
                found[way.name][1] += await measure(engines[way.name], block, way.forget)
    report(found)


COLUMNS: tuple[tuple[str, int, Callable[[Done], float]], ...] = (
    ("line: prefill", 0, lambda done: done.prefill_ms),
    ("line: total", 0, lambda done: done.total_ms),
    ("block: ms a token", 1, lambda done: (done.total_ms - done.prefill_ms) / max(1, done.generated)),
    ("block: total", 1, lambda done: done.total_ms),
)


def report(found: dict[str, list[list[Done]]]) -> None:
    table = Table("way", *(f"{title} (ms, median)" for title, _, _ in COLUMNS))
    for name, kinds in found.items():
        row = []
        for _, kind, measured in COLUMNS:
            value = statistics.median(measured(done) for done in kinds[kind])
            shipped = statistics.median(measured(done) for done in found[WAYS[0].name][kind])
            row.append(f"{value:.0f}  ({value / shipped:.2f}x)")
        table.add_row(name, *row)
    Console().print(table)


def spin() -> None:
    while True:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="default")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--busy", action="store_true", help="with as many spinning processes as cores beside it")
    arguments = parser.parse_args()
    count = os.cpu_count() or 1
    others = [multiprocessing.Process(target=spin, daemon=True) for _ in range(count if arguments.busy else 0)]
    for other in others:
        other.start()
    asyncio.run(compare(models.find(arguments.model), arguments.rounds))


if __name__ == "__main__":
    main()
