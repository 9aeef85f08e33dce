"""llama.cpp's types for four bits that share a scale: a weight is d * values[level], with d a float16 for 32 weights.

Layout of a block (ggml-common.h, `block_q4_0` and `block_iq4_nl`): the scale, then 16 bytes; byte i has the level of
weight i in its low half and that of weight i + 16 in its high half.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from copilot_lsp.models.rounding.arrays import Bytes, Floats, Levels

SIZE = 32
"""Weights in a block."""

SCALES = np.linspace(0.75, 1.1, 8, dtype=np.float32)
"""Tried for each block, as multiples of the scale that puts its extreme weight on the first or on the last value.
Smaller ones clip it.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A type, as llama.cpp calls it, and its 16 values, ascending, whole numbers of -128 to 127."""

    name: str
    values: Floats
    nearest: Levels
    """Of each whole number from -128 on."""

    @classmethod
    def of(cls, name: str, *values: int) -> Grid:
        numbers = np.arange(-128, 128, dtype=np.float32)[:, None]
        grid = np.array(values, np.float32)
        return cls(name, grid, np.abs(numbers - grid).argmin(axis=1).astype(np.uint8))

    def levels(self, weights: Floats, d: Floats) -> Levels:
        """The nearest level of each weight; `d` has to be broadcast against them."""
        safe = np.where(d == 0, np.float32(1), d)
        place = np.clip(np.rint(weights / safe), -128, 127).astype(np.int16)
        found: Levels = self.nearest[place + 128]
        return found

    def weights(self, level: Levels, d: Floats) -> Floats:
        product: Floats = self.values[level] * d
        return product

    def scales(self, weights: Floats, importance: Floats) -> Floats:
        """The scale of each row with about the least weighted squared error.

        `weights`: (rows, 32); `importance`: of the 32 columns. Returns (rows,), values that a float16 has.
        """
        best, least = np.zeros(len(weights), np.float32), np.full(len(weights), np.inf, np.float32)
        for d in self._tried(weights):
            error = ((weights - self.weights(self.levels(weights, d[:, None]), d[:, None])) ** 2) @ importance
            better = error < least
            best[better], least[better] = d[better], error[better]
        return self._fitted(weights, importance, best)

    def _fitted(self, weights: Floats, importance: Floats, d: Floats) -> Floats:
        """The scale that fits best the levels that `d` gives, by least squares."""
        value = self.values[self.levels(weights, d[:, None])]
        square = (value * value) @ importance
        fitted = np.where(square > 0, (weights * value) @ importance / np.maximum(square, 1e-30), d)
        return fitted.astype(np.float16).astype(np.float32)

    def _tried(self, weights: Floats) -> Iterator[Floats]:
        extreme = np.take_along_axis(weights, np.abs(weights).argmax(axis=1)[:, None], axis=1)[:, 0]
        for end in (self.values[0], self.values[-1]):
            for factor in SCALES:
                yield (extreme * (factor / end)).astype(np.float16).astype(np.float32)


Q4_0 = Grid.of("Q4_0", *range(-8, 8))

IQ4_NL = Grid.of("IQ4_NL", -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113)
"""Closer together where most weights are (ggml-common.h, `kvalues_iq4nl`): as many bits, about half the error."""


def encoded(level: Levels, d: Floats) -> Bytes:
    """As in a file. `level`: (rows, columns); `d`: (rows, columns / 32). Returns (rows, columns / 32 * 18)."""
    rows, columns = level.shape
    halves = level.reshape(rows, columns // SIZE, 2, SIZE // 2)
    packed = halves[:, :, 0] | (halves[:, :, 1] << 4)
    head = d.astype(np.float16).view(np.uint8).reshape(rows, columns // SIZE, 2)
    return np.concatenate([head, packed], axis=2).reshape(rows, -1)


def decoded(data: Bytes) -> tuple[Levels, Floats]:
    """What `encoded` made: `data` is (rows, columns / 32 * 18); returns (rows, columns), (rows, columns / 32)."""
    rows = len(data)
    block = np.ascontiguousarray(data).reshape(rows, -1, 2 + SIZE // 2)
    d = np.ascontiguousarray(block[:, :, :2]).view(np.float16)[:, :, 0].astype(np.float32)
    packed = block[:, :, 2:]
    return np.concatenate([packed & 15, packed >> 4], axis=2).reshape(rows, -1), d
