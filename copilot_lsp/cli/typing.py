"""Runs `eval --typing`: simulate typing code from a folder against the real server, in real time."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console

from copilot_lsp import __version__, models
from copilot_lsp.cli import INTERRUPTED
from copilot_lsp.cli.engines import Choice
from copilot_lsp.errors import EngineFailed, UsageError
from copilot_lsp.evaluation.typing import bout, html, places, table
from copilot_lsp.evaluation.typing.language_server import LanguageServer, Served, serve_command
from copilot_lsp.evaluation.typing.typist import Person
from copilot_lsp.evaluation.typing.workspace import Workspace

DEFAULT_PLACES = 20
"""About ten minutes of typing."""

WIDTH = 140
"""Of tables that go into a file or a pipe."""


@dataclass(frozen=True, slots=True)
class Options:
    """`cases` are places, `reading` is in milliseconds; `json` is a path or "-" for stdout."""

    paths: Sequence[Path]
    cases: int | None
    seed: int
    language: Sequence[str]
    exclude: Sequence[str]
    model: Sequence[str]
    words: int
    reading: int
    pairs: bool
    json: str | None
    html: Path | None


def evaluate(options: Options, choice: Choice) -> int:
    """The exit code. Raises UsageError, ModelError."""
    if len(options.paths) != 1:
        raise UsageError("--typing takes one folder")
    root = options.paths[0]
    if not root.exists():
        raise UsageError(f"there is no file or folder {root}")
    wanted = places.Wanted(
        options.cases or DEFAULT_PLACES, options.seed, languages=tuple(options.language), exclude=tuple(options.exclude)
    )
    person = Person(options.words, options.reading / 1000, closes=options.pairs, seed=options.seed)
    run = bout.Bout(places.draw(root, wanted))
    code = 0
    try:
        asyncio.run(_type(run, root, options, choice, person))
    except KeyboardInterrupt:
        code = INTERRUPTED
    except EngineFailed as error:
        print(f"copilot-lsp: {error}", file=sys.stderr)
        code = error.exit_code
    _write(options, run, person)
    return code


async def _type(run: bout.Bout, root: Path, options: Options, choice: Choice, person: Person) -> None:
    with tempfile.TemporaryDirectory(prefix="copilot-lsp-typing-") as folder:
        copy = Workspace(root, Path(folder) / "workspace", tuple(options.exclude))
        assistants = [LanguageServer(served, copy) for served in _servers(options, choice)]
        await bout.run(run, assistants, person, lambda name: _told(run, name))


def _servers(options: Options, choice: Choice) -> Iterator[Served]:
    """One for each model. Raises ModelError."""
    fake = ["--engine", "fake"] if choice.engine == "fake" else []
    script = ["--fake-script", str(choice.fake_script)] if choice.fake_script else []
    for given in dict.fromkeys(options.model or ["default"]):
        model = given if fake else str(models.find(given).path)
        yield Served(given, serve_command(sys.executable, model, *fake, *script))


def _told(run: bout.Bout, name: str) -> None:
    if sys.stderr.isatty():
        print(f"\r{name}: {len(run.typed[name])} of {len(run.places)} places", end="", file=sys.stderr, flush=True)


def facts(options: Options, person: Person) -> dict[str, object]:
    """The settings of the run."""
    return {
        "version": __version__,
        "paths": [str(path) for path in options.paths],
        "person": asdict(person),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
    }


def _write(options: Options, run: bout.Bout, person: Person) -> None:
    """What was typed so far. Raises UsageError for a file that cannot be written."""
    complete = run.complete
    if not any(complete.values()):
        return
    data = json.dumps(table.as_data(complete, facts(options, person), options.seed), indent=1, ensure_ascii=False)
    if options.json == "-":
        print(data)
    else:
        console = Console(highlight=False)
        console.width = console.width if console.is_terminal else WIDTH
        console.print(table.overview(complete, options.seed))
    try:
        if options.json and options.json != "-":
            Path(options.json).write_text(data + "\n", "utf-8", errors="replace")
        if options.html:
            options.html.write_text(html.page(complete, facts(options, person), options.seed), "utf-8")
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be written: {error.strerror}") from None
