"""The measures of `latency.py`: what each trace adds to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table

from benchmarks.played import Played
from benchmarks.replay import Kind
from copilot_lsp.evaluation.typing.measures import Amounts, Measure
from copilot_lsp.evaluation.typing.table import compared


def _times(kind: Kind) -> Callable[[Played], Amounts]:
    return lambda played: [(step.milliseconds, 1) for step in played.steps if step.kind is kind]


def _shown(played: Played) -> Amounts:
    return [(step.shown, 1) for step in played.steps if step.kind is Kind.KEY]


def _remembered(played: Played) -> Amounts:
    usage = played.usage
    if usage.remembered is None or usage.generated_anew is None:
        return []
    return [(usage.remembered, usage.remembered + usage.generated_anew)]


def _each(amount: Callable[[Played], float | None], steps: int = 1) -> Callable[[Played], Amounts]:
    def parts(played: Played) -> Amounts:
        found = amount(played)
        return [] if found is None else [(found * steps, len(played.steps))]

    return parts


def _memory(played: Played) -> Amounts:
    return [] if played.usage.memory_bytes is None else [(played.usage.memory_bytes / 1e6, 1)]


MS = "{:.0f} ms"
MEASURES: Sequence[Measure[Played]] = (
    Measure("key_mean_ms", "a key, mean", _times(Kind.KEY), MS, False),
    Measure("key_p50_ms", "a key, p50", _times(Kind.KEY), MS, False, 0.5),
    Measure("key_p95_ms", "a key, p95", _times(Kind.KEY), MS, False, 0.95),
    Measure("key_p99_ms", "a key, p99", _times(Kind.KEY), MS, False, 0.99),
    Measure("retype_p95_ms", "deleting and typing again, p95", _times(Kind.RETYPE), MS, False, 0.95),
    Measure("open_p50_ms", "opening the file, p50", _times(Kind.OPEN), MS, False, 0.5),
    Measure("jump_p50_ms", "a jump in the file, p50", _times(Kind.JUMP), MS, False, 0.5),
    Measure("back_p50_ms", "back to where one was, p50", _times(Kind.BACK), MS, False, 0.5),
    Measure("shown", "keys with a suggestion", _shown),
    Measure("remembered", "answers without the engine", _remembered),
    Measure("evaluated", "tokens evaluated a step, mean", _each(lambda p: p.usage.tokens_evaluated), "{:.1f}", False),
    Measure("generated", "tokens generated a step, mean", _each(lambda p: p.usage.tokens_generated), "{:.1f}", False),
    Measure("cpu", "CPU seconds per 100 steps", _each(lambda p: p.usage.cpu_seconds, 100), "{:.1f}", False),
    Measure("memory", "memory (MB)", _memory, "{:.0f}", False, 1.0),
)


def of(found: Mapping[str, Sequence[Played]]) -> Table:
    return compared(MEASURES, found)
