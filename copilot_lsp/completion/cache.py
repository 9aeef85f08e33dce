"""Completions that were generated before, found again while the user types them.

A text generated at one place answers every later place that is reached by typing its beginning there.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

from copilot_lsp.completion.gate import Trace
from copilot_lsp.engine.base import Done, FinishReason
from copilot_lsp.postprocess.shape import Shape
from copilot_lsp.silence import Silence
from copilot_lsp.source.document import Snapshot

BEFORE = 2000
AFTER = 500
"""Bytes around a place that must be unchanged for it to count as the same."""

MOVED = 2000
"""Bytes that may have been typed at a place since an edit far above moved it: longer than what is suggested."""

CAPACITY = 250
"""As llama.vim's `max_cache_keys`."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a document (byte offset), with the bytes around it to know it again by: in a cell of a notebook
    also those of the cells around."""

    uri: str
    offset: int
    before: bytes
    after: bytes

    @classmethod
    def of(cls, snapshot: Snapshot, offset: int) -> Place:
        return cls(snapshot.uri, offset, _before(snapshot, offset), _after(snapshot, offset))

    def typed_until(self, snapshot: Snapshot, offset: int) -> str | None:
        """What was typed from this place up to `offset`; None if anything else changed near it."""
        if snapshot.uri != self.uri or _after(snapshot, offset) != self.after:
            return None
        start = self._start(snapshot, offset)
        if start is None:
            return None
        typed = snapshot.text.data[start:offset].decode("utf-8", "replace")
        return typed.replace("\r\n", "\n").replace("\r", "\n")

    def _start(self, snapshot: Snapshot, offset: int) -> int | None:
        """Where this place is now: an edit far above moves it."""
        if self.offset <= offset and _before(snapshot, self.offset) == self.before:
            return self.offset
        if len(self.before) < BEFORE or snapshot.above:  # near the beginning, where `before` may be found anywhere
            return None
        found = snapshot.text.data.find(self.before, max(0, offset - BEFORE - MOVED), offset)
        return found + BEFORE if found >= 0 else None


@dataclass(frozen=True, slots=True)
class Generated:
    """A finished piece of work of the engine: shaped text (line ends are \\n), or a silence."""

    place: Place
    shape: Shape
    text: str
    done: Done | None = None
    silence: Silence | None = None
    seed: int | None = None
    """Of a text that was sampled; None for the greedy one."""
    confidence: float = 0.0
    """The gate's floor (see `gate.py`)."""
    raw: str = ""
    """What the model wrote, before it was shaped."""
    trace: Trace = ()
    """How probable each beginning of `raw` was."""

    def answers(self, confidence: float) -> bool:
        """Whether a query with that floor may be answered with this: the gate would have let the same through."""
        if self.confidence == confidence:
            return True
        sure = self.done is not None and (self.done.confidence or 0.0) >= confidence
        return sure and (self.done is None or self.done.end is not FinishReason.DOUBT)

    def rest(self, snapshot: Snapshot, offset: int) -> str | None:
        """What is left of the text after the user typed up to `offset`; None when this does not answer there."""
        typed = self.place.typed_until(snapshot, offset)
        if typed is None or not self.text.startswith(typed):
            return None
        left = self.text[len(typed) :]
        return left if left or not typed else None


class Cache:
    """The last CAPACITY results, least recently used out first."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._entries: OrderedDict[tuple[Place, Shape, int | None, float], Generated] = OrderedDict()

    def put(self, result: Generated) -> None:
        key = _key(result)
        self._entries[key] = result
        self._entries.move_to_end(key)
        while len(self._entries) > self._capacity:
            self._entries.popitem(last=False)

    def find(
        self, snapshot: Snapshot, offset: int, shape: Shape, confidence: float = 0.0, seed: int | None = None
    ) -> tuple[Generated, str] | None:
        """The result that has the longest text left at `offset`, with that text; a block also answers for a line."""
        best: tuple[Generated, str] | None = None
        for result in self._entries.values():
            if result.seed != seed or not result.answers(confidence):
                continue
            if result.shape is not shape and shape is Shape.BLOCK:
                continue
            rest = result.rest(snapshot, offset)
            if rest is not None and (best is None or len(rest) > len(best[1])):
                best = (result, rest)
        if best is not None:
            self._entries.move_to_end(_key(best[0]))
        return best

    def clear(self) -> None:
        self._entries.clear()


def _before(snapshot: Snapshot, offset: int) -> bytes:
    own = snapshot.text.data[max(0, offset - BEFORE) : offset]
    return snapshot.above[max(0, len(snapshot.above) - BEFORE + len(own)) :] + own


def _after(snapshot: Snapshot, offset: int) -> bytes:
    own = snapshot.text.data[offset : offset + AFTER]
    return own + snapshot.below[: AFTER - len(own)]


def _key(result: Generated) -> tuple[Place, Shape, int | None, float]:
    return result.place, result.shape, result.seed, result.confidence
