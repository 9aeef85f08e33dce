"""A copy of a model with weights of four bits, of the type that this CPU is quickest with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from copilot_lsp.models import Entry, gguf
from copilot_lsp.models.rounding import write as rounding
from copilot_lsp.models.rounding.blocks import IQ4_NL, Q4_0, Grid
from copilot_lsp.tuning import bench, calibration
from copilot_lsp.tuning.bench import Bench
from copilot_lsp.tuning.copy import Way, made
from copilot_lsp.tuning.measure import Task, Tools, raced
from copilot_lsp.tuning.speed import Config

TYPES: Sequence[Grid] = (IQ4_NL, Q4_0)
"""The more precise one first. llama.cpp has kernels with repacked weights for both on AVX2, AVX-512 and NEON, but only
for Q4_0 on AMX and with NEON's i8mm. The embedding matrices, where four bits cost the most, are Q8_0, or keep their
type where it is smaller.
"""

MUCH = 0.9
"""A type that loses more has to take no more than this share of the time."""

Open = Callable[[Path], AbstractContextManager[Bench]]


@dataclass(frozen=True, slots=True)
class Race:
    """Milliseconds a key of the original and of a copy in `grid`, measured by turns, `n` times each."""

    grid: Grid
    before: float
    after: float
    n: int


def could_gain(path: Path) -> bool:
    """Whether most of the matrices are of other types. Raises ModelCorrupt."""
    matrices = rounding.matrices(gguf.read(path))
    names = {grid.name for grid in TYPES}
    quick = sum(each.elements for each in matrices if each.type_name in names)
    return quick < 0.8 * sum(each.elements for each in matrices)


def name_of(entry: Entry) -> str:
    return f"{entry.name}-4bit"


def is_requantized(entry: Entry) -> bool:
    return bool(entry.copy_of) and entry.name == f"{entry.copy_of}-4bit"


def way(entry: Entry, grid: Grid) -> Way:
    return Way(name_of(entry), grid.name, "tune --requantize")


def quickest(entry: Entry, old: Bench, config: Config, task: Task, tools: Tools, open: Open) -> Race:
    """By copies that llama.cpp rounds, which takes seconds. Raises EngineError, OSError."""
    races = []
    for index, grid in enumerate(TYPES):
        report = partial(_part, tools.report, index)
        with _plain(entry, grid, config.threads) as file, open(file) as new:
            part = Task(task.model, file, (), task.seconds / len(TYPES), task.budget_ms)
            (before, after), n = raced([(old, config), (new, config)], part, Tools(tools.clock, report))
        races.append(Race(grid, before, after, n))
    precise, other = races
    return other if other.after / other.before < MUCH * precise.after / precise.before else precise


def _part(report: Callable[[str, float], None], index: int, what: str, share: float) -> None:
    report(what, (index + share) / len(TYPES))


def _plain(entry: Entry, grid: Grid, threads: int) -> AbstractContextManager[Path]:
    name = f"{name_of(entry)}-{grid.name.lower()}"
    return made(name, lambda new: bench.quantize(entry.path, new, grid.name, threads))


@contextmanager
def quantized(entry: Entry, grid: Grid, old: Bench, threads: int, report: Callable[[float], None]) -> Iterator[Path]:
    """With errors made up for where that is possible (minutes), else by llama.cpp's quantizer (seconds).

    `old`: the model, loaded. Raises EngineError, OSError.
    """
    file = gguf.read(entry.path)
    fits = rounding.is_possible(file) and rounding.memory(file) < psutil.virtual_memory().available
    if not (fits and (inputs := calibration.holes())):
        with _plain(entry, grid, threads) as path:
            yield path
        return

    def write(new: Path) -> None:
        for share in rounding.write(entry.path, new, old.tokens(inputs), grid):
            report(share)

    with made(name_of(entry), write) as path:
        yield path
