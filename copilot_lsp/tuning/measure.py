"""Measures one model: first threads, then flash attention and KV cache type, then all batch sizes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from copilot_lsp.errors import EngineFailed
from copilot_lsp.tuning.bench import Bench
from copilot_lsp.tuning.speed import BATCHES, KEY, Config, Speed, Times, key_ms, medians, noise

LEAST, MOST = 3, 9
"""Repetitions; between them, the time decides."""

GAIN = 0.95
"""A setting replaces the default only if it takes at most this share of its time."""

WON = 0.75
"""It must also be faster in this share of the repetitions, which alternate."""

FILLED = (128, 768)
"""Tokens in the cache while batches are timed, at least and at most: as many as can be read in SHARE of the time."""

SHARE = 0.05
TOO_SLOW = 3.0
"""A model that takes this many times the budget per key is not measured further."""

COLD_BATCHES = (*KEY, 8, 16, 64)
"""That are measured of a model which is too slow."""


@dataclass(frozen=True, slots=True)
class Task:
    """A model to measure in about `seconds`; `threads` to try, the default first."""

    model: str
    path: Path
    threads: Sequence[int]
    seconds: float
    budget_ms: float


@dataclass(frozen=True, slots=True)
class Tools:
    """What time is it, in seconds; and somebody who is told what is being done, and which share of the task is over."""

    clock: Callable[[], float] = time.perf_counter
    report: Callable[[str, float], None] = lambda _what, _share: None


def measured(bench: Bench, task: Task, tools: Tools) -> Speed:
    """Raises EngineFailed."""
    first = Config(task.threads[0])
    tools.report(f"{task.model}: first look", 0.0)
    probe = medians({batch: [ms] for batch, ms in bench.speed(first, (*KEY, 64), 0).items()})
    if key_ms(probe) > TOO_SLOW * task.budget_ms:
        (times,) = compared([(bench, first)], COLD_BATCHES, FILLED[0], task, tools, (0.0, 0.0), 1)
        return _speed(bench, task, first, times, {})
    filled = int(min(max(FILLED[0], 64 / probe[64] * 1000 * task.seconds * SHARE // 64 * 64), FILLED[1]))
    tried: dict[Config, float] = {}
    best = _best(bench, [Config(threads) for threads in task.threads], filled, task, tools, (0.0, 0.25), tried)
    ways = [best, Config(best.threads, True), Config(best.threads, True, "q8_0")]
    best = _best(bench, ways, filled, task, tools, (0.25, 0.55), tried)
    (times,) = compared([(bench, best)], BATCHES, filled, task, tools, (0.55, 1.0))
    tools.report(f"{task.model}: done", 1.0)
    return _speed(bench, task, best, times, tried)


def compared(
    runs: Sequence[tuple[Bench, Config]],
    batches: Sequence[int],
    filled: int,
    task: Task,
    tools: Tools,
    part: tuple[float, float],
    least: int = LEAST,
) -> Sequence[Times]:
    """All `runs` by turns, as often as fits into `part` (shares) of the task's seconds; the times of each."""
    times: list[dict[int, list[float]]] = [{batch: [] for batch in batches} for _ in runs]
    start, end = part
    begun, seconds = tools.clock(), (end - start) * task.seconds
    for done in range(1, MOST + 1):
        for (bench, config), found in zip(runs, times, strict=True):
            for batch, ms in bench.speed(config, batches, filled).items():
                found[batch].append(ms)
            spent = tools.clock() - begun
            share = start + (end - start) * min(1.0, spent / seconds if seconds else 1.0)
            tools.report(f"{task.model}: {config}", share)
        if done >= least and spent + spent / done > seconds:  # another one would take longer than there is time
            break
    return times


def raced(runs: Sequence[tuple[Bench, Config]], task: Task, tools: Tools) -> tuple[list[float], int]:
    """Milliseconds a key of each, measured by turns; and how often. Takes the task's seconds."""
    times = compared(runs, KEY, FILLED[0], task, tools, (0.0, 1.0))
    return [key_ms(medians(each)) for each in times], len(times[0][1])


def _best(
    bench: Bench,
    configs: Sequence[Config],
    filled: int,
    task: Task,
    tools: Tools,
    part: tuple[float, float],
    tried: dict[Config, float],
) -> Config:
    """The first, unless another is clearly quicker; what each takes for a key goes into `tried`."""
    configs = [configs[0], *(config for config in configs[1:] if _works(bench, config))]
    if len(configs) < 2:
        return configs[0]
    times = compared([(bench, config) for config in configs], KEY, filled, task, tools, part)
    keys = {config: key_ms(medians(each)) for config, each in zip(configs, times, strict=True)}
    tried |= keys
    quickest = min(configs, key=lambda config: keys[config])
    usual, rival = (times[configs.index(config)] for config in (configs[0], quickest))
    won = mean(rival[batch][index] < usual[batch][index] for batch in KEY for index in range(len(usual[batch])))
    return quickest if keys[quickest] <= GAIN * keys[configs[0]] and won >= WON else configs[0]


def _works(bench: Bench, config: Config) -> bool:
    """Not every model can be run in every way: a q8_0 cache needs heads of a multiple of 32."""
    try:
        bench.speed(config, (1,), 0)
    except EngineFailed:
        return False
    return True


def _speed(bench: Bench, task: Task, config: Config, times: Times, tried: dict[Config, float]) -> Speed:
    rounds = min(len(each) for each in times.values())
    return Speed(task.model, task.path, config, medians(times), rounds, tried, noise(times), bench.safe)
