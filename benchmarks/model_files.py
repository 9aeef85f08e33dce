"""Model files side by side: how long each takes for one token, for drafts and for prompts; ratios to the first file.

    python -m benchmarks.model_files A.gguf B.gguf ... [--repeat 9] [--threads N]

By turns, a process each, behind 256 tokens of context. Let nothing else run. A token costs the sampler time too: it
looks at every logit, which this does not count.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from copilot_lsp.config.machine import this_machine
from copilot_lsp.tuning import bench
from copilot_lsp.tuning.bench import Bench
from copilot_lsp.tuning.speed import BATCHES, KEY, Config, key_ms

FILLED = 256
"""Tokens of context."""

Times = dict[int, list[float]]


def measured(benches: Sequence[Bench], config: Config, repeat: int) -> list[Times]:
    """Milliseconds by batch; the files take turns, and the first turn is not counted."""
    times: list[Times] = [{batch: [] for batch in BATCHES} for _ in benches]
    for turn in range(repeat + 1):
        for loaded, found in zip(benches, times, strict=True):
            for batch, ms in loaded.speed(config, BATCHES, FILLED).items():
                found[batch] += [ms] if turn else []
    return times


def ratio(times: Times, first: Times, batches: Sequence[int]) -> tuple[float, float, float]:
    """The median of the ratios of each turn, the least and the greatest."""
    turns = range(len(times[batches[0]]))

    def cost(of: Times, turn: int) -> float:
        ms = {batch: of[batch][turn] for batch in batches}
        return key_ms(ms) if tuple(batches) == KEY else sum(ms.values())

    found = sorted(cost(times, turn) / cost(first, turn) for turn in turns)
    return median(found), found[0], found[-1]


def table(files: Sequence[Path], times: Sequence[Times]) -> Table:
    made = Table("file", "MB", *(f"{batch}" for batch in BATCHES), "ms a key")
    for file, found in zip(files, times, strict=True):
        ms = {batch: median(each) for batch, each in found.items()}
        cells = [f"{each:.1f}" for each in (*ms.values(), key_ms(ms))]
        made.add_row(file.name, f"{file.stat().st_size / 1e6:.0f}", *cells)
        ratios = [ratio(found, times[0], each) for each in (*((batch,) for batch in BATCHES), KEY)]
        made.add_row("", "", *(f"x {mid:.2f}\n{low:.2f}-{high:.2f}" for mid, low, high in ratios), style="dim")
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="+")
    parser.add_argument("--repeat", type=int, default=9)
    parser.add_argument("--threads", type=int, default=this_machine().cores)
    options = parser.parse_args()
    with ExitStack() as stack:
        benches = [stack.enter_context(bench.opened(file)) for file in options.file]
        times = measured(benches, Config(options.threads), options.repeat)
    console = Console(highlight=False)
    console.print(f"milliseconds, median of {options.repeat}; below, the ratio to the first file (least-greatest)")
    console.print(table(options.file, times))


if __name__ == "__main__":
    main()
