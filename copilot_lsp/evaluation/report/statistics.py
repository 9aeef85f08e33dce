"""How sure a difference is: the paired bootstrap (Efron and Tibshirani, 1993, chapters 13 and 16).

Cases are drawn with replacement, the same ones for both sides, and the measure's difference is taken each time; the
interval holds the middle 95 % of these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from copilot_lsp.evaluation.report.measures import MEASURES, Parts
from copilot_lsp.evaluation.report.score import Score

ROUNDS = 2000
AT_ONCE = 250
MIDDLE = (0.025, 0.975)


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
    count = len(first.amounts)
    found = []
    for _ in range(ROUNDS // AT_ONCE):
        counts = rng.multinomial(count, np.full(count, 1 / count), size=AT_ONCE).astype(float)
        found.append(second.values(counts) - first.values(counts))
    gaps = np.concatenate(found)
    gaps = gaps[~np.isnan(gaps)]
    if len(gaps) < ROUNDS / 2:
        return None, None
    low, high = np.quantile(gaps, MIDDLE)
    return float(low), float(high)
