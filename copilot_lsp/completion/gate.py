"""The gate: a text is shown as far as the model is sure of it.

Tokens are kept while the product of their probabilities stays at or above `completion.confidence`. A later token can
only lower it, so the cut is final: the text is shown while it streams, and nothing behind the cut is generated.
"""

from __future__ import annotations

from collections.abc import Sequence

Trace = Sequence[tuple[int, float]]
"""(length of the text in code points, joint probability of its tokens), after each piece; probabilities never rise."""


def sure_length(text: str, trace: Trace, least: float) -> int:
    """How much of `text` is at least `least` probable: to the end of a piece, and of no word that goes on behind it."""
    kept = 0
    for length, probability in trace:
        if probability < least:
            return whole_words(text, kept)
        kept = length
    return len(text)


def whole_words(text: str, length: int) -> int:
    """`length` or, where that would cut a word in two, the beginning of the word."""
    return word_start(text, length) if _in_word(text, length) else length


def word_start(text: str, length: int) -> int:
    """Where the word that ends at `length` begins; `length` when none does."""
    while _in_word(text, length - 1):
        length -= 1
    return length


def _in_word(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")
