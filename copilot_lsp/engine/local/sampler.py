"""Picks the next token from a row of logits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from copilot_lsp.engine.base import InfillRequest
from copilot_lsp.engine.ends import Chances, Tokens, nucleus, rule_of
from copilot_lsp.engine.fim import Template
from copilot_lsp.engine.local.output import Output
from copilot_lsp.engine.local.vocabulary import LlamaVocabulary

Row = NDArray[np.floating[Any]]
"""The logits of all tokens at one position."""


class Sampler:
    """Greedy or seeded sampling, with one softmax per token over the whole vocabulary."""

    def __init__(self, vocabulary: LlamaVocabulary, template: Template, request: InfillRequest) -> None:
        self._vocabulary = vocabulary
        self._params = request.sampling
        self._random = np.random.default_rng(request.sampling.seed)
        self._ends_here = rule_of(template)
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
