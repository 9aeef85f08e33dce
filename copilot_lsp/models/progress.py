"""Progress of a download."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """`step` is for the user ("downloading from ..."). `done` and `total` in bytes; `total` 0: nothing to count."""

    step: str
    done: int = 0
    total: int = 0


Report = Callable[[Progress], None]


def silent(_progress: Progress) -> None:
    """Shows nothing."""


class Pace:
    """Rate and time left of the step that is being done; what an earlier pull brought is not in the rate."""

    def __init__(self) -> None:
        self._step = ""
        self._begun = 0.0
        self._from = 0

    def text(self, progress: Progress) -> str:
        """Such as "120 of 491 MB, 8.2 MB/s, 45 s left"; "" where there is nothing to count."""
        now = time.monotonic()
        if progress.step != self._step:
            self._step, self._begun, self._from = progress.step, now, progress.done
        if not progress.total:
            return ""
        text = f"{progress.done / 1e6:,.0f} of {progress.total / 1e6:,.0f} MB"
        seconds = now - self._begun
        rate = (progress.done - self._from) / seconds if seconds > 0 else 0
        if rate > 0 and progress.done < progress.total:
            text += f", {rate / 1e6:,.1f} MB/s, {_left((progress.total - progress.done) / rate)} left"
        return text


def _left(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 100 else f"{seconds / 60:,.0f} min"
