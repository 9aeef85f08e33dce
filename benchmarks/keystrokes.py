"""Keystrokes saved by somebody who types: ours against llama-server driven as llama.vim drives it, by turns.

    .venv/bin/python -m benchmarks.keystrokes FOLDER [--model NAME|PATH ...] [--places 20] [--seed 0] [--threads 2]

FOLDER has code that no model has read: see `fetch_code.py`. Same model file, number of threads, places and person, in
real time: about a minute for each place and way. `--way` names what types: ours, llama.vim, or ours with other settings
such as `ours:{"completion":{"confidence":0.7}}`. With several models, one after the other types the same places. At the
end stand the goals and what was found, a column for each model.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console

from benchmarks import keystrokes_table
from benchmarks.goals import markdown
from benchmarks.ways import PEER, assistants, file_of, machine, share_a_file
from copilot_lsp import models
from copilot_lsp.errors import CopilotLspError
from copilot_lsp.evaluation.typing import bout, html, places, table
from copilot_lsp.evaluation.typing.typist import Person
from copilot_lsp.evaluation.typing.workspace import Workspace

WIDTH = 180
INTERRUPTED = 130

Bouts = dict[str, bout.Bout]
"""By the model's name; they grow while it goes on."""


async def compare(bouts: Bouts, name: str, file: Path, arguments: argparse.Namespace) -> None:
    """Raises EngineFailed."""
    person = Person(seed=arguments.seed, pause=arguments.pause)
    with tempfile.TemporaryDirectory(prefix="typing-") as folder:
        copy = Workspace(arguments.folder, Path(folder) / "workspace")
        ways = list(assistants(arguments.way, file, arguments.threads, copy))
        await bout.run(bouts[name], ways, person, lambda way: tell(bouts, name, way, arguments))


def tell(bouts: Bouts, name: str, way: str, arguments: argparse.Namespace) -> None:
    """Keeps what is there after each place: a run takes long."""
    run = bouts[name]
    print(f"{name}, {way}: {len(run.typed[way])} of {len(run.places)}", file=sys.stderr, flush=True)
    if not (done := complete(bouts)).get(name):
        return
    if arguments.json:
        facts = {"model": name, **facts_of(arguments), "n": len(done[name][way])}
        data = json.dumps(table.as_data(done[name], facts, arguments.seed), indent=1)
        file_of(arguments.json, name, arguments.model).write_text(data, "utf-8")
    if arguments.html:
        arguments.html.write_text(html.of_models(done, facts_of(arguments), arguments.seed), "utf-8")


def complete(bouts: Bouts) -> Mapping[str, table.Run]:
    """What can be compared, of the models with which any place is done."""
    return {name: found for name, run in bouts.items() if any((found := run.complete).values())}


def facts_of(arguments: argparse.Namespace) -> dict[str, object]:
    return {"threads": arguments.threads, "machine": machine(), "seed": arguments.seed, "pause": arguments.pause}


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", action="append", help="default: the built-in one; may be repeated")
    parser.add_argument("--places", type=int, default=20)
    parser.add_argument("--longest", type=int, default=500, help="characters of a place")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pause", type=float, default=Person().pause, help="seconds before the first key of a place")
    parser.add_argument("--language", action="append", default=[])
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--way", action="append", help="default: ours and llama.vim")
    parser.add_argument("--json", type=Path, help="with several models, a file for each: NAME.MODEL.json")
    parser.add_argument("--html", type=Path, help="one report of all models")
    arguments = parser.parse_args()
    arguments.way = arguments.way or ["ours", PEER]
    arguments.model = list(dict.fromkeys(arguments.model or ["default"]))
    if share_a_file(arguments.model):
        parser.error("two models have the same file name: their results would be written to one file")
    for file in filter(None, (arguments.json, arguments.html)):
        if not file.absolute().parent.is_dir():
            parser.error(f"there is no folder {file.parent} for {file.name}")
    return arguments


def run_all(arguments: argparse.Namespace, bouts: Bouts, console: Console) -> int:
    """The exit code. Every model is found before the first one types."""
    try:
        files = {name: models.find(name).path for name in arguments.model}
        size = places.Size(most=arguments.longest)
        wanted = places.Wanted(arguments.places, arguments.seed, size, tuple(arguments.language))
        drawn = places.draw(arguments.folder, wanted)
        for name, file in files.items():
            bouts[name] = bout.Bout(drawn)
            try:
                asyncio.run(compare(bouts, name, file, arguments))
            finally:
                show(name, bouts[name], arguments.seed, console)
    except KeyboardInterrupt:
        print("interrupted: the tables are of what is done", file=sys.stderr)
        return INTERRUPTED
    except CopilotLspError as error:
        print(f"keystrokes: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def show(name: str, run: bout.Bout, seed: int, console: Console) -> None:
    if any((done := run.complete).values()):
        console.print(f"\n{name}", table.overview(done, seed), sep="\n")


def main() -> int:
    arguments = parse()
    console = Console(highlight=False)
    console.width = console.width if console.is_terminal else WIDTH
    bouts: Bouts = {}
    code = run_all(arguments, bouts, console)
    if found := {name: keystrokes_table.goals(done, arguments.seed) for name, done in complete(bouts).items()}:
        print(f"\n{markdown(found)}")
    return code


if __name__ == "__main__":
    sys.exit(main())
