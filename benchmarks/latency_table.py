"""The measures of `latency.py`: what each trace adds to them, and which goals that reaches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table

from benchmarks.goals import Goal
from benchmarks.played import Played
from benchmarks.replay import Kind
from copilot_lsp.evaluation.typing.measures import Amounts, Measure, ratio, value
from copilot_lsp.evaluation.typing.table import compared, told, told_ratio


def _times(kind: Kind) -> Callable[[Played], Amounts]:
    return lambda played: [(step.milliseconds, 1) for step in played.steps if step.kind is kind]


def _evaluated(played: Played) -> Amounts:
    return [(each.evaluated, 1) for each in played.steps if each.kind is Kind.KEY and each.evaluated is not None]


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
    Measure("paste_p50_ms", "the rest of a line at once, p50", _times(Kind.PASTE), MS, False, 0.5),
    Measure("evaluated_key", "tokens evaluated a key, median", _evaluated, "{:.1f}", False, 0.5),
    Measure("evaluated", "tokens evaluated a step, mean", _each(lambda p: p.usage.tokens_evaluated), "{:.1f}", False),
    Measure("generated", "tokens generated a step, mean", _each(lambda p: p.usage.tokens_generated), "{:.1f}", False),
    Measure("cpu", "CPU seconds per 100 steps", _each(lambda p: p.usage.cpu_seconds, 100), "{:.1f}", False),
    Measure("memory", "memory (MB)", _memory, "{:.0f}", False, 1.0),
)


BY_NAME = {measure.name: measure for measure in MEASURES}

RATIOS = (
    ("a key, mean", "key_mean_ms", 0.06),
    ("a key, p95", "key_p95_ms", 0.05),
    ("a jump within the file, p50", "jump_p50_ms", 0.5),
    ("back to an earlier place, p50", "back_p50_ms", 0.1),
)
"""Ours to the peer's may be so much."""

EVALUATED = 3
"""Tokens a key may cost, as a median."""


def of(found: Mapping[str, Sequence[Played]]) -> Table:
    return compared(MEASURES, found)


def goals(found: Mapping[str, Sequence[Played]]) -> list[Goal]:
    """Of the first of `found`, next to the second where there is one."""
    ours, *peers = found.values()
    names = list(found)
    made = []
    for title, name, most in RATIOS if peers else ():
        between = ratio(BY_NAME[name], ours, peers[0])
        both = " and ".join(told(BY_NAME[name], value(BY_NAME[name], each)) for each in (ours, peers[0]))
        reached = None if between is None else between.value <= most
        text = f"{told_ratio(between)}: {both}; n = {len(ours)} traces" if between else ""
        made.append(Goal(f"{title}, {names[0]} / {names[1]}", f"<= {most}", text, reached))
    evaluated = value(BY_NAME["evaluated_key"], ours)
    reached = None if evaluated is None else evaluated.value <= EVALUATED
    text = told(BY_NAME["evaluated_key"], evaluated)
    return [*made, Goal("tokens evaluated a key while typing, median", f"<= {EVALUATED}", text, reached)]
