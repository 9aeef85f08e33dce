"""Which tokens the KV cache holds, and how much of a new prompt that saves.

One sequence for each recently used document. A prompt reuses the longest prefix that it has in common with what
its sequence holds; the tail is removed and only the rest is evaluated.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from copilot_lsp.engine.local.llama import Llama, Logits


@dataclass(slots=True)
class Slot:
    """A sequence of the cache: `tokens` are those that it holds now."""

    sequence: int
    document: str = ""
    tokens: list[int] = field(default_factory=list)
    used: int = 0


class Slots:
    """All sequences; the one that was not used longest goes to a new document."""

    def __init__(self, count: int) -> None:
        self._slots = [Slot(sequence) for sequence in range(count)]
        self._clock = 0

    def of(self, document: str) -> Slot:
        """The document's own slot; else a free one; else the least recently used."""
        self._clock += 1
        slot = next((slot for slot in self._slots if slot.document == document), None)
        if slot is None:
            slot = min(self._slots, key=lambda slot: slot.used)
            slot.document = document
        slot.used = self._clock
        return slot


def common(first: Sequence[int], second: Sequence[int]) -> int:
    """The length of the longest common prefix."""
    for index, (left, right) in enumerate(zip(first, second, strict=False)):
        if left != right:
            return index
    return min(len(first), len(second))


def reuse(llama: Llama, slot: Slot, prompt: Sequence[int]) -> int:
    """Leaves in the slot what it has in common with `prompt`; how many tokens that is.

    The last token of the prompt is always evaluated again: its logits are wanted.
    """
    kept = min(common(slot.tokens, prompt), len(prompt) - 1)
    if not llama.forget(slot.sequence, kept):
        kept = 0
    del slot.tokens[kept:]
    return kept


def evaluate(llama: Llama, slot: Slot, prompt: Sequence[int]) -> Logits:
    """Evaluates what of `prompt` is not in the slot, in batches; the logits after its last token.

    Raises Aborted between two graph nodes of a batch; the batches before it stay usable.
    """
    while True:
        start = len(slot.tokens)
        part = list(prompt[start : start + llama.load.batch])
        last = start + len(part) == len(prompt)
        logits = llama.evaluate(part, start, slot.sequence, int(last))
        slot.tokens += part
        if last:
            return logits
