"""What the index of a large workspace costs: its building, a start that finds it built, and keys meanwhile.

    .venv/bin/python -m benchmarks.indexing FOLDER [--files 5000] [--model NAME|PATH] [--keys 60] [--rounds 3]

The workspace is FOLDER's source files, copied as often as it takes. Keys are typed by turns into a server that builds
the index at the same time and into one without an index; each waits for its answer. Linux only: memory is read from
/proc.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.played import play
from benchmarks.replay import Habit, Kind, steps
from benchmarks.selection import percentile
from copilot_lsp import launch, models
from copilot_lsp.evaluation.typing import places
from copilot_lsp.evaluation.typing.language_server import LanguageServer, Served, serve_command
from copilot_lsp.evaluation.typing.workspace import Workspace
from copilot_lsp.workspace.files import CODE, find

THOUGHT_SECONDS = 0.15
CONTENT = ("files", "symbols", "bytes")


@dataclass(frozen=True, slots=True)
class Built:
    seconds: float
    peak_bytes: int
    content: dict[str, int]


def fill(root: Path, folder: Path, count: int) -> None:
    found = find(folder, CODE).files
    if not found:
        raise SystemExit(f"{folder}: no source files")
    for number in range(count):
        source = found[number % len(found)]
        target = root / f"copy{number // len(found)}" / source.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source.file, target)


def build(root: Path, index: Path) -> Built:
    """The index process, as the server starts it, until it is up to date."""
    begun = time.perf_counter()
    command = launch.command("copilot_lsp.workspace.index.process")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        task = {"index": str(index), "roots": [root.resolve().as_posix()], "exclude": [], "include": [], "poll": 600}
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        told = next(told for line in process.stdout if "done" not in (told := json.loads(line)))
        seconds = time.perf_counter() - begun
        if "failed" in told:
            raise SystemExit(told["failed"])
        status = Path("/proc", str(process.pid), "status").read_text("utf-8")
        process.stdin.close()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))
    return Built(seconds, peak * 1024, {name: told[name] for name in CONTENT})


async def keys(workspace: Workspace, place: places.Place, arguments: argparse.Namespace, indexed: bool) -> list[float]:
    """Milliseconds of each key. With an index, it is built from nothing meanwhile."""
    with tempfile.TemporaryDirectory(prefix="cache-") as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        command = serve_command(sys.executable, str(arguments.model_path))
        server = LanguageServer(Served("ours", command, {"context": {"index": indexed}}), workspace)
        try:
            await server.start()
            trace = steps(place, arguments.keys, random.Random(0), Habit.TYPES)
            played = await play(place, trace, server, THOUGHT_SECONDS)
        finally:
            await server.close()
    return [answer.milliseconds for answer in played.steps if answer.kind is Kind.KEY]


async def compare(root: Path, arguments: argparse.Namespace) -> dict[bool, list[list[float]]]:
    """A list of keys for each round, with the index (True) and without."""
    size = places.Size(least=max(80, arguments.keys), most=1000)
    drawn = places.draw(arguments.folder, places.Wanted(arguments.rounds, arguments.seed, size))
    workspace = Workspace(arguments.folder, root / "typed")
    found: dict[bool, list[list[float]]] = {True: [], False: []}
    for number, place in enumerate(drawn):
        for indexed in (True, False) if number % 2 else (False, True):
            found[indexed].append(await keys(workspace, place, arguments, indexed))
    return found


def report(built: Sequence[Built], found: dict[bool, list[list[float]]]) -> None:
    table = Table("", "built from nothing", "found built")
    table.add_row("seconds until it is up to date", *(f"{each.seconds:.1f}" for each in built))
    table.add_row("peak memory of the process, MB", *(f"{each.peak_bytes / 1e6:.0f}" for each in built))
    for name in CONTENT:
        table.add_row(name, *(f"{each.content[name]:,}" for each in built))
    typed = Table("a key, ms", "without an index", "while it is built", "ratio")
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        without, during = (percentile(list(itertools.chain(*found[way])), share) for way in (False, True))
        typed.add_row(name, f"{without:.0f}", f"{during:.0f}", f"{during / without:.2f}")
    ratios = [
        statistics.fmean(during) / statistics.fmean(without)
        for during, without in zip(found[True], found[False], strict=True)
    ]
    typed.add_row("mean, each round", "", "", ", ".join(f"{ratio:.2f}" for ratio in ratios))
    Console().print(table, typed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--files", type=int, default=5000)
    parser.add_argument("--model", default="default")
    parser.add_argument("--keys", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    arguments.model_path = models.find(arguments.model).path.resolve()
    with tempfile.TemporaryDirectory(prefix="indexing-") as folder:
        root = Path(folder) / "workspace"
        fill(root, arguments.folder, arguments.files)
        built = [build(root, Path(folder) / "index.sqlite") for _ in range(2)]
        report(built, asyncio.run(compare(root, arguments)))


if __name__ == "__main__":
    main()
