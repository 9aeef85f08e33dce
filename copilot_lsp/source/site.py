"""The lines around the cursor: all that most rules need of a document.

Line ends are `\\n` here, whatever the document has; indexes are code points. The window is bounded in bytes, so
that it costs the same in a file of any size.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from copilot_lsp.source.document import Snapshot, snapshot_with

WINDOW = 8000
"""Bytes on either side of the cursor that the rules may look at."""

TAB = 4
"""Columns of a tab; only compared with other widths of the same file."""

_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Site:
    """`left` and `right` are the cursor's line up to the cursor and after it.

    `above` holds the lines before, nearest last; `below` the lines after, nearest first.
    """

    snapshot: Snapshot
    offset: int
    left: str
    right: str
    above: tuple[str, ...]
    below: tuple[str, ...]

    @classmethod
    def of(cls, snapshot: Snapshot, offset: int) -> Site:
        data = snapshot.text.data
        first = max(0, offset - WINDOW)
        *above, left = normalised(data[first:offset]).split("\n")
        right, *below = normalised(data[offset : offset + WINDOW]).split("\n")
        # The first line of the window may have lost its beginning.
        whole = above[1:] if first else above
        return cls(snapshot, offset, left, right, tuple(whole), tuple(below))

    def inserted(self, text: str) -> Snapshot:
        """The document with `text` at the cursor."""
        return snapshot_with(self.snapshot, self.offset, self.offset, text.encode())

    @property
    def language(self) -> str:
        return self.snapshot.language

    @property
    def starts_line(self) -> bool:
        """Whether only indentation is left of the cursor."""
        return not self.left.strip()

    @property
    def next_line(self) -> str:
        """The next line below that is not blank, "" when there is none."""
        return next((line for line in self.below if line.strip()), "")

    @property
    def previous_line(self) -> str:
        """The nearest line above that is not blank, "" when there is none."""
        return next((line for line in reversed(self.above) if line.strip()), "")


def normalised(data: bytes) -> str:
    """`data` as text with `\\n` line ends; characters that its bounds cut in two are left out."""
    text = data.decode("utf-8", "ignore")
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def width(line: str) -> int:
    """Columns of the indentation of `line`."""
    return len(indentation(line).expandtabs(TAB))


def has_word(line: str) -> bool:
    """Whether `line` has a letter or digit: brackets alone say nothing."""
    return _WORD.search(line) is not None
