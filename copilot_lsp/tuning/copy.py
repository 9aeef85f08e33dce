"""A copy of a model that was made here: in weights that this CPU is quicker with (`fourbits.py`), or without tokens
that code does not use (`trimmed.py`).

It is kept when it is about as good, and quicker. The original and its checksum stay.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import copilot_lsp
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.models import Entry, cache_folder, gguf, own
from copilot_lsp.models.fit import shape_of
from copilot_lsp.models.lookup import checksum
from copilot_lsp.models.registry import Copy
from copilot_lsp.tuning.bench import PREFIX, SUFFIX, TRUTH, Bench, Filled, Hole

GAIN = 0.95
"""The copy must take no more than this share of the original's time for a key."""

LOSS = 0.05
"""Nats a token of code by which the copy may be worse (5 % of perplexity), at the upper end of the interval."""

PRICE = 0.5
"""Nats a token that may be lost for each nat of time gained (the logarithm of the ratio of times). In the typing
simulation, a copy that lost 0.05 and gained 0.24 saved more keystrokes; so did one that lost 0.16 (docs/models.md)."""

TYPIST_MS = 120.0
"""From key to key, at 100 words a minute. A model that answers sooner gains nothing that would be worth a loss."""

HOLES = 96
"""With 48, the interval of a copy that loses 0.02 ends at 0.05: the draw would decide."""

SEED = 5


@dataclass(frozen=True, slots=True)
class Quality:
    """The copy against the original on the same `holes`: nats a token worse (95 % bootstrap interval), exact holes."""

    holes: int
    tokens: int
    worse: float
    low: float
    high: float
    exact: int
    exact_before: int

    @property
    def is_good(self) -> bool:
        return self.high <= LOSS

    def is_worth(self, before_ms: float, after_ms: float) -> bool:
        """Whether a key that takes `after_ms` instead of `before_ms` is worth the loss: as it was found, by PRICE; and
        at the end of its interval, by what is gained in all.
        """
        gain = math.log(before_ms / max(after_ms, TYPIST_MS))
        return self.is_good or (self.worse <= PRICE * gain and self.high <= gain)

    def __str__(self) -> str:
        interval = f"{self.worse:+.3f} nats a token ({self.low:+.3f} to {self.high:+.3f})"
        return f"{interval}, {self.exact} instead of {self.exact_before} of {self.holes} holes filled exactly"


@contextmanager
def made(name: str, write: Callable[[Path], object]) -> Iterator[Path]:
    """A file beside the pulled models that is gone afterwards, unless it was renamed. Raises what `write` raises."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{name}.new"
    try:
        write(new)
        yield new
    finally:
        new.unlink(missing_ok=True)


@dataclass(frozen=True, slots=True)
class Way:
    """How a copy is made: the `name` of the copy, `what` it is, and the `command` that makes it."""

    name: str
    what: str
    command: str


def keep(entry: Entry, new: Path, way: Way, quality: Quality) -> Entry:
    """Gives the file its name, and the model one in the user's registry. Raises OSError."""
    sha256 = checksum(new)
    target = cache_folder() / f"{way.name}-{sha256[:8]}.gguf"
    file = gguf.read(new)
    copy = replace(
        entry,
        name=way.name,
        description=f"made here from {entry.name}: {way.what}",
        sources=(Copy(entry.name, str(target), way.command),),
        size=file.file_size,
        sha256=sha256,
        quality=f"against {entry.name}: {quality}",
        shape=shape_of(file) or entry.shape,
    )
    new.replace(target)
    try:
        own.write(copy)
    except OSError:
        target.unlink(missing_ok=True)
        raise
    return copy


def holes() -> list[Hole]:
    """In code that is on every machine with this program, and which no model was trained on: our own."""
    root = Path(copilot_lsp.__file__).parent
    cases = replay.read(root, replay.Draw(HOLES, SEED, languages=("python",)), 500_000)
    return [Hole(case.prefix[-PREFIX:], case.suffix[:SUFFIX], case.hole[:TRUTH]) for case in cases]


def filled(loaded: Bench, holes: Sequence[Hole], report: Callable[[float], None]) -> list[Filled]:
    """Fill the holes one by one; `report` is called with the share that is done. Raises EngineError."""
    found: list[Filled] = []
    for done, hole in enumerate(holes):
        report(done / len(holes))
        found += loaded.fill([hole])
    return found


def compare(before: Sequence[Filled], after: Sequence[Filled]) -> Quality:
    """Of the same holes, in the same order; drawn again with replacement for the interval."""
    pairs = list(zip(before, after, strict=True))

    def worse(drawn: Sequence[tuple[Filled, Filled]]) -> float:
        return sum(new.nats - old.nats for old, new in drawn) / sum(old.tokens for old, _ in drawn)

    rng = random.Random(SEED)
    again = sorted(worse(rng.choices(pairs, k=len(pairs))) for _ in range(1000))
    tokens = sum(each.tokens for each in before)
    exact = [sum(each.exact for each in side) for side in (after, before)]
    return Quality(len(pairs), tokens, worse(pairs), again[24], again[974], *exact)
