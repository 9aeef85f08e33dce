"""From token bytes to the text that may be shown: healing, UTF-8, stop strings, lines."""

from __future__ import annotations

import codecs
from collections.abc import Sequence

from copilot_lsp.engine.base import End


class Output:
    """`must` is what the next tokens have to begin with, because the prompt's last tokens were left out for it.

    Text that may still turn out to be the beginning of a stop string is held back.
    """

    def __init__(self, healed: bytes = b"", stops: Sequence[str] = (), max_lines: int = 0) -> None:
        self.must = healed
        self.text = ""
        self._stops = tuple(stop for stop in stops if stop)
        self._max_lines = max_lines
        self._taken = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    @property
    def blank(self) -> bool:
        """Whether nothing visible has come yet."""
        return not self.text.strip()

    def add(self, piece: bytes) -> End | None:
        """Takes a token's bytes; why the text is complete, if it is."""
        before = len(self.text)
        self.text += self._decoder.decode(self._unhealed(piece))
        stopped = self._cut_at_stop(before)
        return self._cut_at_line() or stopped

    def take(self, flush: bool = False) -> str:
        """What is safe to show and was not taken yet; with `flush`, all of it."""
        end = len(self.text) - (0 if flush else self._held())
        text, self._taken = self.text[self._taken : end], max(end, self._taken)
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

    def _cut_at_stop(self, before: int) -> End | None:
        longest = max((len(stop) for stop in self._stops), default=0)
        found = [at for stop in self._stops if (at := self.text.find(stop, max(0, before - longest))) >= 0]
        if not found:
            return None
        self.text = self.text[: min(found)]
        return End.STOP

    def _cut_at_line(self) -> End | None:
        """Line ends before the first visible character do not count: shaping takes those off on an empty line."""
        visible = self.text.lstrip()
        if not self._max_lines or visible.count("\n") < self._max_lines:
            return None
        lead = self.text[: len(self.text) - len(visible)]
        self.text = lead + "\n".join(visible.split("\n")[: self._max_lines])
        return End.LINES

    def _held(self) -> int:
        """How many characters at the end are the beginning of a stop string."""
        for length in range(max((len(stop) for stop in self._stops), default=1) - 1, 0, -1):
            tail = self.text[-length:]
            if len(tail) == length and any(stop.startswith(tail) for stop in self._stops):
                return length
        return 0
