"""What one run of the campaign is: its seed, its size, and the rows that it reports."""

from __future__ import annotations

import random

import pytest

ROWS = pytest.StashKey[list[tuple[str, str]]]()
SEED = pytest.StashKey[int]()


class Campaign:
    """`seed` of this run; `size` is that of the full campaign or of the short one."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self.seed = config.stash[SEED]
        self.full: bool = config.getoption("full")

    def size(self, full: int, short: int) -> int:
        return full if self.full else short

    def random(self, name: str) -> random.Random:
        """Numbers of its own for each row, the same whatever other rows ran."""
        return random.Random(f"{self.seed} {name}")

    def report(self, what: str, found: str) -> None:
        self._config.stash[ROWS].append((what, found))
