"""A copy of a model without the tokens that code does not use: smaller, and faster per generated token.

Its weights are those of the original, and fewer bytes are read for each token: only its loss is measured.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

from copilot_lsp import models
from copilot_lsp.errors import ModelError, UsageError
from copilot_lsp.models import Entry, trim, vocabulary
from copilot_lsp.tuning import copy
from copilot_lsp.tuning.bench import Bench, Filled, Hole
from copilot_lsp.tuning.copy import Way

WORTH = 2
"""Times as many tokens as are kept: of a smaller vocabulary, nothing is left out that is felt."""

Open = Callable[[Path], AbstractContextManager[Bench]]
Report = Callable[[str, float], None]


def way(entry: Entry) -> Way:
    size = f"{vocabulary.SIZE:,} tokens"
    return Way(f"{entry.name}-trimmed", size, f"models trim {entry.name}")


def is_worth_it(entry: Entry) -> bool:
    """Whether no copy exists yet and it would be clearly smaller."""
    if entry.copy_of or way(entry).name in models.load().models:
        return False
    try:
        return trim.tokens_in(entry.path) >= WORTH * vocabulary.SIZE
    except (ModelError, UsageError):
        return False


def make(entry: Entry, report: Report, open: Open) -> Entry | str:
    """The copy, or its loss if that was too large and the copy was not kept.

    Raises UsageError when there is nothing to make, ModelError, EngineError, OSError.
    """
    _check(entry)
    report("writing a copy", 0.0)
    with copy.made(way(entry).name, lambda new: trim.write(entry.path, new, vocabulary.SIZE)) as file:
        holes = copy.holes()
        before = _filled(entry.path, holes, open, lambda share: report("filling holes with the original", share / 2))
        after = _filled(file, holes, open, lambda share: report("filling holes with the copy", 0.5 + share / 2))
        quality = copy.compare(before, after)
        return copy.keep(entry, file, way(entry), quality) if quality.is_good else str(quality)


def _check(entry: Entry) -> None:
    name = way(entry).name
    if entry.copy_of:
        raise UsageError(f"{entry.name} is a copy itself: trim {entry.copy_of}")
    if name in models.load().models:
        raise UsageError(f"{name} is a model already: `copilot-lsp models rm {name}` first")
    tokens = trim.tokens_in(entry.path)
    if tokens < WORTH * vocabulary.SIZE:
        raise UsageError(f"{entry.name} has {tokens:,} tokens: a copy with {vocabulary.SIZE:,} would gain little")
    models.cache_folder().mkdir(parents=True, exist_ok=True)
    if entry.path.stat().st_size > shutil.disk_usage(models.cache_folder()).free:
        raise ModelError(f"there is too little room in {models.cache_folder()}")


def _filled(path: Path, holes: Sequence[Hole], open: Open, report: Callable[[float], None]) -> list[Filled]:
    """One file after the other: both at once need not fit into memory."""
    with open(path) as loaded:
        return copy.filled(loaded, holes, report)
