"""The confidence gate: a completion is shown as far as its joint probability suffices.

Tokens are kept while the product of their probabilities is at least `completion.confidence`. Later tokens can only
lower it, so the cut is final: the text can be shown while it streams, and generation stops at the cut.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

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


def probability(raw: str, trace: Trace, typed: str, shown: str) -> float | None:
    """Joint probability of the tokens that make `shown`, given those that are typed by now.

    `raw` is the text as generated, which begins with `typed` and then `shown`: shaping can have changed white space,
    so other characters are counted. A token of which only a part is typed counts. None when nothing is known.
    """
    begin, end = _length_with(raw, _visible(typed)), _length_with(raw, _visible(typed + shown))
    whole = [each for length, each in trace if length >= end] or [each for _, each in trace[-1:]]
    given = [each for length, each in trace if length <= begin][-1:] or [1.0]
    return whole[0] / given[0] if whole and given[0] else None


def _visible(text: str) -> int:
    return sum(not each.isspace() for each in text)


def _length_with(text: str, count: int) -> int:
    """Of the shortest beginning with so many visible characters."""
    ends = (index + 1 for index, each in enumerate(text) if not each.isspace())
    return next(islice(ends, count - 1, None), len(text)) if count else 0


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
