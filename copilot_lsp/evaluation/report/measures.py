"""The measures of a run, each computed from single scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.evaluation.report.score import Score

Part = tuple[float, float]
NONE: Part = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Measure:
    """`part` gives a score's amount and its weight: the value is the sum of amounts over the sum of weights.

    `quantile`: the value is that quantile of the amounts with weight instead, in milliseconds.
    """

    name: str
    title: str
    part: Callable[[Score], Part]
    quantile: float | None = None

    @property
    def more_is_better(self) -> bool:
        return self.quantile is None

    def parts(self, scores: Sequence[Score]) -> Parts:
        rows = np.array([self.part(score) for score in scores], dtype=float).reshape(len(scores), 2)
        return Parts(rows[:, 0], rows[:, 1], self.quantile)

    def text(self, value: float | None) -> str:
        if value is None:
            return "–"
        return f"{value:.0f} ms" if self.quantile is not None else f"{value:.1%}"


@dataclass(frozen=True, slots=True)
class Parts:
    """Amounts and weights of one measure, a row for each case."""

    amounts: NDArray[np.float64]
    weights: NDArray[np.float64]
    quantile: float | None

    def value(self) -> float | None:
        """None when nothing was measured."""
        value = float(self.values(np.ones((1, len(self.amounts))))[0])
        return None if np.isnan(value) else value

    def values(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of samples, a row each: how often every case is in it. NaN where nothing was measured."""
        if self.quantile is not None:
            return self._quantiles(counts, self.quantile)
        with np.errstate(invalid="ignore"):
            found: NDArray[np.float64] = (counts @ self.amounts) / (counts @ self.weights)
        return found

    def _quantiles(self, counts: NDArray[np.float64], quantile: float) -> NDArray[np.float64]:
        """The least amount that at least so many have; each is one that was measured."""
        measured = self.weights > 0
        if not measured.any():
            return np.full(len(counts), np.nan)
        order = np.argsort(self.amounts[measured])
        running = counts[:, measured][:, order].cumsum(axis=1)
        totals = running[:, -1]
        found = self.amounts[measured][order][(running >= quantile * totals[:, None]).argmax(axis=1)]
        return np.where(totals > 0, found, np.nan)


def _when(condition: bool | None, amount: float | None) -> Part:
    return (float(amount), 1.0) if condition and amount is not None else NONE


def _of_known(amount: float | None) -> Part:
    return _when(True, amount)


MEASURES = (
    Measure("exact_match", "exact", lambda score: (score.exact, 1)),
    Measure("exact_block", "exact block", lambda score: _of_known(score.exact_block)),
    Measure("edit_similarity", "edit similarity", lambda score: (score.similarity, 1)),
    Measure("pass_at_1", "pass@1", lambda score: _of_known(score.passed)),
    Measure("keystrokes_saved", "keys saved", lambda score: (score.keys_saved, score.keys)),
    Measure("shown", "shown", lambda score: (score.shown, 1)),
    Measure("right_when_shown", "right when shown", lambda score: _when(score.shown, score.right)),
    Measure("clean_when_shown", "clean when shown", lambda score: _when(score.shown, score.clean)),
    Measure("latency_p50_ms", "p50", lambda score: _of_known(score.milliseconds), 0.5),
    Measure("latency_p95_ms", "p95", lambda score: _of_known(score.milliseconds), 0.95),
)
BY_NAME: Mapping[str, Measure] = {measure.name: measure for measure in MEASURES}

Values = dict[str, float | None]


def summary(scores: Sequence[Score]) -> Values:
    return {measure.name: measure.parts(scores).value() for measure in MEASURES}


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold of the gate would give; 0: everything is shown."""

    threshold: float
    shown: float
    right_when_shown: float | None
    keystrokes_saved: float | None


THRESHOLDS = (0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
