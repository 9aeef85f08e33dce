"""`copilot-lsp doctor`: is everything there, and does it work?"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import time
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_lsp import __version__
from copilot_lsp.cli import typed

if TYPE_CHECKING:
    from copilot_lsp.cli.engines import Choice
    from copilot_lsp.engine.base import Done, Engine
    from copilot_lsp.settings import Settings

TEST_PREFIX = "def add(a, b):\n    return"
TEST_TOKENS = 8


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Options:
    model: str | None
    json: bool


@dataclass(frozen=True, slots=True)
class Check:
    name: str
    value: str
    state: State = State.OK


STYLES = {State.OK: "green", State.WARNING: "yellow", State.FAILED: "bold red"}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from copilot_lsp.cli import engines

    parser = subparsers.add_parser(
        "doctor",
        help="check the installation, the model and the engine",
        description="Check the installation, the model and the engine. Exit code 1: something is missing.",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    engines.add_arguments(parser)


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp.cli import engines

    options, choice = typed(arguments, Options), typed(arguments, engines.Choice)
    settings = engines.configured(options.model, Path.cwd()).settings
    checks = [*_versions(), _grammars(), _profile(), *_model(settings.model), *asyncio.run(_engine(choice, settings))]
    if options.json:
        print(
            json.dumps(
                {"checks": [asdict(each) for each in checks], "settings": asdict(settings)},
                indent=2,
                default=list,
            )
        )
    else:
        _print(checks)
    return int(any(each.state is State.FAILED for each in checks))


def _print(checks: list[Check]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for check in checks:
        table.add_row(Text(check.state, STYLES[check.state]), check.name, Text(check.value, overflow="fold"))
    Console(highlight=False).print(table)


def _versions() -> list[Check]:
    return [
        Check("copilot-lsp", __version__),
        Check("Python", f"{platform.python_version()}, {sys.executable}"),
        Check("platform", f"{platform.system()} {platform.machine()}"),
        *(_package(name) for name in ("llama-cpp-python", "pygls", "tree-sitter")),
    ]


def _package(name: str) -> Check:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Check(name, version(name))
    except PackageNotFoundError:
        return Check(name, f"not installed: run `pip install {name}`", State.FAILED)


def _grammars() -> Check:
    from copilot_lsp.source.languages import LANGUAGES

    loaded = {row.id: row.grammar.load() for row in LANGUAGES if row.grammar}
    if broken := [id for id, grammar in loaded.items() if isinstance(grammar, str)]:
        message = f"cannot be loaded: {', '.join(broken)}; completed without a syntax tree"
        return Check("grammars", message, State.WARNING)
    return Check("grammars", f"{len(loaded)} languages")


def _profile() -> Check:
    from copilot_lsp import config

    message, ok = config.profile.summary()
    return Check("profile", message, State.OK if ok else State.WARNING)


def _model(name: str) -> list[Check]:
    from copilot_lsp import models
    from copilot_lsp.errors import ModelError

    folder = Check("cache folder", str(models.cache_folder().parent))
    try:
        model = models.verify(name)
    except ModelError as error:
        return [folder, Check("model", str(error), State.FAILED)]
    how = "a GGUF file" if models.is_path(name) else "verified"
    size = model.path.stat().st_size / 1e6
    return [folder, Check("model", f"{model.name}, {size:.0f} MB, {how}: {model.path}")]


async def _engine(choice: Choice, settings: Settings) -> list[Check]:
    """Starts the engine and lets it generate a few tokens."""
    from copilot_lsp.cli import engines
    from copilot_lsp.errors import EngineError, ModelError

    begun = time.perf_counter()
    try:
        async with engines.started(engines.create(choice, settings, shared=True)) as engine:
            ready = (time.perf_counter() - begun) * 1000
            done = await _generate(engine)
            return [*_engine_facts(engine), Check("engine start", f"{ready:.0f} ms"), _test(done)]
    except ModelError:
        return [Check("engine", "not tried: there is no model", State.FAILED)]
    except EngineError as error:
        return [Check("engine", str(error), State.FAILED)]


async def _generate(engine: Engine) -> Done:
    from contextlib import aclosing

    from copilot_lsp.engine.base import Done, InfillRequest, Limits
    from copilot_lsp.errors import EngineFailed

    request = InfillRequest("doctor", "doctor.py", TEST_PREFIX, "\n", limits=Limits(max_tokens=TEST_TOKENS))
    async with aclosing(engine.infill(request)) as stream:
        async for item in stream:
            if isinstance(item, Done):
                return item
    raise EngineFailed("the engine ended its answer without saying so")


def _engine_facts(engine: Engine) -> list[Check]:
    status = engine.status
    safe = "on: the engine crashed without it; prompts take 4 to 5 times as long" if status.safe_mode else "off"
    facts = [Check(f"engine: {name.replace('_', ' ')}", str(value)) for name, value in status.details.items()]
    if status.clients:
        others = f"{status.clients - 1} more" if status.clients > 1 else "nobody else"
        facts.append(Check("engine: shared", f"yes, process {status.pid}; {others} at the moment"))
    return [*facts, Check("safe mode", safe, State.WARNING if status.safe_mode else State.OK)]


def _test(done: Done) -> Check:
    prompt = done.evaluated + done.reused
    value = f"{prompt} tokens in {done.prefill_ms:.0f} ms, {done.generated} generated in {done.total_ms:.0f} ms"
    return Check("engine test", value)
