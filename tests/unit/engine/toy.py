"""A toy in the place of llama.cpp: logits that depend on the last tokens only, and a cache that checks its use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from copilot_lsp.settings import EngineSettings

VOCABULARY = 64


@dataclass
class ToyParams:
    engine: EngineSettings = field(default_factory=lambda: EngineSettings(batch=8))


@dataclass
class ToyLlama:
    """`calls` counts evaluated tokens; positions that do not continue the sequence are an error."""

    params: ToyParams = field(default_factory=ToyParams)
    cells: dict[int, list[int]] = field(default_factory=dict)
    calls: list[int] = field(default_factory=list)
    rewinds: bool = True
    aborted: bool = False
    stopping: bool = False
    prefilling: bool = False
    context_size: int = 512
    period: int = 0

    def evaluate(self, tokens: Sequence[int], position: int, sequence: int, outputs: int) -> np.ndarray:
        cells = self.cells.setdefault(sequence, [])
        assert position == len(cells), "a hole in the sequence"
        assert 0 < len(tokens) <= self.params.engine.batch
        cells += tokens
        self.calls.append(len(tokens))
        rows = [self.logits(cells[: len(cells) - back]) for back in range(outputs - 1, -1, -1)]
        return np.array(rows, np.float32).reshape(outputs, VOCABULARY)

    def logits(self, tokens: Sequence[int]) -> np.ndarray:
        """With a `period` the text repeats itself, as code does; otherwise it is noise that has a seed."""
        if self.period:
            row = np.zeros(VOCABULARY)
            row[tokens[-self.period]] = 5.0
            return row
        return np.random.default_rng(hash(tuple(tokens[-3:])) % 2**32).normal(size=VOCABULARY)

    def forget(self, sequence: int, start: int) -> bool:
        cells = self.cells.setdefault(sequence, [])
        if not self.rewinds and start:
            cells.clear()
            return False
        del cells[start:]
        return True

    def copy(self, source: int, target: int, count: int) -> bool:
        self.cells[target] = self.cells[source][:count]
        return True


@dataclass
class ToyVocabulary:
    """Token n is the character with code 32 + n."""

    ends: frozenset[int] = frozenset()

    def piece(self, token: int) -> bytes:
        return bytes([32 + token])

    def opening_any(self, marks: tuple[bytes, ...]) -> np.ndarray:
        return np.array([mark[0] - 32 for mark in marks], np.int64)

    def beginning_with(self, start: bytes) -> np.ndarray:
        return np.array([start[0] - 32], np.int64)

    def adds_line(self, start: bytes, tokens: np.ndarray) -> np.ndarray:
        return np.zeros(len(tokens), np.bool_)
