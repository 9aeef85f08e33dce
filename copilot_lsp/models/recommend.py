"""Which model to recommend while nothing has been measured on this machine (`copilot-lsp tune` does)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from copilot_lsp.models.fit import fits, memory
from copilot_lsp.models.registry import Entry, Shipped

BYTES_PER_CORE = 280_000_000
"""Of weights, to be quick enough without a GPU: 0.5B in Q4_K_M (491 MB) on two cores of a Zen 2 (AVX2) takes 0.4 s for
a keystroke and a line (a batch of 8 tokens 125 ms, then 8 tokens of 35 ms)."""


@dataclass(frozen=True, slots=True)
class Recommendation:
    """`why` is one line for the user."""

    name: str
    why: str


def recommend(entries: Iterable[Entry], is_here: Callable[[Entry], bool]) -> Recommendation | None:
    """Of the models with measured quality that anybody may use, the best size that fits and is quick enough.

    Of one size the one that is here, else the one that the most sources have: whether a hub can be reached is known
    only once somebody asks for a download.
    """
    able = [entry for entry in entries if _is_eligible(entry)]
    if not able:
        return None
    size = max(able, key=lambda entry: entry.rank).parameters
    equals = [entry for entry in able if entry.parameters == size]
    best = max(equals, key=lambda entry: (is_here(entry), len(entry.sources), entry.rank))
    return Recommendation(best.name, _why(best, equals, is_here(best)))


def cores() -> int:
    """That this process may use; two threads of one core count once."""
    import psutil

    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(psutil.cpu_count(logical=False) or usable, usable)


def _is_eligible(entry: Entry) -> bool:
    quick = entry.size <= BYTES_PER_CORE * cores() or any(isinstance(source, Shipped) for source in entry.sources)
    return entry.fim and entry.commercial and bool(entry.quality) and fits(entry) and quick


def _why(best: Entry, equals: Iterable[Entry], here: bool) -> str:
    machine = f"{memory() / 2**30:.0f} GB of memory and {cores()} cores"
    text = f"the best that fits {machine}"
    better = max(equals, key=lambda entry: entry.rank)
    if better is not best:
        reason = "it is here" if here else "it is also available without a model hub"
        text += f"; {better.name} fills in better, but {reason}"
    return f"{text}; `copilot-lsp tune` measures"
