"""A copy of a model in weights that this CPU may be quicker with, made here by llama.cpp's quantizer.

It is kept when it is measurably quicker and about as good. The original and its checksum stay.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import copilot_lsp
from copilot_lsp.evaluation.cases import replay
from copilot_lsp.models import Entry, cache_folder, gguf, own
from copilot_lsp.models.lookup import checksum
from copilot_lsp.models.registry import Copy
from copilot_lsp.tuning import bench
from copilot_lsp.tuning.bench import Filled, Hole

TYPE = "q4_0"
"""Has kernels with repacked weights on AVX2, AVX-512, AMX and NEON; Q4_1, Q5 and the K-quants do not everywhere. The
embedding matrices, where four bits cost the most, are Q8_0."""

EMBEDDINGS = ("token_embd.weight", "output.weight")

GAIN = 0.95
"""The copy must take no more than this share of the original's time for a key."""

LOSS = 0.05
"""Nats a token of code by which the copy may be worse (5 % of perplexity), at the upper end of the interval."""

HOLES = 48
SEED = 5
PREFIX, SUFFIX = 1200, 300
"""Characters around a hole that are sent; the engine takes its smallest window of them."""


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

    def __str__(self) -> str:
        interval = f"{self.worse:+.3f} nats a token ({self.low:+.3f} to {self.high:+.3f})"
        return f"{interval}, {self.exact} instead of {self.exact_before} of {self.holes} holes filled exactly"


def could_gain(path: Path) -> bool:
    """Whether most of the matrices are of another type. Raises ModelCorrupt."""
    matrices = [each for each in gguf.read(path).tensors if len(each.shape) > 1 and each.name not in EMBEDDINGS]
    quick = sum(each.elements for each in matrices if each.type_name.lower() == TYPE)
    return quick < 0.8 * sum(each.elements for each in matrices)


def name_of(entry: Entry) -> str:
    return f"{entry.name}-{TYPE}"


@contextmanager
def made(entry: Entry, threads: int) -> Iterator[Path]:
    """A file beside the pulled models that is gone afterwards, unless it was renamed. Raises EngineError, OSError."""
    folder = cache_folder()
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f"{name_of(entry)}.new"
    try:
        bench.quantize(entry.path, new, threads)
        yield new
    finally:
        new.unlink(missing_ok=True)


def keep(entry: Entry, new: Path, quality: Quality) -> Entry:
    """Gives the file its name, and the model one in the user's registry. Raises OSError."""
    target = cache_folder() / f"{name_of(entry)}-{checksum(new)[:8]}.gguf"
    copy = replace(
        entry,
        name=name_of(entry),
        description=f"made here from {entry.name}: Q4_0",
        sources=(Copy(entry.name, str(target)),),
        size=new.stat().st_size,
        sha256=checksum(new),
        quality=f"against {entry.name}: {quality}",
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
    return [Hole(case.prefix[-PREFIX:], case.suffix[:SUFFIX], case.hole) for case in cases]


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
