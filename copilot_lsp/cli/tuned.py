"""The output of `copilot-lsp tune`: progress, then a table, the choice and notes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from copilot_lsp import models
from copilot_lsp.config.profile import Profile
from copilot_lsp.models import Entry
from copilot_lsp.tuning.choose import Choice, choose, cold_tokens
from copilot_lsp.tuning.measure import Tools
from copilot_lsp.tuning.result import profile_of
from copilot_lsp.tuning.run import Found
from copilot_lsp.tuning.speed import BATCHES, Speed

QUIET = 15.0
"""Seconds between two lines of progress where there is no terminal."""


@contextmanager
def progress() -> Iterator[Tools]:
    """On standard error: a bar in a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield Tools(report=lines(time.monotonic))
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("measuring", total=1.0)
        yield Tools(report=lambda what, share: bar.update(task, description=what, completed=share))


def lines(clock: Callable[[], float]) -> Callable[[str, float], None]:
    """Prints how far it is, not before QUIET seconds have passed since it was made or printed last."""
    last = clock()

    def report(what: str, share: float) -> None:
        nonlocal last
        if clock() - last >= QUIET:
            last = clock()
            print(f"{what} ({share:.0%})", file=sys.stderr, flush=True)

    return report


def entries(measured: Sequence[Entry]) -> dict[str, Entry]:
    """By name: those of the registry, copies that were just made too, and files that were named by their path."""
    return {**{entry.name: entry for entry in measured}, **models.load().models}


def chosen(found: Found, measured: Sequence[Entry], budget_ms: float) -> tuple[Choice, Profile]:
    """Raises OSError for a model file that is gone by now."""
    choice = choose(found.speeds, entries(measured), budget_ms)
    return choice, profile_of(choice, found, budget_ms)


def show(found: Found, choice: Choice, profile: Profile, written: Path | None) -> None:
    console = Console(highlight=False)
    console.print(f"{profile.machine.processor}, {profile.machine.cores} cores, {profile.machine.engine}")
    console.print(_table(found.speeds, choice))
    for line in [*_compared(choice.use), *found.notes, *_chosen(choice, profile)]:
        console.print(Text(line), soft_wrap=True)
    console.print(Text("nothing was written" if written is None else f"written to {written}"), soft_wrap=True)


def _table(speeds: Sequence[Speed], choice: Choice) -> Table:
    heads = [f"{batch}" for batch in BATCHES]
    right = [Column(head, justify="right") for head in (*heads, "ms/key", "n")]
    table = Table(Column("tokens/s, batches of", no_wrap=True), *right, box=None, pad_edge=False, padding=(0, 1, 0, 0))
    for speed in speeds:
        rates = [f"{batch / speed.ms[batch] * 1000:,.0f}" if batch in speed.ms else "" for batch in BATCHES]
        n = "guess" if speed.estimated else str(speed.rounds)
        style = "bold" if speed is choice.use else "dim" if speed.estimated else ""
        table.add_row(Text(_shown(speed.model)), *rates, f"{speed.key_ms:,.0f}", n, style=style)
    return table


def _compared(speed: Speed) -> Iterator[str]:
    """The alternatives tried with the chosen model."""
    if speed.compared:
        yield f"{_shown(speed.model)}, ms a key: " + "; ".join(f"{way} {ms:.0f}" for way, ms in speed.compared.items())


def _chosen(choice: Choice, profile: Profile) -> Iterator[str]:
    yield f"use {profile.chosen.model}: {profile.chosen.key_ms:.0f} ms from a typical key to the first text"
    tokens = cold_tokens(choice.use, profile.budget_ms)
    yield f"  {profile.chosen.why}; at a new place, {tokens} tokens are evaluated first"
    chosen = profile.of(profile.chosen.model)
    if chosen and chosen.options:
        yield "  " + ", ".join(f"{name} = {json.dumps(value)}" for name, value in chosen.options.items())
    if (better := profile.better) is not None:
        yield f"`copilot-lsp models pull {better.model}`: {better.why}, about {better.key_ms:.0f} ms; then tune again"


def _shown(model: str) -> str:
    """A name, or the name of the file at a path."""
    return Path(model).name if models.is_path(model) else model
