"""Q4_0, llama.cpp's type for four bits: 32 weights share a float16 scale d, and each is d * (level - 8), level 0 to 15.

Layout of a block (ggml-common.h, `block_q4_0`): the scale, then 16 bytes; byte i has the level of weight i in its low
half and that of weight i + 16 in its high half.
"""

from __future__ import annotations

import numpy as np

from copilot_lsp.models.rounding.arrays import Bytes, Floats, Levels

SIZE = 32
"""Weights in a block."""

SCALES = np.linspace(0.70, 1.15, 19, dtype=np.float32)
"""Tried for each block, as multiples of the scale at which its extreme weight is level 0 (-8). Smaller ones clip it."""


def scales(weights: Floats, importance: Floats) -> Floats:
    """The scale of each row with the least weighted squared error.

    `weights`: (rows, 32); `importance`: of the 32 columns. Returns (rows,), values that a float16 has.
    """
    extreme = np.take_along_axis(weights, np.abs(weights).argmax(axis=1)[:, None], axis=1)[:, 0]
    best, least = np.zeros_like(extreme), np.full_like(extreme, np.inf)
    for factor in SCALES:
        d = (extreme * (factor / -8)).astype(np.float16).astype(np.float32)
        error = ((weights - values(levels(weights, d[:, None]), d[:, None])) ** 2) @ importance
        better = error < least
        best[better], least[better] = d[better], error[better]
    return best


def levels(weights: Floats, d: Floats) -> Levels:
    """The nearest level of each weight; `d` has to be broadcast against them."""
    safe = np.where(d == 0, np.float32(1), d)
    level: Levels = np.clip(np.rint(weights / safe) + 8, 0, 15).astype(np.uint8)
    return level


def values(level: Levels, d: Floats) -> Floats:
    return (level.astype(np.float32) - 8) * d


def encoded(level: Levels, d: Floats) -> Bytes:
    """As in a file. `level`: (rows, columns); `d`: (rows, columns / 32). Returns (rows, columns / 32 * 18)."""
    rows, columns = level.shape
    halves = level.reshape(rows, columns // SIZE, 2, SIZE // 2)
    packed = halves[:, :, 0] | (halves[:, :, 1] << 4)
    head = d.astype(np.float16).view(np.uint8).reshape(rows, columns // SIZE, 2)
    return np.concatenate([head, packed], axis=2).reshape(rows, -1)
