"""The confidence gate: a completion is shown as far as its joint probability suffices.

Tokens are kept while the product of their probabilities is at least `completion.confidence`. Later tokens can only
lower it, so the cut is final: the text can be shown while it streams, and generation stops at the cut.
"""

from __future__ import annotations

from collections.abc import Sequence

Trace = Sequence[tuple[int, float]]
"""(length of the text in code points, joint probability of its tokens), after each piece; probabilities never rise."""


def sure_length(text: str, trace: Trace, least: float) -> int:
    """Length of the beginning of `text` with at least this probability; ends with a piece, not inside a word."""
    kept = 0
    for length, probability in trace:
        if probability < least:
            return whole_words(text, kept)
        kept = length
    return len(text)


def probability(trace: Trace, length: int) -> float | None:
    """Joint probability of the text's first `length` characters, and of the rest of the piece in which they end.

    None when no probabilities are known.
    """
    known = [each for each in trace if each[0] >= length] or trace[-1:]
    return known[0][1] if known else None


def whole_words(text: str, length: int) -> int:
    """`length`, or the start of the word that a cut there would split."""
    return word_start(text, length) if _in_word(text, length) else length


def word_start(text: str, length: int) -> int:
    """Where the word that ends at `length` begins; `length` when none does."""
    while _in_word(text, length - 1):
        length -= 1
    return length


def _in_word(text: str, index: int) -> bool:
    return 0 <= index < len(text) and (text[index].isalnum() or text[index] == "_")
