"""The contents of the KV cache, and its reuse for new prompts.

A slot is a sequence of the cache: the state of one place in one document of one client. A prompt goes to the slot that
it has the longest prefix in common with; the tail is removed and only the rest is evaluated. A tail that is worth
keeping, because the user may come back to that place, stays: the common prefix is copied to the slot that was not used
longest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from copilot_lsp.engine.local.llama import Aborted, Llama, Logits

SPARE = 64
"""Tokens at a slot's end that a new prompt may overwrite: about what was generated there and is not wanted any more."""


@dataclass(slots=True)
class Slot:
    """A sequence of the cache; `tokens` are those it holds."""

    sequence: int
    client: int = 0
    document: str = ""
    tokens: list[int] = field(default_factory=list)
    used: int = 0


class Slots:
    """All sequences."""

    def __init__(self, count: int) -> None:
        self._slots = [Slot(sequence) for sequence in range(count)]
        self._clock = 0

    def take(self, llama: Llama, document: str, prompt: Sequence[int], client: int = 0) -> Slot:
        """The slot for `prompt`, holding as much of its prefix as any slot of the client's document does."""
        own = [slot for slot in self._slots if (slot.client, slot.document) == (client, document)]
        shared = {slot.sequence: common(slot.tokens, prompt) for slot in own}
        best = max(own, key=lambda slot: (shared[slot.sequence], slot.used), default=None)
        if best is None:
            slot = self._oldest(client, None)
        elif self._worth_keeping(best, shared[best.sequence]):
            slot = self._oldest(client, best)
            self._copy(llama, best, slot, shared[best.sequence])
        else:
            slot = best
        self._clock += 1
        slot.client, slot.document, slot.used = client, document, self._clock
        return slot

    def forget(self, llama: Llama, client: int) -> None:
        """Empties the slots of `client`."""
        for slot in self._slots:
            if slot.client == client:
                llama.forget(slot.sequence, 0)
                slot.document, slot.used = "", 0
                slot.tokens.clear()

    def _worth_keeping(self, slot: Slot, shared: int) -> bool:
        return len(self._slots) > 1 and len(slot.tokens) - shared > SPARE

    def _oldest(self, client: int, other: Slot | None) -> Slot:
        """The least recently used slot; another client's last slot only if there is no other."""
        slots = [slot for slot in self._slots if slot is not other]
        held = Counter(slot.client for slot in self._slots if slot.used)
        spare = [slot for slot in slots if slot.client == client or not slot.used or held[slot.client] > 1]
        return min(spare or slots, key=lambda slot: slot.used)

    def _copy(self, llama: Llama, source: Slot, target: Slot, count: int) -> None:
        if count > SPARE and llama.rewinds and llama.copy(source.sequence, target.sequence, count):
            target.tokens = source.tokens[:count]


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """The length of the longest common prefix."""
    length = min(len(first), len(second))
    if length == 0:
        return 0
    differ = np.asarray(first[:length]) != np.asarray(second[:length])
    return int(differ.argmax()) if differ.any() else length


def reuse(llama: Llama, slot: Slot, prompt: Sequence[int]) -> int:
    """Truncate the slot to its common prefix with `prompt`; returns that length in tokens.

    The last token of the prompt is always evaluated again, because its logits are needed.
    """
    kept = min(common(slot.tokens, prompt), len(prompt) - 1)
    if not llama.forget(slot.sequence, kept):
        kept = 0
    del slot.tokens[kept:]
    return kept


def evaluate(llama: Llama, slot: Slot, prompt: Sequence[int], batch: int) -> Logits:
    """Evaluate the rest of `prompt`, `batch` tokens at a time; returns the logits after its last token.

    Raises Aborted behind a batch, or between two graph nodes of one; the batches before it stay usable.
    """
    llama.prefilling = True
    try:
        return _evaluate(llama, slot, prompt, batch)
    finally:
        llama.prefilling = False


def _evaluate(llama: Llama, slot: Slot, prompt: Sequence[int], batch: int) -> Logits:
    while True:
        start = len(slot.tokens)
        part = list(prompt[start : start + batch])
        last = start + len(part) == len(prompt)
        logits = llama.evaluate(part, start, slot.sequence, int(last))
        slot.tokens += part
        if llama.stopping:
            raise Aborted
        if last:
            return logits
