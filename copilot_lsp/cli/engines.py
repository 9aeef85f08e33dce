"""The engine that a command's arguments ask for."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from copilot_lsp.engine.base import Engine
from copilot_lsp.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default="default", metavar="NAME|PATH", help="a model's name, or a GGUF file")
    parser.add_argument("--engine", choices=("local", "fake"), default="local", help=argparse.SUPPRESS)
    parser.add_argument("--fake-script", type=Path, metavar="FILE", help=argparse.SUPPRESS)


def create(arguments: argparse.Namespace, settings: Settings) -> Engine:
    """Raises ModelError when there is no such model, UsageError for a broken script of the fake engine."""
    if arguments.engine == "fake":
        from copilot_lsp.engine.fake import DEFAULT_ANSWERS, FakeEngine, read_rules

        return FakeEngine(read_rules(arguments.fake_script) if arguments.fake_script else DEFAULT_ANSWERS)

    from copilot_lsp import models
    from copilot_lsp.engine.local.supervisor import LocalEngine

    model = models.find(settings.model)
    return LocalEngine(model.path, settings, model.name)


@asynccontextmanager
async def started(engine: Engine) -> AsyncIterator[Engine]:
    """Starts `engine`, waits until it is ready, and closes it. Raises EngineFailed."""
    try:
        await engine.start()
        await engine.ready()
        yield engine
    finally:
        await engine.close()
