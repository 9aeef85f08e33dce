"""`copilot-lsp doctor`: check the installation and print the report."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_lsp.cli import typed

if TYPE_CHECKING:
    from copilot_lsp.cli.engines import Choice
    from copilot_lsp.doctor import Check
    from copilot_lsp.settings import Settings


@dataclass(frozen=True, slots=True)
class Options:
    model: str | None
    remote: str | None
    json: bool


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from copilot_lsp.cli import engines

    what = "check the installation, the settings, the model and the engine"
    description = f"{what.capitalize()}; complete a known example. Exit code 1: something needs your attention."
    parser = subparsers.add_parser("doctor", help=what, description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    engines.add_arguments(parser)
    engines.add_remote(parser)


def run(arguments: argparse.Namespace) -> int:
    from copilot_lsp import config, doctor
    from copilot_lsp.cli import engines

    options = typed(arguments, Options)
    layers, unreadable = config.layers_of(config.project_of(Path.cwd()))
    flags = config.Layer("flags", "the command line", engines.flags(options.model, options.remote))
    found = config.merge([*layers, flags])
    checks = [*doctor.of_installation(), *doctor.of_settings(layers, (*unreadable, *found.problems))]
    checks += [*doctor.of_remote(found.settings), *doctor.of_surroundings(), *doctor.of_model(found.settings)]
    checks += asyncio.run(_engine(typed(arguments, engines.Choice), found.settings))
    if options.json:
        print(json.dumps(doctor.as_json(checks, found.settings), indent=2))
    else:
        from rich.console import Console

        doctor.print_to(Console(highlight=False), checks)
    return _told(doctor.needs_user(checks))


def _told(checks: list[Check]) -> int:
    if not checks:
        return 0
    names = ", ".join(dict.fromkeys(check.name for check in checks))
    print(f"copilot-lsp: needs attention: {names}", file=sys.stderr)
    return 1


async def _engine(choice: Choice, settings: Settings) -> list[Check]:
    """Start the engine and complete the known example."""
    from copilot_lsp import doctor
    from copilot_lsp.cli import engines
    from copilot_lsp.errors import ModelError

    begun = time.perf_counter()
    try:
        engine = engines.create(choice, settings, shared=True)
    except ModelError:
        return [doctor.Check("engine", "not tried: there is no model", doctor.State.FAILED)]
    try:
        await engine.start()
        checks = await doctor.of_engine(engine, settings)
        seconds = time.perf_counter() - begun
    finally:
        await engine.close()
    return [*checks, doctor.Check("engine start and test", f"{seconds:.1f} s")]
