"""Cache of completions, looked up while the user types them.

A completion also answers every position that is reached by typing its beginning.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from copilot_lsp.completion.gate import Trace
from copilot_lsp.completion.place import Place
from copilot_lsp.engine.base import Done, FinishReason
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot

CAPACITY = 250
"""As llama.vim's `max_cache_keys`."""


@dataclass(frozen=True, slots=True)
class Generated:
    """A finished generation: shaped text (line ends are \\n), or a silence."""

    place: Place
    shape: Shape
    text: str
    done: Done | None = None
    silence: Silence | None = None
    seed: int | None = None
    """Seed of a sampled text; None if greedy."""
    confidence: float = 0.0
    """Threshold of the gate (see `gate.py`)."""
    raw: str = ""
    """The model's text before shaping."""
    trace: Trace = ()
    """Joint probability of each beginning of `raw`."""

    @property
    def is_whole(self) -> bool:
        """Whether it came to its own end; what did not answers nobody but who has seen it and types on."""
        return self.done is None or self.done.end not in (FinishReason.TIME, FinishReason.CANCELLED)

    def answers(self, confidence: float) -> bool:
        """Whether this may answer a query with that threshold: the gate would have passed the same text."""
        if self.confidence == confidence:
            return True
        sure = self.done is not None and (self.done.confidence or 0.0) >= confidence
        return sure and (self.done is None or self.done.end is not FinishReason.DOUBT)

    def rest(self, snapshot: Snapshot, offset: int) -> str | None:
        """The text left after typing up to `offset`; None if this result does not apply there."""
        typed = self.place.typed_until(snapshot, offset)
        if typed is None or not self.text.startswith(typed):
            return None
        left = self.text[len(typed) :]
        return left if left or not typed else None


_Key = tuple[Place, Shape, int | None, float]


class Cache:
    """The last CAPACITY results; the least recently used is dropped first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[_Key, Generated] = OrderedDict()
        self._shown: _Key | None = None

    def put(self, result: Generated) -> None:
        key = _key(result)
        known = self._entries.get(key)
        if known is not None and known.is_whole and not result.is_whole:
            return
        self._entries[key] = result
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def find(
        self, snapshot: Snapshot, offset: int, shape: Shape, confidence: float = 0.0, seed: int | None = None
    ) -> tuple[Generated, str] | None:
        """The result with the longest text left at `offset`, and that text. A block also answers for a line."""
        best: tuple[Generated, str] | None = None
        for result in self._entries.values():
            if result.seed != seed or not result.is_whole or not result.answers(confidence):
                continue
            if result.shape is not shape and shape is Shape.BLOCK:
                continue
            rest = result.rest(snapshot, offset)
            if rest is not None and (best is None or len(rest) > len(best[1])):
                best = (result, rest)
        if best is not None:
            self._entries.move_to_end(_key(best[0]))
        return best

    def typed_through(self, snapshot: Snapshot, offset: int) -> Generated | None:
        """The result of which the user typed a beginning, and not yet all: the one that was shown, or else the latest.

        It is on the screen, so neither another shape nor another floor that is wanted by now takes it away.
        """
        latest = list(reversed(self._entries.values()))
        for result in sorted(latest, key=lambda each: (not self.is_on_screen(each), each.seed or 0)):
            rest = result.rest(snapshot, offset)
            if rest and len(rest) < len(result.text):
                return result
        return None

    def is_on_screen(self, result: Generated) -> bool:
        return _key(result) == self._shown

    def show(self, result: Generated) -> None:
        """Remember that part of this is on the screen."""
        self._shown = _key(result)

    def clear(self) -> None:
        self._entries.clear()


def _key(result: Generated) -> _Key:
    return result.place, result.shape, result.seed, result.confidence
