"""The engine that a command's arguments ask for."""

from __future__ import annotations

import argparse
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from copilot_lsp import endpoints
from copilot_lsp.engine.base import Engine
from copilot_lsp.errors import UsageError
from copilot_lsp.settings import Settings

if TYPE_CHECKING:
    from copilot_lsp.config import Effective


@dataclass(frozen=True, slots=True)
class Choice:
    """`fake_script`: the rules of the fake engine (JSON); None for its own."""

    engine: Literal["local", "fake"] = "local"
    fake_script: Path | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    help = "model name or GGUF file (default: the configured model)"
    parser.add_argument("--model", metavar="NAME|PATH", help=help)
    add_choice(parser)


def add_remote(parser: argparse.ArgumentParser) -> None:
    help = "use only this server (llama-server, or an OpenAI API if URL ends in /v1), which receives the text"
    parser.add_argument("--remote", metavar="URL", help=help)


def add_choice(parser: argparse.ArgumentParser) -> None:
    """Options for tests without a model; hidden from `--help`."""
    parser.add_argument("--engine", choices=("local", "fake"), default="local", help=argparse.SUPPRESS)
    parser.add_argument("--fake-script", type=Path, metavar="FILE", help=argparse.SUPPRESS)


def configured(model: str | None, near: Path, remote: str | None = None) -> Effective:
    """The options that count for files in the folder `near`; what is wrong with them goes to stderr.

    Raises UsageError, as `flags`.
    """
    from copilot_lsp import config

    found = config.load(config.project_of(near), flags(model, remote))
    for problem in found.problems:
        print(f"copilot-lsp: {problem}", file=sys.stderr)
    return found


def flags(model: str | None, remote: str | None) -> dict[str, object]:
    """The options that they stand for. `remote`: the one endpoint to ask, allowed by this. Raises UsageError."""
    found: dict[str, object] = {"model": model} if model is not None else {}
    if remote is None:
        return found
    try:
        host = endpoints.parse(remote).host
    except ValueError as error:
        raise UsageError(f"--remote: {error}") from None
    return {**found, "remote": {"endpoints": [remote], "allowed": [host], "local": False}}


def create(choice: Choice, settings: Settings, shared: bool = False) -> Engine:
    """Raises ModelError when there is no such model, UsageError for a broken script of the fake engine.

    `shared`: one that others use too will do, where the settings say so. What measures wants its own.
    """
    asked, _ = endpoints.divided(settings.remote.endpoints, settings.remote.allowed)
    on_this_machine = partial(_on_this_machine, choice, settings, shared)
    if not asked:
        return on_this_machine()

    from copilot_lsp.engine.remote.engine import RemoteEngine

    return RemoteEngine(asked, settings, on_this_machine if settings.remote.local else None)


def _on_this_machine(choice: Choice, settings: Settings, shared: bool) -> Engine:
    if choice.engine == "fake":
        from copilot_lsp.engine.fake import DEFAULT_ANSWERS, FakeEngine, read_rules

        return FakeEngine(read_rules(choice.fake_script) if choice.fake_script else DEFAULT_ANSWERS)

    from copilot_lsp import models
    from copilot_lsp.engine.local.supervisor import LocalEngine

    model = models.find(settings.model)
    own = partial(LocalEngine, model.path, settings, model.name)
    if not shared or not settings.engine.shared:
        return own()

    from copilot_lsp.engine.shared.engine import SharedEngine
    from copilot_lsp.engine.shared.fallback import SharedOrOwn

    return SharedOrOwn(partial(SharedEngine, model.path, settings, model.name), own)


@asynccontextmanager
async def started(engine: Engine) -> AsyncIterator[Engine]:
    """Starts `engine`, waits until it is ready, and closes it. Raises EngineFailed."""
    try:
        await engine.start()
        await engine.ready()
        yield engine
    finally:
        await engine.close()
