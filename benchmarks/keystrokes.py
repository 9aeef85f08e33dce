"""Keystrokes saved by somebody who types: ours against llama-server driven as llama.vim drives it, by turns.

    .venv/bin/python -m benchmarks.keystrokes FOLDER [--model NAME|PATH] [--places 20] [--seed 0] [--threads 2]

FOLDER has code that no model has read: see `fetch_code.py`. Same model file, number of threads, places and person, in
real time: about a minute for each place and way. `--way` names what types: ours, llama.vim, or ours with other settings
such as `ours:{"completion":{"confidence":0.7}}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.peers.llama_vim import LlamaVim
from copilot_lsp import models
from copilot_lsp.evaluation.typing import bout, html, places, table
from copilot_lsp.evaluation.typing.assistant import Assistant
from copilot_lsp.evaluation.typing.language_server import LanguageServer, Served, serve_command
from copilot_lsp.evaluation.typing.typist import Person
from copilot_lsp.evaluation.typing.workspace import Workspace

PEER = "llama.vim"
WIDTH = 180


def assistants(ways: Sequence[str], model: Path, threads: int, copy: Workspace) -> Iterator[Assistant]:
    for way in ways:
        if way == PEER:
            yield LlamaVim(PEER, model, threads)
            continue
        options = way.removeprefix("ours").removeprefix(":")
        command = serve_command(sys.executable, str(model))
        yield LanguageServer(Served(way, command, json.loads(options or "{}")), copy)


async def compare(run: bout.Bout, arguments: argparse.Namespace, person: Person) -> None:
    with tempfile.TemporaryDirectory(prefix="typing-") as folder:
        copy = Workspace(arguments.folder, Path(folder) / "workspace")
        model = models.find(arguments.model).path
        ways = list(assistants(arguments.way, model, arguments.threads, copy))
        await bout.run(run, ways, person, lambda name: tell(run, name, arguments))


def tell(run: bout.Bout, name: str, arguments: argparse.Namespace) -> None:
    """Keeps what is there after each place: a run takes long."""
    print(f"{name}: {len(run.typed[name])} of {len(run.places)}", file=sys.stderr, flush=True)
    complete = run.complete
    if arguments.json and any(complete.values()):
        facts = {
            "model": arguments.model,
            "threads": arguments.threads,
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
            "seed": arguments.seed,
            "n": len(complete[name]),
        }
        arguments.json.write_text(json.dumps(table.as_data(complete, facts, arguments.seed), indent=1), "utf-8")
        if arguments.html:
            arguments.html.write_text(html.page(complete, facts, arguments.seed), "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", default="default")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--longest", type=int, default=500, help="characters of a place")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--way", action="append", help="default: ours and llama.vim")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--html", type=Path)
    arguments = parser.parse_args()
    arguments.way = arguments.way or ["ours", PEER]
    size = places.Size(most=arguments.longest)
    wanted = places.Wanted(arguments.places, arguments.seed, size, tuple(arguments.language))
    run = bout.Bout(places.draw(arguments.folder, wanted))
    try:
        asyncio.run(compare(run, arguments, Person(seed=arguments.seed)))
    except KeyboardInterrupt:
        print("interrupted: the table is of what is done", file=sys.stderr)
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else WIDTH
    console.print(table.overview(run.complete, arguments.seed))


if __name__ == "__main__":
    main()
