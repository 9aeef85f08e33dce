"""A copy of a model without the tokens that code does not use: smaller, and faster per generated token.

Its weights are those of the original, and fewer bytes are read for each token: its speed is measured only where it has
to make up for a loss.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import psutil

from copilot_lsp import models
from copilot_lsp.errors import ModelError, UsageError
from copilot_lsp.models import Entry, partial, registry, trim, vocabulary
from copilot_lsp.tuning import copy
from copilot_lsp.tuning.bench import Bench, Filled, Hole
from copilot_lsp.tuning.copy import Quality, Way
from copilot_lsp.tuning.measure import Task, Tools, raced
from copilot_lsp.tuning.speed import Config

WAITING = "waiting for another process that makes this copy"

SECONDS = 15.0
"""To measure the speed of both."""

THREADS = Config(0)
"""As many as the engine uses by default."""

Open = Callable[[Path], AbstractContextManager[Bench]]
Report = Callable[[str, float], None]


def way(entry: Entry) -> Way:
    size = f"{vocabulary.SIZE:,} tokens"
    return Way(trim.name_of(entry), size, f"models trim {entry.name}")


def described(original: Entry, copy: Entry) -> str:
    return f"{copy.name}: {copy.size / 1e6:,.0f} MB instead of {original.size / 1e6:,.0f}; {copy.quality}"


def make(entry: Entry, report: Report, open: Open) -> Entry:
    """The copy.

    Raises UsageError when there is nothing to make, ModelError (also for a copy that was not kept, with its loss),
    EngineError, OSError.
    """
    with partial.alone(replace(entry, name=way(entry).name, sources=()), lambda: report(WAITING, 0.0)):
        registry.load.cache_clear()
        _check(entry)
        return _made(entry, report, open)


def _made(entry: Entry, report: Report, open: Open) -> Entry:
    report("writing a copy", 0.0)
    with copy.made(way(entry).name, lambda new: trim.write(entry.path, new, vocabulary.SIZE)) as file:
        holes = copy.holes()
        before = _filled(entry.path, holes, open, lambda share: report("trying the original", share / 2))
        after = _filled(file, holes, open, lambda share: report("trying the copy", 0.5 + share / 2))
        quality = copy.compare(before, after)
        if not (quality.is_good or _is_worth(entry, file, quality, report, open)):
            raise ModelError(f"the copy was not kept, it is worse: {quality}")
        return copy.keep(entry, file, way(entry), quality)


def _is_worth(entry: Entry, file: Path, quality: Quality, report: Report, open: Open) -> bool:
    """Whether the time that it gains is worth its loss; not known, and so not, where both do not fit into memory."""
    if models.memory_needed(2 * entry.size, entry.shape) > psutil.virtual_memory().available:
        return False
    task = Task(way(entry).name, file, (), SECONDS, 0.0)
    with open(entry.path) as old, open(file) as new:
        (before, after), _ = raced([(old, THREADS), (new, THREADS)], task, Tools(report=report))
    return quality.is_worth(before, after)


def _check(entry: Entry) -> None:
    name = way(entry).name
    if entry.copy_of:
        raise UsageError(f"{entry.name} is a copy itself: trim {entry.copy_of}")
    if name in models.load().models:
        raise UsageError(f"{name} is a model already: `copilot-lsp models rm {name}` first")
    tokens = trim.tokens_in(entry.path)
    if tokens < trim.WORTH * vocabulary.SIZE:
        raise UsageError(f"{entry.name} has {tokens:,} tokens: a copy with {vocabulary.SIZE:,} would gain little")
    needed, free = models.memory_needed(entry.size, entry.shape), psutil.virtual_memory().available
    if needed > free:
        sizes = f"{needed / 1e6:,.0f} MB are needed, and {free / 1e6:,.0f} MB are free"
        raise ModelError(f"there is too little memory to try a copy: {sizes}")
    models.cache_folder().mkdir(parents=True, exist_ok=True)
    if entry.path.stat().st_size > shutil.disk_usage(models.cache_folder()).free:
        raise ModelError(f"there is too little room in {models.cache_folder()}")


def _filled(path: Path, holes: Sequence[Hole], open: Open, report: Callable[[float], None]) -> list[Filled]:
    """One file after the other: both at once need not fit into memory."""
    with open(path) as loaded:
        return copy.filled(loaded, holes, report)
