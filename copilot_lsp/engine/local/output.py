"""From token bytes to the text that may be shown: healing, UTF-8, lines."""

from __future__ import annotations

import codecs

from copilot_lsp.engine.base import FinishReason


class Output:
    """`must`: bytes with which the next tokens have to begin, in place of the tokens dropped from the prompt."""

    def __init__(self, healed: bytes = b"", max_lines: int = 0) -> None:
        self.must = healed
        self.text = ""
        self._max_lines = max_lines
        self._taken = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def blank(self) -> bool:
        """Whether no visible text has been generated yet."""
        return not self.text.strip()

    def add(self, piece: bytes) -> FinishReason | None:
        """Add a token's bytes; returns why the text is complete, or None."""
        self.text += self._decoder.decode(self._unhealed(piece))
        return self._cut_at_line()

    def take(self) -> str:
        """Text that has not been taken yet."""
        text, self._taken = self.text[self._taken :], max(len(self.text), self._taken)
        return text

    def _unhealed(self, piece: bytes) -> bytes:
        """The part of `piece` that is new: what the prompt's text had already is taken off."""
        if not self.must:
            return piece
        if self.must.startswith(piece):
            self.must = self.must[len(piece) :]
            return b""
        known, self.must = self.must, b""
        return piece[len(known) :] if piece.startswith(known) else piece

    def _cut_at_line(self) -> FinishReason | None:
        """Line ends before the first visible character do not count: shaping takes those off on an empty line."""
        visible = self.text.lstrip()
        if not self._max_lines or visible.count("\n") < self._max_lines:
            return None
        lead = self.text[: len(self.text) - len(visible)]
        self.text = lead + "\n".join(visible.split("\n")[: self._max_lines])
        return FinishReason.LINES
