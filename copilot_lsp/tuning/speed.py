"""The speed of a model, and the resulting time per key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from copilot_lsp.settings import CacheType

BATCHES = (1, 2, 4, 8, 16, 64, 256)
"""Tokens evaluated in one step: one that is generated, a draft that is verified, a piece of a prompt."""

NEW_TOKENS = 4
"""Of the prompt that a key changes: what was typed since the last answer, and healed tokens. The mean that was measured
while somebody types (docs/experiments.md)."""

FIRST_TOKENS = 4
"""That make up the first text: a word or two of the line, which is shown while the rest of it streams in."""

KEY = (1, NEW_TOKENS)
"""The batches that a key takes."""


@dataclass(frozen=True, slots=True)
class Config:
    """How the engine runs a model: what is measured side by side. The fields are those of EngineSettings."""

    threads: int
    flash_attention: bool = False
    cache_type: CacheType = "f16"

    def plain(self) -> dict[str, Any]:
        return asdict(self)

    def __str__(self) -> str:
        flash = ", flash attention" if self.flash_attention else ""
        return f"{self.threads} threads{flash}{', q8_0 cache' if self.cache_type != 'f16' else ''}"


Times = Mapping[int, list[float]]
"""By batch: milliseconds of each repetition."""


@dataclass(frozen=True, slots=True)
class Speed:
    """`ms`: the median by batch size, of `rounds` repetitions. `path` None: estimated, not measured.

    `compared`: what else was tried, with the milliseconds from a key to the first text. `safe`: runs in safe mode only.
    """

    model: str
    path: Path | None
    config: Config
    ms: Mapping[int, float]
    rounds: int = 0
    compared: Mapping[Config, float] | None = None
    noise: float = 1.0
    safe: bool = False

    @property
    def estimated(self) -> bool:
        return self.path is None

    @property
    def prompt_rate(self) -> float:
        """Prompt tokens evaluated per second."""
        largest = max(self.ms)
        return largest / self.ms[largest] * 1000

    @property
    def key_ms(self) -> float:
        return key_ms(self.ms)


def key_ms(ms: Mapping[int, float]) -> float:
    """From a typical key to the first text, the rest of the prompt being in the cache."""
    return ms[NEW_TOKENS] + FIRST_TOKENS * ms[1]


def medians(times: Times) -> dict[int, float]:
    return {batch: median(each) for batch, each in times.items()}


def noise(times: Times) -> float:
    """How much slower the slowest repetition of a generated token was than the fastest: 1 on a quiet machine."""
    return max((max(times[batch]) / min(times[batch]) for batch in KEY if batch in times), default=1.0)
