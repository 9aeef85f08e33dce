"""Holes in code that tell which inputs a model's matrices get: in Python's own library, which is on every machine.

As prompts to fill in, because that is what the model will read: rounded for plain text, the 0.5B model lost more there
than it gained. The holes that judge a copy (`copy.holes`) are in other files.
"""

from __future__ import annotations

import random
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path

from copilot_lsp.tuning.bench import PREFIX, SUFFIX, TRUTH, Hole

HOLES = 48
"""About 12,000 tokens."""

SEED = 7


def holes(folder: Path | None = None) -> list[Hole]:
    """One in each of as many files of `folder`; fewer if there are not enough long ones."""
    files = sorted((folder or Path(sysconfig.get_path("stdlib"))).glob("*.py"))
    rng = random.Random(SEED)
    rng.shuffle(files)
    return [hole for _, hole in zip(range(HOLES), _holes(files, rng), strict=False)]


def _holes(files: Sequence[Path], rng: random.Random) -> Iterator[Hole]:
    for file in files:
        text = file.read_text("utf-8", errors="replace")
        if len(text) >= 2 * (PREFIX + TRUTH + SUFFIX):
            at = rng.randrange(PREFIX, len(text) - TRUTH - SUFFIX)
            yield Hole(text[at - PREFIX : at], text[at + TRUTH :][:SUFFIX], text[at : at + TRUTH])
