"""Rounding that makes up for its errors: what a column loses is added to the columns that are not rounded yet, as far
as they see the same inputs. GPTQ, Frantar et al. 2022, arXiv 2210.17323.
"""

from __future__ import annotations

import numpy as np

from copilot_lsp.models.rounding.arrays import Doubles, Floats, Levels
from copilot_lsp.models.rounding.blocks import SIZE, Grid

DAMPING = 0.01
"""Of the mean square of the inputs, added to each: the paper's value. Inputs that hardly occur cannot be relied on."""

SMALL = 64
"""Matrices of so many rows are inverted by numpy."""


def factor(moments: Floats) -> Doubles:
    """The upper Cholesky factor of the inverse of the inputs' second moments. `moments`: (columns, columns)."""
    square = moments.astype(np.float64)
    square[np.diag_indices_from(square)] += max(DAMPING * float(np.trace(square)) / len(square), 1e-12)
    # With P the matrix that reverses an order: inv(S) = U.T U, and P S P = L L.T, so U = P inv(L) P.
    lower: Doubles = np.linalg.cholesky(square[::-1, ::-1]).astype(np.float64)
    return np.ascontiguousarray(_inverse(lower)[::-1, ::-1])


def _inverse(lower: Doubles) -> Doubles:
    """Of a lower triangular matrix, by halves: a sixth of the work of numpy's, which does not know the shape."""
    if len(lower) <= SMALL:
        return np.linalg.inv(lower).astype(np.float64)
    half = len(lower) // 2
    first, second = _inverse(lower[:half, :half]), _inverse(lower[half:, half:])
    out = np.zeros_like(lower)
    out[:half, :half], out[half:, half:] = first, second
    out[half:, :half] = -second @ (lower[half:, :half] @ first)
    return out


def rounded(weights: Floats, upper: Doubles, grid: Grid) -> tuple[Levels, Floats]:
    """Levels and scales. `weights`: (rows, columns), columns a multiple of 32; it is overwritten.

    `upper`: `factor` of what the columns are multiplied with. Returns (rows, columns), (rows, columns / 32).
    """
    rows, columns = weights.shape
    level = np.empty((rows, columns), np.uint8)
    d = np.empty((rows, columns // SIZE), np.float32)
    u = upper.astype(np.float32)
    importance = (1 / np.square(np.diag(u))).astype(np.float32)
    for start in range(0, columns, SIZE):
        block = slice(start, start + SIZE)
        d[:, start // SIZE] = scale = grid.scales(weights[:, block], importance[block])
        errors = _round_block(weights[:, block], u[block, block], scale, level[:, block], grid)
        weights[:, block.stop :] -= errors @ u[block, block.stop :]
    return level, d


def _round_block(weights: Floats, u: Floats, scale: Floats, level: Levels, grid: Grid) -> Floats:
    """Fills `level`; the errors to make up for, (rows, 32), each in units of its column's diagonal."""
    errors = np.empty_like(weights)
    for column in range(SIZE):
        level[:, column] = grid.levels(weights[:, column], scale)
        lost = weights[:, column] - grid.weights(level[:, column], scale)
        errors[:, column] = lost / u[column, column]
        weights[:, column + 1 :] -= np.outer(errors[:, column], u[column, column + 1 :])
    return errors
