"""How far a pull has come, for whoever shows it."""

from __future__ import annotations

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
