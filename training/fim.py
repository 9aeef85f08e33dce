"""From a file with a hole to a training sample: windows around the hole, other files before it, tokens in order.

The order of the tokens and the repository format are those of `copilot_lsp.engine.fim`, which asks the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from random import Random

from copilot_lsp.engine.families import LAYOUTS, Layout
from copilot_lsp.engine.fim import REPOSITORY
from training.collect import Source
from training.holes import Hole, cut

Encode = Callable[[str], list[int]]

CONTROL: Mapping[str, int] = {"END": 0, "REP": 3, "SEP": 5, "PRE": 11, "SUF": 12, "MID": 13}
"""Tokens of SmolLM2's vocabulary: `<|endoftext|>`, `<repo_name>`, `<file_sep>`; 11 to 13 were `<jupyter_...>`."""

MEANINGS: Mapping[str, str] = {"PRE": " before", "SUF": " after", "MID": " insert", "REP": " project", "SEP": " file"}
"""Words whose embeddings the control tokens begin with: SmolLM2 never saw most of those tokens."""


@dataclass(frozen=True, slots=True)
class Mix:
    """How samples are made. `lengths`: longest sample in tokens and its share; the others are shares of all samples."""

    lengths: Mapping[int, float]
    layouts: Mapping[str, float]
    """Orders of the prompt (names of `engine.fim.LAYOUTS`); the engine is told the first."""
    chunks: float
    """With snippets of other files before them."""
    path: float
    """With the file's path before them, of those without snippets."""
    no_suffix: float


MIXES: Mapping[str, Mix] = {
    "full": Mix({512: 0.25, 1024: 0.35, 2048: 0.40}, {"spm": 0.8, "psm": 0.2}, chunks=0.35, path=0.3, no_suffix=0.12),
    # Of a small budget nothing goes into what can be had without: one order, one file, and short contexts, because
    # a middle costs as many tokens as stand before it. In the joined order the middle goes on from the prefix, as the
    # base model does anyway; what is left to learn is to heed the suffix, and to end.
    "small": Mix({192: 0.3, 256: 0.4, 512: 0.3}, {"spm-joined": 1.0}, chunks=0.03, path=0.2, no_suffix=0.12),
}

CHARACTERS = 3.2
"""Characters of code that make up a token, about; windows are cut by it, then by tokens."""


@dataclass(frozen=True, slots=True)
class Sample:
    """tokens[middle:] is what the model is to write, the END token included."""

    tokens: list[int]
    middle: int
    kind: str


@dataclass(frozen=True, slots=True)
class Window:
    """What is seen of the file, and what is missing: prefix + middle + suffix is a part of its text."""

    prefix: str
    middle: str
    suffix: str


def sample(
    source: Source, neighbours: Sequence[Source], encode: Encode, longest: int, random: Random, mix: Mix = MIXES["full"]
) -> Sample:
    """A training sample of one file, of at most `longest` tokens; `neighbours` are other files of its package."""
    length = min(longest, random.choices(tuple(mix.lengths), tuple(mix.lengths.values()))[0])
    hole = cut(source.text, source.language, random)
    window = view(source.text, hole, length, random, mix.no_suffix)
    if neighbours and random.random() < mix.chunks:
        head = _chunks(source, neighbours, window, length // 4, encode, random)
    else:
        head = _path(source, encode) if random.random() < mix.path else []
    layout = LAYOUTS[random.choices(tuple(mix.layouts), tuple(mix.layouts.values()))[0]]
    return assemble(head, window, layout, length, encode, hole.kind)


def view(text: str, hole: Hole, length: int, random: Random, no_suffix: float = 0.0) -> Window:
    """A window of about `length` tokens: it begins at a line start; often less, as when files are short."""
    characters = int(length * CHARACTERS * random.uniform(0.5, 1.0))
    share = 0.0 if random.random() < no_suffix else random.uniform(0.05, 0.4)
    start = max(0, hole.start - int(characters * (1 - share)))
    if start:
        start = text.find("\n", start, hole.start) + 1 or hole.start
    return Window(text[start : hole.start], text[hole.start : hole.end], text[hole.end :][: int(characters * share)])


def assemble(head: list[int], window: Window, layout: Layout, length: int, encode: Encode, kind: str) -> Sample:
    """Tokens in the order of `layout`; each of the three texts is tokenized by itself, the longest cut to fit.

    Where the middle follows the prefix, the two are one text: a token that is cut in two at the hole is the middle's,
    as it is when the engine heals it.
    """
    prefix, written = encode(window.prefix), encode(window.middle)
    if layout[-2:] == ("far", "near"):
        joined = encode(window.prefix + window.middle)
        begin = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(prefix, joined, strict=False)))
        prefix, written = joined[:begin], joined[begin:]
    middle = [*written, CONTROL["END"]]
    room = max(0, length - len(head) - len(middle) - 3)
    suffix = encode(window.suffix)[: room // 2]
    texts = {"far": prefix[max(0, len(prefix) - (room - len(suffix))) :], "near": [], "suffix": suffix}
    tokens = list(head)
    for part in layout:
        tokens += [CONTROL[part]] if part.isupper() else texts[part]
    return Sample((tokens + middle)[:length], len(tokens), kind)


def _path(source: Source, encode: Encode) -> list[int]:
    return [CONTROL["SEP"], *encode(source.path + "\n")]


def _chunks(
    source: Source, neighbours: Sequence[Source], window: Window, budget: int, encode: Encode, random: Random
) -> list[int]:
    """Snippets of other files as far as they fit in `budget` tokens, and the file's path."""
    chunks: list[int] = []
    for chunk in related(neighbours, window, random):
        more = [CONTROL["SEP"], *encode(f"{chunk.path}\n{chunk.text.rstrip()}\n")]
        if len(chunks) + len(more) <= budget:
            chunks += more
    start = [CONTROL["REP"], *encode(REPOSITORY + "\n")] if chunks else []
    return [*start, *chunks, *_path(source, encode)]


_WORD = re.compile(r"[A-Za-z_]\w{2,}")
SNIPPET_LINES = 24
CANDIDATES = 6
QUERY_CHARACTERS = 600


def related(neighbours: Sequence[Source], window: Window, random: Random) -> list[Source]:
    """Snippets of other files, the most alike last: those that share most words with what is near the hole.

    One time in three they are random: related text must be a hint, not a promise.
    """
    files = random.sample(neighbours, min(CANDIDATES, len(neighbours)))
    snippets = [_snippet(file, random) for file in files]
    if random.random() < 1 / 3:
        return snippets[:3]
    near = set(_WORD.findall(window.prefix[-QUERY_CHARACTERS:] + window.suffix[:QUERY_CHARACTERS]))
    snippets.sort(key=lambda snippet: len(near.intersection(_WORD.findall(snippet.text))))
    return snippets[-3:]


def _snippet(source: Source, random: Random) -> Source:
    lines = source.text.split("\n")
    start = random.randrange(max(1, len(lines) - SNIPPET_LINES))
    text = "\n".join(lines[start : start + random.randint(6, SNIPPET_LINES)])
    return Source(source.package, source.path, source.language, text)
