"""From a server's events to pieces of text, with token counts and the end of generation."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from copilot_lsp.engine.base import Done, FinishReason, InfillRequest, Piece
from copilot_lsp.engine.ends import Rule
from copilot_lsp.engine.local.output import Output


@dataclass(frozen=True, slots=True)
class Likely:
    """One of the likeliest tokens at a place. `chance` is a probability among all tokens."""

    id: int
    piece: bytes
    chance: float


@dataclass(frozen=True, slots=True)
class Token:
    """What a server sent at once, mostly one token. `chance` None: it does not say how probable that was.

    `likely`: the likeliest tokens there, the chosen one as well. `steps`: tokens in `text`.
    """

    text: str
    chance: float | None = None
    likely: Sequence[Likely] = ()
    steps: int = 1


class Reader:
    """`ends_here`, over the tokens in `ends`, says where the text is complete: the server only goes on and on."""

    def __init__(
        self,
        request: InfillRequest,
        healed: bytes = b"",
        cut: int = -1,
        ends_here: Rule | None = None,
        ends: frozenset[int] = frozenset(),
        echo: str = "",
    ) -> None:
        self.evaluated = 0
        self.reused = 0
        self.prefill_ms = 0.0
        self._limits = request.limits
        self._output = Output(healed, request.limits.max_lines)
        self._cut = cut
        self._ends_here = ends_here
        self._ends = ends
        self._echo = echo
        self._started = time.perf_counter()
        self._first_ms = 0.0
        self._generated = 0
        self._logprob: float | None = None

    def take(self, token: Token) -> Iterator[Piece | Done]:
        """What the token adds; the last item is Done when nothing is wanted after it."""
        end: FinishReason | None = None
        if not self._output.must and self._is_end(token.likely):
            end = FinishReason.EOG
        else:
            self._count(token)
            end = self._output.add(token.text.encode("utf-8", "replace")) or self._limit()
        if text := self._output.take():
            self._first_ms = self._first_ms or self.milliseconds
            yield Piece(text, self.done(FinishReason.CANCELLED))
        if end is not None:
            yield self.done(end)

    def done(self, end: FinishReason) -> Done:
        return Done(
            end,
            evaluated=self.evaluated,
            reused=self.reused,
            generated=self._generated,
            prefill_ms=self.prefill_ms,
            first_ms=self._first_ms,
            total_ms=self.milliseconds,
            confidence=None if self._logprob is None else math.exp(self._logprob),
            cut=self._cut,
            prompt=self._echo,
        )

    @property
    def milliseconds(self) -> float:
        return (time.perf_counter() - self._started) * 1000

    def _is_end(self, likely: Sequence[Likely]) -> bool:
        ends = np.array([at for at, each in enumerate(likely) if each.id in self._ends], np.int64)
        if self._ends_here is None or not len(ends):
            return False
        return self._ends_here(np.array([each.chance for each in likely]), ends)

    def _count(self, token: Token) -> None:
        self._generated += token.steps
        if token.chance is not None:
            healing = self._output.must and token.likely
            chance = _among_healing(token, self._output.must) if healing else token.chance
            self._logprob = (self._logprob or 0.0) + math.log(max(chance, 1e-30))

    def _limit(self) -> FinishReason | None:
        if self._generated >= self._limits.max_tokens:
            return FinishReason.TOKENS
        late = self._limits.max_ms and self.milliseconds > self._limits.max_ms
        return FinishReason.TIME if late else None


def _among_healing(token: Token, must: bytes) -> float:
    """The token's probability among those that the healed text allows, as far as the likeliest tell."""
    allowed = [each for each in token.likely if each.piece and _fits(each.piece, must)]
    chosen = token.text.encode("utf-8", "replace")
    others = sum(each.chance for each in allowed if each.piece != chosen)
    chance = token.chance or 0.0
    return chance / (chance + others) if chance + others > 0 else 1.0


def _fits(piece: bytes, must: bytes) -> bool:
    return piece.startswith(must) or must.startswith(piece)
