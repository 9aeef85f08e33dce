"""The input of the rules (`rules_*.py`): a text about to be inserted into a document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from copilot_lsp.source.site import Site

_SETTLED = re.compile(r"[ \t]*(?:\w+\W|[^\w\s])")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a passage. `start` is its index in the passage's text; `text` has no line end.

    The first line of a passage is completed by what stands left of the cursor.
    """

    start: int
    text: str
    ended: bool
    """Nothing more comes on this line."""

    @property
    def blank(self) -> bool:
        return not self.text.strip()

    @property
    def settled(self) -> bool:
        """Whether it is known how the line begins: its indentation and its first word."""
        return self.ended or _SETTLED.match(self.text) is not None


@dataclass(frozen=True, slots=True)
class Passage:
    """`text`, with \\n line ends, to be inserted at `site`; `ended`: the model is done with it."""

    site: Site
    text: str
    ended: bool = True

    def lines(self) -> Iterator[Line]:
        start = 0
        *whole, last = self.text.split("\n")
        for line in whole:
            yield Line(start, self.site.left + line if start == 0 else line, True)
            start += len(line) + 1
        yield Line(start, self.site.left + last if start == 0 else last, self.ended)

    def before(self, line: Line) -> str:
        """The text up to `line`, without the blank lines before it."""
        return self.text[: line.start].rstrip()
