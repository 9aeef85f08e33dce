"""The measures of a typing simulation, with intervals bootstrapped over places."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.evaluation.report.measures import Parts
from copilot_lsp.evaluation.report.statistics import interval
from copilot_lsp.evaluation.typing.page import TAKING
from copilot_lsp.evaluation.typing.screen import Fate
from copilot_lsp.evaluation.typing.session import Typed
from copilot_lsp.evaluation.typing.typist import Verdict

Amounts = Iterable[tuple[float, float]]
T = TypeVar("T")
"""What came of one place."""

RIGHT = (Verdict.FULL, Verdict.LINE)


@dataclass(frozen=True, slots=True)
class Measure(Generic[T]):
    """`parts` gives amounts and weights of a place: the value is the sum of amounts over the sum of weights, or that
    `quantile` of the amounts. `text` formats it; `more_is_better` None: neither.
    """

    name: str
    title: str
    parts: Callable[[T], Amounts]
    text: str = "{:.1%}"
    more_is_better: bool | None = True
    quantile: float | None = None


def _one(amount: float | None, weight: float) -> Amounts:
    return [] if amount is None else [(amount, weight)]


def _share(verdict: Verdict) -> Callable[[Typed], Amounts]:
    return lambda typed: [(seen.verdict is verdict, 1) for seen in typed.seen]


def _of_fate(fate: Fate) -> Callable[[Typed], Amounts]:
    return lambda typed: [(seen.fate is fate, 1) for seen in typed.seen]


def _per_key(amount: Callable[[Typed], float | None], keys: int = 1) -> Callable[[Typed], Amounts]:
    def parts(typed: Typed) -> Amounts:
        found = amount(typed)
        return _one(None if found is None else found * keys, typed.pressed)

    return parts


def _saved(typed: Typed) -> Amounts:
    return [(typed.by_hand - typed.pressed, typed.by_hand)]


def _wrong(typed: Typed) -> Amounts:
    return [(100 * sum(seen.wrong for seen in typed.seen), typed.characters)]


def _after_accept(typed: Typed) -> Amounts:
    return [(seen.verdict in RIGHT, 1) for seen in typed.seen if seen.after_accept]


def _milliseconds(seconds: Callable[[Typed], Sequence[float]]) -> Callable[[Typed], Amounts]:
    return lambda typed: [(1000 * each, 1) for each in seconds(typed)]


def _waits(typed: Typed) -> Sequence[float]:
    return [seen.wait for seen in typed.seen]


def _lost(typed: Typed) -> Amounts:
    return [(typed.lost, typed.lost + len(typed.answers))]


def _remembered(typed: Typed) -> Amounts:
    usage = typed.usage
    known = usage.remembered is not None and usage.generated_anew is not None
    return _one(usage.remembered, usage.remembered + usage.generated_anew) if known else []  # type: ignore[operator]


_answers = _milliseconds(lambda typed: typed.answers)

MEASURES: Sequence[Measure[Typed]] = (
    Measure("keystrokes_saved", "keystrokes saved", _saved),
    Measure("time_to_ghost_p50_ms", "time to ghost, p50", _milliseconds(_waits), "{:.0f} ms", False, 0.5),
    Measure("time_to_ghost_p90_ms", "time to ghost, p90", _milliseconds(_waits), "{:.0f} ms", False, 0.9),
    Measure("fully_right", "ghosts fully right", _share(Verdict.FULL)),
    Measure("line_right", "right in their first line only", _share(Verdict.LINE), more_is_better=None),
    Measure("words_right", "right in their first words only", _share(Verdict.WORDS), more_is_better=None),
    Measure("wrong", "wrong from their first word", _share(Verdict.WRONG), more_is_better=False),
    Measure("wrong_characters", "wrong characters shown per 100 written", _wrong, "{:.1f}", False),
    Measure("flicker", "ghosts that flickered", _of_fate(Fate.FLICKERED), more_is_better=False),
    Measure("vanished", "ghosts that vanished", _of_fate(Fate.VANISHED), more_is_better=False),
    Measure("next_right", "next ghost right after an accept", _after_accept),
    Measure("ghosts", "ghosts per 100 keys", _per_key(lambda typed: len(typed.seen), 100), "{:.1f}", None),
    Measure(
        "takes",
        "keys that took something, per 100",
        _per_key(lambda typed: sum(typed.keys.get(key, 0) for key in TAKING), 100),
        "{:.1f}",
        None,
    ),
    Measure("answer_p50_ms", "a key to its answer, p50", _answers, "{:.0f} ms", False, 0.5),
    Measure("answer_p95_ms", "a key to its answer, p95", _answers, "{:.0f} ms", False, 0.95),
    Measure("answer_p99_ms", "a key to its answer, p99", _answers, "{:.0f} ms", False, 0.99),
    Measure("too_late", "requests not answered before the next key", _lost, more_is_better=False),
    Measure("remembered", "answers without the engine", _remembered),
    Measure("evaluated", "tokens evaluated a key", _per_key(lambda t: t.usage.tokens_evaluated), "{:.1f}", False),
    Measure("generated", "tokens generated a key", _per_key(lambda t: t.usage.tokens_generated), "{:.1f}", False),
    Measure("cpu", "CPU seconds per 100 keys", _per_key(lambda t: t.usage.cpu_seconds, 100), "{:.1f}", False),
    Measure(
        "memory",
        "memory (MB)",
        lambda t: _one(None if t.usage.memory_bytes is None else t.usage.memory_bytes / 1e6, 1),
        "{:.0f}",
        False,
        1.0,
    ),
)
"""Answers of a key are those that came before the next key; the share that did not is `too_late`."""

BY_NAME = {measure.name: measure for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Value:
    """With the interval that holds the middle 95 % of what drawing the places anew gives; None: too few of them."""

    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Sample:
    """A measure's amounts over all places; `owners` says of which place each one is."""

    parts: Parts
    owners: NDArray[np.intp]
    places: int

    @classmethod
    def of(cls, measure: Measure[T], typed: Sequence[T]) -> Sample:
        rows = [(*part, index) for index, each in enumerate(typed) for part in measure.parts(each)]
        table = np.array(rows, dtype=float).reshape(len(rows), 3)
        return cls(Parts(table[:, 0], table[:, 1], measure.quantile), table[:, 2].astype(np.intp), len(typed))

    def values(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of samples of places, a row each: how often every place is in it. NaN where nothing was measured."""
        return self.parts.values(counts[:, self.owners])


def value(measure: Measure[T], typed: Sequence[T], seed: int = 0) -> Value | None:
    """None when nothing was measured."""
    sample = Sample.of(measure, typed)
    found = float(sample.values(np.ones((1, sample.places)))[0]) if len(sample.owners) else float("nan")
    return None if np.isnan(found) else Value(found, *interval(sample.places, sample.values, seed))


def ratio(measure: Measure[T], typed: Sequence[T], base: Sequence[T], seed: int = 0) -> Value | None:
    """Of the first to the second, who typed the same places in the same order; None when it cannot be told."""
    first, second = Sample.of(measure, typed), Sample.of(measure, base)
    if not (len(first.owners) and len(second.owners)):
        return None

    def ratios(counts: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = first.values(counts) / second.values(counts)
        return np.where(np.isfinite(found), found, np.nan)

    found = float(ratios(np.ones((1, first.places)))[0])
    return None if np.isnan(found) else Value(found, *interval(first.places, ratios, seed))


def by_language(typed: Sequence[Typed]) -> dict[str, list[Typed]]:
    """Each language that has places; all of them first where there are several languages."""
    found: dict[str, list[Typed]] = {}
    for each in typed:
        found.setdefault(each.language, []).append(each)
    return {"all": list(typed), **found} if len(found) > 1 else found
