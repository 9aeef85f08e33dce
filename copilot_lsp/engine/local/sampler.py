"""Picks the next token from a row of logits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.fim import Template
from copilot_lsp.engine.local.output import Output
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary

TOP_K, TOP_P = 40, 0.9
"""What the infill rule looks at, as in llama-server's sampler chain for /infill (top_k, top_p, infill)."""

Row = NDArray[np.floating[Any]]
"""The logits of all tokens at one place."""

Chances = NDArray[np.floating[Any]]
"""Their probabilities."""

Tokens = NDArray[np.int64]


class Sampler:
    """Greedy, or seeded sampling; one softmax a token, over the whole vocabulary."""

    def __init__(self, vocabulary: LlamaVocabulary, template: Template, request: InfillRequest) -> None:
        self._vocabulary = vocabulary
        self._params = request.sampling
        self._random = np.random.default_rng(request.sampling.seed)
        self._ends_here = template.fills and (infill_rule_ends if template.unsure_ends else more_likely_ends)
        self.ends = vocabulary.ends | template.ends
        self._ends = as_array(self.ends)
        self._unwanted = vocabulary.opening_any(tuple(mark.encode() for mark in request.unwanted))
        self.minds_the_beginning = bool(len(self._unwanted))

    def choose(self, logits: Row, output: Output) -> tuple[int, float]:
        """The token, and its natural-log probability.

        Where healed text must come first, that is the probability among the tokens that begin with it, those that are
        masked included; a token that came instead of a masked one has its own low probability, not a higher one.
        """
        if output.must:
            allowed = self._vocabulary.beginning_with(output.must)
            if len(allowed):
                return self._healing(logits, output.must, allowed)
        chances = softmax(logits)
        if not output.must and self._ends_here and len(self._ends):
            if self._ends_here(chances, self._ends):
                return int(self._ends[np.argmax(chances[self._ends])]), 0.0
            chances[self._ends] = 0.0  # however likely one of the ends is
        if output.blank and self.minds_the_beginning:
            chances[self._unwanted] = 0.0
        token = self._pick(chances)
        return token, float(np.log(chances[token]))

    def _healing(self, logits: Row, must: bytes, allowed: Tokens) -> tuple[int, float]:
        chances = softmax(logits[allowed])
        masked = np.isin(allowed, self._unwanted) | self._vocabulary.adds_line(must, allowed)
        if not masked.all():
            chances[masked] = 0.0
        index = self._pick(chances)
        return int(allowed[index]), float(np.log(chances[index]))

    def _pick(self, chances: Chances) -> int:
        return int(np.argmax(chances)) if self._params.temperature <= 0 else self._sample(chances)

    def _sample(self, chances: Chances) -> int:
        with np.errstate(divide="ignore"):
            warm = softmax(np.log(chances) / self._params.temperature)
        tokens, kept = nucleus(warm, self._params.top_k, self._params.top_p)
        return int(self._random.choice(tokens, p=kept))


def softmax(logits: Row) -> Chances:
    """A new array; -inf becomes 0."""
    chances: Chances = np.exp(logits - logits.max())
    chances /= chances.sum()
    return chances


def as_array(tokens: Iterable[int]) -> Tokens:
    return np.array(sorted(tokens), dtype=np.int64)


def nucleus(chances: Chances, top_k: int, top_p: float) -> tuple[Tokens, NDArray[np.float64]]:
    """The most probable tokens, at most `top_k` and until `top_p` of their sum is reached, with probabilities."""
    count = min(top_k or len(chances), len(chances))
    top = np.argpartition(chances, -count)[-count:]
    top = top[np.argsort(-chances[top], kind="stable")]
    kept = chances[top].astype(np.float64)
    kept /= kept.sum()
    keep = int(np.searchsorted(np.cumsum(kept), top_p)) + 1
    return top[:keep], kept[:keep] / kept[:keep].sum()


def infill_rule_ends(chances: Chances, ends: Tokens) -> bool:
    """The infill rule of llama.cpp (`llama_sampler_infill_apply`): end when 3 * p_end * n > p_text.

    A model that is unsure how to go on, and thinks of ending at all, has filled the gap. The nucleus has n <= TOP_K
    tokens and at least TOP_P of the likeliest one's probability, which settles most rows without sorting any.
    """
    p_end = float(chances[ends].sum()) / (TOP_P * float(chances.max()))
    if 3 * p_end * TOP_K <= 1 - p_end:
        return False
    tokens, kept = nucleus(chances, TOP_K, TOP_P)
    p_end = float(kept[np.isin(tokens, ends)].sum())
    return 3 * p_end * len(tokens) > 1 - p_end


def more_likely_ends(chances: Chances, ends: Tokens) -> bool:
    """End when that is likelier than all ways to go on together.

    For models that are unsure everywhere: under the infill rule, one chance in a hundred would end them.
    """
    return bool(2 * chances[ends].sum() > 1)
