"""Confidence intervals: Wilson's for a share, else by the paired bootstrap (Efron and Tibshirani, 1993, 13 and 16).

Cases are drawn with replacement, the same ones for both sides, and the measure's difference is taken each time; the
interval holds the middle 95 % of these.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.evaluation.report.measures import MEASURES, Parts
from copilot_lsp.evaluation.report.score import Score

ROUNDS = 2000
AT_ONCE = 250
MIDDLE = (0.025, 0.975)

Values = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one measure: `base` and `other` are the values, `low` to `high` the interval of `other - base`.

    The interval is None where too few cases have the measure.
    """

    measure: str
    base: float
    other: float
    low: float | None
    high: float | None

    @property
    def is_sure(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def differences(base: Sequence[Score], other: Sequence[Score], seed: int = 0) -> list[Difference]:
    """Of all measures that both have; the scores of the same case stand at the same place."""
    found = []
    for measure in MEASURES:
        first, second = measure.parts(base), measure.parts(other)
        before, after = first.value(), second.value()
        if before is not None and after is not None:
            low, high = _interval(first, second, np.random.default_rng(seed))
            found.append(Difference(measure.name, before, after, low, high))
    return found


def _interval(first: Parts, second: Parts, rng: np.random.Generator) -> tuple[float | None, float | None]:
    return _middle(len(first.amounts), lambda counts: second.values(counts) - first.values(counts), rng)


def interval(count: int, values: Values, seed: int = 0) -> tuple[float | None, float | None]:
    """The middle 95 % of what `values` gives for `count` cases drawn with replacement; it gets a row for each draw
    with how often every case is in it. None where too few draws have a value.
    """
    return _middle(count, values, np.random.default_rng(seed))


def wilson(count: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's score interval for a share, by default of 95 % (Wilson, 1927, JASA 22, page 209)."""
    middle = (count + z * z / 2) / (of + z * z)
    spread = z / (of + z * z) * math.sqrt(count * (of - count) / of + z * z / 4)
    return max(0.0, middle - spread), min(1.0, middle + spread)


def _middle(count: int, values: Values, rng: np.random.Generator) -> tuple[float | None, float | None]:
    found = []
    for _ in range(ROUNDS // AT_ONCE):
        counts = rng.multinomial(count, np.full(count, 1 / count), size=AT_ONCE).astype(float)
        found.append(values(counts))
    drawn = np.concatenate(found)
    drawn = drawn[~np.isnan(drawn)]
    if len(drawn) < ROUNDS / 2:
        return None, None
    low, high = np.quantile(drawn, MIDDLE)
    return float(low), float(high)
