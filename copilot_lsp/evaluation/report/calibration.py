"""Calibration of a model's probabilities: of the texts with probability 0.7, 7 of 10 should be right.

The gate (`completion.gate`) compares the joint probability of a text's tokens with `completion.confidence`. A point
here is the beginning of a generated text up to the end of a token: its joint probability, and whether the truth begins
so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.evaluation.cases.case import Case
from copilot_lsp.evaluation.run.outcome import Outcome

BINS = 10
ASKED = (0.3, 0.5, 0.7, 0.9)
"""Shares of right texts for which the probability is looked up that has to be asked for."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Of `count` points whose probabilities are about `probability`, the share `right` is right."""

    count: int
    probability: float
    right: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """`error`: the expected calibration error, the mean distance of a bin from honesty, weighted by its points (Guo et
    al. 2017, arXiv 1706.04599, equation 3).

    `floors`: (share of right texts, least probability at which a text is right that often), by a monotone fit; None
    where no probability is high enough.
    """

    bins: Sequence[Bin]
    error: float
    floors: Sequence[tuple[float, float | None]]

    @property
    def count(self) -> int:
        return sum(each.count for each in self.bins)


def of(cases: Iterable[tuple[Case, Outcome]]) -> Calibration | None:
    """None when no case has a probability."""
    return of_points([point for case, outcome in cases for point in _points(case, outcome)])


def of_points(points: Sequence[tuple[float, bool]]) -> Calibration | None:
    """Of probabilities and whether the text was right; None without any."""
    if not points:
        return None
    # Among equals the right ones first: the monotone fit then takes them together.
    table = np.array(sorted(points, key=lambda point: (point[0], not point[1])), dtype=float)
    probability, right = table[:, 0], table[:, 1]
    bins = list(_bins(probability, right))
    error = sum(each.count * abs(each.probability - each.right) for each in bins) / len(points)
    fitted = isotonic(right)
    return Calibration(bins, error, [(share, _floor(probability, fitted, share)) for share in ASKED])


def _points(case: Case, outcome: Outcome) -> Iterator[tuple[float, bool]]:
    for length, probability in outcome.trace:
        if 0 < length <= len(outcome.raw):
            yield probability, case.hole.startswith(outcome.raw[:length].rstrip())


def _bins(probability: NDArray[np.float64], right: NDArray[np.float64]) -> Iterator[Bin]:
    number = np.minimum((probability * BINS).astype(int), BINS - 1)
    for each in np.unique(number):
        held = number == each
        yield Bin(int(held.sum()), float(probability[held].mean()), float(right[held].mean()))


def isotonic(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rising sequence with the least squared distance from `values`: pool adjacent violators (Ayer et al. 1955)."""
    pools: list[tuple[float, int]] = []
    for value in values:
        mean, count = float(value), 1
        while pools and pools[-1][0] >= mean:
            before, held = pools.pop()
            mean, count = (before * held + mean * count) / (held + count), held + count
        pools.append((mean, count))
    return np.repeat([mean for mean, _ in pools], [count for _, count in pools])


def _floor(probability: NDArray[np.float64], fitted: NDArray[np.float64], share: float) -> float | None:
    enough = fitted >= share
    return float(probability[enough][0]) if enough.any() else None
