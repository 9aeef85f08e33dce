"""Rounds a model's layers one after the other, each for the inputs that the rounded ones before it give."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from copilot_lsp.models.rounding import gptq
from copilot_lsp.models.rounding.arrays import Doubles, Floats, Levels
from copilot_lsp.models.rounding.blocks import SIZE, Grid
from copilot_lsp.models.rounding.decoder import Shape, attended, gated, normed

MATRICES = 7
"""Of a layer."""

AT_ONCE = 2048
"""Tokens whose feed-forward inputs are in memory at once."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """A matrix of four bits: levels (rows, columns), scales (rows, columns / 32)."""

    name: str
    grid: Grid
    level: Levels
    scale: Floats

    @property
    def weights(self) -> Floats:
        return self.grid.weights(self.level, np.repeat(self.scale, SIZE, axis=1))


Tensor = Callable[[str], Floats | None]
"""A tensor of the file in float32 by name, (rows, columns) or (length,); None where there is none."""


def rounded(shape: Shape, tensor: Tensor, grid: Grid, x: Floats, lengths: Sequence[int]) -> Iterator[Rounded]:
    """Every matrix of the layers, in the order of their use. `x`: embeddings of all tokens, which is overwritten."""
    for layer in range(shape.layers):
        yield from _Layer(shape, tensor, grid, f"blk.{layer}.", x, lengths).rounded()


@dataclass(slots=True)
class _Layer:
    shape: Shape
    tensor: Tensor
    grid: Grid
    name: str
    x: Floats
    lengths: Sequence[int]

    def rounded(self) -> Iterator[Rounded]:
        seen = self._normed("attn_norm")
        q, k, v = yield from self._products(("attn_q", "attn_k", "attn_v"), seen)
        found = attended(q, k, v, self.shape, self.lengths)
        (out,) = yield from self._products(("attn_output",), found)
        self.x += out
        yield from self._feed_forward()

    def _feed_forward(self) -> Iterator[Rounded]:
        seen = self._normed("ffn_norm")
        gate, up = self._rounded(("ffn_gate", "ffn_up"), gptq.factor(seen.T @ seen))
        yield from (gate, up)
        wide = gate.weights.T, up.weights.T
        moments = np.zeros((wide[0].shape[1],) * 2, np.float32)
        for rows in _pieces(len(seen)):
            hidden = gated(seen[rows] @ wide[0], seen[rows] @ wide[1])
            moments += hidden.T @ hidden
        (down,) = self._rounded(("ffn_down",), gptq.factor(moments))
        yield down
        narrow = down.weights.T
        for rows in _pieces(len(seen)):
            self.x[rows] += gated(seen[rows] @ wide[0], seen[rows] @ wide[1]) @ narrow

    def _normed(self, name: str) -> Floats:
        weight = self.tensor(f"{self.name}{name}.weight")
        assert weight is not None
        return normed(self.x, weight, self.shape.epsilon)

    def _products(self, names: Sequence[str], seen: Floats) -> Generator[Rounded, None, list[Floats]]:
        """Yields the rounded matrices; returns `seen` times each, biases included."""
        found = self._rounded(names, gptq.factor(seen.T @ seen))
        yield from found
        return [self._product(each, seen) for each in found]

    def _product(self, matrix: Rounded, seen: Floats) -> Floats:
        bias = self.tensor(matrix.name.replace(".weight", ".bias"))
        product = seen @ matrix.weights.T
        return product if bias is None else product + bias

    def _rounded(self, names: Sequence[str], upper: Doubles) -> list[Rounded]:
        grid = self.grid
        return [Rounded(name, grid, *gptq.rounded(self._matrix(name), upper, grid)) for name in self._full(names)]

    def _full(self, names: Sequence[str]) -> list[str]:
        return [f"{self.name}{name}.weight" for name in names]

    def _matrix(self, name: str) -> Floats:
        weight = self.tensor(name)
        assert weight is not None
        return weight


def _pieces(count: int) -> Iterator[slice]:
    return (slice(start, start + AT_ONCE) for start in range(0, count, AT_ONCE))
