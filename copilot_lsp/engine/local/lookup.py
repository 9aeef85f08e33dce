"""Prompt lookup: drafts without a draft model."""

from __future__ import annotations


class PromptLookup:
    """Prompt-lookup drafts: after the last three tokens, guess what followed them the last time they were seen.

    https://github.com/apoorvumang/prompt-lookup-decoding (2023); the guesses are verified, so they cost time at
    worst. The number guessed grows while guesses come true.
    """

    SIZE = 3

    def __init__(self, tokens: list[int], longest: int) -> None:
        self._tokens: list[int] = []
        self._after: dict[tuple[int, ...], int] = {}
        self._longest = longest
        self._length = min(2, longest)
        for token in tokens:
            self.add(token)

    def add(self, token: int) -> None:
        """Index the position after each run of SIZE tokens, one token late, so the last run finds an older one."""
        if len(self._tokens) >= self.SIZE:
            self._after[tuple(self._tokens[-self.SIZE :])] = len(self._tokens)
        self._tokens.append(token)

    def guess(self) -> list[int]:
        at = self._after.get(tuple(self._tokens[-self.SIZE :]))
        return [] if at is None else self._tokens[at : at + self._length]

    def learn(self, guessed: int, right: int) -> None:
        if guessed:
            self._length = min(self._longest, self._length * 2) if right == guessed else max(1, self._length // 2)
