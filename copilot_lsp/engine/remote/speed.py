"""How fast a llama-server reads prompts, by its own account; it decides how long a prompt at a new place may be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

LEAST = 64
"""Tokens; shorter prompts do not measure the speed reliably."""


@dataclass(slots=True)
class Speed:
    """`prefill_ms`: for a token; infinite while it is not known, so that the first prompt is the shortest one.

    Under load it includes the waiting, so prompts get shorter when the server is busy.
    """

    prefill_ms: float = math.inf

    def learn(self, timings: object) -> None:
        """`timings`: llama-server's, of an event or an answer."""
        if not isinstance(timings, Mapping):
            return
        tokens, ms = whole(timings.get("prompt_n")), number(timings.get("prompt_ms"))
        if tokens >= LEAST:
            self.prefill_ms = ms / tokens


def whole(value: Any) -> int:  # noqa: ANN401 -- JSON
    """A count, 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def number(value: Any) -> float:  # noqa: ANN401 -- JSON
    return float(value) if isinstance(value, int | float) else 0.0
