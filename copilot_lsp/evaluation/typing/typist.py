"""The simulated typist: typing speed, and reactions to suggestions. Pure."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from enum import StrEnum

from copilot_lsp.evaluation.typing.page import Key, Page, common

CHARACTERS_A_WORD = 5
"""As typing tests count, the space included."""

FIRST_WORD = re.compile(r"\s*(?:\w+|[^\w\s]+)")
FIRST_LINE = re.compile(r"\s*\S[^\n]*")
"""White space before them, line ends too, is taken with them."""

LEAST = 2
"""Characters that are worth a key of their own; one is as quickly typed."""

JITTER = 0.25
"""Standard deviation of the logarithm of the time between two keys."""

LINE_END = 2.5
"""So much slower are Enter and the first key of a line: people think there."""


class Verdict(StrEnum):
    """A suggestion against the text: how much of it is right."""

    FULL = "fully right"
    LINE = "first line right"
    WORDS = "first words right"
    WRONG = "wrong from the first word"


@dataclass(frozen=True, slots=True)
class Person:
    """`words` a minute; a suggestion is taken once it was on the screen for `reading` seconds.

    `pause`: seconds before the first key of a place. `closes`: the editor closes brackets and quotes by itself.
    """

    words: float = 100.0
    reading: float = 0.25
    pause: float = 1.0
    closes: bool = True
    seed: int = 0

    def seconds(self, page: Page) -> float:
        """Until the next key; the same wherever suggestions came from, for it depends on the place alone."""
        rng = random.Random(f"{self.seed}/{page.place.id}/{page.at}")
        mean = 60 / self.words / CHARACTERS_A_WORD
        text, at = page.place.text, page.at
        at_line_end = text[at : at + 1] == "\n" or text[:at].rstrip(" \t").endswith("\n")
        return mean * rng.lognormvariate(-(JITTER**2) / 2, JITTER) * (LINE_END if at_line_end else 1.0)


@dataclass(frozen=True, slots=True)
class Take:
    """A key that takes the suggestion's first `length` characters."""

    key: Key
    length: int


def right_length(page: Page, text: str) -> int:
    """How many characters of the suggestion stand in the text at the cursor."""
    if page.excess:
        return 0
    return common(text, page.place.text[page.at : page.limit])


def judge(page: Page, text: str) -> Verdict:
    """White space at the end of a suggestion is nobody's business."""
    text = text.rstrip()
    right = right_length(page, text)
    line, word = FIRST_LINE.match(text), FIRST_WORD.match(text)
    if right == len(text):
        return Verdict.FULL
    if line is not None and right >= line.end() < len(text):
        return Verdict.LINE
    return Verdict.WORDS if word is not None and right >= word.end() else Verdict.WRONG


def take(page: Page, text: str, read: int) -> Take | None:
    """The key that takes most of what is right; None: type on. Only the first `read` characters were read yet."""
    whole = text.rstrip()
    right = min(right_length(page, whole), read)
    if right == len(whole) >= LEAST:
        return Take(Key.ALL, len(whole))
    for key, pattern in ((Key.LINE, FIRST_LINE), (Key.WORD, FIRST_WORD)):
        found = pattern.match(whole)
        if found is not None and LEAST <= found.end() <= right:
            return Take(key, found.end())
    return None
