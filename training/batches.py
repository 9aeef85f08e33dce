"""Endless batches of packed samples, made by worker processes out of the corpus.

A file is drawn by its language's share and then by its length. Samples of any length are packed into rows of one
length; a row says of every token which sample it belongs to.
"""

from __future__ import annotations

import bisect
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from training.collect import Source
from training.corpus import read_corpus
from training.fim import CONTROL, MIXES, Encode, Mix, Sample, sample
from training.holes import KINDS
from training.vocabulary import encode

SHARES: Mapping[str, float] = {
    "python": 0.45,
    "javascript": 0.11,
    "javascriptreact": 0.01,
    "typescript": 0.07,
    "typescriptreact": 0.02,
    "go": 0.06,
    "rust": 0.05,
    "java": 0.05,
    "c": 0.04,
    "cpp": 0.05,
    "csharp": 0.025,
    "ruby": 0.025,
    "php": 0.02,
    "lua": 0.01,
    "shellscript": 0.01,
}
"""How often a file of each language is drawn; those that the corpus lacks are left out."""

OPEN_ROWS = 16
PADDING, CONTEXT, MIDDLE = 0, 1, 2
"""The role of a target token: given to the model, or to be written by it: MIDDLE + the number of the hole's kind."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Each of (rows, length). `target` is the next token, `role` its role; `sample` counts in the row, 0 is padding."""

    token: torch.Tensor
    target: torch.Tensor
    role: torch.Tensor
    sample: torch.Tensor

    def map(self, change: Callable[[torch.Tensor], torch.Tensor]) -> Batch:
        return Batch(change(self.token), change(self.target), change(self.role), change(self.sample))

    def to(self, device: torch.device) -> Batch:
        return self.map(lambda rows: rows.to(device, non_blocking=True))

    def parts(self, size: int) -> Iterator[Batch]:
        """Batches of at most `size` rows."""
        for start in range(0, len(self.token), size):
            yield self.map(lambda rows, start=start: rows[start : start + size])  # type: ignore[misc]


@dataclass(slots=True)
class Corpus:
    """Files by language with running totals of their lengths, and by package."""

    files: dict[str, list[Source]] = field(default_factory=lambda: defaultdict(list))
    totals: dict[str, list[int]] = field(default_factory=dict)
    packages: dict[tuple[str, str], list[Source]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, folder: Path, jobs: int = 1) -> Corpus:
        corpus = cls()
        for source in read_corpus(folder, jobs):
            corpus.files[source.language].append(source)
            corpus.packages[source.package, source.language].append(source)
        for language, files in corpus.files.items():
            corpus.totals[language] = list(itertools.accumulate(len(file.text) for file in files))
        return corpus

    def draw(self, random: Random) -> Source:
        languages = [language for language in SHARES if language in self.files]
        language = random.choices(languages, [SHARES[name] for name in languages])[0]
        totals = self.totals[language]
        return self.files[language][bisect.bisect_right(totals, random.randrange(totals[-1]))]

    def neighbours(self, source: Source, random: Random) -> list[Source]:
        """A few other files of the same package and language."""
        files = self.packages[source.package, source.language]
        some = random.sample(files, min(12, len(files)))
        return [file for file in some if file is not source]


def samples(corpus: Corpus, encode: Encode, longest: int, random: Random, mix: Mix) -> Iterator[Sample]:
    while True:
        source = corpus.draw(random)
        yield sample(source, corpus.neighbours(source, random), encode, longest, random, mix)


Row = list[Sample]


def packed(stream: Iterator[Sample], length: int) -> Iterator[Row]:
    """Rows whose samples have at most `length` tokens together: first fit over a few open rows."""
    rows: list[Row] = [[] for _ in range(OPEN_ROWS)]
    for new in stream:
        fitting = (row for row in rows if _size(row) + len(new.tokens) <= length)
        row = next(fitting, None)
        if row is None:
            fullest = max(rows, key=_size)
            yield fullest
            rows.remove(fullest)
            rows.append(row := [])
        row.append(new)


def _size(row: Row) -> int:
    return sum(len(sample.tokens) for sample in row)


def arrays(row: Row, length: int) -> NDArray[np.int64]:
    """(4, length): token, target, role, sample. The last token of a sample has no target."""
    out = np.zeros((4, length), dtype=np.int64)
    out[0] = CONTROL["END"]
    place = 0
    for number, one in enumerate(row, 1):
        end = place + len(one.tokens)
        out[0, place:end] = one.tokens
        out[1, place : end - 1] = one.tokens[1:]
        out[2, place : end - 1] = CONTEXT
        out[2, place + one.middle - 1 : end - 1] = MIDDLE + tuple(KINDS).index(one.kind)
        out[3, place:end] = number
        place = end
    return out


class Rows(IterableDataset[NDArray[np.int64]]):
    """Rows without end; every worker has a stream of its own, `start` gives others after a resume."""

    def __init__(
        self, corpus: Corpus, tokenizer: Tokenizer, length: int, seed: int, start: int = 0, mix: str = "full"
    ) -> None:
        self.corpus, self.tokenizer = corpus, tokenizer
        self.length, self.seed, self.start = length, seed, start
        self.mix = MIXES[mix]

    def __iter__(self) -> Iterator[NDArray[np.int64]]:
        worker = get_worker_info()
        random = Random(f"{self.seed} {self.start} {worker.id if worker else 0}")
        stream = samples(self.corpus, partial(encode, self.tokenizer), self.length, random, self.mix)
        return (arrays(row, self.length) for row in packed(stream, self.length))


def _batch(rows: Sequence[NDArray[np.int64]]) -> Batch:
    stacked = torch.from_numpy(np.stack(rows))
    return Batch(*stacked.unbind(1))


def batches(rows: Rows, size: int, workers: int) -> Iterator[Batch]:
    """Batches of `size` rows. Workers are forked where that exists, so that they share the corpus."""
    loader = DataLoader(
        rows,
        batch_size=size,
        num_workers=workers,
        collate_fn=_batch,
        prefetch_factor=4 if workers else None,
        pin_memory=torch.cuda.is_available(),
    )
    return iter(loader)
